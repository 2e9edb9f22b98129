use std::sync::Arc;

use offercast_contract::{Channel, ChannelId, MarketId, OfferId, Sku, ZoneId};

use crate::source::{Market, Offer, PriceRow, Product, Target, Zone};

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
