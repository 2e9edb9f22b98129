//! Compares a quote with what a case states, key by key.
//!
//! Only stated keys are compared. A key that is not known is a difference:
//! nothing passes because it was not understood.

use std::fmt;

use serde_json::{Map, Value as Json, json};

use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{Policy, Spare};
use crate::quote::result::{Level, Quote, QuotedLine, QuotedShare, Reason, Target};

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    key: String,
    expected: Json,
    computed: Option<Json>,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expected, .. } = self;
        match &self.computed {
            Some(computed) => write!(out, "{key}: expected {expected}, computed {computed}"),
            None => write!(out, "{key}: expected {expected}, nothing computes this key"),
        }
    }
}

/// An amount as the case format writes it: whole, or a decimal string.
pub(super) fn number(amount: Exact) -> Json {
    amount
        .minor()
        .map_or_else(|| json!(amount.to_decimal()), |minor| json!(minor))
}

/// Compares each stated key with a computed value.
pub(super) fn each(
    expected: &Map<String, Json>,
    compute: impl Fn(&str) -> Option<Json>,
) -> Result<Vec<Difference>, String> {
    let mut differences = Vec::new();
    for (key, expected) in expected {
        let computed = compute(key);
        let equal = computed
            .as_ref()
            .is_some_and(|computed| same(key, expected, computed));
        if !equal {
            differences.push(Difference {
                key: key.clone(),
                expected: expected.clone(),
                computed,
            });
        }
    }
    Ok(differences)
}

/// Equal values; sets of ids and of adjustments are equal in any order.
fn same(key: &str, expected: &Json, computed: &Json) -> bool {
    let unordered = [
        "applied",
        "adjustments",
        "budget_exceeded",
        "gift_lines",
        "prices",
    ];
    match (expected, computed) {
        (Json::Array(expected), Json::Array(computed)) if unordered.contains(&key) => {
            let sorted = |values: &[Json]| {
                let mut texts: Vec<String> = values.iter().map(Json::to_string).collect();
                texts.sort_unstable();
                texts
            };
            sorted(expected) == sorted(computed)
        }
        _ => expected == computed,
    }
}

/// Compares a basket.
pub(super) fn basket(
    expected: &Map<String, Json>,
    quote: &Quote,
    policy: &Policy,
) -> Result<Vec<Difference>, String> {
    let mut differences = each(expected, |key| whole(key, expected, quote))?;
    differences.retain(|difference| difference.key != "lines");
    if let Some(lines) = expected.get("lines") {
        let lines = lines.as_array().ok_or("lines is not a list")?;
        for (position, line) in lines.iter().enumerate() {
            let line = line.as_object().ok_or("a line is not an object")?;
            differences.extend(one_line(lines, position, line, quote, policy)?);
        }
    }
    Ok(differences)
}

/// Values of the whole basket.
fn whole(key: &str, expected: &Map<String, Json>, quote: &Quote) -> Option<Json> {
    let totals = &quote.totals;
    let shown: Exact = quote
        .lines
        .iter()
        .map(|line| line.catalogue_off_shown)
        .sum();
    Some(match key {
        "total" => number(totals.total),
        "discount_total" => number(totals.item_off + totals.order_off + shown),
        "order_discount_total" => number(totals.order_off),
        "shipping_total" => number(totals.shipping),
        "items_total" => number(totals.items),
        "items_net" => number(totals.items_net),
        "items_gross" => number(totals.items_gross),
        "total_net" => number(totals.items_net + totals.shipping),
        "total_gross" => number(totals.items_gross + totals.shipping),
        "gross_items_total" => number(totals.current + shown),
        "sum_of_line_discounts" => number(quote.lines.iter().map(line_discount).sum()),
        "line_count" => json!(quote.lines.len() + quote.gifts.len()),
        "applied" => json!(quote.applied()),
        "applied_count" => json!(quote.applications),
        "coupon_valid" => json!(quote.coupons.iter().all(|(_, valid)| *valid)),
        "discounted_units" => json!(quote.used_units),
        "budget_exceeded" => quote
            .considered
            .iter()
            .filter(|entry| entry.reason == Reason::BudgetExceeded)
            .map(|entry| json!(entry.promotion))
            .collect(),
        "adjustments" => adjustments(expected.get(key), quote),
        "gift_lines" => gifts(quote),
        _ => return None,
    })
}

fn gifts(quote: &Quote) -> Json {
    quote
        .gifts
        .iter()
        .map(|gift| {
            json!({
                "sku": gift.sku,
                "qty": gift.qty,
                "net": 0,
                "discount": gift.price_minor * gift.qty,
            })
        })
        .collect()
}

