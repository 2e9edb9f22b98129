//! Hard limits on what an edit may do to a price, whoever makes it.
//!
//! A price mistake is the incident that this field is known for: a typed rule
//! that capped a shop's prices, a factor of 100 from a misread decimal point.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use offercast_contract::measure::Quantity;
use offercast_contract::promotion::{Mechanic, Reduction};
use offercast_contract::{Audience, ChannelId, Instant, OfferId, SalesMode, Sku, ZoneId};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{ErrorCode, Guard, WarningCode};
use crate::resolve::{Dated, Goods, Inputs, PriceRef, paid_for};
use crate::schedule::{Schedule, Span, zone_of};
use crate::source::{Effect, Market, Offer, PriceKind, PriceRow, Restriction};

/// A change of more than this many percent is worth a second look.
const WARNED_PERCENT: u32 = 30;

/// Whether `to` is beyond `percent` of `from`, up or down, or ten times more
/// or less.
fn is_beyond(from: i64, to: i64, percent: u32) -> bool {
    let (from, to) = (i128::from(from), i128::from(to));
    let by_percent = (to - from).abs() * 100 > from * i128::from(percent);
    by_percent || to >= from * 10 || to * 10 <= from
}

/// Compares a paid price with the one that held before it in its place, in the
/// state before the change set: a set cannot go down in steps.
pub(super) fn check_row(
    problems: &mut Problems,
    index: usize,
    row: &PriceRow,
    market: &Market,
    state: &Overlay<'_>,
    guard: Guard,
) {
    if !row.key.kind.is_paid() {
        return;
    }
    let Some(before) = price_before(row, state) else {
        return;
    };
    let limit = market.guard.refused_change_percent;
    let to = row.amount_minor;
    let words = || {
        let amount = |minor| offercast_contract::Money::new(minor, market.currency);
        format!("from {} to {}", amount(before), amount(to))
    };
    if guard == Guard::Enforced && is_beyond(before, to, limit) {
        let reason = format!(
            "{} is more than the {limit} percent, or the factor of 10, that market {} allows",
            words(),
            market.id
        );
        problems.refuse(index, "amount", ErrorCode::GuardLimit, reason);
    } else if is_beyond(before, to, WARNED_PERCENT) {
        let reason = format!("{} is more than {WARNED_PERCENT} percent", words());
        problems.warn(index, "amount", WarningCode::LargeChange, reason);
    }
}

/// The paid price to compare with: that of the same kind where one held, else
/// of the other kind; the one in force at the start, else the last one before
/// it, else the first that the interval would replace.
fn price_before(row: &PriceRow, state: &Overlay<'_>) -> Option<i64> {
    let place = &row.key.place;
    let rows = state.base.prices(&row.key.sku);
    if rows.is_empty() {
        return None;
    }
    let chain = state.zone_chain(&place.market, place.zone.as_ref()).ok()?;
    let everyone = Audience::everyone();
    let distance = |other: &PriceRow| match &other.key.place.zone {
        None => Some(chain.len()),
        Some(zone) => chain.iter().position(|own| own == zone),
    };
    let rows: Vec<(PriceRow, usize)> = rows
        .into_iter()
        .filter(|other| other.key.place.market == place.market && other.key.kind.is_paid())
        .filter(|other| other.key.minimum_quantity <= row.key.minimum_quantity)
        .filter(|other| other.key.audience == row.key.audience || other.key.audience == everyone)
        .filter_map(|other| distance(&other).map(|distance| (other, distance)))
        .collect();
    let start = row.key.valid_from;
    let specific = |(other, distance): &&(PriceRow, usize)| {
        let other_kind = other.key.kind != row.key.kind;
        let other_audience = other.key.audience != row.key.audience;
        let tier = Reverse(other.key.minimum_quantity);
        (other_kind, *distance, other_audience, tier)
    };
    let held = rows
        .iter()
        .filter(|(other, _)| other.holds_at(start))
        .min_by_key(specific);
    let last = || {
        rows.iter()
            .filter(|(other, _)| other.valid_until.is_some_and(|until| until <= start))
            .max_by_key(|(other, _)| other.valid_until)
    };
    let replaced = || {
        rows.iter()
            .filter(|(other, _)| super::interval::overlaps(other, start, row.valid_until))
            .min_by_key(|(other, _)| other.key.valid_from)
    };
    let found = held.or_else(last).or_else(replaced)?;
    Some(found.0.amount_minor)
}

