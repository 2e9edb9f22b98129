use std::sync::Arc;

use hashbrown::HashMap;
use offercast_contract::{Instant, MarketId, OfferId, Sku};
use offercast_domain::resolve::ledger::is_kept;
use offercast_domain::revision::Head;
use offercast_domain::source::{Document, Offer, PriceRow};

use crate::Book;
use crate::entry::{Entry, Row, Stored};
use crate::history::{ClosedVersion, short};
use crate::index::Index;

/// Builds a book from all current rows and those closed rows that the ledger
/// of effective prices needs, in any order: the start of a server. When
/// revisions were recorded is noted before.
#[derive(Default)]
pub struct Loader {
    book: Book,
    closed_offers: Vec<ClosedVersion>,
    entries: HashMap<Sku, (Option<Stored>, Vec<Row>)>,
    offers: Vec<(OfferId, Option<Offer>)>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader")
            .field("skus", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes when a revision was recorded; needed of those after
    /// [`ledger::floor`](offercast_domain::resolve::ledger::floor).
    pub fn note_revision(&mut self, number: u64, recorded_at: Instant) {
        self.book.times.note(number, recorded_at);
    }

    /// Notes when a market was declared first, current or not.
    pub fn note_market(&mut self, market: &MarketId, recorded_at: Instant) {
        Arc::make_mut(&mut self.book.history).declare_market(market, recorded_at);
    }

    /// Adds a current document that a revision opened.
    pub fn push_document(&mut self, document: &Document, since_revision: u64) {
        if let Document::Offer(offer) = document {
            let known = self.book.times.of(short(since_revision));
            Arc::make_mut(&mut self.book.history).note_offer(&offer.id, known);
        }
        if let Document::Product(product) = document {
            let stored = Stored::new(product, &mut self.book.dictionary);
            self.entries.entry(product.sku.clone()).or_default().0 = Some(stored);
        } else {
            self.book.open_document(document, &mut self.offers);
        }
    }

    /// Adds a current price row that a revision opened.
    pub fn push_price(&mut self, row: &PriceRow, since_revision: u64) {
        let stored = Row::new(row, since_revision, &mut self.book.dictionary);
        self.push_row(row, stored);
    }

    /// Adds a price row that a revision opened and a later one closed.
    pub fn push_closed_price(&mut self, row: &PriceRow, since_revision: u64, until_revision: u64) {
        if !is_kept(row.key.kind) {
            return;
        }
        let stored = Row::new(row, since_revision, &mut self.book.dictionary);
        let times = &self.book.times;
        // A revision that was not noted lies before the ledger.
        let until = times.of(short(until_revision));
        if let Some(kept) = until.and_then(|until| stored.closed(times, until)) {
            self.push_row(row, kept);
        }
    }

    /// Adds an offer that a revision opened and a later one closed.
    pub fn push_closed_offer(&mut self, offer: Offer, since_revision: u64, until_revision: u64) {
        let times = &self.book.times;
        if let Some(until) = times.of(short(until_revision)) {
            let since = times.of(short(since_revision));
            self.closed_offers.push((Arc::new(offer), since, until));
        }
    }

    fn push_row(&mut self, row: &PriceRow, stored: Row) {
        match self.entries.get_mut(&row.key.sku) {
            Some((_, rows)) => rows.push(stored),
            None => {
                self.entries
                    .insert(row.key.sku.clone(), (None, vec![stored]));
            }
        }
    }

    /// The book, at the revision whose current rows were added.
    #[must_use]
    pub fn finish(self, head: Head) -> Book {
        let mut book = self.book.with_head(head);
        let closed = self.closed_offers;
        Arc::make_mut(&mut book.history).keep_offers(
            closed,
            head.recorded_at,
            Vec::new(),
            &book.markets,
        );
        Arc::make_mut(&mut book.offers).replace(self.offers, Vec::new(), &book.markets);
        let mut entries: Vec<Arc<Entry>> = self
            .entries
            .into_iter()
            .map(|(sku, (product, rows))| {
                Arc::new(Entry {
                    product,
                    rows: rows.into_boxed_slice(),
                    sku,
                })
            })
            .collect();
        entries.sort_unstable_by(|a, b| a.sku.cmp(&b.sku));
        book.index = Index::build(
            entries.iter().map(Arc::as_ref),
            &book.dictionary,
            &book.times,
        );
        for entry in entries {
            book.shards.put(entry);
        }
        book
    }
}
