use std::collections::BTreeMap;
use std::sync::Arc;

use offercast_contract::{
    Channel, ChannelId, Facts, Hash, Horizon, Instant, MarketId, OfferId, Position, Sku, View,
    ZoneId,
};
use offercast_domain::revision::Head;
use offercast_domain::source::{
    Market, Offer, OrderConditions, PriceRow, Product, Restriction, Zone,
};

use crate::dictionary::Dictionary;
use crate::entry::Entry;
use crate::history::{History, Times};
use crate::index::Index;
use crate::offers::OfferBook;
use crate::rules::RuleBook;
use crate::shards::Shards;

/// A snapshot of all current rows. Clones share everything.
#[derive(Clone)]
pub struct Book {
    pub(crate) channels: Arc<BTreeMap<ChannelId, Arc<Channel>>>,
    pub(crate) dictionary: Dictionary,
    pub(crate) head: Head,
    pub(crate) history: Arc<History>,
    pub(crate) index: Index,
    pub(crate) markets: Arc<BTreeMap<MarketId, Arc<Market>>>,
    pub(crate) offers: Arc<OfferBook>,
    pub(crate) rules: Arc<RuleBook>,
    pub(crate) shards: Shards,
    pub(crate) times: Times,
    pub(crate) views: Arc<[View]>,
    pub(crate) zones: Arc<BTreeMap<(MarketId, ZoneId), Arc<Zone>>>,
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book")
            .field("head", &self.head)
            .field("products", &self.sku_count())
            .finish_non_exhaustive()
    }
}

impl Default for Book {
    fn default() -> Self {
        Self::empty()
    }
}

impl Book {
    /// The empty source of truth, before the first revision of the first epoch.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            channels: Arc::default(),
            dictionary: Dictionary::default(),
            head: Head {
                epoch: 1,
                hash: Hash::ZERO,
                number: 0,
                recorded_at: Instant::from_micros(0),
            },
            history: Arc::default(),
            index: Index::default(),
            markets: Arc::default(),
            offers: Arc::default(),
            rules: Arc::default(),
            shards: Shards::new(),
            times: Times::default(),
            views: Arc::from([]),
            zones: Arc::default(),
        }
    }

    /// The last revision that was folded in.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The same rows under another head: a person opened a new epoch.
    #[must_use]
    pub fn with_head(mut self, head: Head) -> Self {
        self.head = head;
        self
    }

    /// Where it stands when resolved over `horizon`.
    #[must_use]
    pub fn position(&self, horizon: Horizon) -> Position {
        Position {
            epoch: self.head.epoch,
            hash: self.head.hash,
            horizon,
            revision: self.head.number,
        }
    }

    /// Number of products.
    #[must_use]
    pub fn sku_count(&self) -> usize {
        self.index.products.len()
    }

    /// The SKUs of all products, sorted.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.index.products.iter()
    }

    /// The SKUs after `after`, sorted; all without it.
    pub fn skus_after(&self, after: Option<&Sku>) -> impl Iterator<Item = &Sku> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.cloned().map_or(Unbounded, Excluded);
        self.index.products.range((from, Unbounded))
    }

    /// A product.
    #[must_use]
    pub fn product(&self, sku: &Sku) -> Option<Product> {
        self.entry(sku)?.to_product(&self.dictionary)
    }

    /// A product's facts.
    #[must_use]
    pub fn facts(&self, sku: &Sku) -> Option<Facts> {
        self.entry(sku)?.product.as_ref()?.parsed_facts()
    }

    /// All price rows of a SKU, sorted by key.
    #[must_use]
    pub fn prices(&self, sku: &Sku) -> Vec<PriceRow> {
        let entry = self.entry(sku).into_iter();
        let mut rows: Vec<PriceRow> = entry
            .flat_map(|entry| entry.current())
            .filter_map(|row| row.to_price_row(sku, &self.dictionary))
            .collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        rows
    }

    /// A market.
    #[must_use]
    pub fn market(&self, id: &MarketId) -> Option<Arc<Market>> {
        self.markets.get(id).cloned()
    }

    /// All markets, by id.
    pub fn markets(&self) -> impl Iterator<Item = &Arc<Market>> {
        self.markets.values()
    }

    /// A zone.
    #[must_use]
    pub fn zone(&self, market: &MarketId, id: &ZoneId) -> Option<Arc<Zone>> {
        self.zones.get(&(market.clone(), id.clone())).cloned()
    }

    /// All zones, by market and id.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<Zone>> {
        self.zones.values()
    }

    /// An offer.
    #[must_use]
    pub fn offer(&self, id: &OfferId) -> Option<Arc<Offer>> {
        self.offers.get(id).cloned()
    }

    /// All offers, by id.
    pub fn offers(&self) -> impl Iterator<Item = &Arc<Offer>> {
        self.offers.all()
    }

    /// The restrictions of a market, by id.
    pub fn restrictions(&self, market: &MarketId) -> impl Iterator<Item = &Arc<Restriction>> {
        self.rules.restrictions_in(market)
    }

    /// The order conditions of a market, by id.
    pub fn order_conditions(
        &self,
        market: &MarketId,
    ) -> impl Iterator<Item = &Arc<OrderConditions>> {
        self.rules.order_in(market)
    }

    /// The SKUs with prices in the market whose restriction class is this one
    /// or below it, sorted.
    #[must_use]
    pub fn restricted_skus(&self, market: &MarketId, class: &str) -> Vec<Sku> {
        let is_sold = |sku: &&Sku| {
            self.entry(sku)
                .is_some_and(|entry| entry.is_sold_in(market, &self.dictionary))
        };
        let found = self.index.within_class(class).filter(is_sold);
        let mut skus: Vec<Sku> = found.cloned().collect();
        skus.sort_unstable();
        skus
    }

    /// A channel.
    #[must_use]
    pub fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        self.channels.get(id).cloned()
    }

    /// All channels, by id.
    pub fn channels(&self) -> impl Iterator<Item = &Arc<Channel>> {
        self.channels.values()
    }

    /// The views that some channel declares, sorted: only these are resolved.
    /// A paused channel keeps its views, so that resuming it changes no terms.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The zone and the zones that it lies in, most specific first; empty for
    /// the whole market and where one is unknown.
    #[must_use]
    pub fn zones_around(&self, market: &MarketId, zone: Option<&ZoneId>) -> Vec<ZoneId> {
        self.zone_chain(market, zone).unwrap_or_default()
    }

    pub(crate) fn entry(&self, sku: &Sku) -> Option<&Arc<Entry>> {
        self.shards.get(sku)
    }

    /// The zone and the zones that it lies in; none where one is unknown.
    pub(crate) fn zone_chain(
        &self,
        market: &MarketId,
        zone: Option<&ZoneId>,
    ) -> Option<Vec<ZoneId>> {
        let mut chain: Vec<ZoneId> = Vec::new();
        let mut next = zone.cloned();
        while let Some(id) = next {
            // The plan refuses cycles; a book must not hang on one all the same.
            if chain.contains(&id) {
                return None;
            }
            let found = self.zones.get(&(market.clone(), id.clone()))?;
            chain.push(id);
            next = found.parent.clone();
        }
        Some(chain)
    }
}

/// The distinct views of all channels, sorted.
pub(crate) fn views_of(channels: &BTreeMap<ChannelId, Arc<Channel>>) -> Arc<[View]> {
    let mut views: Vec<View> = channels
        .values()
        .flat_map(|channel| channel.views.iter().cloned())
        .collect();
    views.sort_unstable();
    views.dedup();
    Arc::from(views)
}
