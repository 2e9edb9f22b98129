//! The current rows with a change set on top of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use offercast_contract::channel::is_within;
use offercast_contract::measure::Quantity;
use offercast_contract::{
    Audience, Channel, ChannelId, Instant, MarketId, OfferId, OrderConditionsId, RestrictionId,
    Sku, ZoneId,
};

use super::Current;
use crate::revision::Delta;
use crate::source::{
    Document, DocumentKey, DocumentKind, Market, Offer, OrderConditions, Place, PriceKey,
    PriceKind, PriceRow, Product, Restriction, Zone,
};

/// What a change set has made of a row so far; `None` for ended.
type Staged<K, V> = BTreeMap<K, Option<Arc<V>>>;

/// The state as it will be.
pub(super) struct Overlay<'a> {
    pub(super) base: &'a dyn Current,
    products: HashMap<Sku, Option<Arc<Product>>>,
    prices: HashMap<Sku, Vec<PriceRow>>,
    markets: Staged<MarketId, Market>,
    zones: Staged<(MarketId, ZoneId), Zone>,
    offers: Staged<OfferId, Offer>,
    channels: Staged<ChannelId, Channel>,
    restrictions: Staged<(MarketId, RestrictionId), Restriction>,
    order_conditions: Staged<(MarketId, OrderConditionsId), OrderConditions>,
}

impl<'a> Overlay<'a> {
    pub(super) fn new(base: &'a dyn Current) -> Self {
        Self {
            base,
            products: HashMap::new(),
            prices: HashMap::new(),
            markets: BTreeMap::new(),
            zones: BTreeMap::new(),
            offers: BTreeMap::new(),
            channels: BTreeMap::new(),
            restrictions: BTreeMap::new(),
            order_conditions: BTreeMap::new(),
        }
    }

    /// The product, remembered: a change set often names one SKU many times.
    pub(super) fn product(&mut self, sku: &Sku) -> Option<Arc<Product>> {
        if let Some(staged) = self.products.get(sku) {
            return staged.clone();
        }
        let found = self.base.product(sku).map(Arc::new);
        self.products.insert(sku.clone(), found.clone());
        found
    }

    /// The product, not remembered: for passes over much of the catalogue.
    pub(super) fn peek_product(&self, sku: &Sku) -> Option<Arc<Product>> {
        match self.products.get(sku) {
            Some(staged) => staged.clone(),
            None => self.base.product(sku).map(Arc::new),
        }
    }

    /// A product of the base as this set leaves it; none where it ends.
    pub(super) fn as_staged(&self, product: &Product) -> Option<Arc<Product>> {
        match self.products.get(&product.sku) {
            Some(staged) => staged.clone(),
            None => Some(Arc::new(product.clone())),
        }
    }

    pub(super) fn put_product(&mut self, product: Product) {
        self.products
            .insert(product.sku.clone(), Some(Arc::new(product)));
    }

    /// Ends the product and all its prices.
    pub(super) fn end_product(&mut self, sku: &Sku) {
        self.products.insert(sku.clone(), None);
        self.prices.insert(sku.clone(), Vec::new());
    }

    /// The price rows of a SKU, to be changed.
    pub(super) fn prices_mut(&mut self, sku: &Sku) -> &mut Vec<PriceRow> {
        let base = self.base;
        self.prices
            .entry(sku.clone())
            .or_insert_with(|| base.prices(sku))
    }

    /// Whether the SKU has a row of such a kind, without copying its rows where
    /// the set has touched them.
    pub(super) fn has_price(&self, sku: &Sku, is_wanted: impl Fn(&PriceRow) -> bool) -> bool {
        match self.prices.get(sku) {
            Some(staged) => staged.iter().any(is_wanted),
            None => self.base.prices(sku).iter().any(is_wanted),
        }
    }

    pub(super) fn prices(&self, sku: &Sku) -> Vec<PriceRow> {
        self.prices
            .get(sku)
            .cloned()
            .unwrap_or_else(|| self.base.prices(sku))
    }

    pub(super) fn market(&self, id: &MarketId) -> Option<Arc<Market>> {
        match self.markets.get(id) {
            Some(staged) => staged.clone(),
            None => self.base.market(id),
        }
    }

    /// All markets, base and staged.
    pub(super) fn markets(&self) -> Vec<Arc<Market>> {
        let untouched = self.base.markets().into_iter();
        let untouched = untouched.filter(|market| !self.markets.contains_key(&market.id));
        untouched
            .chain(self.markets.values().flatten().cloned())
            .collect()
    }

    pub(super) fn put_market(&mut self, market: Market) {
        self.markets
            .insert(market.id.clone(), Some(Arc::new(market)));
    }

    pub(super) fn zone(&self, market: &MarketId, id: &ZoneId) -> Option<Arc<Zone>> {
        match self.zones.get(&(market.clone(), id.clone())) {
            Some(staged) => staged.clone(),
            None => self.base.zone(market, id),
        }
    }

