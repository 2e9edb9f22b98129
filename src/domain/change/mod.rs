//! From edits to a revision's delta: what may be changed, and what follows.
//!
//! A change set is a list of [`Change`]s that take effect together. Documents
//! (products, markets, zones, offers, channels,
//! restrictions, order conditions) take effect first, in their
//! order, then prices in theirs; references between them are checked against
//! the state that results, so a new market and its first product may come in
//! any order. Nothing is written here: [`plan`] answers with the [`Delta`]
//! that a revision would record, or with everything that is wrong.

mod current;
mod documents;
mod edit;
mod floors;
mod guard;
mod interval;
mod offers;
mod order;
mod overlaps;
mod overlay;
mod plan;
mod policy;
mod prices;
mod problem;
mod promotions;
mod restrictions;
mod revert;
mod schedules;
mod statutory;
#[cfg(test)]
mod tests;
mod text;
mod ties;

pub use current::Current;
pub use edit::{Change, EndPrice, SetPrice};
pub use plan::{Guard, Plan, plan};
pub use problem::{ChangeError, ErrorCode, Warning, WarningCode};
pub use revert::{ClosedRows, RevertConflict, revert};
pub use text::gtin_rule;
