//! Which offers apply, and to what price.

use std::cmp::Reverse;

use offercast_contract::channel::Selector;
use offercast_contract::{Audience, ChannelId, Instant};

use super::floors::Floor;
use super::restrictions::Law;
use super::{Dated, Inputs, Reason, is_everyone};
use crate::quote::engine::shelf::{Combined, Reduction, Start, Verdict, combine};
use crate::quote::exact::Exact;
use crate::quote::policy::{Policy, Sequence};
use crate::quote::promotion::Value;
use crate::source::{Effect, Offer, Pricing};

/// What offers are applied to, and for whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before<'a> {
    /// Who buys.
    pub(super) audience: &'a Audience,
    /// The price before offers.
    pub(super) current: i64,
    /// What no offer may take the price below.
    pub(super) floor: Floor,
    /// What the law allows.
    pub(super) law: Law<'a>,
    /// How the market rounds what is computed.
    pub(super) pricing: &'a Pricing,
    /// The regular price, if known.
    pub(super) regular: Option<i64>,
    /// Whether a special price holds.
    pub(super) special: bool,
}

impl Before<'_> {
    /// The higher of the shop's floor and the law's.
    fn floor_minor(&self) -> i64 {
        self.law.floor(self.floor.minor)
    }
}

/// What became of an offer.
#[derive(Debug, Clone)]
pub(super) struct Judged<'a> {
    /// The offer because of which it was not taken.
    pub(super) by: Option<&'a Offer>,
    pub(super) offer: &'a Offer,
    /// The price that it makes: that of the terms after it where it applied,
    /// else what it would make alone.
    pub(super) price: Option<i64>,
    pub(super) reason: Reason,
}

/// The offers that are taken, in the order of application, and the price that
/// they make.
pub(super) fn taken<'a>(
    input: &Inputs<'a>,
    before: &Before<'_>,
    at: Instant,
) -> (Vec<&'a Offer>, i64) {
    let mut offers: Vec<&'a Offer> = input
        .offers
        .iter()
        .filter(|dated| dated.offer.promotion().is_none())
        .filter(|dated| eligible(input, dated, before, at).is_ok())
        .map(|dated| dated.offer)
        .collect();
    if offers.is_empty() {
        return (offers, before.current);
    }
    let policy = input.market.combination.policy();
    in_sequence(&policy, &mut offers);
    let combined = combined(&policy, before, &offers);
    let applied = combined.applied.iter();
    let taken = applied.filter_map(|(at, _)| offers.get(*at).copied());
    (taken.collect(), combined.price_minor)
}

/// Every offer with what became of it, in the order in which they are looked
/// at, those with a higher priority and a lower price first.
pub(super) fn judged<'a>(input: &Inputs<'a>, before: &Before<'_>, at: Instant) -> Vec<Judged<'a>> {
    let policy = input.market.combination.policy();
    let mut judged = Vec::new();
    let mut offers: Vec<&'a Offer> = Vec::new();
    let discounts = input.offers.iter();
    for dated in discounts.filter(|dated| dated.offer.promotion().is_none()) {
        let offer = dated.offer;
        match eligible(input, dated, before, at) {
            Ok(()) => offers.push(offer),
            Err(reason) => judged.push(Judged {
                by: None,
                offer,
                price: None,
                reason,
            }),
        }
    }
    in_sequence(&policy, &mut offers);
    let all = combined(&policy, before, &offers);
    for (&offer, verdict) in offers.iter().zip(&all.verdicts) {
        judged.push(Judged {
            by: by(*verdict).and_then(|at| offers.get(at).copied()),
            offer,
            price: price_of(&policy, before, offer),
            reason: reason(*verdict, before, offer, &offers),
        });
    }
    // The price after each of several that applied.
    let mut left = Exact::new(all.price_minor);
    for (place, off) in all.applied.iter().rev() {
        let applied = offers.get(*place).map(|offer| &offer.id);
        if let Some(own) = judged.iter_mut().find(|own| Some(&own.offer.id) == applied) {
            own.price = Some(left.nearest_minor());
        }
        left += *off;
    }
    judged.sort_by_key(|own| {
        let alone = price_of(&policy, before, own.offer).unwrap_or(i64::MAX);
        (Reverse(own.offer.priority), alone, own.offer.id.as_str())
    });
    judged
}

/// Whether a discount is for this buyer and product now, whatever it does to
/// the price, and the law lets it.
fn eligible(
    input: &Inputs<'_>,
    dated: &Dated<'_>,
    before: &Before<'_>,
    at: Instant,
) -> Result<(), Reason> {
    stands(input, dated, before.audience, before.current, at)?;
    before.law.discount_forbidden().map_or(Ok(()), Err)
}

