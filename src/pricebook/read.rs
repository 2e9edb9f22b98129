//! Terms from the book.

use offercast_contract::{Horizon, Instant, Item, Segment, Sku, Timeline, View, ZoneId};
use offercast_domain::resolve::{self, Considered, Dated, Inputs};
use offercast_domain::source::{Market, OrderConditions, Restriction};

use crate::Book;
use crate::entry::Entry;
use crate::history::{EntryLedger, PastHours};
use crate::hours::Hours;

/// A view over a window, with what it stands in looked up.
pub(crate) struct Frame<'b> {
    horizon: Horizon,
    hours: Hours,
    market: &'b Market,
    order: Vec<&'b OrderConditions>,
    past: PastHours,
    view: &'b View,
    zones: Vec<ZoneId>,
}

impl<'b> Frame<'b> {
    /// None where the market or the zone is unknown.
    pub(crate) fn new(book: &'b Book, view: &'b View, horizon: Horizon) -> Option<Self> {
        let zones = book.zone_chain(&view.market, view.zone.as_ref())?;
        let offers = book.offers.in_market(&view.market);
        Some(Self {
            horizon,
            hours: Hours::new(offers, (horizon.from(), horizon.until())),
            market: book.markets.get(&view.market)?,
            order: book.rules.order_for(view, &zones),
            past: PastHours::new(book, &view.market, horizon),
            view,
            zones,
        })
    }

    /// The frames of views, in their order.
    pub(crate) fn all(book: &'b Book, views: &'b [View], horizon: Horizon) -> Vec<Option<Self>> {
        let frame = |view| Self::new(book, view, horizon);
        views.iter().map(frame).collect()
    }

    fn with_inputs<T>(
        &self,
        book: &Book,
        entry: &Entry,
        answer: impl FnOnce(&Inputs<'_>) -> T,
    ) -> Option<T> {
        let prices = entry.prices_in(&self.view.market, &book.dictionary);
        if prices.is_empty() {
            return None;
        }
        let goods = entry.goods(&book.dictionary)?;
        let candidates = book.offers.candidates(&self.view.market, &goods);
        let dated = candidates.iter().map(|own| self.hours.dated(own));
        let offers: Vec<Dated<'_>> = dated.collect();
        let restrictions: Vec<&Restriction> = match goods.restriction_class {
            None => Vec::new(),
            Some(class) => {
                let all = book.rules.restrictions_in(&self.view.market);
                all.map(AsRef::as_ref)
                    .filter(|it: &&Restriction| it.is_for(class))
                    .collect()
            }
        };
        let ledger = EntryLedger {
            book,
            entry,
            goods,
            hours: &self.past,
            market: &self.view.market,
            offers: &candidates,
        };
        Some(answer(&Inputs {
            audience: &self.view.audience,
            channel: None,
            goods,
            ledger: Some(&ledger),
            market: self.market,
            mode: self.view.mode,
            offers: &offers,
            order: &self.order,
            prices: &prices,
            restrictions: &restrictions,
            zones: &self.zones,
        }))
    }

    pub(crate) fn timeline(&self, book: &Book, entry: &Entry) -> Timeline {
        let horizon = self.horizon;
        self.with_inputs(book, entry, |inputs| resolve::timeline(inputs, horizon))
            .unwrap_or_default()
    }
}

impl Book {
    /// The terms of a SKU in a view over a horizon; empty where it is unknown
    /// or never sold then.
    #[must_use]
    pub fn timeline(&self, sku: &Sku, view: &View, horizon: Horizon) -> Timeline {
        let found = self.entry(sku).zip(Frame::new(self, view, horizon));
        found.map_or_else(Timeline::default, |(entry, frame)| {
            frame.timeline(self, entry)
        })
    }

    /// The segment that holds at `at`, any instant: with the bounds that a
    /// timeline over `horizon` gives it, or, for an instant outside, one over
    /// the window that contains it. None where the SKU, the market or the zone
    /// is unknown; a segment without terms where it is not sold then.
    #[must_use]
    pub fn terms(&self, sku: &Sku, view: &View, at: Instant, horizon: Horizon) -> Option<Segment> {
        let entry = self.entry(sku).filter(|entry| entry.product.is_some())?;
        let window = if horizon.from() <= at && at < horizon.until() {
            horizon
        } else {
            Horizon::containing(at)
        };
        let timeline = Frame::new(self, view, window)?.timeline(self, entry);
        let unsold = Segment {
            from: None,
            terms: None,
            until: None,
        };
        Some(timeline.at(at).cloned().unwrap_or(unsold))
    }

    /// The rules considered for a SKU in a view at an instant. None where the
    /// SKU, the market or the zone is unknown.
    #[must_use]
    pub fn explain(&self, sku: &Sku, view: &View, at: Instant) -> Option<Vec<Considered>> {
        let entry = self.entry(sku).filter(|entry| entry.product.is_some())?;
        let frame = Frame::new(self, view, Horizon::containing(at))?;
        let considered = frame.with_inputs(self, entry, |inputs| resolve::explain(inputs, at));
        Some(considered.unwrap_or_default())
    }

    /// All that adapters need of a SKU; a tombstone where it has no terms in
    /// any of the views within the horizon.
    #[must_use]
    pub fn item(&self, sku: &Sku, views: &[View], horizon: Horizon) -> Item {
        self.item_in(sku, views, &Frame::all(self, views, horizon))
    }

    pub(crate) fn item_in(&self, sku: &Sku, views: &[View], frames: &[Option<Frame<'_>>]) -> Item {
        let tombstone = || Item::new(sku.clone(), None, Vec::new());
        let Some(entry) = self.entry(sku) else {
            return tombstone();
        };
        let timelines = self.timelines_in(entry, frames);
        if timelines.iter().all(Timeline::is_empty) {
            return tombstone();
        }
        let facts = entry
            .product
            .as_ref()
            .and_then(|stored| stored.parsed_facts());
        let per_view = views.iter().cloned().zip(timelines).collect();
        Item::new(sku.clone(), facts, per_view)
    }

    pub(crate) fn timelines_in(
        &self,
        entry: &Entry,
        frames: &[Option<Frame<'_>>],
    ) -> Vec<Timeline> {
        frames
            .iter()
            .map(|frame| {
                frame
                    .as_ref()
                    .map_or_else(Timeline::default, |frame| frame.timeline(self, entry))
            })
            .collect()
    }
}
