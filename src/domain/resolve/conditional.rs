//! Prices that hold under a condition, by rule 5.

use std::collections::BTreeSet;

use offercast_contract::measure::Quantity;
use offercast_contract::{Amount, Audience, ChannelId, Condition, ConditionalPrice, Instant};

use super::restrictions::Law;
use super::{Inputs, Paid, is_everyone, prices};

/// Prices in minor units from rising quantities on, each below those before.
pub(super) type Ladder = Vec<(Quantity, i64)>;

/// What stands beside the unconditional price, sorted.
pub(super) fn conditional(
    input: &Inputs<'_>,
    paid: &Paid<'_>,
    at: Instant,
) -> Vec<ConditionalPrice> {
    let mut found = standing(input, paid, at);
    let common = found.clone();
    for channel in exclusive_channels(input, at) {
        found.extend(exclusive(input, channel, paid, &common, at));
    }
    let mut shown: Vec<ConditionalPrice> = found
        .into_iter()
        .map(|(condition, minor)| ConditionalPrice {
            amount: Amount::new(minor, input.market.currency),
            condition,
        })
        .collect();
    shown.sort_unstable();
    shown
}

/// What is paid in a channel that has exclusives, where it is below what the
/// same customer pays anywhere for the same quantity.
fn exclusive(
    input: &Inputs<'_>,
    channel: &ChannelId,
    paid: &Paid<'_>,
    common: &[(Condition, i64)],
    at: Instant,
) -> Vec<(Condition, i64)> {
    let there = Inputs {
        channel: Some(channel),
        ..*input
    };
    let Some(theirs) = prices::paid(&there, input.audience, at) else {
        return Vec::new();
    };
    let mut found = standing(&there, &theirs, at);
    found.push((Condition::default(), theirs.price));
    found.retain(|(condition, minor)| {
        let is_met = |other: &Condition| {
            (other.audience.is_none() || other.audience == condition.audience)
                && other.quantity <= condition.quantity
        };
        let met = common.iter().filter(|(other, _)| is_met(other));
        met.map(|(_, minor)| *minor)
            .chain([paid.price])
            .all(|lowest| *minor < lowest)
    });
    for (condition, _) in &mut found {
        condition.channel = Some(channel.clone());
    }
    found
}

/// Tiers and the prices of other audiences.
fn standing(input: &Inputs<'_>, paid: &Paid<'_>, at: Instant) -> Vec<(Condition, i64)> {
    let tiers = tiers(input, &Law::at(input, at), at);
    let own = ladder(input, input.audience, paid.price, &tiers, at);
    let mut found: Vec<(Condition, i64)> = own
        .iter()
        .map(|(quantity, minor)| (Condition::quantity(*quantity), *minor))
        .collect();
    if is_everyone(input.audience) {
        for audience in other_audiences(input, at) {
            theirs(input, audience, paid.price, &own, &tiers, at, &mut found);
        }
    }
    found
}

/// What members of an audience pay where that is less than what everyone does,
/// for the same quantity.
fn theirs(
    input: &Inputs<'_>,
    audience: &Audience,
    everyone: i64,
    everyones: &Ladder,
    tiers: &BTreeSet<Quantity>,
    at: Instant,
    found: &mut Vec<(Condition, i64)>,
) {
    let single = prices::paid(input, audience, at).map(|paid| paid.price);
    let mut lowest = everyone;
    if let Some(minor) = single.filter(|minor| *minor < everyone) {
        found.push((Condition::audience(audience.clone()), minor));
        lowest = minor;
    }
    for quantity in tiers {
        lowest = lowest.min(step(everyones, *quantity).unwrap_or(lowest));
        let paid = prices::paid_for(input, audience, *quantity, at);
        if let Some(paid) = paid.filter(|paid| paid.price < lowest) {
            let condition = Condition {
                quantity: Some(*quantity),
                ..Condition::audience(audience.clone())
            };
            found.push((condition, paid.price));
            lowest = paid.price;
        }
    }
}

/// The tiers of an audience that are cheaper than `single`, the price of the
/// smallest quantity, and than all smaller tiers. What everyone is shown for a
/// quantity a member has too: the label says so to whoever reads it.
pub(super) fn ladder(
    input: &Inputs<'_>,
    audience: &Audience,
    single: i64,
    tiers: &BTreeSet<Quantity>,
    at: Instant,
) -> Ladder {
    if tiers.is_empty() {
        return Ladder::new();
    }
    let everyones = if is_everyone(audience) {
        Ladder::new()
    } else {
        let everyone = Audience::everyone();
        let single = prices::paid(input, &everyone, at);
        single.map_or_else(Ladder::new, |paid| {
            ladder(input, &everyone, paid.price, tiers, at)
        })
    };
    let mut lowest = single;
    let mut found = Ladder::new();
    for quantity in tiers {
        let Some(paid) = prices::paid_for(input, audience, *quantity, at) else {
            continue;
        };
        let everyones = step(&everyones, *quantity);
        let price = everyones.map_or(paid.price, |minor| {
            minor.max(paid.floor.minor).min(paid.price)
        });
        if price < lowest {
            found.push((*quantity, price));
            lowest = price;
        }
    }
    found
}

/// The price that a ladder has from exactly this quantity on.
fn step(ladder: &Ladder, quantity: Quantity) -> Option<i64> {
    let found = ladder.iter().find(|(from, _)| *from == quantity);
    found.map(|(_, minor)| *minor)
}

/// The quantities above the smallest from which rows hold in the view's place.
/// Floors and costs count: a lower floor from a quantity on lets an offer go
/// further there. None where the law forbids discounts.
pub(super) fn tiers(input: &Inputs<'_>, law: &Law<'_>, at: Instant) -> BTreeSet<Quantity> {
    if !law.allows_discounts() {
        return BTreeSet::new();
    }
    input
        .prices
        .iter()
        .filter(|row| row.holds_at(at) && input.distance(row.zone).is_some())
        .filter_map(|row| row.minimum_quantity)
        .filter(|minimum| *minimum > input.goods.smallest_quantity)
        .collect()
}

/// The audiences other than everyone that have prices or offers of their own.
/// Personal ones are left out: in the terms of everyone they would publish who
/// has them.
fn other_audiences<'a>(input: &Inputs<'a>, at: Instant) -> BTreeSet<&'a Audience> {
    let prices = input
        .prices
        .iter()
        .filter(|row| row.kind.is_paid() && row.holds_at(at))
        .map(|row| row.audience);
    let offers = input
        .offers
        .iter()
        .filter(|dated| dated.offer.promotion().is_none() && dated.holds_at(at).is_ok())
        .map(|dated| &dated.offer.audience);
    prices
        .chain(offers)
        .filter(|audience| !is_everyone(audience) && !audience.is_personal())
        .collect()
}

/// The channels to which an offer is exclusive now.
fn exclusive_channels<'a>(input: &Inputs<'a>, at: Instant) -> BTreeSet<&'a ChannelId> {
    input
        .offers
        .iter()
        .filter(|dated| !dated.offer.channels.is_empty() && dated.holds_at(at).is_ok())
        .flat_map(|dated| &dated.offer.channels)
        .collect()
}