/// Whether the offer is for this buyer and product now, whatever it does to the
/// price.
pub(super) fn stands(
    input: &Inputs<'_>,
    dated: &Dated<'_>,
    audience: &Audience,
    current: i64,
    at: Instant,
) -> Result<(), Reason> {
    let offer = dated.offer;
    dated.holds_at(at)?;
    if !offer.is_in(&input.market.id)
        || !(offer.zones.is_empty() || offer.zones.iter().any(|zone| input.zones.contains(zone)))
    {
        return Err(Reason::OtherPlace);
    }
    if offer.audience != *audience && !is_everyone(&offer.audience) {
        return Err(Reason::OtherAudience);
    }
    let is_here = |channel: &ChannelId| offer.channels.contains(channel);
    if !offer.channels.is_empty() && !input.channel.is_some_and(is_here) {
        return Err(Reason::OtherChannel);
    }
    let product = input.goods.described();
    let names = |selector: &Selector| selector.matches(&product);
    if !offer.target.include.is_empty() && !offer.target.include.iter().any(names) {
        return Err(Reason::NotTargeted);
    }
    if offer.target.exclude.iter().any(names) {
        return Err(Reason::Excluded);
    }
    if !offer.target.costs(current) {
        return Err(Reason::OutsidePriceRange);
    }
    Ok(())
}

/// The order in which the policy considers offers. There is none in which they
/// stand, so what is else taken as listed is taken by id.
fn in_sequence(policy: &Policy, offers: &mut [&Offer]) {
    let by_priority = policy.sequence == Sequence::Priority;
    offers.sort_unstable_by(|a, b| {
        let rank = |offer: &Offer| Reverse(if by_priority { offer.priority } else { 0 });
        (rank(a), &a.id).cmp(&(rank(b), &b.id))
    });
}

fn combined(policy: &Policy, before: &Before<'_>, offers: &[&Offer]) -> Combined {
    let values: Vec<[Value; 1]> = offers.iter().map(|offer| [value(&offer.effect)]).collect();
    let reductions: Vec<Reduction<'_>> = offers
        .iter()
        .zip(&values)
        .map(|(offer, values)| Reduction {
            applies_to_reduced: offer.applies_to_reduced,
            exclusive: !offer.combines,
            group: offer.group.as_deref(),
            priority: i64::from(offer.priority),
            values,
        })
        .collect();
    let start = Start {
        before_minor: before.current,
        floor_minor: before.floor_minor(),
        regular_minor: before.regular,
        special: before.special,
    };
    let mut all = combine(policy, start, &reductions);
    let mut applied = all.applied.iter().filter_map(|(at, _)| offers.get(*at));
    // A fixed price was typed by a person and stays.
    if applied.any(|offer| !matches!(offer.effect, Effect::FixedPrice(_))) {
        all.price_minor = before.pricing.round(all.price_minor, before.floor_minor());
    }
    all
}

/// What the offer takes off a single item, as the quote's engine knows it: a
/// promotion nothing.
pub(crate) fn value(effect: &Effect) -> Value {
    match effect {
        Effect::AmountOff(minor) => Value::Amount(*minor),
        Effect::FixedPrice(minor) => Value::FixedPrice(*minor),
        Effect::Promotion(_) => Value::Amount(0),
        Effect::PercentOff(basis_points) => {
            Value::Percent(Exact::ratio(i128::from(*basis_points), 100))
        }
    }
}

/// The price that the offer makes alone, if it applies.
fn price_of(policy: &Policy, before: &Before<'_>, offer: &Offer) -> Option<i64> {
    let alone = combined(policy, before, &[offer]);
    (!alone.applied.is_empty()).then_some(alone.price_minor)
}

/// The place of the offer that was taken instead.
fn by(verdict: Verdict) -> Option<usize> {
    match verdict {
        Verdict::ExcludedBy(other) | Verdict::BetterOffer(other) => Some(other),
        _ => None,
    }
}

fn reason(verdict: Verdict, before: &Before<'_>, offer: &Offer, offers: &[&Offer]) -> Reason {
    match verdict {
        Verdict::Applied => Reason::Applied,
        Verdict::AlreadyReduced => Reason::AlreadyReduced,
        Verdict::ExcludedBy(_) => Reason::DoesNotCombine,
        Verdict::BetterOffer(other) => match offers.get(other) {
            Some(other) if other.priority > offer.priority => Reason::LowerPriority,
            _ => Reason::BetterOfferTaken,
        },
        Verdict::FloorReached => before
            .law
            .floor_reason(before.floor_minor())
            .unwrap_or_else(|| Reason::floor_reached(before.floor)),
        Verdict::NotLower => Reason::NotLower,
    }
}
