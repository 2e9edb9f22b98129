//! Setting and ending prices.

use offercast_contract::{Amount, Audience, Instant, MarketId, Sku, ZoneId};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{EndPrice, ErrorCode, Guard, SetPrice, guard, interval};
use crate::source::{Place, PriceKey, PriceKind, PriceRow};

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
        key: key(
            &change.sku,
            place,
            &change.audience,
            change.kind,
            valid_from,
        ),
        valid_until: change.valid_until,
    };
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
    let family = key(&change.sku, place, &change.audience, change.kind, at);
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

fn key(
    sku: &Sku,
    place: Place,
    audience: &Audience,
    kind: PriceKind,
    valid_from: Instant,
) -> PriceKey {
    PriceKey {
        audience: audience.clone(),
        kind,
        place,
        sku: sku.clone(),
        valid_from,
    }
}
