//! The price book: all current rows in memory, folded from the log.
//!
//! A [`Book`] is a consistent snapshot: cloning it is cheap, applying a
//! revision gives a new one and leaves readers of the old one alone. It knows
//! by indexes which products a change can touch, resolves terms by the domain's
//! rules, and keeps the state digests in time proportional to a change.
//!
//! Beside current rows it keeps what was applied during the last months, for
//! the law's prior price.
//!
//! Deliberately absent: I/O, a clock, rendered bodies, and all older history;
//! that is in the log.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod affected;
mod apply;
mod book;
mod current;
mod dictionary;
mod entry;
pub mod fold;
mod history;
mod hours;
mod index;
mod loader;
mod offers;
mod read;
mod rules;
mod search;
mod shards;
#[cfg(test)]
mod tests;

pub use affected::affected;
pub use book::Book;
pub use fold::{Digests, Folded};
pub use loader::Loader;
pub use search::ProductQuery;
