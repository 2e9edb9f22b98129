use std::collections::BTreeMap;

use offercast_contract::{Currency, Locale, MarketId, ZoneId};
use serde::{Deserialize, Serialize};

use super::{Combination, Law, Pricing};

/// A market: where terms hold in one currency, tax mode and time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// How its offers combine on one item.
    #[serde(default, skip_serializing_if = "Combination::is_default")]
    pub combination: Combination,
    /// The currency of all its prices.
    pub currency: Currency,
    /// Deposit per class, in minor units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deposits: BTreeMap<String, i64>,
    /// What no price may go below.
    #[serde(default, skip_serializing_if = "FloorPolicy::is_none")]
    pub floors: FloorPolicy,
    /// Edits beyond these limits are refused.
    #[serde(default)]
    pub guard: GuardLimits,
    /// Its id.
    pub id: MarketId,
    /// What the law asks of announced prices.
    #[serde(default, skip_serializing_if = "Law::is_empty")]
    pub law: Law,
    /// The locales its channels speak.
    pub locales: Vec<Locale>,
    /// Its name.
    pub name: String,
    /// Whether prices contain the tax.
    pub prices_include_tax: bool,
    /// How computed prices are rounded and unit prices are shown.
    #[serde(default, skip_serializing_if = "Pricing::is_empty")]
    pub pricing: Pricing,
    /// Tax rate per class, in basis points.
    pub tax_rates: BTreeMap<String, u32>,
    /// The IANA time zone of its local times.
    pub time_zone: String,
}

impl Market {
    /// A market whose prices contain the tax, without classes and locales yet.
    #[must_use]
    pub fn new(id: MarketId, name: &str, currency: Currency, time_zone: &str) -> Self {
        Self {
            combination: Combination::default(),
            currency,
            deposits: BTreeMap::new(),
            floors: FloorPolicy::default(),
            guard: GuardLimits::default(),
            id,
            law: Law::default(),
            locales: Vec::new(),
            name: name.to_owned(),
            prices_include_tax: true,
            pricing: Pricing::default(),
            tax_rates: BTreeMap::new(),
            time_zone: time_zone.to_owned(),
        }
    }
}

/// What a market demands of the least that may be charged. Prices of the kinds
/// floor and cost say how much that is, for each product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorPolicy {
    /// Whether each price needs a floor: a row of that kind, or a known cost
    /// with a minimum margin.
    #[serde(default)]
    pub demanded: bool,
    /// The least margin where the cost is known, in basis points of the price
    /// without tax: `(net price - cost) / net price`; 0 to 9999. It is the
    /// margin that a shop's books show, and not the markup on the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_margin_bp: Option<u32>,
}

impl FloorPolicy {
    /// Whether it demands nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Limits beyond which no edit goes through, whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardLimits {
    /// The largest change of a price, in percent of the price before it.
    pub refused_change_percent: u32,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            refused_change_percent: 70,
        }
    }
}

/// A part of a market with prices of its own. Zones nest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its id, unique in the market.
    pub id: ZoneId,
    /// The market.
    pub market: MarketId,
    /// Its name.
    pub name: String,
    /// The zone it lies in; none for one directly in the market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ZoneId>,
}
