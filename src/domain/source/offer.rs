use std::collections::BTreeMap;

use offercast_contract::channel::{Described, Selector};
use offercast_contract::{Audience, ChannelId, Locale, MarketId, OfferId, PromotionTerms, ZoneId};
use serde::{Deserialize, Serialize};

use super::{Moment, WeeklyWindow};

/// What an offer does: a discount changes the price of a single item, a
/// promotion depends on the basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Takes an amount off, in minor units; above zero.
    AmountOff(i64),
    /// Sets the price, in minor units, where that is lower; above zero.
    FixedPrice(i64),
    /// Takes a share off, in basis points: 1 to 9999.
    PercentOff(u32),
    /// Leaves the price of a single item as it is: what the basket gets.
    Promotion(Box<PromotionTerms>),
}

/// Which products an offer is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is excluded, whatever else names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Selector>,
    /// What is targeted; empty for everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Selector>,
    /// The range in which the price before offers must lie; none for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceRange>,
}

/// Prices between two bounds, both inclusive, in minor units of the market's
/// currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRange {
    /// The highest; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_minor: Option<i64>,
    /// The lowest; none for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_minor: Option<i64>,
}

impl Target {
    /// Whether a price before offers, in minor units, lies in the range.
    #[must_use]
    pub fn costs(&self, minor: i64) -> bool {
        self.price.is_none_or(|range| {
            range.min_minor.is_none_or(|min| min <= minor)
                && range.max_minor.is_none_or(|max| minor <= max)
        })
    }

    /// Whether the product is targeted and not excluded, whatever it costs.
    #[must_use]
    pub fn names(&self, product: &Described<'_>) -> bool {
        let matches = |selector: &Selector| selector.matches(product);
        (self.include.is_empty() || self.include.iter().any(matches))
            && !self.exclude.iter().any(matches)
    }
}

/// A discount on single items, or a promotion of the basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Whether it applies to goods that are reduced already: by a special
    /// price, or by another offer where the market's policy stacks them.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub applies_to_reduced: bool,
    /// For whom.
    pub audience: Audience,
    /// The channels it is exclusive to, sorted: a price that it makes holds
    /// there only, is shown nowhere else, and stands apart from the price of
    /// everyone. Empty for all channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// Whether it combines with other offers, where the market's policy does
    /// not take only one anyway; "cannot be combined" is false.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub combines: bool,
    /// What it does.
    pub effect: Effect,
    /// Why it is exclusive to channels; required where it is, since it breaks
    /// "the same price everywhere".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusive_reason: Option<String>,
    /// Its group: where the market's policy takes the best of each group,
    /// offers of one group compete. Those without one are a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its id.
    pub id: OfferId,
    /// Its words per locale.
    pub labels: BTreeMap<Locale, String>,
    /// The markets, sorted, at least one. Amounts are in their currency, so
    /// several markets of one offer with an amount share it.
    pub markets: Vec<MarketId>,
    /// Higher goes first; among equals the one that gives the lowest price.
    #[serde(default)]
    pub priority: i32,
    /// Which products.
    #[serde(default)]
    pub target: Target,
    /// Start, inclusive.
    pub valid_from: Moment,
    /// End, exclusive; none for open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// The windows of each week in which it holds between its start and its
    /// end; empty for all the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekly: Vec<WeeklyWindow>,
    /// In which zones (and the zones in them); empty for the whole market.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneId>,
}

impl Offer {
    /// An offer for everyone on everything in a market, from an instant on,
    /// without words yet.
    #[must_use]
    pub fn new(
        id: OfferId,
        market: MarketId,
        effect: Effect,
        valid_from: impl Into<Moment>,
    ) -> Self {
        Self {
            applies_to_reduced: true,
            audience: Audience::everyone(),
            channels: Vec::new(),
            combines: true,
            effect,
            exclusive_reason: None,
            group: None,
            id,
            labels: BTreeMap::new(),
            markets: vec![market],
            priority: 0,
            target: Target::default(),
            valid_from: valid_from.into(),
            valid_until: None,
            weekly: Vec::new(),
            zones: Vec::new(),
        }
    }

    /// What it does to a basket, if it is a promotion.
    #[must_use]
    pub fn promotion(&self) -> Option<&PromotionTerms> {
        match &self.effect {
            Effect::Promotion(terms) => Some(terms),
            Effect::AmountOff(_) | Effect::FixedPrice(_) | Effect::PercentOff(_) => None,
        }
    }

    /// Whether it is made in the market.
    #[must_use]
    pub fn is_in(&self, market: &MarketId) -> bool {
        self.markets.contains(market)
    }
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_true(value: &bool) -> bool {
    *value
}
