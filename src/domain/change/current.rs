use std::sync::Arc;

use offercast_contract::{
    Channel, ChannelId, MarketId, OfferId, OrderConditionsId, RestrictionId, Sku, ZoneId,
};

use crate::source::{Market, Offer, OrderConditions, PriceRow, Product, Restriction, Target, Zone};

/// The current rows of the source of truth, as a plan needs to see them.
pub trait Current {
    /// A product.
    fn product(&self, sku: &Sku) -> Option<Product>;

    /// All price rows of a SKU, in any order.
    fn prices(&self, sku: &Sku) -> Vec<PriceRow>;

    /// A market.
    fn market(&self, id: &MarketId) -> Option<Arc<Market>>;

    /// All markets.
    fn markets(&self) -> Vec<Arc<Market>>;

    /// A zone of a market.
    fn zone(&self, market: &MarketId, id: &ZoneId) -> Option<Arc<Zone>>;

    /// An offer.
    fn offer(&self, id: &OfferId) -> Option<Arc<Offer>>;

    /// All offers of a market.
    fn offers(&self, market: &MarketId) -> Vec<Arc<Offer>>;

    /// A restriction of a market.
    fn restriction(&self, market: &MarketId, id: &RestrictionId) -> Option<Arc<Restriction>>;

    /// All restrictions of a market.
    fn restrictions(&self, market: &MarketId) -> Vec<Arc<Restriction>>;

    /// The SKUs with prices in the market whose restriction class is this one
    /// or below it, sorted.
    fn restricted(&self, market: &MarketId, class: &str) -> Vec<Sku>;

    /// Order conditions of a market.
    fn order_conditions(
        &self,
        market: &MarketId,
        id: &OrderConditionsId,
    ) -> Option<Arc<OrderConditions>>;

    /// All order conditions of a market.
    fn all_order_conditions(&self, market: &MarketId) -> Vec<Arc<OrderConditions>>;

    /// A channel.
    fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>>;

    /// All channels.
    fn channels(&self) -> Vec<Arc<Channel>>;

    /// The SKUs with prices in the market that the target names, sorted.
    fn targeted(&self, market: &MarketId, target: &Target) -> Vec<Sku>;

    /// Some SKU with prices in the market whose product satisfies `wanted`.
    /// It may look at all of them.
    fn find_sold(&self, market: &MarketId, wanted: &mut dyn FnMut(&Product) -> bool)
    -> Option<Sku>;
}
