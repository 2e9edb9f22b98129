//! `offercast quote-check`.

use std::fs::File;
use std::io::{BufReader, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use offercast_domain::quote::check;

use super::Failure;

pub(super) fn run(file: &Path) -> Result<ExitCode, Failure> {
    let mut out = stdout().lock();
    let summary = if file == Path::new("-") {
        check::check(stdin().lock(), &mut out)?
    } else {
        let cases = File::open(file)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        check::check(BufReader::new(cases), &mut out)?
    };
    Ok(if summary.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
