//! Properties that hold under every preset.

use proptest::prelude::*;

use super::make::{basket, item, only, order_amount, promotion, quoted};
use crate::quote::basket::{Basket, Shipping};
use crate::quote::exact::Exact;
use crate::quote::policy::Policy;
use crate::quote::preset;
use crate::quote::promotion::{Condition, Limit, Mechanic, Per, Promotion, Scope, Stage, Value};
use crate::quote::{Level, Quote, Target};

const SKUS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn policies() -> Vec<(&'static str, Policy)> {
    [
        "offercast",
        "sylius",
        "vendure",
        "medusa",
        "saleor",
        "solidus",
        "oscar",
        "woocommerce",
        "woocommerce-sequential",
    ]
    .into_iter()
    .map(|name| (name, preset::by_name(name).unwrap()))
    .collect()
}

fn baskets() -> impl Strategy<Value = Basket> {
    let line = (
        0_i64..3_000,
        1_i64..6,
        0_i64..3_000,
        prop::option::of(0_i64..500),
    );
    (prop::collection::vec(line, 1..5), 0_i64..900).prop_map(|(lines, fee)| {
        let listed: Vec<(&str, i64, i64)> = lines
            .iter()
            .zip(SKUS)
            .map(|((price, qty, ..), sku)| (sku, *price, *qty))
            .collect();
        let mut basket = basket(&listed);
        for (product, (price, _, floor, reduced)) in basket.products.iter_mut().zip(&lines) {
            product.floor_minor = *(floor.min(price));
            product.regular_minor = reduced.map(|more| price + more);
            product.tax_percent = Some(Exact::new(20));
        }
        basket.shipping = vec![Shipping {
            id: "post".to_owned(),
            option: "post".to_owned(),
            price_minor: fee,
        }];
        basket
    })
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::default()),
        prop::sample::subsequence(SKUS.to_vec(), 1..4).prop_map(|skus| Scope {
            skus: skus.into_iter().map(str::to_owned).collect(),
            ..Scope::default()
        }),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_i128..12_000).prop_map(|percent| Value::Percent(Exact::ratio(percent, 100))),
        (0_i64..4_000).prop_map(Value::Amount),
        (0_i64..4_000).prop_map(Value::FixedPrice),
    ]
}

fn mechanics() -> impl Strategy<Value = Mechanic> {
    let limit = prop::option::of(1_i64..5).prop_map(|max_units| Limit {
        max_units,
        ..Limit::default()
    });
    prop_oneof![
        3 => (values(), scopes(), limit.clone(), any::<bool>()).prop_map(
            |(value, scope, limit, unit)| Mechanic::Item {
                value,
                per: if unit { Per::Unit } else { Per::Line },
                scope,
                limit,
            }
        ),
        3 => (values(), scopes(), limit.clone()).prop_map(|(value, scope, limit)| {
            Mechanic::Order { value, scope, limit }
        }),
        1 => values().prop_map(|value| Mechanic::Shipping {
            value,
            options: Vec::new(),
            across: false,
        }),
        1 => (1_i64..4, values(), scopes()).prop_map(|(size, value, scope)| Mechanic::Group {
            size,
            value,
            scope,
            limit: Limit::default(),
        }),
        1 => scopes().prop_map(|scope| Mechanic::CheapestFree { scope }),
        1 => (1_i64..4, 0_i64..5_000, scopes()).prop_map(|(size, price_minor, scope)| {
            Mechanic::Bundle { size, price_minor, scope }
        }),
        1 => (1_i64..3, 1_i64..3, scopes(), scopes()).prop_map(
            |(buy, get, buy_scope, get_scope)| Mechanic::BuyGet {
                buy,
                buy_scope,
                get,
                get_scope,
                percent: Exact::new(100),
                max_sets: None,
            }
        ),
        1 => (0_i64..700).prop_map(|price_minor| Mechanic::Gift {
            sku: "gift".to_owned(),
            price_minor,
            per_condition_unit: false,
        }),
    ]
}

fn promotions() -> impl Strategy<Value = Vec<Promotion>> {
    let one = (
        mechanics(),
        -1_i64..2,
        prop::option::weighted(0.3, 0_i64..5_000),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.8),
    );
    prop::collection::vec(one, 0..5).prop_map(|rules| {
        rules
            .into_iter()
            .enumerate()
            .map(
                |(index, (mechanic, priority, threshold, exclusive, shelf, reduced))| {
                    let mut rule = promotion(&format!("p{index}"), mechanic);
                    rule.priority = Some(priority);
                    rule.exclusive = exclusive;
                    rule.applies_to_reduced = reduced;
                    if shelf {
                        rule.stage = Stage::Catalogue;
                    } else if let Some(min_minor) = threshold {
                        rule.conditions = vec![Condition::Total {
                            scope: Scope::default(),
                            min_minor,
                            judged: None,
                        }];
                    }
                    rule
                },
            )
            .collect()
    })
}

/// The shares of a line at a level.
fn of_line(quote: &Quote, line: usize, level: Level) -> Exact {
    quote
        .shares
        .iter()
        .filter(|share| share.target == Target::Line(line) && share.level == level)
        .map(|share| share.amount)
        .sum()
}

