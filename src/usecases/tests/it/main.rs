//! The use cases on a real store, with an embedded broker and a clock whose
//! hands the test holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

mod audits;
mod imports;
mod positions;
mod shop;
