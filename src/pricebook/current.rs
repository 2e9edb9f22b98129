//! The book as the state that a change set is planned on.

use std::sync::Arc;

use offercast_contract::{
    Channel, ChannelId, MarketId, OfferId, OrderConditionsId, RestrictionId, Sku, ZoneId,
};
use offercast_domain::change::Current;
use offercast_domain::source::{
    Market, Offer, OrderConditions, PriceRow, Product, Restriction, Target, Zone,
};

use crate::Book;

impl Current for Book {
    fn product(&self, sku: &Sku) -> Option<Product> {
        Self::product(self, sku)
    }

    fn prices(&self, sku: &Sku) -> Vec<PriceRow> {
        Self::prices(self, sku)
    }

    fn market(&self, id: &MarketId) -> Option<Arc<Market>> {
        Self::market(self, id)
    }

    fn markets(&self) -> Vec<Arc<Market>> {
        Self::markets(self).cloned().collect()
    }

    fn zone(&self, market: &MarketId, id: &ZoneId) -> Option<Arc<Zone>> {
        Self::zone(self, market, id)
    }

    fn offer(&self, id: &OfferId) -> Option<Arc<Offer>> {
        Self::offer(self, id)
    }

    fn offers(&self, market: &MarketId) -> Vec<Arc<Offer>> {
        let here = Self::offers(self).filter(|offer| offer.is_in(market));
        here.cloned().collect()
    }

    fn restriction(&self, market: &MarketId, id: &RestrictionId) -> Option<Arc<Restriction>> {
        let found = self.rules.restriction(market.as_str(), id.as_str());
        found.cloned()
    }

    fn restrictions(&self, market: &MarketId) -> Vec<Arc<Restriction>> {
        self.rules.restrictions_in(market).cloned().collect()
    }

    fn restricted(&self, market: &MarketId, class: &str) -> Vec<Sku> {
        self.restricted_skus(market, class)
    }

    fn order_conditions(
        &self,
        market: &MarketId,
        id: &OrderConditionsId,
    ) -> Option<Arc<OrderConditions>> {
        self.rules.order(market.as_str(), id.as_str()).cloned()
    }

    fn all_order_conditions(&self, market: &MarketId) -> Vec<Arc<OrderConditions>> {
        self.rules.order_in(market).cloned().collect()
    }

    fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        Self::channel(self, id)
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        Self::channels(self).cloned().collect()
    }

    fn targeted(&self, market: &MarketId, target: &Target) -> Vec<Sku> {
        self.targeted_skus(market, target)
    }

    fn find_sold(
        &self,
        market: &MarketId,
        wanted: &mut dyn FnMut(&Product) -> bool,
    ) -> Option<Sku> {
        let skus = self.index.markets.get(market)?;
        skus.iter()
            .find(|sku| self.product(sku).is_some_and(|product| wanted(&product)))
            .cloned()
    }
}
