//! The command line: what each command does, in terms of the runtime.

mod adapter;
mod args;
mod channel;
mod client;
mod conformance;
mod demo;
mod export;
mod failure;
mod import;
mod migrate;
mod operate;
mod publish;
mod quote_check;
mod serve;
mod token;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

pub(crate) use failure::Failure;

use crate::config::{Config, Sources};
use args::{Cli, Command};

/// Parses the command line and does what it says.
#[allow(
    clippy::print_stderr,
    reason = "the one place where a command says why it failed"
)]
pub(crate) fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("offercast: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let load = || load(cli.config.as_deref());
    match cli.command {
        Command::Demo(args) => demo::run(cli.config.as_deref(), &args),
        Command::Serve(args) => serve::run(cli.config.as_deref(), args),
        Command::Adapter(args) => adapter::run(load()?, args),
        Command::Migrate => migrate::run(&load()?),
        Command::Import(args) => import::run(&load()?, args),
        Command::Publish(args) => publish::run(&load()?, &args),
        Command::Channel(args) => channel::run(&load()?, &args),
        Command::Verify(args) if args.log => verify::log(&load()?),
        Command::Verify(args) => verify::run(&load()?, &args),
        Command::Resync { channel, sku } => operate::resync(&load()?, &channel, sku.as_ref()),
        Command::Freeze { reason } => operate::freeze(&load()?, &reason),
        Command::Resume => operate::resume(&load()?),
        Command::Revert { revision, reason } => {
            operate::revert(&load()?, revision, reason.as_deref())
        }
        Command::OpenEpoch { reason } => operate::open_epoch(&load()?, &reason),
        Command::ExportTerms(args) => export::run(&load()?, &args),
        Command::Conformance { program, arguments } => conformance::run(&program, &arguments),
        Command::QuoteCheck { file } => quote_check::run(&file),
        Command::Token { name, scopes } => token::run(&name, &scopes),
    }
}

/// The configuration, checked; logging starts with it.
fn load(file: Option<&Path>) -> Result<Config, Failure> {
    start(&Sources::of_process(file))
}

fn start(sources: &Sources) -> Result<Config, Failure> {
    let config = Config::load(sources)?;
    crate::runtime::start_logging(&config.logging);
    Ok(config)
}

/// Prints a line of a command's own output.
#[allow(clippy::print_stdout, reason = "the one place where commands print")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
