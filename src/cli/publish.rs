//! `offercast publish`.

use std::path::Path;
use std::process::ExitCode;

use offercast_domain::change::{Change, Guard};
use offercast_usecases::engine::Current;
use offercast_usecases::publish::{self, Publish, PublishError, Published};

use super::args::PublishArgs;
use super::{Failure, say};
use crate::config::Config;
use crate::runtime::server::start_recording_engine;
use crate::runtime::{block_on, open_broker, open_store, require_schema};

/// The author of what is recorded from a terminal.
pub(super) const AUTHOR: &str = "command line";

pub(super) fn run(config: &Config, args: &PublishArgs) -> Result<ExitCode, Failure> {
    let text = if args.file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())?
    } else {
        let read = std::fs::read_to_string(&args.file);
        read.map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?
    };
    let changes = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?;
    let published = record(config, changes, &args.reason)?;
    report(&published);
    Ok(ExitCode::SUCCESS)
}

/// Records changes from a terminal, on the log itself: a running server folds
/// them within its next look.
pub(super) fn record(
    config: &Config,
    changes: Vec<Change>,
    reason: &str,
) -> Result<Published, Failure> {
    record_made(config, "offercast publish", reason, |_| Ok(changes))
}

/// The same for changes that depend on what is there.
pub(super) fn record_made(
    config: &Config,
    command: &str,
    reason: &str,
    make: impl FnOnce(&Current) -> Result<Vec<Change>, Failure>,
) -> Result<Published, Failure> {
    block_on(async {
        let store = open_store(config)?;
        require_schema(&store)?;
        let engine = start_recording_engine(store, open_broker(config, command)?).await?;
        let request = Publish {
            author: AUTHOR.to_owned(),
            base_revision: None,
            change_set: None,
            changes: make(&engine.current())?,
            guard: Guard::Enforced,
            idempotency: None,
            reason: reason.to_owned(),
        };
        publish::run(&engine, request)
            .await
            .map_err(|error| match error {
                PublishError::Invalid(errors) => {
                    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                    Failure::new(lines.join("; "))
                }
                error => Failure::of(&error),
            })
    })
}

pub(super) fn report(published: &Published) {
    match published.revision {
        Some(number) => say(format!("revision {number} is recorded")),
        None => say("nothing changes"),
    }
    for warning in &published.warnings {
        say(format!("warning: {warning}"));
    }
}
