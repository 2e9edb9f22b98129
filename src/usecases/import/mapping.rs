//! The column mapping of an import: a small TOML file.

use std::collections::BTreeMap;

use offercast_contract::{Locale, MeasureUnit, SaleUnit};
use offercast_domain::source::{Market, PriceKind};
use serde::Deserialize;

/// How the columns of a price list are to be understood.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Which column holds what.
    pub columns: Columns,
    /// The character between fields; a comma unless said otherwise.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Columns that are known and deliberately not read. A column that neither
    /// `columns` nor this list names is an error: nothing is dropped unseen.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// The locale that names are in.
    pub locale: Locale,
    /// The market, recorded in the same revision where it does not exist yet.
    #[serde(default)]
    pub market: Option<Market>,
    /// What the texts in the pack unit column mean.
    #[serde(default)]
    pub pack_units: BTreeMap<String, PackUnit>,
    /// What the texts in the sale unit column mean.
    #[serde(default)]
    pub sale_units: BTreeMap<String, SaleUnit>,
    /// The tax class of all products.
    pub tax_class: String,
}

fn comma() -> char {
    ','
}

/// Names of columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The anchor price.
    #[serde(default)]
    pub anchor: Option<String>,
    /// For whom the row's prices are; everyone where it is empty.
    #[serde(default)]
    pub audience: Option<String>,
    /// The brand.
    #[serde(default)]
    pub brand: Option<String>,
    /// The category path.
    pub category: String,
    /// What the goods cost, net of tax.
    #[serde(default)]
    pub cost: Option<String>,
    /// The currency, checked against the market's.
    #[serde(default)]
    pub currency: Option<String>,
    /// The price that nothing may go below.
    #[serde(default)]
    pub floor: Option<String>,
    /// The GTIN; an invalid one is left out and reported.
    #[serde(default)]
    pub gtin: Option<String>,
    /// From which quantity on the row's prices hold, in the sale unit; any
    /// where it is empty. Each tier has a row of its own.
    #[serde(default)]
    pub minimum_quantity: Option<String>,
    /// The name.
    pub name: String,
    /// How much a pack holds.
    #[serde(default)]
    pub pack_quantity: Option<String>,
    /// In what unit.
    #[serde(default)]
    pub pack_unit: Option<String>,
    /// The published lowest price of 30 days.
    #[serde(default)]
    pub prior: Option<String>,
    /// The regular price.
    #[serde(default)]
    pub regular: Option<String>,
    /// The sale unit; pieces where there is no such column.
    #[serde(default)]
    pub sale_unit: Option<String>,
    /// The SKU.
    pub sku: String,
    /// The smallest quantity that is sold.
    #[serde(default)]
    pub smallest_quantity: Option<String>,
    /// The special price.
    #[serde(default)]
    pub special: Option<String>,
    /// The step of the quantity that is sold.
    #[serde(default)]
    pub step: Option<String>,
    /// The zone; without it prices are for the whole market.
    #[serde(default)]
    pub zone: Option<String>,
}

/// What a text in the pack unit column means.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackUnit {
    /// How many of the text's units make one base measure: 1000 for grams.
    #[serde(default = "one")]
    pub per: u32,
    /// The base measure.
    pub unit: MeasureUnit,
}

fn one() -> u32 {
    1
}

/// Why a text is not a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column mapping is not usable: {0}")]
pub struct MappingError(String);

impl Mapping {
    /// Parses a mapping; the error says where and what.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        toml::from_str(text)
            .map_err(|error| MappingError(error.to_string().trim().replace('\n', " ")))
    }
}

impl Columns {
    /// The column of a kind of price.
    #[must_use]
    pub fn of(&self, kind: PriceKind) -> Option<&str> {
        match kind {
            PriceKind::Anchor => self.anchor.as_deref(),
            PriceKind::Cost => self.cost.as_deref(),
            PriceKind::Floor => self.floor.as_deref(),
            PriceKind::Prior => self.prior.as_deref(),
            PriceKind::Regular => self.regular.as_deref(),
            PriceKind::Special => self.special.as_deref(),
        }
    }

    /// The column that a field of a change came from, where it has one of its
    /// own.
    #[must_use]
    pub(super) fn of_field(&self, field: &str) -> Option<&str> {
        match field {
            "audience" => self.audience.as_deref(),
            "minimum_quantity" => self.minimum_quantity.as_deref(),
            "product.facts.category" => Some(&self.category),
            "product.facts.brand" => self.brand.as_deref(),
            "product.facts.gtin" => self.gtin.as_deref(),
            "product.facts.minimum_quantity" => self.smallest_quantity.as_deref(),
            "product.facts.step" => self.step.as_deref(),
            _ if field.starts_with("product.facts.content") => Some(&self.name),
            _ => None,
        }
    }
}
