//! Which offer applies, and to what price.

use std::cmp::Reverse;

use offercast_contract::channel::Selector;
use offercast_contract::{Audience, Instant};

use super::{Inputs, Reason, is_everyone};
use crate::source::{Effect, Offer};

/// The price that an effect makes of `price` minor units, by rule 3; the
/// caller checks that it is lower and above zero.
#[must_use]
pub fn reduced(effect: Effect, price: i64) -> i64 {
    match effect {
        Effect::AmountOff(amount) => price.saturating_sub(amount),
        Effect::FixedPrice(fixed) => fixed,
        Effect::PercentOff(basis_points) => {
            let kept = i128::from(10_000_u32.saturating_sub(basis_points));
            let rounded = (i128::from(price) * kept + 5_000).div_euclid(10_000);
            // Not above `price`, so it fits.
            i64::try_from(rounded).unwrap_or(price)
        }
    }
}

/// The offer that is taken and the price it makes.
pub(super) fn best<'a>(
    input: &Inputs<'a>,
    audience: &Audience,
    current: i64,
    at: Instant,
) -> Option<(&'a Offer, i64)> {
    input
        .offers
        .iter()
        .filter_map(|offer| {
            let price = judge(input, offer, audience, current, at).ok()?;
            Some((*offer, price))
        })
        .min_by_key(|(offer, price)| order(offer, *price))
}

/// Sorts offers that apply by rule 3; the first is taken.
pub(super) fn order(offer: &Offer, price: i64) -> (Reverse<i32>, i64, &str) {
    (Reverse(offer.priority), price, offer.id.as_str())
}

/// The price that the offer makes, or why it does not apply.
pub(super) fn judge(
    input: &Inputs<'_>,
    offer: &Offer,
    audience: &Audience,
    current: i64,
    at: Instant,
) -> Result<i64, Reason> {
    if at < offer.valid_from {
        return Err(Reason::NotYetValid {
            from: offer.valid_from,
        });
    }
    if let Some(until) = offer.valid_until
        && until <= at
    {
        return Err(Reason::Ended { at: until });
    }
    if !offer.is_in(&input.market.id)
        || !(offer.zones.is_empty() || offer.zones.iter().any(|zone| input.zones.contains(zone)))
    {
        return Err(Reason::OtherPlace);
    }
    if offer.audience != *audience && !is_everyone(&offer.audience) {
        return Err(Reason::OtherAudience);
    }
    let names = |selector: &Selector| {
        selector.matches(input.goods.sku, input.goods.brand, input.goods.category)
    };
    if !offer.target.include.is_empty() && !offer.target.include.iter().any(names) {
        return Err(Reason::NotTargeted);
    }
    if offer.target.exclude.iter().any(names) {
        return Err(Reason::Excluded);
    }
    let price = reduced(offer.effect, current);
    if price < 1 {
        Err(Reason::FloorReached)
    } else if price >= current {
        Err(Reason::NotLower)
    } else {
        Ok(price)
    }
}

pub(super) fn is_valid_at(offer: &Offer, at: Instant) -> bool {
    offer.valid_from <= at && offer.valid_until.is_none_or(|until| at < until)
}
