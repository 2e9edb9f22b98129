//! `offercast migrate`.

use std::process::ExitCode;

use super::{Failure, say};
use crate::config::Config;
use crate::runtime::open_store;

pub(super) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let applied = open_store(config)?.migrate()?;
    if applied.is_empty() {
        say("the schema is up to date");
    }
    for name in applied {
        say(format!("applied {name}"));
    }
    Ok(ExitCode::SUCCESS)
}
