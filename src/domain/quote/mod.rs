//! The basket quote: what a basket costs under a set of promotions, with the
//! reason for every rule, and with combination as policy.
//!
//! Pure: no I/O, no clock, no floats. [`quote`] is the one entry point;
//! [`policy::Policy`] holds the settings, [`preset`] the settings of seven
//! commerce systems and of Offercast itself, [`check`] compares the engine
//! with recorded cases of those systems. `docs/QUOTE.md` explains the
//! settings and lists where the engine differs.

pub mod basket;
mod book;
pub mod check;
pub(crate) mod engine;
pub mod exact;
pub mod lowest_price;
pub mod policy;
pub mod preset;
pub mod price_select;
pub mod promotion;
mod result;
pub mod split;
#[cfg(test)]
mod tests;

pub use book::PromotionBook;
pub use engine::allocate::allocate;
pub use engine::catalogue::ShelfPrice;
pub use engine::{quote, quote_explained, shelf};
pub use result::{
    Considered, GiftLine, Level, Missing, NearMiss, Quote, QuotedLine, QuotedShare, QuotedShipping,
    Reason, Target, Totals,
};

use basket::Basket;

/// Largest total of a basket, minor units; keeps exact arithmetic within its
/// integers.
pub const MAX_TOTAL_MINOR: i64 = 10_000_000_000_000;

/// Most units of a basket over all lines.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// Why a basket cannot be quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A line refers to a product that is not there.
    #[error("line {line}: unknown product")]
    UnknownProduct {
        /// Position of the line, from 0.
        line: usize,
    },
    /// A quantity below 1.
    #[error("line {line}: the quantity must be at least 1")]
    Quantity {
        /// Position of the line, from 0.
        line: usize,
    },
    /// A negative price.
    #[error("product {sku}: the price must not be negative")]
    NegativePrice {
        /// The product.
        sku: String,
    },
    /// The sum of the basket is beyond [`MAX_TOTAL_MINOR`].
    #[error("the basket's total is beyond {MAX_TOTAL_MINOR} minor units")]
    TooLarge,
    /// The basket has more than [`MAX_UNITS`] units.
    #[error("the basket has more than {MAX_UNITS} units")]
    TooMany,
}

/// Refuses baskets that the arithmetic is not made for.
fn check_bounds(basket: &Basket) -> Result<(), QuoteError> {
    for product in &basket.products {
        let regular = product.regular_minor.unwrap_or(product.price_minor);
        if product.price_minor < 0 || regular < 0 {
            return Err(QuoteError::NegativePrice {
                sku: product.sku.clone(),
            });
        }
        if product.price_minor.max(regular) > MAX_TOTAL_MINOR {
            return Err(QuoteError::TooLarge);
        }
    }
    let mut total: i64 = 0;
    let mut units: i64 = 0;
    for (position, line) in basket.lines.iter().enumerate() {
        let product = basket
            .products
            .get(line.product)
            .ok_or(QuoteError::UnknownProduct { line: position })?;
        if line.qty < 1 {
            return Err(QuoteError::Quantity { line: position });
        }
        units = units.checked_add(line.qty).ok_or(QuoteError::TooMany)?;
        let price = product.price_minor.max(product.regular_minor.unwrap_or(0));
        total = price
            .checked_mul(line.qty)
            .and_then(|value| total.checked_add(value))
            .ok_or(QuoteError::TooLarge)?;
    }
    for way in &basket.shipping {
        if way.price_minor < 0 {
            return Err(QuoteError::NegativePrice {
                sku: way.id.clone(),
            });
        }
        total = total
            .checked_add(way.price_minor)
            .ok_or(QuoteError::TooLarge)?;
    }
    if units > MAX_UNITS {
        return Err(QuoteError::TooMany);
    }
    if total > MAX_TOTAL_MINOR {
        return Err(QuoteError::TooLarge);
    }
    Ok(())
}
