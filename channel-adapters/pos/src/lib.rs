//! The till: Frontol exchange files, one for each store.
//!
//! A single artefact is one ware line (Windows-1251, fields separated by `;`),
//! rendered by `templates/channels/till.hbs`; the outlet writes all lines of a
//! store into one goods file and tells the till by a flag file. The format has
//! a place for the price that is charged and for nothing that is announced, and
//! none for validity: the file is written anew when a boundary passes.
//!
//! | module | what |
//! |---|---|
//! | [`family`] | the projection, rendering and reading of a ware line |
//! | [`text`] | names made fit for the till: Windows-1251, 100 letters, no `;` |
//! | [`file`] | the goods file: writing whole, reading, taken or not |
//! | [`outlet`] | one goods file per store, in a directory |
//!
//! Deliberately absent: groups, tax groups and stock, which the till has from
//! its own back office; sales that come back from it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod family;
pub mod file;
pub mod outlet;
pub mod text;

pub use family::Till;
pub use outlet::{TillConfig, TillOutlet};

/// The name of the template below `templates/channels`.
pub const TEMPLATE_NAME: &str = "till.hbs";

/// The template that a new channel of this family starts with.
#[must_use]
pub fn default_template() -> offercast_contract::Template {
    offercast_contract::Template::new(
        TEMPLATE_NAME,
        include_str!("../../../templates/channels/till.hbs"),
    )
}
