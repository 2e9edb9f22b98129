//! Computes a case.

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::compare::{self, Difference};
use super::format::{BasketInput, Case, LowestInput, ProrateInput, SelectInput, SplitInput};
use super::read;
use crate::quote::allocate;
use crate::quote::exact::Exact;
use crate::quote::lowest_price::{PriceEntry, lowest_before};
use crate::quote::policy::{Allocation, Policy, Stacking, WeightBy};
use crate::quote::price_select::{PriceQuery, select};
use crate::quote::promotion::Value;
use crate::quote::split::split;
use crate::quote::{PromotionBook, preset, quote, shelf};

/// The differences of a case, or why it cannot be computed.
pub(super) fn run(case: &Case) -> Result<Vec<Difference>, String> {
    let policy = preset::by_name(&case.peer).ok_or_else(|| format!("no preset {}", case.peer))?;
    match case.kind.as_str() {
        "basket" => basket(case, policy),
        "catalog" => catalogue(case, policy),
        "lowest_price" => lowest(case),
        "price_select" => selection(case, &policy),
        "prorate" => prorate(case, &policy),
        "split" => order_split(case, &policy),
        other => Err(format!("unknown kind: {other}")),
    }
}

fn input<T: DeserializeOwned>(case: &Case) -> Result<T, String> {
    T::deserialize(&case.input).map_err(|error| format!("input: {error}"))
}

/// The settings that a case states itself.
fn stated(mut policy: Policy, input: &BasketInput) -> Policy {
    if let Some(sequential) = input.calc_sequentially {
        policy.items = if sequential {
            Stacking::Compound
        } else {
            Stacking::Additive
        };
    }
    policy
}

fn basket(case: &Case, policy: Policy) -> Result<Vec<Difference>, String> {
    let input: BasketInput = input(case)?;
    let policy = stated(policy, &input);
    let (basket, promotions) = read::basket(&input)?;
    let book = PromotionBook::new(promotions);
    let quote = quote(&book, &basket, &policy).map_err(|error| error.to_string())?;
    compare::basket(&case.expected, &quote, &policy)
}

fn catalogue(case: &Case, policy: Policy) -> Result<Vec<Difference>, String> {
    let input: BasketInput = input(case)?;
    let policy = stated(policy, &input);
    let (basket, promotions) = read::basket(&input)?;
    let view = input.view.ok_or("nothing to view")?;
    let product = basket
        .products
        .iter()
        .position(|product| product.sku == view)
        .ok_or_else(|| format!("no product {view}"))?;
    let book = PromotionBook::new(promotions);
    let (price, applied) =
        shelf(&book, &basket, product, &policy).map_err(|error| error.to_string())?;
    compare::each(&case.expected, |key| {
        Some(match key {
            "price" => json!(price.price_minor),
            "original_price" => json!(price.regular_minor),
            "applied" => json!(applied),
            "applied_count" => json!(applied.len()),
            _ => return None,
        })
    })
}

fn lowest(case: &Case) -> Result<Vec<Difference>, String> {
    let input: LowestInput = input(case)?;
    let history = input
        .history
        .iter()
        .map(|entry| {
            Ok(PriceEntry {
                at_us: entry.at.as_deref().map(read::instant).transpose()?,
                price_minor: entry.price,
                original_minor: entry.original_price,
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let lowest = if input.enabled {
        lowest_before(&history, input.window_days)
    } else {
        None
    };
    compare::each(&case.expected, |key| {
        (key == "lowest_price_before_discount").then(|| json!(lowest))
    })
}

fn selection(case: &Case, policy: &Policy) -> Result<Vec<Difference>, String> {
    let input: SelectInput = input(case)?;
    let base: Vec<_> = input.base_prices.iter().map(read::row).collect();
    let lists = input
        .price_lists
        .iter()
        .map(read::list)
        .collect::<Result<Vec<_>, _>>()?;
    let query = PriceQuery {
        currency: input.query.currency.clone(),
        context: read::values(&input.query.context),
        quantity: input.query.quantity,
        now_us: input.now.as_deref().map(read::instant).transpose()?,
    };
    let prices: Vec<Json> = input
        .query
        .price_sets
        .iter()
        .filter_map(|set| {
            let found = select(set, &base, &lists, &query, &policy.price_lists)?;
            Some(json!({
                "price_set": set,
                "amount": found.amount_minor,
                "original_amount": found.original_minor,
                "from_price_list": found.from_list,
            }))
        })
        .collect();
    compare::each(&case.expected, |key| {
        (key == "prices").then(|| json!(prices))
    })
}

fn prorate(case: &Case, policy: &Policy) -> Result<Vec<Difference>, String> {
    let input: ProrateInput = input(case)?;
    let rule = Allocation {
        weight: WeightBy::Value,
        ..policy.allocation
    };
    let weights: Vec<Exact> = input
        .weights
        .iter()
        .map(|&weight| Exact::new(weight))
        .collect();
    let parts = match &input.min_unit_prices {
        None => allocate(&rule, Exact::new(input.total), &weights, None),
        Some(floors) => {
            let units = input.quantities.clone().unwrap_or_default();
            let caps: Vec<Exact> = weights
                .iter()
                .enumerate()
                .map(|(index, &weight)| {
                    let floor = floors.get(index).copied().unwrap_or(0);
                    let units = units.get(index).copied().unwrap_or(1);
                    (weight - Exact::new(floor) * Exact::new(units)).max(Exact::ZERO)
                })
                .collect();
            let discount = Exact::new(input.total);
            let sign = if discount.is_positive() { 1 } else { -1 };
            allocate(&rule, discount.abs(), &weights, Some(&caps))
                .into_iter()
                .map(|part| part * Exact::new(sign))
                .collect()
        }
    };
    compare::each(&case.expected, |key| {
        (key == "parts").then(|| parts.iter().map(|part| compare::number(*part)).collect())
    })
}

fn order_split(case: &Case, policy: &Policy) -> Result<Vec<Difference>, String> {
    let input: SplitInput = input(case)?;
    let value = match input.discount.kind.as_str() {
        "percent" => Value::Percent(read::decimal(&input.discount.value)?),
        "amount" => Value::Amount(
            input
                .discount
                .value
                .as_i64()
                .ok_or("the amount is not minor units")?,
        ),
        other => return Err(format!("unknown kind of discount: {other}")),
    };
    let parts = split(value, input.items_total, input.shipping_price, policy);
    compare::each(&case.expected, |key| {
        Some(compare::number(match key {
            "items_discount" => parts.items,
            "shipping_discount" => parts.shipping,
            _ => return None,
        }))
    })
}
