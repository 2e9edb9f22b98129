//! `offercast conformance`.

use std::io::{Write, stdout};
use std::process::{Command, ExitCode};

use offercast_contract::Template;
use offercast_kit::conformance;
use offercast_kit::process::ProcessFamily;

use super::Failure;

/// Runs the suite against a program; exit 1 when it fails a sample.
pub(super) fn run(program: &str, arguments: &[String]) -> Result<ExitCode, Failure> {
    let mut command = Command::new(program);
    command.args(arguments);
    let family = ProcessFamily::start(command)
        .map_err(|error| Failure::new(format!("{program}: {error}")))?;
    let mut out = stdout().lock();
    // The program has its templates itself.
    match conformance::run(&family, &Template::new(program, "")) {
        Ok(report) => {
            for (what, reason) in &report.held {
                writeln!(out, "held: {what}: {reason}")?;
            }
            writeln!(out, "{} passed, 0 failed", report.passed)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failures) => {
            for failure in &failures.failures {
                writeln!(out, "failed: {}: {}", failure.what, failure.reason)?;
            }
            writeln!(out, "{} failed", failures.failures.len())?;
            Ok(ExitCode::from(1))
        }
    }
}
