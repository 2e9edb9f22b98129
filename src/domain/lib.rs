//! The rules of Offercast, pure: what the source of truth is, how edits change
//! it, and what terms follow from it. No I/O, no clock, no randomness.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod basket;
pub mod change;
mod content_root;
pub mod quote;
pub mod resolve;
pub mod revision;
pub mod schedule;
pub mod source;
