//! What a basket costs by the terms that hold: the one way from the terms that
//! channels show to the engine in [`crate::quote`] and back, so that what is
//! charged is what was advertised.
//!
//! # The rules
//!
//! 1. A line starts from its terms: the unconditional price, or the lowest
//!    conditional one whose condition the basket meets. A quantity is counted
//!    over all lines of the SKU.
//! 2. Goods sold by weight, volume, length or time cost price times quantity,
//!    half up to the minor unit, and count as one unit a line for whatever
//!    counts units.
//! 3. A promotion is considered where it stands in the terms of some line, and
//!    those lines are its products. What a mechanic names besides (what may be
//!    got, the parts of a bundle) is found by the same selectors.
//! 4. Promotions meet as the policy says ([`crate::quote::policy::Policy`]).
//! 5. Tax is computed once for each rate, from what all lines of that rate cost
//!    together, half up to the minor unit, and shared among them by largest
//!    remainder, so that lines, rates and total agree to the minor unit.
//! 6. Deposits stand apart: no promotion touches them.
//!
//! Pure: terms come resolved, the instant is in them.

mod answer;
mod map;
pub mod tax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::measure::{QUANTITY_SCALE, Quantity};
use offercast_contract::{
    Audience, ChannelId, Condition, Currency, Facts, OfferId, Promotion, SaleUnit, Sku, Terms,
};

pub use answer::{
    BasketQuote, Coupon, Delivery, Gift, Line as QuotedLine, Missing, Near, PromotionUse, Share,
    TaxSum, Totals, Verdict,
};

use crate::quote::policy::Policy;
use crate::quote::{PromotionBook, QuoteError, quote, quote_explained};
use crate::source::Offer;

/// Most lines of a basket.
pub const LINES_MAX: usize = 500;

/// Most units over all lines; a line of weighed goods is one.
pub const UNITS_MAX: i64 = 20_000;

/// A line with the terms that hold for it.
#[derive(Debug, Clone)]
pub struct Line {
    /// What the product is.
    pub facts: Facts,
    /// How much, in the sale unit.
    pub quantity: Quantity,
    /// The SKU.
    pub sku: Sku,
    /// Its terms in the view of the basket.
    pub terms: Terms,
}

/// A way of delivery with its fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFee {
    /// Names it; promotions name it too.
    pub id: String,
    /// Minor units, on the tax basis of the market.
    pub price_minor: i64,
    /// Its tax rate in basis points, where it is taxed.
    pub rate_bp: Option<u32>,
}

/// How an offer meets others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meeting {
    /// It cannot be combined.
    pub exclusive: bool,
    /// Offers of one group compete.
    pub group: Option<String>,
    /// Higher goes first.
    pub priority: i32,
}

impl From<&Offer> for Meeting {
    fn from(offer: &Offer) -> Self {
        Self {
            exclusive: !offer.combines,
            group: offer.group.clone(),
            priority: offer.priority,
        }
    }
}

/// A basket, resolved.
#[derive(Debug, Clone)]
pub struct Basket<'a> {
    /// Who buys.
    pub audience: &'a Audience,
    /// Through which channel.
    pub channel: Option<&'a ChannelId>,
    /// Codes as entered.
    pub coupons: &'a [String],
    /// The market's currency.
    pub currency: Currency,
    /// Ways of delivery, each of which is priced.
    pub delivery: &'a [DeliveryFee],
    /// What gifts cost where they are sold, minor units.
    pub gifts: &'a BTreeMap<Sku, i64>,
    /// The lines, in the order that the customer sees.
    pub lines: &'a [Line],
    /// How the offers of the promotions meet others.
    pub offers: &'a BTreeMap<OfferId, Meeting>,
    /// Whether prices contain the tax.
    pub prices_include_tax: bool,
}

/// Why a basket cannot be quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasketError {
    /// A line is not one that can be sold.
    #[error("line {line}: {field} {reason}")]
    Line {
        /// Which field of the line.
        field: &'static str,
        /// Position, from 0.
        line: usize,
        /// Why, without a full stop.
        reason: String,
    },
    /// The basket as a whole is beyond what is computed.
    #[error("{0}")]
    TooLarge(String),
}

/// Quotes a basket; `explained` gives the reason of every promotion.
///
/// # Errors
/// A quantity that is not sold, or a basket beyond the bounds.
pub fn quote_basket(
    basket: &Basket<'_>,
    policy: &Policy,
    explained: bool,
) -> Result<BasketQuote, BasketError> {
    let units = check(basket)?;
    let promotions = promotions(basket);
    let book = PromotionBook::new(
        promotions
            .iter()
            .map(|promotion| map::promotion(basket, promotion))
            .collect(),
    );
    let mapped = map::basket(basket, &promotions, &units);
    let run = if explained { quote_explained } else { quote };
    let made = run(&book, &mapped, policy).map_err(|error| match error {
        QuoteError::UnknownProduct { line } | QuoteError::Quantity { line } => BasketError::Line {
            field: "quantity",
            line,
            reason: error.to_string(),
        },
        other => BasketError::TooLarge(other.to_string()),
    })?;
    Ok(answer::answer(basket, &promotions, &mapped, &made))
}

