//! Statutory prices: no price that customers could pay may pass them.
//!
//! Unlike the limits of `guard` they hold for every change set, also the first
//! load: they are the law's, not the house's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offercast_contract::{Instant, MarketId, Money, Sku, ZoneId};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{Change, ErrorCode, interval};
use crate::resolve::{Goods, amount_of, is_minimum};
use crate::source::{Market, PriceRow, Product, Restriction};

/// So many products are named for one restriction.
const NAMED_MAX: usize = 5;

type PerMarket = BTreeMap<MarketId, Arc<[Arc<Restriction>]>>;

/// Checks the products whose prices or classes the set changes, and those of
/// the class of a new statutory price, from `now` on.
pub(super) fn check_prices(
    problems: &mut Problems,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let mut limits = PerMarket::new();
    let mut checked: BTreeSet<(MarketId, Sku)> = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::SetPrice(set) => {
                let found = limits_of(&mut limits, &set.market, state);
                if !found.is_empty() && checked.insert((set.market.clone(), set.sku.clone())) {
                    check_sku(
                        problems,
                        index,
                        "amount",
                        &set.sku,
                        &set.market,
                        &found,
                        state,
                        now,
                    );
                }
            }
            Change::PutProduct { product } if product.restriction_class.is_some() => {
                let field = "product.restriction_class";
                for market in state.markets() {
                    let found = limits_of(&mut limits, &market.id, state);
                    if let Some(reason) = unmeasured(product, &found) {
                        let code = ErrorCode::Restricted;
                        problems.refuse(index, "product.facts.pack", code, reason);
                    }
                    check_sku(
                        problems,
                        index,
                        field,
                        &product.sku,
                        &market.id,
                        &found,
                        state,
                        now,
                    );
                }
            }
            Change::PutRestriction { restriction } if restriction.rule.limit().is_some() => {
                check_restriction(problems, index, restriction, state, now);
            }
            _ => {}
        }
    }
}

/// The restrictions of a market that limit prices.
fn limits_of(
    limits: &mut PerMarket,
    market: &MarketId,
    state: &Overlay<'_>,
) -> Arc<[Arc<Restriction>]> {
    if let Some(found) = limits.get(market) {
        return Arc::clone(found);
    }
    let mut found = state.restrictions(market);
    found.retain(|restriction| restriction.rule.limit().is_some());
    let found: Arc<[Arc<Restriction>]> = found.into();
    limits.insert(market.clone(), Arc::clone(&found));
    found
}

fn check_restriction(
    problems: &mut Problems,
    index: usize,
    restriction: &Restriction,
    state: &Overlay<'_>,
    now: Instant,
) {
    let field = format!("restriction.rule.{}", restriction.rule.as_str());
    let before = problems.errors.len();
    let limits = [Arc::new(restriction.clone())];
    for sku in state.restricted(&restriction.market, &restriction.class) {
        let Some(product) = state.peek_product(&sku) else {
            continue;
        };
        if let Some(reason) = unmeasured(&product, &limits) {
            problems.refuse(index, field.as_str(), ErrorCode::Restricted, reason);
        }
        let market = &restriction.market;
        check_sku(problems, index, &field, &sku, market, &limits, state, now);
        if problems.errors.len() >= before + NAMED_MAX {
            return;
        }
    }
}

/// Why a statutory price per measure cannot be applied to a product.
fn unmeasured(product: &Product, limits: &[Arc<Restriction>]) -> Option<String> {
    let class = product.restriction_class.as_deref()?;
    let goods = Goods::from(product);
    let found = limits.iter().find(|restriction| {
        let limit = restriction.rule.limit();
        restriction.is_for(class)
            && limit.is_some_and(|limit| amount_of(&goods, limit, true).is_none())
    })?;
    let per = found.rule.limit().and_then(|limit| limit.per)?;
    Some(format!(
        "product {}: restriction {} counts per {per}, which the pack does not tell ({})",
        product.sku, found.id, found.source
    ))
}

/// Refuses every price of the SKU in the market that passes a limit.
#[allow(clippy::too_many_arguments)] // Where the mistake is, and what is compared.
fn check_sku(
    problems: &mut Problems,
    index: usize,
    field: &str,
    sku: &Sku,
    market: &MarketId,
    limits: &[Arc<Restriction>],
    state: &Overlay<'_>,
    now: Instant,
) {
    let (Some(product), Some(market)) = (state.peek_product(sku), state.market(market)) else {
        return;
    };
    let Some(class) = product.restriction_class.as_deref() else {
        return;
    };
    let goods = Goods::from(&*product);
    let rows = state.prices(sku);
    let paid = |row: &&PriceRow| {
        row.key.kind.is_paid()
            && row.key.place.market == market.id
            && row.valid_until.is_none_or(|until| now < until)
    };
    for row in rows.iter().filter(paid) {
        for restriction in limits.iter().filter(|it| it.is_for(class)) {
            let from = restriction.valid_from.max(now);
            if !interval::overlaps(row, from, restriction.valid_until)
                || restriction.valid_until.is_some_and(|until| until <= now)
                || !shares_place(row.key.place.zone.as_ref(), restriction, state)
            {
                continue;
            }
            if let Some(reason) = passes(&goods, row, restriction, &market) {
                problems.refuse(index, field, ErrorCode::Restricted, reason);
            }
        }
    }
}

/// Whether a price of this zone can be charged where the restriction holds.
fn shares_place(zone: Option<&ZoneId>, restriction: &Restriction, state: &Overlay<'_>) -> bool {
    let Some(zone) = zone else {
        return true;
    };
    let chain_of = |zone: &ZoneId| {
        state
            .zone_chain(&restriction.market, Some(zone))
            .unwrap_or_default()
    };
    let own = chain_of(zone);
    restriction.zones.is_empty()
        || restriction
            .zones
            .iter()
            .any(|other| own.contains(other) || chain_of(other).contains(zone))
}

fn passes(
    goods: &Goods<'_>,
    row: &PriceRow,
    restriction: &Restriction,
    market: &Market,
) -> Option<String> {
    let is_minimum = is_minimum(restriction);
    let limit = amount_of(goods, restriction.rule.limit()?, is_minimum)?;
    let (passes, how) = if is_minimum {
        (row.amount_minor < limit, "below the statutory minimum")
    } else {
        (limit < row.amount_minor, "above the statutory maximum")
    };
    let zone = row.key.place.zone.as_ref();
    let place = zone.map_or_else(
        || market.id.to_string(),
        |zone| format!("{}/{zone}", market.id),
    );
    let money = |minor: i64| Money::new(minor, market.currency);
    passes.then(|| {
        format!(
            "product {}: the {} price of {} in {place} from {} is {how} of {} \
             (restriction {}: {})",
            row.key.sku,
            row.key.kind,
            money(row.amount_minor),
            row.key.valid_from.max(restriction.valid_from),
            money(limit),
            restriction.id,
            restriction.source,
        )
    })
}
