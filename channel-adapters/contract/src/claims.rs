//! Claims: what a channel says to a customer, in comparable form.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ident::serde_as_text;
use crate::{Hash, Sku, View};

/// The kinds of claims that are compared, in alphabetical order, as canonical
/// JSON orders the keys of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A price with its condition.
    Conditional,
    /// The ISO 4217 code.
    Currency,
    /// The deposit.
    Deposit,
    /// The name, in the channel's locale.
    Name,
    /// An offer's label.
    Offer,
    /// A condition of an order.
    Order,
    /// The unconditional price.
    Price,
    /// The lowest price of 30 days before the reduction.
    Prior,
    /// A promotion, with its parameters and its label.
    Promotion,
    /// The smallest quantity that is sold, and the step.
    Quantities,
    /// The announced percentage.
    Reduction,
    /// A reference price of a kind.
    Reference,
    /// The regular price, struck through.
    Regular,
    /// The sale unit that the price is for.
    SaleUnit,
    /// The SKU.
    Sku,
    /// Tax basis and rate.
    Tax,
    /// The price per base measure.
    UnitPrice,
    /// The end of the terms.
    Until,
    /// A text that the law wants shown.
    Warning,
}

impl Field {
    /// Class A: always equal, never omitted. The end of the terms is class A
    /// *where one is shown*, so it may be omitted.
    #[must_use]
    pub fn is_class_a(self) -> bool {
        matches!(
            self,
            Self::Sku
                | Self::SaleUnit
                | Self::Currency
                | Self::Price
                | Self::Conditional
                | Self::Deposit
                | Self::Tax
                | Self::Warning
        )
    }

    /// The name used on the wire and on the board.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "name",
            Self::SaleUnit => "sale_unit",
            Self::Currency => "currency",
            Self::Price => "price",
            Self::Conditional => "conditional",
            Self::Deposit => "deposit",
            Self::Tax => "tax",
            Self::Regular => "regular",
            Self::Prior => "prior",
            Self::Quantities => "quantities",
            Self::Reduction => "reduction",
            Self::Reference => "reference",
            Self::UnitPrice => "unit_price",
            Self::Offer => "offer",
            Self::Order => "order",
            Self::Promotion => "promotion",
            Self::Until => "until",
            Self::Warning => "warning",
        }
    }

    const ALL: [Self; 19] = [
        Self::Sku,
        Self::Name,
        Self::SaleUnit,
        Self::Currency,
        Self::Price,
        Self::Conditional,
        Self::Deposit,
        Self::Tax,
        Self::Regular,
        Self::Prior,
        Self::Quantities,
        Self::Reduction,
        Self::Reference,
        Self::UnitPrice,
        Self::Offer,
        Self::Order,
        Self::Promotion,
        Self::Until,
        Self::Warning,
    ];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names one claim: a field, and which one where a field can occur several
/// times (`offer.summer`, `reference.anchor`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// The field.
    pub field: Field,
    /// Which one; empty for fields that occur once.
    pub which: String,
}

impl From<Field> for ClaimKey {
    fn from(field: Field) -> Self {
        Self {
            field,
            which: String::new(),
        }
    }
}

impl ClaimKey {
    /// One of several claims of a field.
    #[must_use]
    pub fn of(field: Field, which: &str) -> Self {
        Self {
            field,
            which: which.to_owned(),
        }
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.which.is_empty() {
            self.field.fmt(f)
        } else {
            write!(f, "{}.{}", self.field, self.which)
        }
    }
}

impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text does not name a claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a claim")]
pub struct ClaimKeyError(String);

impl FromStr for ClaimKey {
    type Err = ClaimKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, which) = text.split_once('.').unwrap_or((text, ""));
        Field::ALL
            .into_iter()
            .find(|field| field.as_str() == name)
            .map(|field| Self::of(field, which))
            .ok_or_else(|| ClaimKeyError(text.to_owned()))
    }
}

serde_as_text!(ClaimKey);

/// What is claimed of one SKU in one view: canonical texts by claim.
///
/// | claim | text |
/// |---|---|
/// | `price`, `regular`, `prior`, `deposit`, `reference.KIND` | `399.90` |
/// | `conditional.CONDITION` | `349.90`; the condition is `audience:gold`, `quantity:6` or `audience:gold+quantity:6` |
/// | `unit_price` | `1599.60/1 kg` |
/// | `reduction` | whole percent: `20` |
/// | `tax` | `included 2200` or `excluded 2200`, in basis points |
/// | `until` | an instant: `2026-11-30T20:59:59Z` |
/// | `quantities` | `minimum 0.5 step 0.1`, `minimum 6`, `step 0.1`: in the sale unit |
/// | `sale_unit` | `piece`, `kilogram` … |
/// | `order.delivery_fee` | `14.99`, or `14.99 free from 150.00` |
/// | `order.minimum_order` | `50.00` |
/// | `order.payment` | `card,cash` |
/// | `order.returns` | days: `14`; `0` where nothing is taken back |
/// | `name`, `offer.ID`, `warning.ID`, `order.returns.words` | the text in the channel's locale |
/// | `promotion.ID` | [`crate::promotion_text`]: `n_for_m 3 2 #1a2b3c4d; 3 for 2` |
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(BTreeMap<ClaimKey, String>);

impl Claims {
    /// Adds or replaces a claim.
    pub fn set(&mut self, key: impl Into<ClaimKey>, text: impl Into<String>) {
        self.0.insert(key.into(), text.into());
    }

    /// Adds a claim if there is one.
    pub fn set_some<T: fmt::Display>(&mut self, key: impl Into<ClaimKey>, value: Option<T>) {
        if let Some(value) = value {
            self.set(key, value.to_string());
        }
    }

    /// The text of a claim.
    #[must_use]
    pub fn get(&self, key: &ClaimKey) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The text of a claim that occurs once.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.get(&field.into())
    }

    /// All claims, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&ClaimKey, &str)> {
        self.0.iter().map(|(key, text)| (key, text.as_str()))
    }

    /// Keeps the claims for which `keep` answers true.
    pub fn retain(&mut self, mut keep: impl FnMut(&ClaimKey) -> bool) {
        self.0.retain(|key, _| keep(key));
    }

    /// The element that these claims add to a shown digest.
    #[must_use]
    pub fn hash_for(&self, sku: &Sku, view: &View) -> Hash {
        Hash::of(&[
            sku.as_str().as_bytes(),
            &[0],
            view.to_string().as_bytes(),
            &[0],
            &crate::canonical_bytes(self),
        ])
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

impl FromIterator<(ClaimKey, String)> for Claims {
    fn from_iter<I: IntoIterator<Item = (ClaimKey, String)>>(claims: I) -> Self {
        Self(claims.into_iter().collect())
    }
}

/// The claims parsed back out of an artefact, or out of what a channel shows.
pub type Reading = Claims;
