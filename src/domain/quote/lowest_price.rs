//! The lowest price before a reduction, from a history of prices.
//!
//! The rule of Sylius, whose cases are at hand: the lowest price of the
//! entries in the window before the current entry, and of the price that was
//! in force when the window began; earlier reduced prices count. It is shown
//! while the current price is below the original one.

const DAY_US: i64 = 86_400_000_000;

/// A price from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// When it was set, UTC microseconds; `None` is as recent as the current
    /// entry.
    pub at_us: Option<i64>,
    /// The price, minor units.
    pub price_minor: i64,
    /// The original price next to it, when it is or may be reduced.
    pub original_minor: Option<i64>,
}

/// The lowest price before the last entry of a history, oldest entry first;
/// `None` when the last entry is no reduction or nothing went before it.
#[must_use]
pub fn lowest_before(history: &[PriceEntry], window_days: i64) -> Option<i64> {
    let (current, earlier) = history.split_last()?;
    if current.original_minor? <= current.price_minor {
        return None;
    }
    let start = current
        .at_us
        .map(|at| at.saturating_sub(window_days.saturating_mul(DAY_US)));
    let within = |entry: &&PriceEntry| match (start, entry.at_us) {
        (Some(start), Some(at)) => at >= start,
        _ => true,
    };
    let in_window = earlier.iter().filter(within);
    let in_force = earlier.iter().rev().find(|entry| !within(entry));
    in_window
        .chain(in_force)
        .map(|entry| entry.price_minor)
        .min()
}
