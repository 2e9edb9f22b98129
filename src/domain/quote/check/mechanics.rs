//! From the actions of the case format to mechanics.

use super::format::{ActionInput, TierInput};
use super::read::{Reading, decimal, scope};
use crate::quote::exact::Exact;
use crate::quote::promotion::{
    Condition, Limit, Mechanic, Per, Tier, TierBasis, UnitChoice, Value,
};

/// What an action gives.
pub(super) fn mechanic(input: &ActionInput, conditions: &[Condition]) -> Reading<Mechanic> {
    let value = || {
        input
            .value
            .as_ref()
            .ok_or_else(|| format!("{} has no value", input.kind))
    };
    let amount = || {
        value()?
            .as_i64()
            .ok_or_else(|| format!("the value of {} is not minor units", input.kind))
    };
    let percent = || value().and_then(decimal);
    let limit = Limit {
        max_units: input.max_units,
        unit_choice: input.unit_choice.as_deref().map(unit_choice).transpose()?,
        max_amount: input.max_amount,
    };
    let scope_of = || scope(&input.scope);
    let item = |value, per| Mechanic::Item {
        value,
        per,
        scope: scope_of(),
        limit,
    };
    let order = |value| Mechanic::Order {
        value,
        scope: scope_of(),
        limit,
    };
    let shipping = |value| Mechanic::Shipping {
        value,
        options: input.scope.shipping_options.clone(),
        across: input.allocation.as_deref() == Some("across"),
    };
    let size = input.group_size.unwrap_or(1);
    let group = |value| Mechanic::Group {
        size,
        value,
        scope: scope_of(),
        limit,
    };
    Ok(match input.kind.as_str() {
        "unit_percent" => item(Value::Percent(percent()?), Per::Unit),
        "unit_amount" => item(Value::Amount(amount()?), Per::Unit),
        "unit_fixed_price" => item(Value::FixedPrice(amount()?), Per::Unit),
        "line_percent" => item(Value::Percent(percent()?), Per::Line),
        "line_amount" => item(Value::Amount(amount()?), Per::Line),
        "order_percent" => order(Value::Percent(percent()?)),
        "order_amount" => order(Value::Amount(amount()?)),
        "order_fixed_total" => order(Value::FixedPrice(amount()?)),
        "shipping_percent" => shipping(Value::Percent(percent()?)),
        "shipping_amount" => shipping(Value::Amount(amount()?)),
        "tiered_percent" | "tiered_amount" | "group_tiered_percent" => Mechanic::Tiered {
            base: base_value(input)?,
            tiers: input.tiers.iter().map(tier).collect::<Reading<_>>()?,
            scope: scope_of(),
            group_size: input.group_size,
            limit,
        },
        "group_unit_percent" => group(Value::Percent(percent()?)),
        "group_unit_amount" => group(Value::Amount(amount()?)),
        "cheapest_free" => Mechanic::CheapestFree { scope: scope_of() },
        "bundle_fixed_price" => Mechanic::Bundle {
            size: input
                .bundle_size
                .or_else(|| needed(conditions))
                .ok_or("a bundle has no size")?,
            price_minor: amount()?,
            scope: scope_of(),
        },
        "buy_x_get_y" => buy_get(input)?,
        "gift" => Mechanic::Gift {
            sku: input.sku.clone().ok_or("a gift has no sku")?,
            price_minor: input.gift_price.unwrap_or(0),
            per_condition_unit: input.per_condition_unit,
        },
        other => return Err(format!("unknown action: {other}")),
    })
}

/// The quantity that the conditions ask for.
fn needed(conditions: &[Condition]) -> Option<i64> {
    conditions.iter().find_map(|condition| match condition {
        Condition::Quantity { min, .. } => Some(*min),
        _ => None,
    })
}

fn buy_get(input: &ActionInput) -> Reading<Mechanic> {
    let (Some(buy), Some(get)) = (&input.buy, &input.get) else {
        return Err("buy_x_get_y needs both sides".to_owned());
    };
    let percent = get.percent.as_ref().map(decimal).transpose()?;
    Ok(Mechanic::BuyGet {
        buy: buy.quantity,
        buy_scope: scope(&buy.scope),
        get: get.quantity,
        get_scope: scope(&get.scope),
        percent: percent.unwrap_or(Exact::new(100)),
        max_sets: input
            .max_get_quantity
            .map(|most| (most / get.quantity.max(1)).max(1)),
    })
}

fn unit_choice(text: &str) -> Reading<UnitChoice> {
    Ok(match text {
        "dearest_first" => UnitChoice::DearestFirst,
        "cheapest_first" => UnitChoice::CheapestFirst,
        "largest_line_first" | "line_quantity" => UnitChoice::LargestLineFirst,
        "as_listed" => UnitChoice::AsListed,
        other => return Err(format!("unknown choice of units: {other}")),
    })
}

fn base_value(input: &ActionInput) -> Reading<Option<Value>> {
    if let Some(percent) = &input.base_percent {
        return Ok(Some(Value::Percent(decimal(percent)?)));
    }
    Ok(input.base_amount.map(Value::Amount))
}

fn tier(input: &TierInput) -> Reading<Tier> {
    let (basis, from) = match (
        input.items_total_at_least,
        input.line_total_at_least,
        input.eligible_quantity_at_least,
    ) {
        (Some(from), None, None) => (TierBasis::ItemsTotal, from),
        (None, Some(from), None) => (TierBasis::LineTotal, from),
        (None, None, Some(from)) => (TierBasis::Quantity, from),
        _ => return Err("a tier needs one threshold".to_owned()),
    };
    let value = match (&input.percent, input.amount) {
        (Some(percent), None) => Value::Percent(decimal(percent)?),
        (None, Some(amount)) => Value::Amount(amount),
        _ => return Err("a tier needs a percent or an amount".to_owned()),
    };
    Ok(Tier { basis, from, value })
}
