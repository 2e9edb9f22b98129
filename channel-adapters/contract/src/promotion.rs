//! Promotions: what depends on the basket, as data that a till can map.
//!
//! A promotion never changes the price of a single item. It stands in the
//! terms of every SKU that it targets, with a *mechanic* from a closed list, so
//! that a till can map it, call the quote, or say that it cannot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Amount, Audience, ChannelId, Hash, Locale, OfferId, Sku};

/// Which products count: all that some selector of `include` names (empty:
/// everything), minus all that some selector of `exclude` names.
pub type Scope = crate::Assortment;

/// A reduction of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// An amount off.
    Amount(Amount),
    /// A share off, in basis points: 1 to 10 000; 10 000 is free.
    Percent(u32),
    /// The sum becomes this.
    Price(Amount),
}

/// What has to be reached; exactly reached is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// The products of the promotion are worth so much.
    Amount(Amount),
    /// So many units of them. Goods that are weighed count one unit a line.
    Quantity(u32),
}

/// One step of tiered thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From here on.
    pub from: Threshold,
    /// What is given.
    pub reduction: Reduction,
}

/// One part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Any of these.
    pub products: Scope,
    /// So many units, at least 1.
    pub quantity: u32,
}

/// The closed list of what a promotion does. Units are counted over the
/// promotion's own products unless the mechanic names others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mechanic {
    /// Units of each part together at one price.
    Bundle {
        /// The parts, at least two units in all.
        parts: Vec<Part>,
        /// The price of one bundle.
        price: Amount,
    },
    /// Buy some, get others free or reduced.
    BuyGet {
        /// Units to buy.
        buy: u32,
        /// Units that are reduced.
        get: u32,
        /// The share off each of those, in basis points; 10 000 is free.
        percent: u32,
        /// What may be got; the promotion's own products without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        products: Option<Scope>,
    },
    /// Of so many units the cheapest is free.
    CheapestFree {
        /// Units, at least 2.
        of: u32,
    },
    /// Delivery is free or cheaper.
    Delivery {
        /// The delivery options, sorted; empty for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
        /// What is taken off the fee.
        reduction: Reduction,
    },
    /// A product for nothing, added to the basket once.
    Gift {
        /// What is given.
        sku: Sku,
    },
    /// So many for the price of fewer; of each set the cheapest are free.
    NForM {
        /// Units in a set.
        buy: u32,
        /// Units of it that are paid; fewer than `buy`.
        pay: u32,
    },
    /// So many for a fixed price.
    NForPrice {
        /// Units in a set.
        buy: u32,
        /// The price of a set.
        price: Amount,
    },
    /// A reduction of what the promotion's products cost together, spread over
    /// their lines: percent, amount or a fixed total.
    Order {
        /// How much.
        reduction: Reduction,
    },
    /// As `order`, by the highest step reached.
    Tiered {
        /// The steps, rising, all by amount or all by quantity.
        tiers: Vec<Tier>,
    },
}

impl Mechanic {
    /// The name used on the wire and on the board.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bundle { .. } => "bundle",
            Self::BuyGet { .. } => "buy_get",
            Self::CheapestFree { .. } => "cheapest_free",
            Self::Delivery { .. } => "delivery",
            Self::Gift { .. } => "gift",
            Self::NForM { .. } => "n_for_m",
            Self::NForPrice { .. } => "n_for_price",
            Self::Order { .. } => "order",
            Self::Tiered { .. } => "tiered",
        }
    }

    /// Units of one set, for mechanics that work by sets.
    #[must_use]
    pub fn units_of_a_set(&self) -> Option<u32> {
        match self {
            Self::Bundle { parts, .. } => {
                let units = parts.iter().map(|part| part.quantity);
                Some(units.fold(0, u32::saturating_add))
            }
            Self::BuyGet { buy, get, .. } => Some(buy.saturating_add(*get)),
            Self::CheapestFree { of } => Some(*of),
            Self::NForM { buy, .. } | Self::NForPrice { buy, .. } => Some(*buy),
            Self::Delivery { .. }
            | Self::Gift { .. }
            | Self::Order { .. }
            | Self::Tiered { .. } => None,
        }
    }

    /// The amounts that it names, all of one currency.
    #[must_use]
    pub fn amounts(&self) -> Vec<Amount> {
        let of = |reduction: &Reduction| match reduction {
            Reduction::Amount(amount) | Reduction::Price(amount) => Some(*amount),
            Reduction::Percent(_) => None,
        };
        match self {
            Self::Bundle { price, .. } | Self::NForPrice { price, .. } => vec![*price],
            Self::Delivery { reduction, .. } | Self::Order { reduction } => {
                of(reduction).into_iter().collect()
            }
            Self::Tiered { tiers } => tiers
                .iter()
                .flat_map(|tier| [tier.from.amount(), of(&tier.reduction)])
                .flatten()
                .collect(),
            Self::BuyGet { .. }
            | Self::CheapestFree { .. }
            | Self::Gift { .. }
            | Self::NForM { .. } => Vec::new(),
        }
    }

    /// The scopes that it names besides the promotion's own.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let (parts, other) = match self {
            Self::Bundle { parts, .. } => (parts.as_slice(), None),
            Self::BuyGet { products, .. } => (&[] as &[Part], products.as_ref()),
            _ => (&[] as &[Part], None),
        };
        parts.iter().map(|part| &part.products).chain(other)
    }
}

