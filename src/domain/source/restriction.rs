use std::collections::BTreeMap;

use offercast_contract::channel::is_within;
use offercast_contract::{
    ChannelSelector, Instant, Locale, MarketId, Measure, RestrictionId, SalesMode, ZoneId,
};
use serde::{Deserialize, Serialize};

/// What the law allows for a class of goods in a market: one rule, with its
/// source and the interval in which it holds.
///
/// A document of its own rather than a part of the market: rules change by
/// decree, one at a time, and each has its own history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// In which channels, sorted; empty for all. Only for [`Rule::Hide`] and
    /// [`Rule::Warning`]: a price is the same in every channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelSelector>,
    /// The class of goods and all classes below it: `alcohol` is also for
    /// `alcohol/vodka`. See [`super::Product::restriction_class`].
    pub class: String,
    /// Its id, unique in the market.
    pub id: RestrictionId,
    /// The market.
    pub market: MarketId,
    /// In which sales modes, sorted; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<SalesMode>,
    /// What it does.
    pub rule: Rule,
    /// The law it follows from, as refusals and explanations name it:
    /// `171-FZ, Art. 16`.
    pub source: String,
    /// Start, inclusive.
    pub valid_from: Instant,
    /// End, exclusive; none for open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// In which zones (and the zones in them), sorted; empty for the whole
    /// market.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneId>,
}

/// What a restriction does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The product is not shown.
    Hide,
    /// The price may not be above this.
    MaximumPrice(PriceLimit),
    /// The price may not be below this.
    MinimumPrice(PriceLimit),
    /// No discount applies, no member's price, and no reduction is claimed.
    NoDiscount,
    /// No promotion stands in the terms.
    NoPromotion,
    /// This text stands beside the price, in every locale of the market.
    Warning(BTreeMap<Locale, String>),
}

impl Rule {
    /// The name used on the wire and in words.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::MaximumPrice(_) => "maximum_price",
            Self::MinimumPrice(_) => "minimum_price",
            Self::NoDiscount => "no_discount",
            Self::NoPromotion => "no_promotion",
            Self::Warning(_) => "warning",
        }
    }

    /// The limit, if it is one.
    #[must_use]
    pub fn limit(&self) -> Option<PriceLimit> {
        match self {
            Self::MaximumPrice(limit) | Self::MinimumPrice(limit) => Some(*limit),
            _ => None,
        }
    }

    /// Whether it may differ between channels.
    #[must_use]
    pub fn is_per_channel(&self) -> bool {
        matches!(self, Self::Hide | Self::Warning(_))
    }
}

/// A statutory price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceLimit {
    /// Minor units of the market's currency; above zero.
    pub amount_minor: i64,
    /// What the amount is for: 0.5 l of vodka. Packs of another size count in
    /// proportion. None: one sale unit, whatever it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Measure>,
}

impl Restriction {
    /// Whether it is for goods of the class.
    #[must_use]
    pub fn is_for(&self, class: &str) -> bool {
        is_within(class, &self.class)
    }

    /// Whether it holds at `at`.
    #[must_use]
    pub fn holds_at(&self, at: Instant) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }
}
