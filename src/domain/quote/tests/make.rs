//! Small builders for baskets and promotions.

use crate::quote::basket::{Basket, Line, Product};
use crate::quote::exact::Exact;
use crate::quote::policy::Policy;
use crate::quote::promotion::{Condition, Limit, Mechanic, Per, Promotion, Scope, Stage, Value};
use crate::quote::{PromotionBook, Quote, quote};

/// A basket of lines: sku, unit price, units.
pub(super) fn basket(lines: &[(&str, i64, i64)]) -> Basket {
    Basket {
        products: lines
            .iter()
            .map(|(sku, price, _)| Product {
                sku: (*sku).to_owned(),
                price_minor: *price,
                ..Product::default()
            })
            .collect(),
        lines: lines
            .iter()
            .enumerate()
            .map(|(product, (_, _, qty))| Line { product, qty: *qty })
            .collect(),
        ..Basket::default()
    }
}

/// A basket promotion that gives one thing.
pub(super) fn promotion(id: &str, mechanic: Mechanic) -> Promotion {
    Promotion {
        id: id.to_owned(),
        stage: Stage::Basket,
        priority: None,
        group: None,
        exclusive: false,
        coupon: None,
        starts_at_us: None,
        ends_at_us: None,
        channels: None,
        applies_to_reduced: true,
        conditions: Vec::new(),
        mechanics: vec![mechanic],
        budget: None,
        max_applications: None,
    }
}

/// A catalogue promotion.
pub(super) fn catalogue(id: &str, mechanic: Mechanic) -> Promotion {
    Promotion {
        stage: Stage::Catalogue,
        ..promotion(id, mechanic)
    }
}

/// The scope of one sku.
pub(super) fn only(sku: &str) -> Scope {
    Scope {
        skus: vec![sku.to_owned()],
        ..Scope::default()
    }
}

/// Percent off items.
pub(super) fn percent(percent: &str, scope: Scope) -> Mechanic {
    item(Value::Percent(Exact::parse(percent).unwrap()), scope)
}

/// A reduction per unit.
pub(super) fn item(value: Value, scope: Scope) -> Mechanic {
    Mechanic::Item {
        value,
        per: Per::Unit,
        scope,
        limit: Limit::default(),
    }
}

/// Percent off at most so many units.
pub(super) fn percent_of_units(text: &str, max_units: i64) -> Mechanic {
    Mechanic::Item {
        value: Value::Percent(Exact::parse(text).unwrap()),
        per: Per::Unit,
        scope: Scope::default(),
        limit: Limit {
            max_units: Some(max_units),
            ..Limit::default()
        },
    }
}

/// An amount off the order.
pub(super) fn order_amount(amount: i64) -> Mechanic {
    Mechanic::Order {
        value: Value::Amount(amount),
        scope: Scope::default(),
        limit: Limit::default(),
    }
}

/// A percentage off the order.
pub(super) fn order_percent(text: &str) -> Mechanic {
    Mechanic::Order {
        value: Value::Percent(Exact::parse(text).unwrap()),
        scope: Scope::default(),
        limit: Limit::default(),
    }
}

/// "From this total of all items on".
pub(super) fn from_total(min_minor: i64) -> Condition {
    Condition::Total {
        scope: Scope::default(),
        min_minor,
        judged: None,
    }
}

/// Quotes.
pub(super) fn quoted(basket: &Basket, promotions: &[Promotion], policy: &Policy) -> Quote {
    quote(&PromotionBook::new(promotions.to_vec()), basket, policy).unwrap()
}

/// What each line costs.
pub(super) fn payable(quote: &Quote) -> Vec<String> {
    quote
        .lines
        .iter()
        .map(|line| line.payable.to_decimal())
        .collect()
}
