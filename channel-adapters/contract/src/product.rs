//! What an adapter must know of a product to render it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::measure::Quantity;
use crate::{Locale, Measure, SaleUnit};

/// A product's words in one locale.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Conditions that belong to the product, shown with the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
    /// The long text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Text that the law demands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal: Option<String>,
    /// The name; never empty.
    pub name: String,
    /// The short text: a receipt line, a push message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// The text as it is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoken: Option<String>,
}

/// The facts and content of a product that travel with its terms.
///
/// Fields stand in alphabetical order, so serde writes canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Attributes: one value per name, both as written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The category path, parts separated by `/`.
    pub category: String,
    /// Words per locale; at least one.
    pub content: BTreeMap<Locale, Content>,
    /// The GTIN, zero-padded to 14 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// The picture's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The smallest quantity that is sold, if not one step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_quantity: Option<Quantity>,
    /// What one piece holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<Measure>,
    /// In what unit it is sold.
    pub sale_unit: SaleUnit,
    /// The step of the quantity, if not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Quantity>,
    /// Tags, as written: what the product is, or a list that it stands on.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

impl Facts {
    /// Facts of which only these are known.
    #[must_use]
    pub fn new(category: String, sale_unit: SaleUnit, content: BTreeMap<Locale, Content>) -> Self {
        Self {
            attributes: BTreeMap::new(),
            brand: None,
            category,
            content,
            gtin: None,
            image: None,
            minimum_quantity: None,
            pack: None,
            sale_unit,
            step: None,
            tags: BTreeSet::new(),
        }
    }

    /// The smallest quantity that is sold, in the sale unit: the minimum where
    /// there is one, else one step. Where neither is said, goods by the piece
    /// are sold from one on, and what can be divided in any quantity.
    #[must_use]
    pub fn smallest_quantity(&self) -> Quantity {
        let any = if self.sale_unit.is_divisible() {
            Quantity::SMALLEST
        } else {
            Quantity::ONE
        };
        self.minimum_quantity.or(self.step).unwrap_or(any)
    }

    /// The words in `locale`, else in its language, else in the first locale
    /// there is, with the locale they are in.
    #[must_use]
    pub fn content_in(&self, locale: &Locale) -> Option<(&Locale, &Content)> {
        let language = locale.as_str().split('-').next().unwrap_or_default();
        self.content
            .get_key_value(locale)
            .or_else(|| self.content.get_key_value(language))
            .or_else(|| self.content.iter().next())
    }
}
