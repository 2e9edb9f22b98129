//! The column mapping of an import: a small TOML file.

use std::collections::BTreeMap;

use offercast_contract::{Locale, MeasureUnit, SaleUnit};
use offercast_domain::source::Market;
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
    /// The brand.
    #[serde(default)]
    pub brand: Option<String>,
    /// The category path.
    pub category: String,
    /// The currency, checked against the market's.
    #[serde(default)]
    pub currency: Option<String>,
    /// The GTIN; an invalid one is left out and reported.
    #[serde(default)]
    pub gtin: Option<String>,
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
    /// The special price.
    #[serde(default)]
    pub special: Option<String>,
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
