use offercast_contract::{Facts, Sku};
use serde::{Deserialize, Serialize};

/// A product: its facts, and the classes by which a market treats it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Deposit class, a key of [`super::Market::deposits`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_class: Option<String>,
    /// What travels to the channels.
    pub facts: Facts,
    /// The class by which the law restricts it, a path such as
    /// `alcohol/vodka`; see [`super::Restriction`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction_class: Option<String>,
    /// The SKU.
    pub sku: Sku,
    /// Tax class, a key of [`super::Market::tax_rates`].
    pub tax_class: String,
}

impl Product {
    /// A product with nothing but its facts and its tax class.
    #[must_use]
    pub fn new(sku: Sku, facts: Facts, tax_class: String) -> Self {
        Self {
            deposit_class: None,
            facts,
            restriction_class: None,
            sku,
            tax_class,
        }
    }
}
