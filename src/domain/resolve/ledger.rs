//! The ledger of effective prices: what was applied, when it was.
//!
//! Rows have two times: when they are valid, and when they were known. A price
//! is applied at an instant where it is valid *and* known, so a row that was
//! recorded late, or replaced before it became valid, counts only for the time
//! in which it could really be charged. Before the head's time that is the
//! ledger; after it, what the current rows will do.

use std::fmt;

use offercast_contract::{Audience, Instant};

use super::{Dated, Inputs, PriceRef, paid};
use crate::schedule::Span;
use crate::source::{PriceKind, PriorPriceLaw};

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// A reduction that has held for so long without interruption is the price;
/// nothing is claimed of it any more.
pub const LONGEST_REDUCTION_DAYS: i64 = 180;

/// So many days before the head's time the ledger reaches: the longest
/// reduction, the longest period before it, and some weeks for windows that
/// started before the head.
pub const LEDGER_DAYS: i64 = LONGEST_REDUCTION_DAYS + PriorPriceLaw::DAYS_MAX as i64 + 20;

/// Where the ledger of a book begins whose head was recorded at `head`.
#[must_use]
pub fn floor(head: Instant) -> Instant {
    days_after(head, -LEDGER_DAYS)
}

/// From when until when, the end included, a ledger is looked at for claims at
/// instants from `from` to `until`, by any law, under a head that was recorded
/// at `head`.
#[must_use]
pub fn window(head: Instant, from: Instant, until: Instant) -> (Instant, Instant) {
    let reach = LONGEST_REDUCTION_DAYS + i64::from(PriorPriceLaw::DAYS_MAX);
    (days_after(from, -reach).max(floor(head)), until.max(head))
}

/// The instant so many days later, earlier where the number is negative.
#[must_use]
pub fn days_after(at: Instant, days: i64) -> Instant {
    at.plus_micros(days * DAY_MICROS)
}

/// Whether a kind of price decides what is paid, so that its past is kept.
#[must_use]
pub fn is_kept(kind: PriceKind) -> bool {
    kind.is_paid() || matches!(kind, PriceKind::Floor | PriceKind::Cost)
}

/// Gives what was applied to one SKU in one market. Asked only where a
/// reduction may hold and the law wants to know.
pub trait Ledger: fmt::Debug {
    /// All of it.
    fn applied(&self) -> Applied<'_>;
}

/// What was, is and will be applied to one SKU in one market.
#[derive(Debug)]
pub struct Applied<'a> {
    /// When the last revision was recorded.
    pub head: Instant,
    /// Current and closed offers, as they were known.
    pub offers: Vec<KnownOffer<'a>>,
    /// Paid prices, current and closed, each valid only while it was known.
    pub prices: Vec<PriceRef<'a>>,
    /// Since when prices of the market are kept; none where that is not known.
    pub since: Option<Instant>,
}

/// An offer, and while it was known.
#[derive(Debug, Clone, Copy)]
pub struct KnownOffer<'a> {
    /// The offer, and when it holds: its spans reach over
    /// [`window`] of all instants for which claims are asked.
    pub dated: Dated<'a>,
    /// From when on; none for longer than the ledger reaches.
    pub from: Option<Instant>,
    /// Until when; none for a current one.
    pub until: Option<Instant>,
}

impl KnownOffer<'_> {
    fn is_known_at(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// What was paid from an instant on, until the next piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) from: Instant,
    pub(super) paid: Option<Effective>,
}

/// A price that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effective {
    pub(super) is_reduced: bool,
    pub(super) price: i64,
}

/// The consecutive prices of an audience over a time; neighbours differ.
#[derive(Debug)]
pub(super) struct Pieces(Vec<Piece>);

impl Pieces {
    /// The prices applied in `[from, until]`.
    pub(super) fn over(
        input: &Inputs<'_>,
        applied: &Applied<'_>,
        audience: &Audience,
        (from, until): (Instant, Instant),
    ) -> Self {
        let mut boundaries = boundaries(input, applied);
        boundaries.retain(|at| from < *at && *at <= until);
        boundaries.push(from);
        boundaries.sort_unstable();
        boundaries.dedup();
        let mut pieces: Vec<Piece> = Vec::with_capacity(boundaries.len());
        for at in boundaries {
            let paid = paid_at(input, applied, audience, at);
            if pieces.last().is_none_or(|last| last.paid != paid) {
                pieces.push(Piece { from: at, paid });
            }
        }
        Self(pieces)
    }

    pub(super) fn starts(&self) -> impl Iterator<Item = Instant> + '_ {
        self.0.iter().map(|piece| piece.from)
    }

    /// The place of the piece that contains `at`; none before the first.
    pub(super) fn place(&self, at: Instant) -> Option<usize> {
        self.0
            .partition_point(|piece| piece.from <= at)
            .checked_sub(1)
    }

    /// What was applied at `at`.
    pub(super) fn price_at(&self, at: Instant) -> Option<i64> {
        let piece = self.get(self.place(at)?)?;
        piece.paid.map(|paid| paid.price)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Piece> {
        self.0.get(place)
    }

    /// The pieces that overlap `[from, until)`.
    pub(super) fn between(&self, from: Instant, until: Instant) -> impl Iterator<Item = &Piece> {
        let first = self.place(from).unwrap_or(0);
        let pieces = self.0.iter().skip(first);
        pieces.take_while(move |piece| piece.from < until)
    }
}

pub(super) fn paid_at(
    input: &Inputs<'_>,
    applied: &Applied<'_>,
    audience: &Audience,
    at: Instant,
) -> Option<Effective> {
    let known = applied.offers.iter().filter(|known| known.is_known_at(at));
    let offers: Vec<Dated<'_>> = known.map(|known| known.dated).collect();
    let then = Inputs {
        audience,
        ledger: None,
        offers: &offers,
        prices: &applied.prices,
        ..*input
    };
    paid(&then, audience, at).map(|paid| Effective {
        is_reduced: paid.is_reduced(),
        price: paid.price,
    })
}

fn boundaries(input: &Inputs<'_>, applied: &Applied<'_>) -> Vec<Instant> {
    let mut found = super::price_boundaries(input, &applied.prices);
    found.extend(super::restrictions::boundaries(input));
    for known in &applied.offers {
        found.extend(known.from);
        found.extend(known.until);
        // Weekly windows are many: only those count that were known.
        let ends = known.dated.spans.iter().flat_map(Span::boundaries);
        found.extend(ends.filter(|at| known.is_known_at(*at)));
    }
    found
}
