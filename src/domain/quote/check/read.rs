//! From the case format to domain types.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::format::{
    BasketInput, ConditionInput, ListInput, OneOrMany, PromotionInput, RowInput, ScopeInput,
};
use super::mechanics::mechanic;
use crate::quote::basket::{Basket, Customer, Line, Product, Shipping};
use crate::quote::exact::Exact;
use crate::quote::policy::Judged;
use crate::quote::price_select::{ListKind, PriceList, PriceRow};
use crate::quote::promotion::{Budget, Condition, Promotion, Scope, Stage};

/// Why something of a case cannot be read.
pub(super) type Reading<T> = Result<T, String>;

/// A decimal, written as a string or as a number.
pub(super) fn decimal(json: &Json) -> Reading<Exact> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        other => return Err(format!("{other} is not a decimal")),
    };
    Exact::parse(&text).ok_or_else(|| format!("{text} is not a decimal"))
}

/// An instant: a timestamp, a local date and time, or a date, taken as UTC.
pub(super) fn instant(text: &str) -> Reading<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.as_microsecond());
    }
    let civil = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| {
            text.parse::<jiff::civil::Date>()
                .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
        })
        .map_err(|_| format!("{text} is not a date or a time"))?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map(|zoned| zoned.timestamp().as_microsecond())
        .map_err(|error| error.to_string())
}

fn optional_instant(text: Option<&String>) -> Reading<Option<i64>> {
    text.map(|text| instant(text)).transpose()
}

/// The basket and the promotions of a case.
pub(super) fn basket(input: &BasketInput) -> Reading<(Basket, Vec<Promotion>)> {
    let products = input
        .products
        .iter()
        .map(|product| {
            Ok(Product {
                sku: product.sku.clone(),
                product: product.product.clone(),
                categories: product.categories.clone(),
                brand: product.brand.clone(),
                tags: product.tags.clone(),
                price_minor: product.price,
                regular_minor: product.original_price,
                floor_minor: product.min_price.unwrap_or(0),
                on_sale: product.on_sale,
                tax_percent: product.tax_rate.as_ref().map(decimal).transpose()?,
            })
        })
        .collect::<Reading<Vec<_>>>()?;
    let lines = input
        .lines
        .iter()
        .map(|line| {
            let product = products
                .iter()
                .position(|product| product.sku == line.sku)
                .ok_or_else(|| format!("no product {}", line.sku))?;
            Ok(Line {
                product,
                qty: line.qty,
            })
        })
        .collect::<Reading<Vec<_>>>()?;
    let promotions = input
        .promotions
        .iter()
        .map(promotion)
        .collect::<Reading<Vec<_>>>()?;
    let basket = Basket {
        products,
        lines,
        shipping: shipping(input),
        coupons: input.coupons.clone(),
        customer: input.customer.as_ref().map(|who| Customer {
            groups: who.groups.clone(),
            completed_orders: who.completed_orders,
        }),
        country: input.country.clone(),
        channel: input.channel.clone(),
        now_us: optional_instant(input.now.as_ref())?,
        prices_include_tax: input.prices_include_tax.unwrap_or(true),
        no_automatic: input.prevent_auto_promotions,
    };
    Ok((basket, promotions))
}

fn shipping(input: &BasketInput) -> Vec<Shipping> {
    let chosen = input.shipping.iter().map(|way| {
        let method = way.method.clone().unwrap_or_default();
        Shipping {
            id: method.clone(),
            option: method,
            price_minor: way.price,
        }
    });
    let offered = input.shipping_methods.iter().map(|way| Shipping {
        id: way.id.clone(),
        option: way.option.clone(),
        price_minor: way.price,
    });
    chosen.chain(offered).collect()
}

fn promotion(input: &PromotionInput) -> Reading<Promotion> {
    let conditions = input
        .conditions
        .iter()
        .map(condition)
        .collect::<Reading<Vec<_>>>()?;
    let mechanics = input
        .actions
        .iter()
        .map(|action| mechanic(action, &conditions))
        .collect::<Reading<Vec<_>>>()?;
    Ok(Promotion {
        id: input.id.clone(),
        stage: match input.kind.as_str() {
            "catalog" => Stage::Catalogue,
            "cart" => Stage::Basket,
            other => return Err(format!("unknown kind of promotion: {other}")),
        },
        priority: input.priority,
        group: input.group.clone(),
        exclusive: input.exclusive,
        coupon: input.coupon.clone(),
        starts_at_us: optional_instant(input.starts_at.as_ref())?,
        ends_at_us: optional_instant(input.ends_at.as_ref())?,
        channels: input.channels.clone(),
        applies_to_reduced: input.applies_to_discounted.unwrap_or(true),
        conditions,
        mechanics,
        budget: match &input.budget {
            None => None,
            Some(budget) => Some(match budget.kind.as_str() {
                "spend" => Budget::Spend {
                    limit_minor: budget.limit,
                    used_minor: budget.used,
                },
                "usage" => Budget::Usage {
                    limit: budget.limit,
                    used: budget.used,
                },
                other => return Err(format!("unknown kind of budget: {other}")),
            }),
        },
        max_applications: input.max_applications,
    })
}

