//! All current rows in plain maps, from which a book can be loaded anew.

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::{Hash, Horizon, Instant, Item, MarketId, Sku};
use offercast_domain::change::{Change, Guard, plan};
use offercast_domain::resolve::ledger::{self, days_after};
use offercast_domain::revision::{Delta, Revision};
use offercast_domain::source::{Document, DocumentKey, Offer, PriceKey, PriceRow};
use serde_json::{Value, json};

use crate::fold::{Folded, fold, move_horizon};
use crate::{Book, Digests, Loader, affected};

pub(super) fn day(days: i64) -> Instant {
    Instant::from_micros((20_000 + days) * 86_400 * 1_000_000)
}

/// A book that is folded, beside the versions that it should hold, each with
/// the revision that opened it.
pub(super) struct Model {
    pub(super) book: Book,
    /// Versions that were closed, with the revisions that opened and closed
    /// them.
    closed_offers: Vec<(Offer, u64, u64)>,
    closed_prices: Vec<(PriceRow, u64, u64)>,
    pub(super) digests: Digests,
    documents: BTreeMap<DocumentKey, (Document, u64)>,
    pub(super) horizon: Horizon,
    markets: BTreeMap<MarketId, Instant>,
    /// When the next edit is made.
    pub(super) now: Instant,
    prices: BTreeMap<PriceKey, (PriceRow, u64)>,
    times: BTreeMap<u64, Instant>,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            book: Book::empty(),
            closed_offers: Vec::new(),
            closed_prices: Vec::new(),
            digests: Digests::default(),
            documents: BTreeMap::new(),
            horizon: Horizon::containing(day(1)),
            markets: BTreeMap::new(),
            now: day(1),
            prices: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    /// A market with two zones and a channel in three views.
    pub(super) fn shop() -> Self {
        let mut model = Self::new();
        model.edit(json!([
            market(7),
            zone("region", None),
            zone("store", Some("region")),
            channel("web", &["hr/-/everyone/delivery", "hr/-/card/delivery"]),
            channel("shelf", &["hr/store/everyone/store"]),
        ]));
        model
    }

    /// Plans and folds; checks the fold. None where the set is refused or
    /// changes nothing.
    pub(super) fn edit(&mut self, changes: Value) -> Option<Folded> {
        let changes: Vec<Change> = serde_json::from_value(changes).unwrap();
        let made = plan(&changes, &self.book, self.now, Guard::Exempt).ok()?;
        if made.delta.is_empty() {
            return None;
        }
        Some(self.record(&made.delta))
    }

    fn record(&mut self, delta: &Delta) -> Folded {
        let head = self.book.head();
        let root = delta.content_root();
        let header = head.next("tests", "edit", delta, root, self.now);
        let revision = Revision {
            hash: header.hash(),
            header,
        };
        let digests = std::mem::take(&mut self.digests);
        let folded = fold(&self.book, &revision, delta, self.horizon, digests);
        let candidates = affected(&self.book, &folded.book, delta);
        assert!(candidates.is_superset(&folded.changed.iter().cloned().collect()));
        let old = std::mem::replace(&mut self.book, folded.book.clone());
        self.digests = folded.digests.clone();
        self.apply(delta);
        self.check(&old, self.horizon, &folded);
        folded
    }

    fn apply(&mut self, delta: &Delta) {
        let head = self.book.head();
        self.times.insert(head.number, head.recorded_at);
        for key in &delta.closed_documents {
            let (document, since) = self.documents.remove(key).unwrap();
            if let Document::Offer(offer) = document {
                self.closed_offers.push((offer, since, head.number));
            }
        }
        for key in &delta.closed_prices {
            let (row, since) = self.prices.remove(key).unwrap();
            self.closed_prices.push((row, since, head.number));
        }
        for document in &delta.opened_documents {
            if let Document::Market(market) = document {
                let first = self.markets.entry(market.id.clone());
                first.or_insert(head.recorded_at);
            }
            let version = (document.clone(), head.number);
            assert!(self.documents.insert(document.key(), version).is_none());
        }
        for row in &delta.opened_prices {
            let version = (row.clone(), head.number);
            assert!(self.prices.insert(row.key.clone(), version).is_none());
        }
    }

    /// Lets days go by; the horizon moves as it does on a server.
    pub(super) fn pass(&mut self, days: i64) {
        self.now = days_after(self.now, days);
        let next = Horizon::containing(self.now);
        let digests = std::mem::take(&mut self.digests);
        let folded = move_horizon(&self.book, self.horizon, next, digests);
        self.check(&self.book, self.horizon, &folded);
        self.digests = folded.digests;
        self.horizon = next;
    }