    pub(super) fn put_zone(&mut self, zone: Zone) {
        self.zones
            .insert((zone.market.clone(), zone.id.clone()), Some(Arc::new(zone)));
    }

    /// The zone and the zones around it, most specific first. `Err` names the
    /// zone that comes again: a cycle.
    pub(super) fn zone_chain(
        &self,
        market: &MarketId,
        zone: Option<&ZoneId>,
    ) -> Result<Vec<ZoneId>, ZoneId> {
        let mut chain: Vec<ZoneId> = Vec::new();
        let mut next = zone.cloned();
        while let Some(id) = next {
            if chain.contains(&id) {
                return Err(id);
            }
            next = self.zone(market, &id).and_then(|zone| zone.parent.clone());
            chain.push(id);
        }
        Ok(chain)
    }

    pub(super) fn offer(&self, id: &OfferId) -> Option<Arc<Offer>> {
        match self.offers.get(id) {
            Some(staged) => staged.clone(),
            None => self.base.offer(id),
        }
    }

    pub(super) fn put_offer(&mut self, offer: Offer) {
        self.offers.insert(offer.id.clone(), Some(Arc::new(offer)));
    }

    pub(super) fn end_offer(&mut self, id: &OfferId) {
        self.offers.insert(id.clone(), None);
    }

    /// All offers of a market, base and staged.
    pub(super) fn offers(&self, market: &MarketId) -> Vec<Arc<Offer>> {
        let untouched = self.base.offers(market).into_iter();
        let untouched = untouched.filter(|offer| !self.offers.contains_key(&offer.id));
        let staged = self.offers.values().flatten();
        untouched
            .chain(staged.filter(|offer| offer.is_in(market)).cloned())
            .collect()
    }

    pub(super) fn restriction(
        &self,
        market: &MarketId,
        id: &RestrictionId,
    ) -> Option<Arc<Restriction>> {
        match self.restrictions.get(&(market.clone(), id.clone())) {
            Some(staged) => staged.clone(),
            None => self.base.restriction(market, id),
        }
    }

    pub(super) fn put_restriction(&mut self, restriction: Restriction) {
        let key = (restriction.market.clone(), restriction.id.clone());
        self.restrictions.insert(key, Some(Arc::new(restriction)));
    }

    pub(super) fn end_restriction(&mut self, market: &MarketId, id: &RestrictionId) {
        self.restrictions.insert((market.clone(), id.clone()), None);
    }

    /// All restrictions of a market, base and staged.
    pub(super) fn restrictions(&self, market: &MarketId) -> Vec<Arc<Restriction>> {
        let key = |it: &Restriction| (it.market.clone(), it.id.clone());
        let untouched = self.base.restrictions(market).into_iter();
        let untouched = untouched.filter(|it| !self.restrictions.contains_key(&key(it)));
        let staged = self.restrictions.values().flatten();
        untouched
            .chain(staged.filter(|it| it.market == *market).cloned())
            .collect()
    }

    /// The SKUs with prices in the market that are of the class, base and
    /// staged, as this set leaves them.
    pub(super) fn restricted(&self, market: &MarketId, class: &str) -> BTreeSet<Sku> {
        let mut skus: BTreeSet<Sku> = self.base.restricted(market, class).into_iter().collect();
        skus.extend(self.products.keys().cloned());
        skus.retain(|sku| {
            let product = self.peek_product(sku);
            let of = product
                .as_ref()
                .and_then(|it| it.restriction_class.as_deref());
            of.is_some_and(|of| is_within(of, class))
        });
        skus
    }

    pub(super) fn order_conditions(
        &self,
        market: &MarketId,
        id: &OrderConditionsId,
    ) -> Option<Arc<OrderConditions>> {
        match self.order_conditions.get(&(market.clone(), id.clone())) {
            Some(staged) => staged.clone(),
            None => self.base.order_conditions(market, id),
        }
    }

    pub(super) fn put_order_conditions(&mut self, conditions: OrderConditions) {
        let key = (conditions.market.clone(), conditions.id.clone());
        self.order_conditions
            .insert(key, Some(Arc::new(conditions)));
    }

    pub(super) fn end_order_conditions(&mut self, market: &MarketId, id: &OrderConditionsId) {
        self.order_conditions
            .insert((market.clone(), id.clone()), None);
    }

    /// All order conditions of a market, base and staged.
    pub(super) fn all_order_conditions(&self, market: &MarketId) -> Vec<Arc<OrderConditions>> {
        let key = |it: &OrderConditions| (it.market.clone(), it.id.clone());
        let untouched = self.base.all_order_conditions(market).into_iter();
        let untouched = untouched.filter(|it| !self.order_conditions.contains_key(&key(it)));
        let staged = self.order_conditions.values().flatten();
        untouched
            .chain(staged.filter(|it| it.market == *market).cloned())
            .collect()
    }

