//! The document as its readers know it: nothing but these members.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) sku: String,
    pub(crate) lang: String,
    pub(crate) name: Option<String>,
    #[serde(rename = "brand")]
    _brand: Option<String>,
    #[serde(rename = "image")]
    _image: Option<String>,
    pub(crate) sale_unit: Coded,
    pub(crate) price: Price,
    pub(crate) regular: Option<Labelled>,
    pub(crate) prior: Option<Labelled>,
    pub(crate) reduction: Option<Reduction>,
    pub(crate) unit_price: Option<UnitPrice>,
    pub(crate) quantities: Option<Quantities>,
    pub(crate) deposit: Option<Labelled>,
    pub(crate) tax: Option<Tax>,
    pub(crate) until: Option<Until>,
    pub(crate) conditional: Vec<Conditional>,
    pub(crate) references: Vec<Reference>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) order: Option<Order>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) promotions: Vec<Promotion>,
    #[serde(rename = "conditions")]
    _conditions: Option<String>,
    #[serde(rename = "legal")]
    _legal: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coded {
    pub(crate) code: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labelled {
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) label: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conditional {
    pub(crate) condition: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) label: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    pub(crate) kind: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) label: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reduction {
    pub(crate) percent: u8,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitPrice {
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) per: Measure,
    pub(crate) label: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measure {
    pub(crate) quantity: String,
    pub(crate) unit: String,
}

/// How much is sold, in the sale unit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quantities {
    pub(crate) minimum: Option<String>,
    pub(crate) step: Option<String>,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tax {
    pub(crate) included: bool,
    pub(crate) rate_bp: u32,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Until {
    pub(crate) at: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) delivery_fee: Option<DeliveryFee>,
    pub(crate) minimum_order: Option<MinimumOrder>,
    pub(crate) payment: Option<Payment>,
    pub(crate) returns: Option<Returns>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryFee {
    pub(crate) amount: String,
    pub(crate) free_from: Option<String>,
    pub(crate) currency: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MinimumOrder {
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    pub(crate) methods: Vec<String>,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Returns {
    pub(crate) days: u16,
    pub(crate) words: Option<String>,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warning {
    pub(crate) id: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promotion {
    pub(crate) label: String,
    pub(crate) promotion: offercast_contract::Promotion,
    pub(crate) text: String,
}