/// Every share of the basket stage. An amount is written with the key that
/// the case uses for it.
fn adjustments(expected: Option<&Json>, quote: &Quote) -> Json {
    let stated = expected.and_then(Json::as_array);
    quote
        .shares
        .iter()
        .filter(|share| share.level != Level::Catalogue)
        .map(|share| {
            let (key, target) = match share.target {
                Target::Line(index) => ("sku", quote.lines[index].sku.clone()),
                Target::Shipping(index) => ("shipping_method", quote.shipping[index].id.clone()),
                Target::Gift(index) => ("sku", quote.gifts[index].sku.clone()),
            };
            let exact = stated.and_then(|stated| {
                let same = |entry: &&Json| {
                    entry["promotion"] == json!(share.promotion) && entry[key] == json!(target)
                };
                let entry = stated.iter().find(same)?.get("amount_exact")?;
                Some(near(share.amount, entry))
            });
            let mut entry = Map::new();
            entry.insert("promotion".to_owned(), json!(share.promotion));
            entry.insert(key.to_owned(), json!(target));
            match exact {
                Some(text) => entry.insert("amount_exact".to_owned(), json!(text)),
                None => entry.insert("amount".to_owned(), number(share.amount)),
            };
            Json::Object(entry)
        })
        .collect()
}

/// A fraction as the case writes it, when it is the same to within what six
/// decimals can show; the last share closes the sum and may differ by that.
fn near(amount: Exact, stated: &Json) -> String {
    let text = stated.as_str().unwrap_or_default();
    match Exact::parse(text) {
        Some(value) if (value - amount).abs() <= Exact::ratio(2, 1_000_000) => text.to_owned(),
        _ => amount.to_decimal(),
    }
}

fn one_line(
    lines: &[Json],
    position: usize,
    expected: &Map<String, Json>,
    quote: &Quote,
    policy: &Policy,
) -> Result<Vec<Difference>, String> {
    let sku = expected
        .get("sku")
        .and_then(Json::as_str)
        .unwrap_or_default();
    // The n-th stated line of a product is the n-th line of it.
    let before = lines[..position]
        .iter()
        .filter(|line| line["sku"] == json!(sku))
        .count();
    let mut own = quote
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.sku == sku);
    let Some((index, line)) = own.nth(before) else {
        return Err(format!("no line {sku}"));
    };
    let mut differences = each(expected, |key| of_line(key, (index, line), quote, policy))?;
    for difference in &mut differences {
        difference.key = format!("lines[{sku}].{}", difference.key);
    }
    Ok(differences)
}

fn line_discount(line: &QuotedLine) -> Exact {
    line.item_off + line.order_off + line.catalogue_off_shown
}

fn of_line(
    key: &str,
    (index, line): (usize, &QuotedLine),
    quote: &Quote,
    policy: &Policy,
) -> Option<Json> {
    let units = Exact::new(line.qty);
    Some(match key {
        "sku" => json!(line.sku),
        "qty" => json!(line.qty),
        "discount" => number(line_discount(line)),
        "item_discount" => number(line.item_off),
        "item_discount_per_unit" => number(line.item_off.over(units)),
        "order_discount" => number(line.order_off),
        "net" => number(line.payable),
        "net_unit_price" => number(match policy.allocation.spare {
            // The first unit carries the spare cents, so its price is lower.
            Spare::First | Spare::CarriedToFirst => line.payable.over(units).round(Whole::Floor),
            _ => line.payable.over(units).round(Whole::HalfUp),
        }),
        "unit_discounts" => by_unit(quote, index, Exact::ZERO),
        "unit_discounts_incl_catalog" => by_unit(quote, index, line.catalogue_unit_off),
        _ => return None,
    })
}

/// What each unit of a line got: every share in equal parts of whole cents,
/// its spare ones to the first units, on top of the catalogue's part.
fn by_unit(quote: &Quote, index: usize, catalogue: Exact) -> Json {
    let qty = quote.lines[index].qty;
    let mut amounts: Vec<Exact> = (0..qty).map(|_| catalogue).collect();
    let own = |share: &&QuotedShare| {
        share.target == Target::Line(index) && share.level != Level::Catalogue
    };
    for share in quote.shares.iter().filter(own) {
        let each = share.amount.over(Exact::new(qty)).round(Whole::Floor);
        let mut rest = share.amount - each * Exact::new(qty);
        for amount in &mut amounts {
            let extra = rest.min(Exact::new(1));
            rest -= extra;
            *amount += each + extra;
        }
    }
    amounts.into_iter().map(number).collect()
}
