//! Which price row holds, and what is paid.

use offercast_contract::{Audience, Instant};

use super::offers::Before;
use super::restrictions::Law;
use super::{Inputs, PriceRef, is_everyone, offers};
use crate::source::{Offer, PriceKind};

/// What a member of an audience pays, and how it came about.
#[derive(Debug, Clone)]
pub(crate) struct Paid<'a> {
    /// The price before offers: the special one if it holds, else the regular.
    pub(crate) current: i64,
    /// Whether a reduction may be claimed, by rule 8.
    pub(crate) may_claim: bool,
    /// The offers that were taken, in the order of application.
    pub(crate) offers: Vec<&'a Offer>,
    /// The price after offers.
    pub(crate) price: i64,
    /// The regular price, if known.
    pub(crate) regular: Option<i64>,
    /// Whether a special price holds.
    pub(crate) special: bool,
}

impl Paid<'_> {
    /// Whether a reduction holds: a special price or an offer.
    pub(crate) fn is_reduced(&self) -> bool {
        self.special || !self.offers.is_empty()
    }
}

/// What `audience` pays at `at`; none where it is not sold, also because the
/// law forbids its price.
pub(crate) fn paid<'a>(input: &Inputs<'a>, audience: &Audience, at: Instant) -> Option<Paid<'a>> {
    let law = Law::at(input, at);
    let unchecked = unchecked(input, audience, &law, at)?;
    law.permits(unchecked.price).then_some(unchecked)
}

/// The same without asking whether the law permits the price.
pub(super) fn unchecked<'a>(
    input: &Inputs<'a>,
    audience: &Audience,
    law: &Law<'_>,
    at: Instant,
) -> Option<Paid<'a>> {
    let everyone = Audience::everyone();
    let audience = law.audience(audience, &everyone);
    let regular = held(input, audience, PriceKind::Regular, at);
    let special = held(input, audience, PriceKind::Special, at);
    let current = special.or(regular)?;
    let before = Before {
        audience,
        current,
        floor_minor: law.floor(1),
        law: *law,
        regular,
        special: special.is_some(),
    };
    let (offers, price) = offers::taken(input, &before, at);
    Some(Paid {
        current,
        may_claim: law.allows_discounts(),
        offers,
        price,
        regular,
        special: special.is_some(),
    })
}

impl<'a> Paid<'a> {
    /// What the offers were applied to.
    pub(super) fn before(&self, audience: &'a Audience, law: &Law<'a>) -> Before<'a> {
        Before {
            audience,
            current: self.current,
            floor_minor: law.floor(1),
            law: *law,
            regular: self.regular,
            special: self.special,
        }
    }
}

/// The amount of the row of a kind that holds, by rule 1.
pub(super) fn held(
    input: &Inputs<'_>,
    audience: &Audience,
    kind: PriceKind,
    at: Instant,
) -> Option<i64> {
    chosen(input, audience, kind, at).map(|row| row.amount_minor)
}

/// The row of a kind that holds, by rule 1.
pub(super) fn chosen<'r>(
    input: &Inputs<'r>,
    audience: &Audience,
    kind: PriceKind,
    at: Instant,
) -> Option<&'r PriceRef<'r>> {
    input
        .prices
        .iter()
        .filter(|row| row.kind == kind && row.holds_at(at))
        .filter_map(|row| rank(input, audience, row).map(|rank| (rank, row)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, row)| row)
}

/// Smaller is more specific; none where the row is not for this view.
pub(super) fn rank(
    input: &Inputs<'_>,
    audience: &Audience,
    row: &PriceRef<'_>,
) -> Option<(usize, bool)> {
    let own = row.audience == audience;
    if !own && !is_everyone(row.audience) {
        return None;
    }
    input.distance(row.zone).map(|distance| (distance, !own))
}
