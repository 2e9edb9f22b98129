//! The next snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offercast_contract::{MarketId, OfferId, Sku};
use offercast_domain::resolve::ledger::{floor, is_kept};
use offercast_domain::revision::{Delta, Head, Revision};
use offercast_domain::source::{
    Document, DocumentKey, DocumentKind, Offer, PriceKey, PriceRow, Product,
};

use crate::Book;
use crate::book::views_of;
use crate::entry::{Entry, Row, Stored};

/// What a delta does to one SKU.
#[derive(Default)]
struct SkuChange<'d> {
    closed: Vec<&'d PriceKey>,
    opened: Vec<&'d PriceRow>,
    /// `Some(None)`: the product ends.
    product: Option<Option<&'d Product>>,
}

impl Book {
    /// The book after a revision. This one stays as it is.
    #[must_use]
    pub fn apply(&self, revision: &Revision, delta: &Delta) -> Self {
        let mut book = self.clone();
        book.head = Head {
            epoch: revision.header.epoch,
            hash: revision.hash,
            number: revision.header.number,
            recorded_at: revision.header.recorded_at,
        };
        book.times
            .note(book.head.number, revision.header.recorded_at);
        let offers = book.apply_documents(delta);
        let changed = changed_markets(delta);
        if !offers.is_empty() || !changed.is_empty() {
            book.replace_offers(offers, changed);
        }
        for (sku, change) in per_sku(delta) {
            book.apply_sku(&sku, &change);
        }
        book
    }

    fn apply_sku(&mut self, sku: &Sku, change: &SkuChange<'_>) {
        let old = self.entry(sku).cloned();
        let sku = old.as_ref().map_or(sku, |entry| &entry.sku);
        let mut entry = old
            .as_deref()
            .cloned()
            .unwrap_or_else(|| Entry::empty(sku.clone()));
        if let Some(product) = change.product {
            entry.product = product.map(|product| Stored::new(product, &mut self.dictionary));
        }
        let (dictionary, times) = (&mut self.dictionary, &self.times);
        let (now, floor) = (self.head.recorded_at, floor(self.head.recorded_at));
        let mut rows: Vec<Row> = Vec::with_capacity(entry.rows.len() + change.opened.len());
        for row in entry.rows.iter().copied() {
            let lane = dictionary.lanes.get(row.lane);
            let closes = row.is_current()
                && change.closed.iter().any(|key| {
                    key.valid_from == row.from()
                        && lane.is_some_and(|lane| {
                            lane.kind == key.kind
                                && lane.minimum_quantity == key.minimum_quantity
                                && lane.place == key.place
                                && lane.audience == key.audience
                        })
                });
            if closes {
                let kept = lane.is_some_and(|lane| is_kept(lane.kind));
                rows.extend(row.closed(times, now).filter(|_| kept));
            } else if row.is_current() || row.until().is_some_and(|until| floor < until) {
                rows.push(row);
            }
        }
        let number = self.head.number;
        let opened = change.opened.iter();
        rows.extend(opened.map(|row| Row::new(row, number, dictionary)));
        entry.rows = rows.into_boxed_slice();
        self.index
            .replace(old.as_deref(), &entry, &self.dictionary, &self.times);
        self.shards.put(Arc::new(entry));
    }

    fn replace_offers(&mut self, offers: Vec<(OfferId, Option<Offer>)>, changed: Vec<MarketId>) {
        let (now, history) = (self.head.recorded_at, Arc::make_mut(&mut self.history));
        // A replaced offer is closed and opened.
        let ids: BTreeSet<&OfferId> = offers.iter().map(|(id, _)| id).collect();
        let closed = ids
            .into_iter()
            .filter_map(|id| self.offers.get(id).cloned());
        history.close_offers(closed.collect(), now, changed.clone(), &self.markets);
        for (id, offer) in &offers {
            history.note_offer(id, offer.as_ref().map(|_| now));
        }
        Arc::make_mut(&mut self.offers).replace(offers, changed, &self.markets);
    }

