//! The server as clients see it: a real engine on SQLite, the embedded broker,
//! a real port.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

mod access;
mod board;
mod editing;
mod imports;
mod items;
mod pages;
mod quotes;
mod reading;
mod shapes;
mod support;
