//! What is to be quoted: products, lines, customer, delivery.

use super::exact::Exact;

/// What the engine has to know about a sellable unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Stock keeping unit.
    pub sku: String,
    /// The product it is a variant of.
    pub product: Option<String>,
    /// Categories; levels are joined by ` > `.
    pub categories: Vec<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Tags or attributes.
    pub tags: Vec<String>,
    /// Current unit price before promotions, minor units.
    pub price_minor: i64,
    /// The regular ("was") price, when it differs.
    pub regular_minor: Option<i64>,
    /// No promotion goes below this unit price, minor units.
    pub floor_minor: i64,
    /// Already sold at a special price.
    pub on_sale: bool,
    /// Tax in percent, when known.
    pub tax_percent: Option<Exact>,
}

/// So many units of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Index into [`Basket::products`].
    pub product: usize,
    /// Units, at least 1.
    pub qty: i64,
}

/// Who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Groups the customer belongs to.
    pub groups: Vec<String>,
    /// Orders completed before this one.
    pub completed_orders: i64,
}

/// A chosen or offered way of delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipping {
    /// Identity of the choice.
    pub id: String,
    /// The option it belongs to, which promotions name.
    pub option: String,
    /// Fee, minor units.
    pub price_minor: i64,
}

/// A basket at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basket {
    /// The products, each once.
    pub products: Vec<Product>,
    /// The lines, in the order the customer sees.
    pub lines: Vec<Line>,
    /// Ways of delivery.
    pub shipping: Vec<Shipping>,
    /// Codes as entered.
    pub coupons: Vec<String>,
    /// The customer, if known.
    pub customer: Option<Customer>,
    /// Country of delivery.
    pub country: Option<String>,
    /// Sales channel.
    pub channel: Option<String>,
    /// UTC microseconds; without it promotions count as valid at all times.
    pub now_us: Option<i64>,
    /// Whether prices contain tax.
    pub prices_include_tax: bool,
    /// Promotions that need no code are left out.
    pub no_automatic: bool,
}
