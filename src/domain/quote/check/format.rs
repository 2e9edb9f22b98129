//! The case format, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// One line of a file of cases. Keys that only describe a case (source,
/// title, tags, …) are not read.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) peer: String,
    pub(super) input: Json,
    pub(super) expected: Map<String, Json>,
}

/// The input of `basket` and `catalog`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BasketInput {
    pub(super) products: Vec<ProductInput>,
    pub(super) lines: Vec<LineInput>,
    pub(super) promotions: Vec<PromotionInput>,
    pub(super) coupons: Vec<String>,
    pub(super) customer: Option<CustomerInput>,
    pub(super) country: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) now: Option<String>,
    pub(super) shipping: Option<ShippingInput>,
    pub(super) shipping_methods: Vec<ShippingMethodInput>,
    pub(super) prices_include_tax: Option<bool>,
    pub(super) prevent_auto_promotions: bool,
    pub(super) calc_sequentially: Option<bool>,
    pub(super) view: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProductInput {
    pub(super) sku: String,
    pub(super) product: Option<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    pub(super) brand: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    pub(super) price: i64,
    pub(super) original_price: Option<i64>,
    pub(super) min_price: Option<i64>,
    #[serde(default)]
    pub(super) on_sale: bool,
    pub(super) tax_rate: Option<Json>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LineInput {
    pub(super) sku: String,
    pub(super) qty: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CustomerInput {
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) completed_orders: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShippingInput {
    pub(super) method: Option<String>,
    pub(super) price: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShippingMethodInput {
    pub(super) id: String,
    pub(super) option: String,
    pub(super) price: i64,
}

/// A promotion. Unknown keys are refused: a promotion that is only half
/// understood would be computed wrongly without a word.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PromotionInput {
    pub(super) id: String,
    #[serde(rename = "name")]
    pub(super) _name: Option<String>,
    pub(super) kind: String,
    pub(super) priority: Option<i64>,
    #[serde(default)]
    pub(super) exclusive: bool,
    pub(super) group: Option<String>,
    pub(super) coupon: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) ends_at: Option<String>,
    pub(super) channels: Option<Vec<String>>,
    pub(super) applies_to_discounted: Option<bool>,
    #[serde(default)]
    pub(super) conditions: Vec<ConditionInput>,
    #[serde(default)]
    pub(super) actions: Vec<ActionInput>,
    pub(super) budget: Option<BudgetInput>,
    pub(super) max_applications: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetInput {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) limit: i64,
    #[serde(default)]
    pub(super) used: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionInput {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) any_of: Vec<String>,
    #[serde(default)]
    pub(super) skus: Vec<String>,
    pub(super) category: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) value: Option<i64>,
    pub(super) scope: Option<ScopeInput>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ScopeInput {
    /// Stated for clarity only: an empty scope is everything.
    #[serde(rename = "all")]
    pub(super) _all: bool,
    pub(super) skus: Vec<String>,
    pub(super) products: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) brands: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) unit_price_min: Option<i64>,
    pub(super) unit_price_max: Option<i64>,
    pub(super) shipping_options: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ActionInput {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: Option<Json>,
    pub(super) scope: ScopeInput,
    pub(super) max_units: Option<i64>,
    pub(super) unit_choice: Option<String>,
    pub(super) max_amount: Option<i64>,
    pub(super) allocation: Option<String>,
    pub(super) base_percent: Option<Json>,
    pub(super) base_amount: Option<i64>,
    pub(super) tiers: Vec<TierInput>,
    pub(super) group_size: Option<i64>,
    pub(super) bundle_size: Option<i64>,
    pub(super) buy: Option<SideInput>,
    pub(super) get: Option<SideInput>,
    pub(super) max_get_quantity: Option<i64>,
    pub(super) sku: Option<String>,
    pub(super) gift_price: Option<i64>,
    pub(super) per_condition_unit: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SideInput {
    pub(super) quantity: i64,
    #[serde(default)]
    pub(super) scope: ScopeInput,
    pub(super) percent: Option<Json>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierInput {
    pub(super) items_total_at_least: Option<i64>,
    pub(super) line_total_at_least: Option<i64>,
    pub(super) eligible_quantity_at_least: Option<i64>,
    pub(super) percent: Option<Json>,
    pub(super) amount: Option<i64>,
}

/// The input of `lowest_price`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct LowestInput {
    pub(super) window_days: i64,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    pub(super) history: Vec<HistoryInput>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct HistoryInput {
    pub(super) at: Option<String>,
    pub(super) price: i64,
    pub(super) original_price: Option<i64>,
}

/// The input of `price_select`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SelectInput {
    pub(super) base_prices: Vec<RowInput>,
    #[serde(default)]
    pub(super) price_lists: Vec<ListInput>,
    pub(super) query: QueryInput,
    pub(super) now: Option<String>,
}

/// One value or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RowInput {
    pub(super) price_set: String,
    pub(super) currency: String,
    pub(super) amount: i64,
    pub(super) min_quantity: Option<i64>,
    pub(super) max_quantity: Option<i64>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, OneOrMany>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ListInput {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) ends_at: Option<String>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, OneOrMany>,
    pub(super) prices: Vec<RowInput>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct QueryInput {
    pub(super) price_sets: Vec<String>,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) context: BTreeMap<String, OneOrMany>,
    pub(super) quantity: Option<i64>,
}

/// The input of `prorate`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProrateInput {
    pub(super) weights: Vec<i64>,
    pub(super) total: i64,
    pub(super) quantities: Option<Vec<i64>>,
    pub(super) min_unit_prices: Option<Vec<i64>>,
}

/// The input of `split`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SplitInput {
    pub(super) discount: DiscountInput,
    pub(super) items_total: i64,
    pub(super) shipping_price: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct DiscountInput {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: Json,
}
