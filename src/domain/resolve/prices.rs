//! Which price row holds, and what is paid.

use std::cmp::Reverse;

use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Instant};

use super::floors::{Floor, floor};
use super::offers::Before;
use super::restrictions::Law;
use super::{Inputs, PriceRef, is_everyone, offers};
use crate::source::{Offer, PriceKind, Pricing};

/// What a member of an audience pays, and how it came about.
#[derive(Debug, Clone)]
pub(crate) struct Paid<'a> {
    /// The price before offers: the special one if it holds, else the regular;
    /// not below the floor.
    pub(crate) current: i64,
    /// What no offer may take the price below.
    pub(crate) floor: Floor,
    /// Whether a reduction may be claimed, by rule 9.
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

/// What `audience` pays at `at` for the smallest quantity that is sold; none
/// where it is not sold, also because the law forbids its price.
pub(crate) fn paid<'a>(input: &Inputs<'a>, audience: &Audience, at: Instant) -> Option<Paid<'a>> {
    paid_for(input, audience, input.goods.smallest_quantity, at)
}

/// What `audience` pays for one sale unit at `at`, buying `quantity`; none
/// where it is not sold, also because the law forbids its price.
pub(crate) fn paid_for<'a>(
    input: &Inputs<'a>,
    audience: &Audience,
    quantity: Quantity,
    at: Instant,
) -> Option<Paid<'a>> {
    let law = Law::at(input, at);
    let unchecked = unchecked(input, audience, quantity, &law, at)?;
    law.permits(unchecked.price).then_some(unchecked)
}

/// The same without asking whether the law permits the price.
pub(super) fn unchecked<'a>(
    input: &Inputs<'a>,
    audience: &Audience,
    quantity: Quantity,
    law: &Law<'_>,
    at: Instant,
) -> Option<Paid<'a>> {
    let everyone = Audience::everyone();
    let audience = law.audience(audience, &everyone);
    // A price for buying more is a discount too.
    let quantity = if law.allows_discounts() {
        quantity
    } else {
        input.goods.smallest_quantity
    };
    let regular = chosen(input, audience, PriceKind::Regular, quantity, at);
    let special = chosen(input, audience, PriceKind::Special, quantity, at);
    let special = special.filter(|special| !is_undercut(special, regular));
    let floor = floor(input, audience, quantity, at);
    let current = special.or(regular)?.amount_minor.max(floor.minor);
    let mut paid = Paid {
        current,
        floor,
        may_claim: law.allows_discounts(),
        offers: Vec::new(),
        price: current,
        regular: regular.map(|row| row.amount_minor),
        special: special.is_some(),
    };
    (paid.offers, paid.price) = offers::taken(
        input,
        &paid.before(&input.market.pricing, audience, law),
        at,
    );
    Some(paid)
}

impl Paid<'_> {
    /// What the offers are applied to.
    pub(super) fn before<'b>(
        &self,
        pricing: &'b Pricing,
        audience: &'b Audience,
        law: &Law<'b>,
    ) -> Before<'b> {
        Before {
            audience,
            current: self.current,
            floor: self.floor,
            law: *law,
            pricing,
            regular: self.regular.map(|minor| minor.max(self.floor.minor)),
            special: self.special,
        }
    }
}

/// Whether a regular price for a larger quantity is below the special price,
/// which is for a smaller one: a sale does not take a tier away.
pub(super) fn is_undercut(special: &PriceRef<'_>, regular: Option<&PriceRef<'_>>) -> bool {
    regular.is_some_and(|regular| {
        regular.minimum_quantity > special.minimum_quantity
            && regular.amount_minor < special.amount_minor
    })
}

/// The amount of the row of a kind that holds for a quantity, by rule 1.
pub(super) fn held(
    input: &Inputs<'_>,
    audience: &Audience,
    kind: PriceKind,
    quantity: Quantity,
    at: Instant,
) -> Option<i64> {
    chosen(input, audience, kind, quantity, at).map(|row| row.amount_minor)
}

/// The row of a kind that holds for a quantity, by rule 1.
pub(crate) fn chosen<'r>(
    input: &Inputs<'r>,
    audience: &Audience,
    kind: PriceKind,
    quantity: Quantity,
    at: Instant,
) -> Option<&'r PriceRef<'r>> {
    input
        .prices
        .iter()
        .filter(|row| row.kind == kind && row.holds_at(at) && row.is_for(quantity))
        .filter_map(|row| rank(input, audience, row).map(|rank| (rank, row)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, row)| row)
}

/// How specific a row is for a view, the most specific first: place, audience,
/// quantity.
pub(super) type Rank = (usize, bool, Reverse<Option<Quantity>>);

/// The rank of a row; none where it is not for this view.
pub(super) fn rank(input: &Inputs<'_>, audience: &Audience, row: &PriceRef<'_>) -> Option<Rank> {
    let own = row.audience == audience;
    if !own && !is_everyone(row.audience) {
        return None;
    }
    let distance = input.distance(row.zone)?;
    Some((distance, !own, Reverse(row.minimum_quantity)))
}
