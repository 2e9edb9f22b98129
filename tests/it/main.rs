//! The real program, started as its users start it, on both stacks: the demo
//! with SQLite and the embedded broker, and PostgreSQL with RabbitMQ and each
//! part a process of its own.
//!
//! What the program shows is read here without its code; see
//! [`support::shown`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests: they end by a panic, print what was left out, and read what tests/run tells them"
)]

mod channels_outside;
mod failing_parts;
mod foreign;
mod imports;
mod konzum;
mod main_job;
mod mistakes;
#[allow(dead_code, unused_imports)]
mod support;
mod wrong_messages;
