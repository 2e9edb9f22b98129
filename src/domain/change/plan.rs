use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offercast_contract::{Instant, MarketId, OfferId, Sku};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{
    Change, ChangeError, Current, ErrorCode, Warning, documents, floors, guard, offers, order,
    overlaps, prices, restrictions, statutory, ties,
};
use crate::revision::Delta;
use crate::source::{Market, Offer};

/// Whether the limits on price changes are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// They are: the rule.
    #[default]
    Enforced,
    /// They are not: for a load into an empty book and for tests of scale.
    Exempt,
}

/// What a change set would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The rows; empty where nothing would change.
    pub delta: Delta,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
}

/// So many products that an offer would take too low are named.
const NAMED_MAX: usize = 5;

/// Plans a change set on top of the current rows.
///
/// `now` is the instant at which prices and ends take effect that say none.
///
/// # Errors
/// Everything that is wrong, sorted by change; then nothing may be recorded.
pub fn plan(
    changes: &[Change],
    current: &dyn Current,
    now: Instant,
    guard: Guard,
) -> Result<Plan, Vec<ChangeError>> {
    let mut state = Overlay::new(current);
    let mut problems = Problems::default();
    for (index, change) in changes.iter().enumerate() {
        stage_document(&mut problems, index, change, &mut state);
    }
    overlaps::check(&mut problems, changes, &mut state, now);
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::SetPrice(set) => {
                prices::set_price(&mut problems, index, set, &mut state, now, guard);
            }
            Change::EndPrice(end) => {
                prices::end_price(&mut problems, index, end, &mut state, now);
            }
            _ => {}
        }
    }
    for (index, change) in changes.iter().enumerate() {
        check_document(&mut problems, index, change, &mut state, now);
    }
    if problems.errors.is_empty() {
        statutory::check_prices(&mut problems, changes, &mut state, now);
        floors::check(&mut problems, changes, &mut state, now);
    }
    if guard == Guard::Enforced && problems.errors.is_empty() {
        check_offers(&mut problems, changes, &mut state, now);
    }
    if problems.errors.is_empty() {
        return Ok(Plan {
            delta: state.into_delta(),
            warnings: problems.warnings,
        });
    }
    problems.errors.sort();
    problems.errors.dedup();
    Err(problems.errors)
}

fn stage_document(problems: &mut Problems, index: usize, change: &Change, state: &mut Overlay<'_>) {
    let mut missing = |field: &str, what: String| {
        let reason = format!("there is no {what}");
        problems.refuse(index, field, ErrorCode::NotFound, reason);
    };
    match change {
        Change::PutProduct { product } => state.put_product((**product).clone()),
        Change::EndProduct { sku } if state.product(sku).is_none() => {
            missing("sku", format!("product {sku}"));
        }
        Change::EndProduct { sku } => state.end_product(sku),
        Change::PutMarket { market } => state.put_market((**market).clone()),
        Change::PutZone { zone } => state.put_zone(zone.clone()),
        Change::PutOffer { offer } => state.put_offer((**offer).clone()),
        Change::EndOffer { id } if state.offer(id).is_none() => {
            missing("id", format!("offer {id}"));
        }
        Change::EndOffer { id } => state.end_offer(id),
        Change::PutChannel { channel } => {
            let mut channel = (**channel).clone();
            channel.views.sort_unstable();
            state.put_channel(channel);
        }
        Change::EndChannel { id } if state.channel(id).is_none() => {
            missing("id", format!("channel {id}"));
        }
        Change::EndChannel { id } => state.end_channel(id),
        Change::PutRestriction { restriction } => state.put_restriction((**restriction).clone()),
        Change::EndRestriction { id, market } if state.restriction(market, id).is_none() => {
            missing("id", format!("restriction {id} in market {market}"));
        }
        Change::EndRestriction { id, market } => state.end_restriction(market, id),
        Change::PutOrderConditions { order_conditions } => {
            state.put_order_conditions((**order_conditions).clone());
        }
        Change::EndOrderConditions { id, market }
            if state.order_conditions(market, id).is_none() =>
        {
            missing("id", format!("order conditions {id} in market {market}"));
        }
        Change::EndOrderConditions { id, market } => state.end_order_conditions(market, id),
        Change::SetPrice(_) | Change::EndPrice(_) => {}
    }
}

