use std::fmt;
use std::str::FromStr;

use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Instant, MarketId, Sku, ZoneId};
use serde::{Deserialize, Serialize};

/// What an amount means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// The reference price of a kind that Croatian law calls the anchor price.
    Anchor,
    /// What the goods cost the retailer, net of tax. Never leaves the source of
    /// truth: only the minimum margin of a market looks at it.
    Cost,
    /// What nothing may take the price below, meant as prices are. Not in the
    /// terms.
    Floor,
    /// The published lowest price of the 30 days before a reduction.
    Prior,
    /// The regular price.
    Regular,
    /// A special price, which holds instead of the regular one.
    Special,
}

impl PriceKind {
    /// The name used on the wire and in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Cost => "cost",
            Self::Floor => "floor",
            Self::Prior => "prior",
            Self::Regular => "regular",
            Self::Special => "special",
        }
    }

    /// All kinds, by name.
    pub const ALL: [Self; 6] = [
        Self::Anchor,
        Self::Cost,
        Self::Floor,
        Self::Prior,
        Self::Regular,
        Self::Special,
    ];

    /// Whether it is for those only who may change prices: it says what the
    /// retailer could still give away.
    #[must_use]
    pub fn is_confidential(self) -> bool {
        matches!(self, Self::Cost | Self::Floor)
    }

    /// Whether the amount is one that customers pay.
    #[must_use]
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Regular | Self::Special)
    }
}

impl fmt::Display for PriceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a kind of price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of price (regular, special, prior, anchor, floor, cost)")]
pub struct PriceKindError(String);

impl FromStr for PriceKind {
    type Err = PriceKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| PriceKindError(text.to_owned()))
    }
}

/// Where a price holds: a market, or one of its zones and all zones in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The market.
    pub market: MarketId,
    /// The zone; none for the whole market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
}

/// Names one price row among all current rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceKey {
    /// Who may have it.
    pub audience: Audience,
    /// What the amount means.
    pub kind: PriceKind,
    /// The smallest quantity that it is for, in the sale unit: a tier. None for
    /// a price from the smallest quantity sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_quantity: Option<Quantity>,
    /// Where it holds.
    pub place: Place,
    /// The SKU.
    pub sku: Sku,
    /// Start of validity, inclusive.
    pub valid_from: Instant,
}

impl PriceKey {
    /// Whether the row is for those only who may change prices: what the
    /// retailer could still give away, and what one person is offered.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.kind.is_confidential() || self.audience.is_personal()
    }
}

/// An amount that holds for a SKU in a place during `[valid_from, valid_until)`.
///
/// Current rows of the same audience, kind, minimum quantity, place and SKU
/// never overlap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The amount, in minor units of the market's currency; above zero.
    pub amount_minor: i64,
    /// Names the row.
    pub key: PriceKey,
    /// End of validity, exclusive; none for open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
}

impl PriceRow {
    /// Whether the amount holds at `at`.
    #[must_use]
    pub fn holds_at(&self, at: Instant) -> bool {
        self.key.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }
}