impl Threshold {
    /// The amount, where it is one.
    #[must_use]
    pub fn amount(self) -> Option<Amount> {
        match self {
            Self::Amount(amount) => Some(amount),
            Self::Quantity(_) => None,
        }
    }
}

/// Bounds on what one basket gets.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// At most this much off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// At most so many sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applications: Option<u32>,
    /// At most so many units take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
}

impl Caps {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A limit that is stated to customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatedLimit {
    /// At most so many units a customer.
    PerCustomer(u32),
    /// While stocks last.
    WhileStocksLast,
}

/// Whether capital and small letters of a code are told apart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CouponCase {
    /// As written.
    Exact,
    /// They are not: a code from a leaflet is typed on a telephone.
    #[default]
    Ignored,
}

impl CouponCase {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A code that has to be entered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// How it is compared.
    #[serde(default, skip_serializing_if = "CouponCase::is_default")]
    pub case: CouponCase,
    /// The code: 1 to 64 of A-Z, a-z, 0-9, `-` and `_`.
    pub code: String,
}

impl Coupon {
    /// Whether what a customer entered is this code. White space around it is
    /// a slip of the finger.
    #[must_use]
    pub fn is(&self, entered: &str) -> bool {
        let entered = entered.trim();
        match self.case {
            CouponCase::Exact => entered == self.code,
            CouponCase::Ignored => entered.to_lowercase() == self.code.to_lowercase(),
        }
    }
}

/// What a promotion does and under which bounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionTerms {
    /// Bounds on what one basket gets.
    #[serde(default, skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
    /// The code that has to be entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
    /// Limits that are stated, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<StatedLimit>,
    /// What it does.
    pub mechanic: Mechanic,
    /// What has to be in the basket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Threshold>,
}

impl PromotionTerms {
    /// A mechanic without conditions and bounds.
    #[must_use]
    pub fn of(mechanic: Mechanic) -> Self {
        Self {
            caps: Caps::default(),
            coupon: None,
            limits: Vec::new(),
            mechanic,
            minimum: None,
        }
    }

    /// All amounts that it names.
    #[must_use]
    pub fn amounts(&self) -> Vec<Amount> {
        let mut amounts = self.mechanic.amounts();
        amounts.extend(self.caps.amount);
        amounts.extend(self.minimum.and_then(Threshold::amount));
        amounts
    }

    /// The most units a customer may have by the stated limits.
    #[must_use]
    pub fn per_customer(&self) -> Option<u32> {
        let each = self.limits.iter().filter_map(|limit| match limit {
            StatedLimit::PerCustomer(units) => Some(*units),
            StatedLimit::WhileStocksLast => None,
        });
        each.min()
    }
}

/// A promotion as it stands in the terms of a SKU that it targets.
///
/// Fields stand in alphabetical order, so serde writes canonical bytes. All
/// amounts are in the currency of the terms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// For members of an audience only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Given in these channels only, sorted; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// The offer.
    pub id: OfferId,
    /// Its words per locale.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Locale, String>,
    /// Which products count.
    #[serde(default)]
    pub products: Scope,
    /// What it does.
    pub terms: PromotionTerms,
}

impl Promotion {
    /// A promotion for everyone on everything, without words yet.
    #[must_use]
    pub fn of(id: OfferId, mechanic: Mechanic) -> Self {
        Self {
            audience: None,
            channels: Vec::new(),
            id,
            labels: BTreeMap::new(),
            products: Scope::default(),
            terms: PromotionTerms::of(mechanic),
        }
    }

    /// The label in `locale`, as [`crate::AppliedOffer::label_in`].
    #[must_use]
    pub fn label_in(&self, locale: &Locale) -> &str {
        crate::terms::words_in(&self.labels, locale).unwrap_or(self.id.as_str())
    }

    /// The same without its words: what machines need.
    #[must_use]
    pub fn without_words(&self) -> Self {
        Self {
            labels: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// Eight hexadecimal digits of the hash of all but the words, so that a
    /// claim covers also what its text leaves out, such as the scope.
    #[must_use]
    pub fn short_hash(&self) -> String {
        let mut text = Hash::of_canonical(&self.without_words()).to_string();
        text.truncate(8);
        text
    }
}