/// The promotions that stand in the terms of some line, by id.
fn promotions<'a>(basket: &Basket<'a>) -> Vec<&'a Promotion> {
    let lines = basket.lines.iter();
    let all = lines.flat_map(|line| line.terms.promotions.iter());
    let by_id: BTreeMap<&OfferId, &Promotion> = all.map(|it| (&it.id, it)).collect();
    by_id.into_values().collect()
}

/// The units that each line counts for, or what is wrong with it.
fn check(basket: &Basket<'_>) -> Result<Vec<i64>, BasketError> {
    if basket.lines.len() > LINES_MAX {
        let reason = format!("the basket has more than {LINES_MAX} lines");
        return Err(BasketError::TooLarge(reason));
    }
    let mut units = Vec::with_capacity(basket.lines.len());
    for (at, line) in basket.lines.iter().enumerate() {
        let counted = units_of(line).map_err(|reason| BasketError::Line {
            field: "quantity",
            line: at,
            reason,
        })?;
        units.push(counted);
    }
    if units.iter().sum::<i64>() > UNITS_MAX {
        let reason = format!("the basket has more than {UNITS_MAX} units");
        return Err(BasketError::TooLarge(reason));
    }
    Ok(units)
}

fn units_of(line: &Line) -> Result<i64, String> {
    let (facts, quantity) = (&line.facts, line.quantity);
    if let Some(least) = facts.minimum_quantity
        && quantity < least
    {
        return Err(format!("{quantity} is below the minimum of {least}"));
    }
    if let Some(step) = facts.step
        && quantity.millionths() % step.millionths() != 0
    {
        return Err(format!("{quantity} is not a multiple of the step {step}"));
    }
    if quantity.millionths() / QUANTITY_SCALE > UNITS_MAX {
        return Err(format!("{quantity} is more than {UNITS_MAX}"));
    }
    match facts.sale_unit {
        SaleUnit::Piece if !quantity.is_whole() => {
            Err(format!("{quantity} is not a whole number of pieces"))
        }
        SaleUnit::Piece => Ok(quantity.millionths() / QUANTITY_SCALE),
        _ => Ok(1),
    }
}

/// What a line of weighed goods, or one unit of any other, costs: minor units.
fn priced(line: &Line, unit_minor: i64) -> i64 {
    if line.facts.sale_unit == SaleUnit::Piece {
        return unit_minor;
    }
    let exact = i128::from(unit_minor) * i128::from(line.quantity.millionths());
    let scale = i128::from(QUANTITY_SCALE);
    let rounded = (exact + scale / 2).div_euclid(scale);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// The unit price that holds for a line, minor units: by rule 1.
fn unit_price(basket: &Basket<'_>, line: &Line) -> i64 {
    let same = basket.lines.iter().filter(|other| other.sku == line.sku);
    let quantity: i64 = same.map(|other| other.quantity.millionths()).sum();
    let conditional = line.terms.conditional.iter();
    conditional
        .filter(|price| is_met(basket, &price.condition, quantity))
        .map(|price| price.amount.minor())
        .fold(line.terms.price.minor(), i64::min)
}

fn is_met(basket: &Basket<'_>, condition: &Condition, quantity: i64) -> bool {
    let code = |code: &String| {
        let entered = basket.coupons.iter();
        let mut entered = entered.map(|it| it.trim().to_lowercase());
        entered.any(|it| it == code.to_lowercase())
    };
    condition
        .audience
        .as_ref()
        .is_none_or(|audience| audience == basket.audience)
        && condition
            .channel
            .as_ref()
            .is_none_or(|channel| Some(channel) == basket.channel)
        && condition.coupon.as_ref().is_none_or(code)
        && condition
            .quantity
            .is_none_or(|least| least.millionths() <= quantity)
}

/// The codes that promotions of the basket ask for, by promotion.
fn entered<'p>(basket: &Basket<'_>, promotions: &[&'p Promotion]) -> BTreeSet<&'p OfferId> {
    let is_entered = |promotion: &&&Promotion| {
        let coupon = promotion.terms.coupon.as_ref();
        coupon.is_some_and(|coupon| basket.coupons.iter().any(|code| coupon.is(code)))
    };
    let found = promotions.iter().filter(is_entered);
    found.map(|promotion| &promotion.id).collect()
}
