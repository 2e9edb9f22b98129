//! What no price may go below, by rule 2.

use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Instant};
use serde::{Deserialize, Serialize};

use super::{Inputs, prices};
use crate::source::PriceKind;

/// Which rule makes a floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloorRule {
    /// The market's minimum margin over the cost.
    Margin,
    /// A price of the kind floor.
    Price,
    /// Nothing is given away: one minor unit.
    Zero,
}

/// The least that may be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floor {
    /// In minor units; above zero.
    pub(crate) minor: i64,
    /// What makes it.
    pub(crate) rule: FloorRule,
}

/// The floor for `quantity` at `at`: the highest of what the rules demand.
pub(crate) fn floor(
    input: &Inputs<'_>,
    audience: &Audience,
    quantity: Quantity,
    at: Instant,
) -> Floor {
    let held = |kind| prices::held(input, audience, kind, quantity, at);
    let row = held(PriceKind::Floor).map(|minor| (minor, FloorRule::Price));
    let margin = input.market.floors.minimum_margin_bp.and_then(|margin_bp| {
        let minor = with_margin(input, held(PriceKind::Cost)?, margin_bp)?;
        Some((minor, FloorRule::Margin))
    });
    let (minor, rule) =
        [row, margin]
            .into_iter()
            .flatten()
            .fold((1, FloorRule::Zero), |most, next| {
                if next.0 > most.0 { next } else { most }
            });
    Floor { minor, rule }
}

/// The lowest shown price that leaves the margin: the net price `n` satisfies
/// `(n - cost) / n >= margin`, and a price with tax is `n * (1 + rate)`.
/// Computed in one division and rounded up, so that the margin is never less
/// than demanded. None where the tax is unknown: then nothing is sold.
fn with_margin(input: &Inputs<'_>, cost_minor: i64, margin_bp: u32) -> Option<i64> {
    let rate_bp = if input.market.prices_include_tax {
        *input.market.tax_rates.get(input.goods.tax_class)?
    } else {
        0
    };
    let kept_bp = 10_000_i128.checked_sub(i128::from(margin_bp))?.max(1);
    let scaled = i128::from(cost_minor) * (10_000 + i128::from(rate_bp));
    let minor = (scaled + kept_bp - 1) / kept_bp;
    Some(i64::try_from(minor).unwrap_or(i64::MAX))
}
