//! Setting and ending prices.

use offercast_contract::measure::Quantity;
use offercast_contract::{Amount, Instant, MarketId, Sku, ZoneId};

use super::documents::quantity_rule;
use super::overlay::Overlay;
use super::policy;
use super::problem::Problems;
use super::{EndPrice, ErrorCode, Guard, SetPrice, guard, interval};
use crate::source::{Place, PriceKey, PriceRow};

/// Puts the row of a `set_price` on top of the state, if it is in order.
pub(super) fn set_price(
    problems: &mut Problems,
    index: usize,
    change: &SetPrice,
    state: &mut Overlay<'_>,
    now: Instant,
    guard: Guard,
) {
    let before = problems.errors.len();
    let place = check_place(
        problems,
        index,
        &change.sku,
        &change.market,
        change.zone.as_ref(),
        state,
    );
    let Some(market) = state.market(&change.market) else {
        return;
    };
    if let Some(product) = state.product(&change.sku)
        && !market.tax_rates.contains_key(&product.tax_class)
    {
        let reason = format!(
            "market {} has no tax class {:?}, which is that of product {}",
            market.id, product.tax_class, product.sku
        );
        problems.refuse(index, "market", ErrorCode::UnknownTaxClass, reason);
    }
    let amount = Amount::parse_lenient(&change.amount, market.currency)
        .map_err(|error| error.to_string())
        .and_then(|amount| match amount.minor() {
            1.. => Ok(amount.minor()),
            _ => Err(format!("{} is not above zero", change.amount)),
        });
    let valid_from = change.valid_from.unwrap_or(now);
    let minimum = change.minimum_quantity;
    check_tier(problems, index, &change.sku, minimum, state);
    if change.valid_until.is_some_and(|until| until <= valid_from) {
        let reason = "ends before it starts";
        problems.refuse(index, "valid_until", ErrorCode::Invalid, reason);
    }
    let amount_minor = match amount {
        Ok(amount_minor) => amount_minor,
        Err(reason) => {
            problems.refuse(index, "amount", ErrorCode::Invalid, reason);
            return;
        }
    };
    if problems.errors.len() > before {
        return;
    }
    let row = PriceRow {
        amount_minor,
        key: PriceKey {
            audience: change.audience.clone(),
            kind: change.kind,
            minimum_quantity: tier(&change.sku, minimum, state),
            place,
            sku: change.sku.clone(),
            valid_from,
        },
        valid_until: change.valid_until,
    };
    if change.kind.is_paid() {
        policy::check_ending(problems, index, "amount", amount_minor, &market);
    }
    guard::check_row(problems, index, &row, &market, state, guard);
    interval::set(state.prices_mut(&change.sku), row);
}

/// Takes the prices of an `end_price` out of the state.
pub(super) fn end_price(
    problems: &mut Problems,
    index: usize,
    change: &EndPrice,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let before = problems.errors.len();
    let place = check_place(
        problems,
        index,
        &change.sku,
        &change.market,
        change.zone.as_ref(),
        state,
    );
    if problems.errors.len() > before {
        return;
    }
    let at = change.at.unwrap_or(now);
    let family = PriceKey {
        audience: change.audience.clone(),
        kind: change.kind,
        minimum_quantity: tier(&change.sku, change.minimum_quantity, state),
        place,
        sku: change.sku.clone(),
        valid_from: at,
    };
    if !interval::clear(state.prices_mut(&change.sku), &family, at, None) {
        let reason = format!("there is no such price at or after {at}");
        problems.refuse(index, "sku", ErrorCode::NotFound, reason);
    }
}

fn check_place(
    problems: &mut Problems,
    index: usize,
    sku: &Sku,
    market: &MarketId,
    zone: Option<&ZoneId>,
    state: &mut Overlay<'_>,
) -> Place {
    if state.product(sku).is_none() {
        let reason = format!("there is no product {sku}");
        problems.refuse(index, "sku", ErrorCode::UnknownProduct, reason);
    }
    if state.market(market).is_none() {
        let reason = format!("there is no market {market}");
        problems.refuse(index, "market", ErrorCode::UnknownMarket, reason);
    } else if let Some(zone) = zone
        && state.zone(market, zone).is_none()
    {
        let reason = format!("market {market} has no zone {zone}");
        problems.refuse(index, "zone", ErrorCode::UnknownZone, reason);
    }
    Place {
        market: market.clone(),
        zone: zone.cloned(),
    }
}

/// Refuses a tier that no quantity sold reaches exactly.
fn check_tier(
    problems: &mut Problems,
    index: usize,
    sku: &Sku,
    minimum: Option<Quantity>,
    state: &mut Overlay<'_>,
) {
    let (Some(minimum), Some(product)) = (minimum, state.product(sku)) else {
        return;
    };
    if let Err(reason) = quantity_rule(minimum, &product.facts) {
        problems.refuse(index, "minimum_quantity", ErrorCode::Invalid, reason);
    }
}

/// The quantity of a tier. A price from the smallest quantity sold, or from
/// less, is the price for any quantity: one row has one name.
pub(super) fn tier(
    sku: &Sku,
    minimum: Option<Quantity>,
    state: &mut Overlay<'_>,
) -> Option<Quantity> {
    let smallest = state.product(sku)?.facts.smallest_quantity();
    minimum.filter(|minimum| *minimum > smallest)
}
