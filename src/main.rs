//! Offercast: edit an offer once; every channel shows the same terms, and
//! proves it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod cli;
mod config;
mod demo;
mod runtime;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