fn check_document(
    problems: &mut Problems,
    index: usize,
    change: &Change,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    match change {
        Change::PutProduct { product } => {
            documents::check_product(problems, index, product, state);
        }
        Change::EndProduct { sku } => {
            documents::check_ended_product(problems, index, sku, state, now);
        }
        Change::PutMarket { market } => documents::check_market(problems, index, market, state),
        Change::PutZone { zone } => documents::check_zone(problems, index, zone, state),
        Change::PutOffer { offer } => {
            offers::check_offer(problems, index, offer, state, now);
            ties::check(problems, index, offer, state);
        }
        Change::PutChannel { channel } => offers::check_channel(problems, index, channel, state),
        Change::PutRestriction { restriction } => {
            restrictions::check(problems, index, restriction, state);
        }
        Change::PutOrderConditions { order_conditions } => {
            order::check(problems, index, order_conditions, state);
        }
        Change::EndChannel { id } => {
            offers::check_ended_channel(problems, index, id, state, now);
        }
        Change::EndOffer { .. }
        | Change::EndOrderConditions { .. }
        | Change::EndRestriction { .. }
        | Change::SetPrice(_)
        | Change::EndPrice(_) => {}
    }
}

/// Checks what offers make of prices, for the products whose prices were set
/// and for those that a new offer targets.
fn check_offers(
    problems: &mut Problems,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let mut per_market: BTreeMap<MarketId, Vec<Arc<Offer>>> = BTreeMap::new();
    let mut checked: BTreeSet<(&MarketId, &Sku)> = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::SetPrice(set) if checked.insert((&set.market, &set.sku)) => {
                let all = offers_of(&mut per_market, &set.market, state);
                let Some(market) = state.market(&set.market) else {
                    continue;
                };
                if let Some(found) = guard::too_low(&set.sku, &market, all, state, now) {
                    let ids: Vec<&str> = found.offers.iter().map(OfferId::as_str).collect();
                    let reason = format!("with offer {}, {}", ids.join(", "), found.words);
                    problems.refuse(index, "amount", ErrorCode::GuardLimit, reason);
                }
            }
            Change::PutOffer { offer } => {
                check_offer(problems, index, offer, &mut per_market, state, now);
            }
            Change::PutMarket { market } => {
                check_combination(problems, index, market, &mut per_market, state, now);
            }
            _ => {}
        }
    }
}

fn check_offer(
    problems: &mut Problems,
    index: usize,
    offer: &Offer,
    per_market: &mut BTreeMap<MarketId, Vec<Arc<Offer>>>,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    if state.base.offer(&offer.id).as_deref() == Some(offer) {
        return;
    }
    for id in &offer.markets {
        if let Some(market) = state.market(id) {
            let field = "offer.effect";
            check_offer_in(
                problems, index, field, offer, &market, per_market, state, now,
            );
        }
    }
}

/// A policy by which offers combine otherwise is checked like new offers.
fn check_combination(
    problems: &mut Problems,
    index: usize,
    market: &Market,
    per_market: &mut BTreeMap<MarketId, Vec<Arc<Offer>>>,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let before = state.base.market(&market.id);
    if before.is_none_or(|before| before.combination == market.combination) {
        return;
    }
    let field = "market.combination";
    for offer in offers_of(per_market, &market.id, state).to_vec() {
        check_offer_in(
            problems, index, field, &offer, market, per_market, state, now,
        );
        if problems.errors.iter().any(|error| error.field == field) {
            return;
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn check_offer_in(
    problems: &mut Problems,
    index: usize,
    field: &str,
    offer: &Offer,
    market: &Market,
    per_market: &mut BTreeMap<MarketId, Vec<Arc<Offer>>>,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let before = problems.errors.len();
    guard::check_percent(problems, index, offer, market);
    if problems.errors.len() > before {
        return;
    }
    let all = offers_of(per_market, &market.id, state);
    let mut named = 0;
    for sku in state.base.targeted(&market.id, &offer.target) {
        if !guard::is_plain_percentage(offer, &sku, market, state)
            && let Some(found) = guard::too_low(&sku, market, all, state, now)
            && found.offers.contains(&offer.id)
        {
            problems.refuse(index, field, ErrorCode::GuardLimit, found.words);
            named += 1;
            if named == NAMED_MAX {
                return;
            }
        }
    }
}

fn offers_of<'m>(
    per_market: &'m mut BTreeMap<MarketId, Vec<Arc<Offer>>>,
    market: &MarketId,
    state: &Overlay<'_>,
) -> &'m [Arc<Offer>] {
    per_market
        .entry(market.clone())
        .or_insert_with(|| state.offers(market))
}