fn parts_sum(quote: &Quote) -> Result<(), TestCaseError> {
    let mut items = Exact::ZERO;
    for (index, line) in quote.lines.iter().enumerate() {
        let start = Exact::new(line.current_unit_minor) * Exact::new(line.qty);
        prop_assert_eq!(line.payable, start - line.item_off - line.order_off);
        prop_assert_eq!(line.item_off, of_line(quote, index, Level::Item));
        prop_assert_eq!(line.order_off, of_line(quote, index, Level::Order));
        items += line.payable;
    }
    let totals = &quote.totals;
    prop_assert_eq!(totals.items, items);
    prop_assert_eq!(totals.current - totals.item_off - totals.order_off, items);
    let fees: Exact = quote
        .shipping
        .iter()
        .map(|way| Exact::new(way.price_minor) - way.off)
        .sum();
    prop_assert_eq!(totals.total, items + fees);
    let shipping: Exact = quote.shipping.iter().map(|way| way.off).sum();
    let shared: Exact = quote
        .shares
        .iter()
        .filter(|share| share.level != Level::Catalogue)
        .map(|share| share.amount)
        .sum();
    prop_assert_eq!(shared, totals.item_off + totals.order_off + shipping);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_parts_are_the_total_and_nothing_is_below_its_floor(
        basket in baskets(),
        promotions in promotions(),
    ) {
        for (name, policy) in policies() {
            let quote = quoted(&basket, &promotions, &policy);
            parts_sum(&quote)?;
            for (line, product) in quote.lines.iter().zip(&basket.products) {
                let floor = Exact::new(product.floor_minor) * Exact::new(line.qty);
                prop_assert!(line.payable >= floor, "{}: {:?}", name, line);
            }
            for way in &quote.shipping {
                prop_assert!(way.off <= Exact::new(way.price_minor), "{}", name);
            }
            prop_assert!(quote.shares.iter().all(|share| share.amount.is_positive()));
        }
    }

    #[test]
    fn amounts_are_whole_wherever_the_policy_rounds(
        basket in baskets(),
        promotions in promotions(),
    ) {
        for (name, policy) in policies() {
            if name == "medusa" {
                continue;
            }
            let quote = quoted(&basket, &promotions, &policy);
            for share in &quote.shares {
                prop_assert!(share.amount.minor().is_some(), "{}: {:?}", name, share);
            }
        }
    }

    #[test]
    fn a_promotion_that_targets_nothing_changes_nothing(
        basket in baskets(),
        promotions in promotions(),
        value in values(),
        position in 0_usize..5,
    ) {
        let mut more = promotions.clone();
        let idle = promotion("idle", item(value, only("nowhere")));
        more.insert(position.min(more.len()), idle);
        for (name, policy) in policies() {
            let before = quoted(&basket, &promotions, &policy);
            let after = quoted(&basket, &more, &policy);
            prop_assert_eq!(&before.lines, &after.lines, "{}", name);
            prop_assert_eq!(&before.shares, &after.shares, "{}", name);
            prop_assert_eq!(&before.totals, &after.totals, "{}", name);
        }
    }

    /// Offercast's own policy is symmetric for item reductions: the best one
    /// of a group wins on each line, whatever the order.
    #[test]
    fn the_order_of_lines_and_of_equal_promotions_does_not_matter(
        basket in baskets(),
        percents in prop::collection::vec((1_i128..9_000, scopes()), 1..5),
        amount in 1_i64..2_000,
        turn in 0_usize..5,
    ) {
        let mut promotions: Vec<Promotion> = percents
            .into_iter()
            .enumerate()
            .map(|(index, (percent, scope))| {
                let value = Value::Percent(Exact::ratio(percent, 100));
                promotion(&format!("p{index}"), item(value, scope))
            })
            .collect();
        promotions.push(promotion("order", order_amount(amount)));
        let first = quoted(&basket, &promotions, &preset::OFFERCAST);
        let mut turned = basket.clone();
        let lines = turned.lines.len();
        turned.lines.rotate_left(turn % lines);
        let rules = promotions.len();
        promotions.rotate_left(turn % rules);
        promotions.reverse();
        let second = quoted(&turned, &promotions, &preset::OFFERCAST);
        prop_assert_eq!(first.totals.total, second.totals.total);
        for line in &first.lines {
            let same = second.lines.iter().find(|other| other.sku == line.sku);
            prop_assert_eq!(same.map(|other| other.item_off), Some(line.item_off));
            // Of equal remainders the first line gets the cent.
            let gap = same.map(|other| (other.order_off - line.order_off).abs());
            prop_assert!(gap <= Some(Exact::new(1)));
        }
    }

    #[test]
    fn one_more_unit_of_discount_never_costs_more(
        basket in baskets(),
        percent in 0_i128..100,
    ) {
        for (name, policy) in policies() {
            let off = |percent| {
                let value = Value::Percent(Exact::ratio(percent, 1));
                let rule = promotion("p", item(value, Scope::default()));
                quoted(&basket, &[rule], &policy).totals.total
            };
            prop_assert!(off(percent + 1) <= off(percent), "{}", name);
        }
    }
}