/// Refuses a percentage beyond the market's limit.
pub(super) fn check_percent(problems: &mut Problems, index: usize, offer: &Offer, market: &Market) {
    let limit = market.guard.refused_change_percent;
    let (field, basis_points) = match &offer.effect {
        Effect::PercentOff(basis_points) => ("percent_off", *basis_points),
        Effect::Promotion(terms) => ("promotion.mechanic", largest_percent(&terms.mechanic)),
        Effect::AmountOff(_) | Effect::FixedPrice(_) => return,
    };
    if is_beyond(10_000, 10_000 - i64::from(basis_points.min(10_000)), limit) {
        let reason = format!(
            "{}.{:02} percent off is more than the {limit} percent, or the factor of 10, \
             that market {} allows",
            basis_points / 100,
            basis_points % 100,
            market.id
        );
        let field = format!("offer.effect.{field}");
        problems.refuse(index, field, ErrorCode::GuardLimit, reason);
    }
}

/// The largest share that a promotion takes off all that it is for. What is
/// free in a set, a gift or a delivery is free by its words.
fn largest_percent(mechanic: &Mechanic) -> u32 {
    let percent = |reduction: &Reduction| match reduction {
        Reduction::Percent(basis_points) => *basis_points,
        Reduction::Amount(_) | Reduction::Price(_) => 0,
    };
    match mechanic {
        Mechanic::Order { reduction } => percent(reduction),
        Mechanic::Tiered { tiers } => {
            let each = tiers.iter().map(|tier| percent(&tier.reduction));
            each.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Whether the offer can take the product no further than by its own
/// percentage, which [`check_percent`] has looked at: no special price is
/// under it, and no other offer goes with it. Spares most products of a big target the closer look.
pub(super) fn is_plain_percentage(
    offer: &Offer,
    sku: &Sku,
    market: &Market,
    state: &Overlay<'_>,
) -> bool {
    matches!(offer.effect, Effect::PercentOff(_))
        && !market.combination.stacks()
        && !state
            .prices(sku)
            .iter()
            .any(|row| row.key.kind == PriceKind::Special && offer.is_in(&row.key.place.market))
}

/// Where and how offers take a product below the limits.
pub(super) struct TooLow {
    /// The offers, in the order of application.
    pub(super) offers: Vec<OfferId>,
    pub(super) words: String,
}

/// Looks for a place, an audience and an instant from `now` on in which an
/// offer, on top of a special price if one holds, takes the product beyond the
/// market's limit below its regular price (below its special one where the
/// regular is unknown).
pub(super) fn too_low(
    sku: &Sku,
    market: &Market,
    offers: &[Arc<Offer>],
    state: &Overlay<'_>,
    now: Instant,
) -> Option<TooLow> {
    let product = state.peek_product(sku)?;
    let goods = Goods::from(&*product);
    let matching: Vec<&Arc<Offer>> = offers
        .iter()
        .filter(|offer| offer.promotion().is_none())
        .filter(|offer| offer.target.names(&goods.described()))
        .collect();
    let zone = zone_of(market);
    let schedules: Vec<Schedule> = matching
        .iter()
        .map(|offer| Schedule::new(offer, &zone))
        .collect();
    let current = || {
        let both = matching.iter().zip(&schedules);
        both.filter(|(_, schedule)| !schedule.is_over(now))
    };
    current().next()?;
    let offers: Vec<&Offer> = current().map(|(offer, _)| &***offer).collect();
    let mut rows = state.prices(sku);
    rows.retain(|row| row.key.place.market == market.id);
    let prices: Vec<PriceRef<'_>> = rows.iter().map(PriceRef::from).collect();
    let law = state.restrictions(&market.id);
    let restrictions: Vec<&Restriction> = law.iter().map(|it| &**it).collect();
    let looked_at = instants(&rows, current().map(|(_, schedule)| schedule), now);
    let spans: Vec<Vec<Span>> = current()
        .map(|(_, schedule)| spans_around(schedule, &looked_at))
        .collect();
    let dated: Vec<Dated<'_>> = current()
        .zip(&spans)
        .map(|((offer, schedule), spans)| Dated {
            offer,
            period: *schedule.period(),
            spans,
        })
        .collect();
    let at_all = with_windows(looked_at, &spans);
    for zone in places(&rows, &offers) {
        let zones = state.zone_chain(&market.id, zone).ok()?;
        for (audience, channel) in buyers(&rows, &offers) {
            let input = Inputs {
                audience,
                channel,
                goods,
                ledger: None,
                market,
                // Prices do not depend on it.
                mode: SalesMode::Store,
                offers: &dated,
                order: &[],
                prices: &prices,
                restrictions: &restrictions,
                zones: &zones,
            };
            for &at in &at_all {
                let found = quantities(&rows, goods.smallest_quantity)
                    .into_iter()
                    .find_map(|quantity| net_beyond(&input, quantity, at));
                if let Some((words, offers)) = found {
                    return Some(TooLow {
                        offers,
                        words: format!("product {sku}: {words}"),
                    });
                }
            }
        }
    }
    None
}

/// In what words the price is beyond the limit, and the offers that made it.
fn net_beyond(
    input: &Inputs<'_>,
    quantity: Quantity,
    at: Instant,
) -> Option<(String, Vec<OfferId>)> {
    let paid = paid_for(input, input.audience, quantity, at)?;
    if paid.offers.is_empty() {
        return None;
    }
    let full = paid.regular.unwrap_or(paid.current).max(paid.current);
    let limit = input.market.guard.refused_change_percent;
    if !is_beyond(full, paid.price, limit) {
        return None;
    }
    let amount = |minor| offercast_contract::Money::new(minor, input.market.currency);
    let words = format!(
        "{} instead of {} at {at} is more than the {limit} percent, or the factor of 10, \
         that market {} allows",
        amount(paid.price),
        amount(full),
        input.market.id
    );
    let offers = paid.offers.iter().map(|offer| offer.id.clone());
    Some((words, offers.collect()))
}

/// The smallest quantity sold and those from which other prices hold.
pub(super) fn quantities(rows: &[PriceRow], smallest: Quantity) -> BTreeSet<Quantity> {
    let tiers = rows.iter().filter_map(|row| row.key.minimum_quantity);
    let larger = tiers.filter(|minimum| *minimum > smallest);
    larger.chain([smallest]).collect()
}

pub(super) fn places<'r>(
    rows: &'r [PriceRow],
    offers: &[&'r Offer],
) -> BTreeSet<Option<&'r ZoneId>> {
    let priced = rows.iter().map(|row| row.key.place.zone.as_ref());
    let offered = offers.iter().flat_map(|offer| offer.zones.iter().map(Some));
    priced.chain(offered).chain([None]).collect()
}

/// Every audience in any channel that has exclusives, and in none.
fn buyers<'r>(
    rows: &'r [PriceRow],
    offers: &[&'r Offer],
) -> BTreeSet<(&'r Audience, Option<&'r ChannelId>)> {
    let priced = rows
        .iter()
        .filter(|row| matches!(row.key.kind, PriceKind::Regular | PriceKind::Special))
        .map(|row| &row.key.audience);
    let audiences: BTreeSet<&Audience> = priced
        .chain(offers.iter().map(|offer| &offer.audience))
        .collect();
    let channels = offers
        .iter()
        .flat_map(|offer| offer.channels.iter().map(Some));
    let channels: BTreeSet<Option<&ChannelId>> = channels.chain([None]).collect();
    let of = |audience| channels.iter().map(move |channel| (audience, *channel));
    audiences.into_iter().flat_map(of).collect()
}

/// Where prices and offers start and end, from `now` on.
pub(super) fn instants<'r>(
    rows: &[PriceRow],
    schedules: impl Iterator<Item = &'r Schedule>,
    now: Instant,
) -> BTreeSet<Instant> {
    let starts = rows.iter().map(|row| row.key.valid_from);
    let ends = rows.iter().filter_map(|row| row.valid_until);
    starts
        .chain(ends)
        .chain(schedules.flat_map(|schedule| schedule.period().boundaries()))
        .filter(|at| now < *at)
        .chain([now])
        .collect()
}

/// A week and a day: after it, weekly windows meet in the same ways again.
const ROUND_MICROS: i64 = 8 * 86_400 * 1_000_000;

/// The intervals of an offer in the days after each of the instants.
fn spans_around(schedule: &Schedule, looked_at: &BTreeSet<Instant>) -> Vec<Span> {
    if !schedule.is_weekly() {
        return vec![*schedule.period()];
    }
    let spans = looked_at
        .iter()
        .flat_map(|at| schedule.spans(*at, at.plus_micros(ROUND_MICROS)));
    // Windows that follow each other without end come more than once, cut in
    // different places; the last one that starts before an instant tells.
    spans.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The instants, and where weekly windows start after them.
fn with_windows(looked_at: BTreeSet<Instant>, spans: &[Vec<Span>]) -> BTreeSet<Instant> {
    let Some(first) = looked_at.first().copied() else {
        return looked_at;
    };
    let starts = spans.iter().flatten().map(|span| span.from);
    let starts: Vec<Instant> = starts.filter(|at| first < *at).collect();
    looked_at.into_iter().chain(starts).collect()
}
