//! Which SKUs a change, or the passing of time, can touch.

use std::collections::BTreeSet;
use std::sync::Arc;

use offercast_contract::channel::Selector;
use offercast_contract::{Instant, MarketId, OfferId, Sku, View};
use offercast_domain::resolve::ledger::{LONGEST_REDUCTION_DAYS, days_after};
use offercast_domain::revision::Delta;
use offercast_domain::source::{
    Document, DocumentKey, DocumentKind, Market, Offer, Restriction, Target,
};

use crate::Book;

/// All SKUs whose item may differ between two books, found by indexes and not
/// by scanning the catalogue:
///
/// - a price or a product: its SKU;
/// - an offer: what its old and its new version target;
/// - a restriction: the SKUs with prices in its market that are of its class,
///   in its old and its new version;
/// - order conditions, a market or a zone: all SKUs with prices in the market;
/// - a channel whose views changed: all SKUs with prices in the markets of the
///   views that came or went.
#[must_use]
pub fn affected(old: &Book, new: &Book, delta: &Delta) -> BTreeSet<Sku> {
    let mut skus: Vec<Sku> = Vec::new();
    skus.extend(delta.closed_prices.iter().map(|key| key.sku.clone()));
    skus.extend(delta.opened_prices.iter().map(|row| row.key.sku.clone()));
    let opened = delta.opened_documents.iter().map(Document::key);
    let keys: BTreeSet<DocumentKey> = delta
        .closed_documents
        .iter()
        .cloned()
        .chain(opened)
        .collect();
    let mut markets: BTreeSet<MarketId> = BTreeSet::new();
    for key in &keys {
        match key.kind {
            DocumentKind::Product => skus.extend(Sku::parse(&key.id)),
            DocumentKind::Offer => {
                let Ok(id) = OfferId::parse(&key.id) else {
                    continue;
                };
                for book in [old, new] {
                    if let Some(offer) = book.offers.get(&id) {
                        skus.extend(book.reached_by(offer));
                    }
                }
            }
            DocumentKind::Restriction => {
                let (market, id) = key.id.split_once('/').unwrap_or_default();
                for book in [old, new] {
                    if let Some(restriction) = book.rules.restriction(market, id) {
                        skus.extend(book.restricted_by(restriction));
                    }
                }
            }
            DocumentKind::Market | DocumentKind::OrderConditions | DocumentKind::Zone => {
                let market = key.id.split('/').next().unwrap_or_default();
                markets.extend(MarketId::parse(market));
            }
            DocumentKind::Channel => {}
        }
    }
    let before: BTreeSet<&View> = old.views().iter().collect();
    let after: BTreeSet<&View> = new.views().iter().collect();
    let moved = before.symmetric_difference(&after);
    markets.extend(moved.map(|view| view.market.clone()));
    for market in &markets {
        for book in [old, new] {
            let sold = book.index.markets.get(market);
            skus.extend(sold.into_iter().flatten().cloned());
        }
    }
    skus.into_iter().collect()
}

impl Book {
    /// The SKUs with prices in the market that a target names, sorted. Each
    /// once.
    #[must_use]
    pub fn targeted_skus(&self, market: &MarketId, target: &Target) -> Vec<Sku> {
        let mut skus: Vec<&Sku> = Vec::new();
        if target.include.is_empty() {
            skus.extend(self.index.markets.get(market).into_iter().flatten());
        }
        for selector in &target.include {
            match selector {
                Selector::Attribute { name, value } => {
                    skus.extend(self.index.with_attribute(name, value));
                }
                Selector::Brand(brand) => {
                    skus.extend(self.index.brands.get(brand.as_str()).into_iter().flatten());
                }
                Selector::Category(path) => skus.extend(self.index.within_category(path)),
                Selector::Sku(sku) => skus.push(sku),
                Selector::Tag(tag) => {
                    skus.extend(self.index.tags.get(tag.as_str()).into_iter().flatten());
                }
            }
        }
        if target.include.len() > 1 || matches!(target.include.as_slice(), [Selector::Category(_)])
        {
            skus.sort_unstable();
            skus.dedup();
        }
        skus.retain(|sku| self.is_target(sku, market, target));
        skus.into_iter().cloned().collect()
    }

    /// The SKUs that an offer targets in any of its markets.
    fn reached_by<'b>(&'b self, offer: &'b Offer) -> impl Iterator<Item = Sku> + 'b {
        let markets = offer.markets.iter();
        markets.flat_map(|market| self.targeted_skus(market, &offer.target))
    }

    fn restricted_by(&self, restriction: &Restriction) -> Vec<Sku> {
        self.restricted_skus(&restriction.market, &restriction.class)
    }

    fn is_target(&self, sku: &Sku, market: &MarketId, target: &Target) -> bool {
        let Some(entry) = self.entry(sku) else {
            return false;
        };
        if !entry.is_sold_in(market, &self.dictionary) {
            return false;
        }
        target.exclude.is_empty()
            || entry
                .goods(&self.dictionary)
                .is_some_and(|goods| target.names(&goods.described()))
    }

    /// The SKUs whose terms may change at an instant in `[from, until)`: a
    /// price, an offer, a restriction or order conditions start or end, or a
    /// reduction has held for so long that its claims end.
    #[must_use]
    pub fn with_boundaries_between(&self, from: Instant, until: Instant) -> BTreeSet<Sku> {
        if until <= from {
            return BTreeSet::new();
        }
        let mut skus: Vec<Sku> = Vec::new();
        self.push_boundaries(from, until, &mut skus);
        let asks = |market: &Arc<Market>| market.law.prior_price.is_some();
        if self.markets.values().any(asks) {
            let back = |at| days_after(at, -LONGEST_REDUCTION_DAYS);
            self.push_boundaries(back(from), back(until), &mut skus);
        }
        for market in self.rules.order_with_boundary(from, until) {
            skus.extend(
                self.index
                    .markets
                    .get(market)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        skus.into_iter().collect()
    }

    fn push_boundaries(&self, from: Instant, until: Instant, skus: &mut Vec<Sku>) {
        let priced = self.index.boundaries.range(from..until);
        skus.extend(priced.flat_map(|(_, skus)| skus.iter().cloned()));
        let past = self.history.with_boundary(from, until);
        for (market, offer) in self.offers.with_boundary(from, until).chain(past) {
            skus.extend(self.targeted_skus(market, &offer.target));
        }
        for restriction in self.rules.restrictions_with_boundary(from, until) {
            skus.extend(self.restricted_by(restriction));
        }
        let known = self.history.known_boundaries();
        let within = known.filter(|(at, _)| from <= *at && *at < until);
        let ids: BTreeSet<&OfferId> = within.map(|(_, id)| id).collect();
        for id in ids {
            let current = self.offers.get(id).into_iter();
            for offer in current.chain(self.history.versions(id)) {
                skus.extend(self.reached_by(offer));
            }
        }
    }
}
