//! Storage on both backends. PostgreSQL is the server of
//! `OFFERCAST_TEST_POSTGRES_URL`, whose user may create databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::float_arithmetic
)]
// Tests find their backends by the environment that `tests/run` makes.
#![allow(clippy::disallowed_methods)]

#[macro_use]
mod common;

mod acknowledgements;
mod audits;
mod connections;
mod import;
mod log;
mod outbox;
mod past;
mod prune;
mod requests;
mod schema;
mod verify;
