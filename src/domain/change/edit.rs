use offercast_contract::measure::Quantity;
use offercast_contract::{
    Audience, Channel, ChannelId, Instant, MarketId, OfferId, OrderConditionsId, RestrictionId,
    Sku, ZoneId,
};
use serde::{Deserialize, Serialize};

use crate::source::{Market, Offer, OrderConditions, PriceKind, Product, Restriction, Zone};

/// One edit of the source of truth. `put` replaces what has the same id, or
/// adds it; what is equal to the current version makes no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Ends a channel.
    EndChannel {
        /// Which one.
        id: ChannelId,
    },
    /// Ends an offer, as if it had never been planned beyond now.
    EndOffer {
        /// Which one.
        id: OfferId,
    },
    /// Ends order conditions.
    EndOrderConditions {
        /// Which ones.
        id: OrderConditionsId,
        /// Their market.
        market: MarketId,
    },
    /// Ends a price.
    EndPrice(EndPrice),
    /// Ends a product with all its prices. Refused while an offer names it.
    EndProduct {
        /// Which one.
        sku: Sku,
    },
    /// Ends a restriction.
    EndRestriction {
        /// Which one.
        id: RestrictionId,
        /// Its market.
        market: MarketId,
    },
    /// Declares a channel.
    PutChannel {
        /// The whole declaration.
        channel: Box<Channel>,
    },
    /// Adds or replaces a market.
    PutMarket {
        /// The whole market.
        market: Box<Market>,
    },
    /// Adds or replaces an offer.
    PutOffer {
        /// The whole offer.
        offer: Box<Offer>,
    },
    /// Adds or replaces order conditions.
    PutOrderConditions {
        /// The whole conditions.
        order_conditions: Box<OrderConditions>,
    },
    /// Adds or replaces a product.
    PutProduct {
        /// The whole product.
        product: Box<Product>,
    },
    /// Adds or replaces a restriction.
    PutRestriction {
        /// The whole restriction.
        restriction: Box<Restriction>,
    },
    /// Adds or replaces a zone.
    PutZone {
        /// The whole zone.
        zone: Zone,
    },
    /// Sets a price in an interval.
    SetPrice(SetPrice),
}

impl Change {
    /// Whether it is for those only who may change prices.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        match self {
            Self::SetPrice(set) => set.kind.is_confidential() || set.audience.is_personal(),
            Self::EndPrice(end) => end.kind.is_confidential() || end.audience.is_personal(),
            Self::PutOffer { offer } => offer.audience.is_personal(),
            _ => false,
        }
    }
}

/// Sets the price of a kind, for a SKU, a place, an audience and a minimum
/// quantity, throughout `[valid_from, valid_until)`, whatever held there before
/// the change set. Two of one set that overlap with different amounts are
/// refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPrice {
    /// A decimal in the market's currency, above zero: `9.99`.
    pub amount: String,
    /// For whom.
    #[serde(default = "Audience::everyone")]
    pub audience: Audience,
    /// What the amount means.
    pub kind: PriceKind,
    /// The market.
    pub market: MarketId,
    /// From which quantity on, in the sale unit; absent, and up to the smallest
    /// quantity sold, for any quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_quantity: Option<Quantity>,
    /// The SKU.
    pub sku: Sku,
    /// Start, inclusive; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Instant>,
    /// End, exclusive; open if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// The zone; the whole market if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
}

/// Ends the price of a kind, for a SKU, a place, an audience and a minimum
/// quantity: from `at` on there is none, also none that was planned for later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndPrice {
    /// When; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// For whom.
    #[serde(default = "Audience::everyone")]
    pub audience: Audience,
    /// The kind.
    pub kind: PriceKind,
    /// The market.
    pub market: MarketId,
    /// The tier; the price for any quantity if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_quantity: Option<Quantity>,
    /// The SKU.
    pub sku: Sku,
    /// The zone; the whole market if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
}