    /// All documents but products; answers with the offers.
    fn apply_documents(&mut self, delta: &Delta) -> Vec<(OfferId, Option<Offer>)> {
        let mut offers = Vec::new();
        for key in &delta.closed_documents {
            self.close_document(key, &mut offers);
        }
        for document in &delta.opened_documents {
            if let Document::Market(market) = document {
                Arc::make_mut(&mut self.history).declare_market(&market.id, self.head.recorded_at);
            }
            self.open_document(document, &mut offers);
        }
        offers
    }

    fn close_document(&mut self, key: &DocumentKey, offers: &mut Vec<(OfferId, Option<Offer>)>) {
        match key.kind {
            DocumentKind::Channel => {
                Arc::make_mut(&mut self.channels).remove(key.id.as_str());
                self.views = views_of(&self.channels);
            }
            DocumentKind::Market => {
                Arc::make_mut(&mut self.markets).remove(key.id.as_str());
            }
            DocumentKind::Offer => {
                offers.extend(OfferId::parse(&key.id).map(|id| (id, None)));
            }
            DocumentKind::OrderConditions => Arc::make_mut(&mut self.rules).end_order(&key.id),
            DocumentKind::Restriction => {
                Arc::make_mut(&mut self.rules).end_restriction(&key.id);
            }
            DocumentKind::Zone => {
                Arc::make_mut(&mut self.zones)
                    .retain(|(market, zone), _| key.id != format!("{market}/{zone}"));
            }
            DocumentKind::Product => {}
        }
    }

    pub(crate) fn open_document(
        &mut self,
        document: &Document,
        offers: &mut Vec<(OfferId, Option<Offer>)>,
    ) {
        match document {
            Document::Channel(channel) => {
                let channel = Arc::new((**channel).clone());
                Arc::make_mut(&mut self.channels).insert(channel.id.clone(), channel);
                self.views = views_of(&self.channels);
            }
            Document::Market(market) => {
                let market = Arc::new(market.clone());
                Arc::make_mut(&mut self.markets).insert(market.id.clone(), market);
            }
            Document::OrderConditions(order) => {
                Arc::make_mut(&mut self.rules).put_order(order.clone());
            }
            Document::Restriction(restriction) => {
                Arc::make_mut(&mut self.rules).put_restriction(restriction.clone());
            }
            Document::Offer(offer) => offers.push((offer.id.clone(), Some(offer.clone()))),
            Document::Zone(zone) => {
                let key = (zone.market.clone(), zone.id.clone());
                Arc::make_mut(&mut self.zones).insert(key, Arc::new(zone.clone()));
            }
            Document::Product(_) => {}
        }
    }
}

fn changed_markets(delta: &Delta) -> Vec<MarketId> {
    let opened = delta.opened_documents.iter().map(Document::key);
    let keys = delta.closed_documents.iter().cloned().chain(opened);
    keys.filter(|key| key.kind == DocumentKind::Market)
        .flat_map(|key| MarketId::parse(&key.id))
        .collect()
}

fn per_sku(delta: &Delta) -> BTreeMap<Sku, SkuChange<'_>> {
    let mut skus: BTreeMap<Sku, SkuChange<'_>> = BTreeMap::new();
    for key in &delta.closed_prices {
        skus.entry(key.sku.clone()).or_default().closed.push(key);
    }
    for row in &delta.opened_prices {
        let change = skus.entry(row.key.sku.clone()).or_default();
        change.opened.push(row);
    }
    for key in &delta.closed_documents {
        if key.kind == DocumentKind::Product
            && let Ok(sku) = Sku::parse(&key.id)
        {
            skus.entry(sku).or_default().product = Some(None);
        }
    }
    for document in &delta.opened_documents {
        if let Document::Product(product) = document {
            skus.entry(product.sku.clone()).or_default().product = Some(Some(product));
        }
    }
    skus
}