    /// The book as it is loaded from the rows.
    pub(super) fn loaded(&self) -> Book {
        let mut loader = Loader::new();
        let floor = ledger::floor(self.book.head().recorded_at);
        for (number, at) in &self.times {
            // What lies before the ledger is not read.
            if floor < *at {
                loader.note_revision(*number, *at);
            }
        }
        for (market, at) in &self.markets {
            loader.note_market(market, *at);
        }
        // Another order than that in which they came.
        for (row, since, until) in self.closed_prices.iter().rev() {
            loader.push_closed_price(row, *since, *until);
        }
        for (offer, since, until) in self.closed_offers.iter().rev() {
            loader.push_closed_offer(offer.clone(), *since, *until);
        }
        for (row, since) in self.prices.values().rev() {
            loader.push_price(row, *since);
        }
        for (document, since) in self.documents.values() {
            loader.push_document(document, *since);
        }
        loader.finish(self.book.head())
    }

    /// Checks that the fold is what resolving everything anew gives.
    pub(super) fn check(&self, old: &Book, old_horizon: Horizon, folded: &Folded) {
        let full = self.loaded();
        assert_eq!(folded.digests, crate::fold::digests(&full, folded.horizon));
        assert_eq!(folded.book.views(), full.views());
        assert!(folded.book.skus().eq(full.skus()));
        let (before, after) = (items(old, old_horizon), items(&full, folded.horizon));
        assert_eq!(items(&folded.book, folded.horizon), after);
        let differs = |sku: &&Sku| before.get(*sku) != after.get(*sku);
        let skus: BTreeSet<&Sku> = before.keys().chain(after.keys()).collect();
        let expected: Vec<&Sku> = skus.into_iter().filter(differs).collect();
        assert_eq!(folded.changed.iter().collect::<Vec<_>>(), expected);
        for item in folded.items() {
            let tombstone = Item::new(item.sku.clone(), None, Vec::new());
            assert_eq!(&item, after.get(&item.sku).unwrap_or(&tombstone));
        }
        let start = folded.horizon.from();
        for days in [-3, 0, 2, 5] {
            let (from, until) = (days_after(start, days), days_after(start, days + 4));
            let between = |book: &Book| book.with_boundaries_between(from, until);
            assert_eq!(between(&folded.book), between(&full));
        }
    }
}

/// Every item that is not a tombstone.
fn items(book: &Book, horizon: Horizon) -> BTreeMap<Sku, Item> {
    book.skus()
        .map(|sku| (sku.clone(), book.item(sku, book.views(), horizon)))
        .filter(|(_, item)| item.facts.is_some())
        .collect()
}

/// A market; every third deposit goes with another law.
pub(super) fn market(deposit: i64) -> Value {
    let law = match deposit % 3 {
        0 => json!({}),
        1 => json!({"prior_price": {"days": 30, "progressive": true}}),
        _ => json!({"prior_price": {
            "days": 40, "new_arrivals": "since_first_sale",
            "perishable_categories": ["food/dairy"], "perishables": "price_before"
        }}),
    };
    let mut change = market_under(&law);
    change["market"]["deposits"] = json!({"bottle": deposit});
    change
}

pub(super) fn market_under(law: &Value) -> Value {
    json!({"type": "put_market", "market": {
        "law": law,
        "currency": "EUR", "deposits": {"bottle": 7}, "id": "hr", "locales": ["hr"],
        "name": "Croatia", "prices_include_tax": true, "tax_rates": {"full": 2500},
        "time_zone": "Europe/Zagreb"
    }})
}

pub(super) fn zone(id: &str, parent: Option<&str>) -> Value {
    json!({"type": "put_zone", "zone": {
        "id": id, "market": "hr", "name": id, "parent": parent
    }})
}

pub(super) fn channel(id: &str, views: &[&str]) -> Value {
    let template = offercast_contract::Template {
        name: "a".to_owned(),
        sha256: Hash::of(&[b"a"]),
        source: "a".to_owned(),
    };
    json!({"type": "put_channel", "channel": {
        "family": "site", "id": id, "locale": "hr", "name": id, "template": template,
        "time_zone": "Europe/Zagreb", "views": views
    }})
}

pub(super) fn product(sku: &str, category: &str, brand: &str) -> Value {
    json!({"type": "put_product", "product": {
        "deposit_class": "bottle",
        "facts": {
            "brand": brand, "category": category,
            "content": {"hr": {"name": format!("{sku} \"{brand}\" Čokolada")}},
            "sale_unit": "piece"
        },
        "sku": sku, "tax_class": "full"
    }})
}

/// The product with a tag and an attribute; none of either for an empty text.
pub(super) fn labelled(mut product: Value, tag: &str, size: &str) -> Value {
    let facts = &mut product["product"]["facts"];
    if !tag.is_empty() {
        facts["tags"] = json!([tag]);
    }
    if !size.is_empty() {
        facts["attributes"] = json!({"size": size});
    }
    product
}

pub(super) fn price(sku: &str, kind: &str, amount: &str) -> Value {
    json!({
        "type": "set_price", "sku": sku, "market": "hr", "kind": kind, "amount": amount,
        "valid_from": day(0)
    })
}

pub(super) fn offer(id: &str, percent_bp: u32, include: &Value) -> Value {
    json!({"type": "put_offer", "offer": {
        "audience": "everyone", "effect": {"percent_off": percent_bp}, "id": id,
        "labels": {"hr": id}, "markets": ["hr"], "target": {"include": include},
        "valid_from": day(3), "valid_until": day(6)
    }})
}