fn condition(input: &ConditionInput) -> Reading<Condition> {
    let value = || {
        input
            .value
            .ok_or_else(|| format!("{} has no value", input.kind))
    };
    let given = || input.scope.as_ref().map(scope).unwrap_or_default();
    Ok(match input.kind.as_str() {
        "customer_group" => Condition::CustomerGroup {
            any_of: input.any_of.clone(),
        },
        "nth_order" => Condition::NthOrder { n: value()? },
        "country" | "shipping_country" => Condition::Country {
            any_of: input.any_of.clone(),
        },
        "contains_category" => Condition::Contains {
            scope: Scope {
                categories: input.any_of.clone(),
                ..Scope::default()
            },
        },
        "contains_product" => Condition::Contains {
            scope: Scope {
                skus: input.skus.clone(),
                ..Scope::default()
            },
        },
        "quantity_at_least" => Condition::Quantity {
            scope: given(),
            min: value()?,
        },
        "product_quantity_at_least" => Condition::Quantity {
            scope: Scope {
                skus: input.skus.clone(),
                ..Scope::default()
            },
            min: value()?,
        },
        "tagged_quantity_at_least" => Condition::Quantity {
            scope: Scope {
                tags: input.tag.iter().cloned().collect(),
                ..Scope::default()
            },
            min: value()?,
        },
        "any_line_quantity_at_least" => Condition::LineQuantity {
            scope: given(),
            min: value()?,
        },
        "items_total_at_least" => total(given(), value()?, None),
        "discounted_items_total_at_least" => total(given(), value()?, Some(Judged::Running)),
        "category_total_at_least" => {
            let categories = input.category.iter().cloned().collect();
            let scope = Scope {
                categories,
                ..Scope::default()
            };
            total(scope, value()?, None)
        }
        other => return Err(format!("unknown condition: {other}")),
    })
}

fn total(scope: Scope, min_minor: i64, judged: Option<Judged>) -> Condition {
    Condition::Total {
        scope,
        min_minor,
        judged,
    }
}

/// A set of products.
pub(super) fn scope(input: &ScopeInput) -> Scope {
    Scope {
        skus: input.skus.clone(),
        products: input.products.clone(),
        categories: input.categories.clone(),
        brands: input.brands.clone(),
        tags: input.tags.clone(),
        unit_price_min: input.unit_price_min,
        unit_price_max: input.unit_price_max,
        except: None,
    }
}

/// Rules or a context: attribute and values.
pub(super) fn values(input: &BTreeMap<String, OneOrMany>) -> BTreeMap<String, Vec<String>> {
    input
        .iter()
        .map(|(attribute, values)| {
            let values = match values {
                OneOrMany::One(value) => vec![value.clone()],
                OneOrMany::Many(values) => values.clone(),
            };
            (attribute.clone(), values)
        })
        .collect()
}

/// A row of prices.
pub(super) fn row(input: &RowInput) -> PriceRow {
    PriceRow {
        price_set: input.price_set.clone(),
        currency: input.currency.clone(),
        amount_minor: input.amount,
        min_quantity: input.min_quantity,
        max_quantity: input.max_quantity,
        rules: values(&input.rules),
    }
}

/// A list of prices.
pub(super) fn list(input: &ListInput) -> Reading<PriceList> {
    Ok(PriceList {
        kind: match input.kind.as_str() {
            "sale" => ListKind::Sale,
            "override" => ListKind::Override,
            other => return Err(format!("unknown kind of price list: {other}")),
        },
        active: input
            .status
            .as_deref()
            .is_none_or(|status| status == "active"),
        starts_at_us: optional_instant(input.starts_at.as_ref())?,
        ends_at_us: optional_instant(input.ends_at.as_ref())?,
        rules: values(&input.rules),
        prices: input.prices.iter().map(row).collect(),
    })
}