    pub(super) fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        match self.channels.get(id) {
            Some(staged) => staged.clone(),
            None => self.base.channel(id),
        }
    }

    /// All channels, base and staged.
    pub(super) fn channels(&self) -> Vec<Arc<Channel>> {
        let untouched = self.base.channels().into_iter();
        let untouched = untouched.filter(|channel| !self.channels.contains_key(&channel.id));
        untouched
            .chain(self.channels.values().flatten().cloned())
            .collect()
    }

    pub(super) fn put_channel(&mut self, channel: Channel) {
        self.channels
            .insert(channel.id.clone(), Some(Arc::new(channel)));
    }

    pub(super) fn end_channel(&mut self, id: &ChannelId) {
        self.channels.insert(id.clone(), None);
    }

    /// The difference to the current rows: sorted, and empty where everything
    /// is as it was.
    pub(super) fn into_delta(self) -> Delta {
        let mut delta = Delta::default();
        let base = self.base;
        for (sku, product) in sorted(self.products) {
            let before = base.product(&sku);
            let after = product.map(Arc::unwrap_or_clone);
            stage(
                &mut delta,
                before.map(|product| Document::Product(Box::new(product))),
                after.map(|product| Document::Product(Box::new(product))),
            );
        }
        for (id, market) in self.markets {
            let before = base.market(&id);
            stage(
                &mut delta,
                before.map(|market| Document::Market((*market).clone())),
                market.map(|market| Document::Market(Arc::unwrap_or_clone(market))),
            );
        }
        for ((market, id), zone) in self.zones {
            let before = base.zone(&market, &id);
            stage(
                &mut delta,
                before.map(|zone| Document::Zone((*zone).clone())),
                zone.map(|zone| Document::Zone(Arc::unwrap_or_clone(zone))),
            );
        }
        for (id, offer) in self.offers {
            let before = base.offer(&id);
            stage(
                &mut delta,
                before.map(|offer| Document::Offer((*offer).clone())),
                offer.map(|offer| Document::Offer(Arc::unwrap_or_clone(offer))),
            );
        }
        for (id, channel) in self.channels {
            let before = base.channel(&id);
            let boxed =
                |channel: Arc<Channel>| Document::Channel(Box::new(Arc::unwrap_or_clone(channel)));
            stage(&mut delta, before.map(boxed), channel.map(boxed));
        }
        for ((market, id), restriction) in self.restrictions {
            let before = base.restriction(&market, &id);
            stage(
                &mut delta,
                before.map(|it| Document::Restriction((*it).clone())),
                restriction.map(|it| Document::Restriction(Arc::unwrap_or_clone(it))),
            );
        }
        for ((market, id), conditions) in self.order_conditions {
            let before = base.order_conditions(&market, &id);
            stage(
                &mut delta,
                before.map(|it| Document::OrderConditions((*it).clone())),
                conditions.map(|it| Document::OrderConditions(Arc::unwrap_or_clone(it))),
            );
        }
        for (sku, after) in sorted(self.prices) {
            let before: BTreeSet<PriceRow> = base.prices(&sku).into_iter().collect();
            if before.is_empty() {
                delta.opened_prices.extend(after);
                continue;
            }
            let after: BTreeSet<PriceRow> = after.into_iter().collect();
            let closed = before.difference(&after).map(|row| row.key.clone());
            delta.closed_prices.extend(closed);
            delta
                .opened_prices
                .extend(after.difference(&before).cloned());
        }
        sort(&mut delta);
        delta
    }
}

/// By SKU: what comes out in order is soon sorted.
fn sorted<V>(by_sku: HashMap<Sku, V>) -> Vec<(Sku, V)> {
    let mut all: Vec<_> = by_sku.into_iter().collect();
    all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    all
}

fn stage(delta: &mut Delta, before: Option<Document>, after: Option<Document>) {
    if before == after {
        return;
    }
    delta
        .closed_documents
        .extend(before.as_ref().map(Document::key));
    delta.opened_documents.extend(after);
}

/// Sorts all rows by key: the same change set always makes the same delta.
pub(super) fn sort(delta: &mut Delta) {
    let by = |key: &DocumentKey| -> (DocumentKind, String) { (key.kind, key.id.clone()) };
    delta.closed_documents.sort_by_cached_key(by);
    delta
        .opened_documents
        .sort_by_cached_key(|document| by(&document.key()));
    sort_prices(&mut delta.closed_prices, |key| key);
    sort_prices(&mut delta.opened_prices, |row| &row.key);
}

/// Sorts by key: first by its last fields, which have many values, then by its
/// first ones, which have few. One comparison of all fields for each step would
/// cost several times as much.
fn sort_prices<T>(rows: &mut [T], key: impl Fn(&T) -> &PriceKey) {
    rows.sort_unstable_by(|a, b| many(key(a)).cmp(&many(key(b))));
    rows.sort_by(|a, b| few(key(a)).cmp(&few(key(b))));
}

fn many(key: &PriceKey) -> (&Sku, Instant) {
    (&key.sku, key.valid_from)
}

fn few(key: &PriceKey) -> (&Audience, PriceKind, Option<Quantity>, &Place) {
    (&key.audience, key.kind, key.minimum_quantity, &key.place)
}
