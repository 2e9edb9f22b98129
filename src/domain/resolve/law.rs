//! The prior price of a reduction, by rule 5.

use offercast_contract::{Audience, Horizon, Instant};

use super::ledger::{Applied, LONGEST_REDUCTION_DAYS, Pieces, days_after, floor, window};
use super::{Inputs, Paid, Reason, is_everyone, prices};
use crate::source::{NewArrivals, Perishables, PriceKind, PriorPriceLaw};

/// What is known of the price before a reduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prior {
    /// The prior price.
    Known(i64),
    /// No law asks for it, and none was imported.
    NotAsked,
    /// The law asks for it and it is not known: nothing may be claimed.
    NoClaim(Reason),
}

impl Prior {
    /// The amount.
    pub(super) fn known(&self) -> Option<i64> {
        match self {
            Self::Known(minor) => Some(*minor),
            Self::NotAsked | Self::NoClaim(_) => None,
        }
    }
}

/// What was applied before, as far as claims in a window of time need it.
#[derive(Debug)]
pub(super) struct Past<'a> {
    everyone: Pieces,
    floor: Instant,
    head: Instant,
    law: &'a PriorPriceLaw,
    /// What the audience of the view paid; none where that is everyone.
    own: Option<Pieces>,
    since: Option<Instant>,
}

impl<'a> Past<'a> {
    /// For claims at instants from `from` to `until`. None where nothing is
    /// asked: no law, no ledger, or nothing that could be a reduction. That is
    /// most products, and they pay nothing.
    pub(super) fn of(input: &Inputs<'a>, from: Instant, until: Instant) -> Option<Self> {
        let law = input.market.law.prior_price.as_ref()?;
        let ledger = input.ledger?;
        if !may_be_reduced(input, from, until) {
            return None;
        }
        let applied: Applied<'_> = ledger.applied();
        let floor = floor(applied.head);
        let window = window(applied.head, from, until);
        let pieces = |audience: &Audience| Pieces::over(input, &applied, audience, window);
        Some(Self {
            everyone: pieces(&Audience::everyone()),
            floor,
            head: applied.head,
            law,
            own: (!is_everyone(input.audience)).then(|| pieces(input.audience)),
            since: applied.since,
        })
    }

    /// For claims at any instant of a horizon.
    pub(super) fn over(input: &Inputs<'a>, horizon: Horizon) -> Option<Self> {
        Self::of(input, horizon.from(), horizon.until())
    }

    /// The instants at which claims may change.
    pub(super) fn boundaries(&self) -> impl Iterator<Item = Instant> + '_ {
        let starts = self.own().starts().chain(self.everyone.starts());
        starts.flat_map(|at| [at, days_after(at, LONGEST_REDUCTION_DAYS)])
    }

    fn own(&self) -> &Pieces {
        self.own.as_ref().unwrap_or(&self.everyone)
    }

    /// The piece with which the reduction that holds at `at` started. Where
    /// current rows say that it held before they were known, that is when it
    /// was applied first.
    fn start(&self, at: Instant, progressive: bool) -> Option<usize> {
        let pieces = self.own();
        let mut place = pieces.place(at)?;
        while !pieces.get(place)?.paid.is_some_and(|paid| paid.is_reduced) {
            place += 1;
            pieces.get(place).filter(|next| next.from <= self.head)?;
        }
        let reduced = |place: usize| {
            let paid = pieces.get(place)?.paid;
            paid.filter(|paid| paid.is_reduced)
        };
        while let (Some(now), Some(before)) =
            (reduced(place), place.checked_sub(1).and_then(reduced))
        {
            let grows = progressive && before.price > now.price;
            if before.price != now.price && !grows {
                break;
            }
            place -= 1;
        }
        Some(place)
    }

    /// The prior price, and whether it is the lowest of the whole time that
    /// the law names, or only of the time since the first sale.
    fn prior(&self, input: &Inputs<'_>, at: Instant) -> Result<(i64, bool), Reason> {
        let unknown = || Reason::LedgerTooShort;
        let perishes = self.law.is_perishable(input.goods.category);
        let place = self
            .start(at, self.law.progressive || perishes)
            .ok_or_else(unknown)?;
        let start = self.own().get(place).ok_or_else(unknown)?.from;
        if place == 0 || days_after(start, LONGEST_REDUCTION_DAYS) <= at {
            return Err(Reason::ReducedTooLong);
        }
        if perishes {
            let before = self.everyone.price_at(start.plus_micros(-1));
            return before.map(|before| (before, true)).ok_or_else(unknown);
        }
        let first = days_after(start, -i64::from(self.law.days));
        let window = self.everyone.between(first, start);
        let prices = window.filter_map(|piece| piece.paid).map(|paid| paid.price);
        let lowest = prices.min().ok_or_else(unknown)?;
        if first < self.floor {
            return Err(unknown());
        }
        if self.everyone.price_at(first).is_some() {
            return Ok((lowest, true));
        }
        // Not sold for so long, or not known for so long: the age of the
        // market's ledger tells.
        match self.law.new_arrivals {
            _ if self.since.is_none_or(|since| first < since) => Err(unknown()),
            NewArrivals::SinceFirstSale => Ok((lowest, false)),
            NewArrivals::NoClaim => Err(Reason::NewArrival),
        }
    }
}

/// Whether a special price or an offer overlaps `[from, until]`.
fn may_be_reduced(input: &Inputs<'_>, from: Instant, until: Instant) -> bool {
    let overlaps =
        |start: Instant, end: Option<Instant>| start <= until && end.is_none_or(|end| from < end);
    let special = input
        .prices
        .iter()
        .any(|row| row.kind == PriceKind::Special && overlaps(row.valid_from, row.valid_until));
    let mut spans = input.offers.iter().flat_map(|dated| dated.spans);
    special || spans.any(|span| overlaps(span.from, span.until))
}

/// What is known of the price before the reduction that holds at `at`. A prior
/// price that was imported is used where the ledger does not reach back far
/// enough.
pub(super) fn prior(
    input: &Inputs<'_>,
    past: Option<&Past<'_>>,
    paid: &Paid<'_>,
    at: Instant,
) -> Prior {
    let imported = prices::held(
        input,
        input.audience,
        PriceKind::Prior,
        input.goods.smallest_quantity,
        at,
    );
    let not_asked = imported.map_or(Prior::NotAsked, Prior::Known);
    let (Some(past), true) = (past, paid.is_reduced()) else {
        return not_asked;
    };
    if past.law.perishables == Perishables::Exempt && past.law.is_perishable(input.goods.category) {
        return not_asked;
    }
    match (past.prior(input, at), imported) {
        (Ok((minor, true)), _) | (Ok((minor, false)), None) => Prior::Known(minor),
        (Err(Reason::ReducedTooLong), _) => Prior::NoClaim(Reason::ReducedTooLong),
        (_, Some(imported)) => Prior::Known(imported),
        (Err(reason), None) => Prior::NoClaim(reason),
    }
}
