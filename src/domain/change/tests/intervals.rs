use offercast_contract::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, now, set, shop};
use crate::change::{Change, Guard, plan};
use crate::source::PriceRow;

fn day(days: i64) -> Instant {
    now().plus_micros(days * 86_400 * 1_000_000)
}

fn between(change: Value, from: i64, until: i64) -> Value {
    but(
        change,
        &json!({"valid_from": day(from), "valid_until": day(until)}),
    )
}

/// `from..until amount` of every row, in days after now.
fn shown(rows: &Rows) -> Vec<String> {
    let days = |at: Instant| at.micros_since(now()) / (86_400 * 1_000_000);
    rows.prices
        .values()
        .map(|row| {
            let until = row
                .valid_until
                .map_or("".to_owned(), |at| days(at).to_string());
            format!("{}..{until} {}", days(row.key.valid_from), row.amount_minor)
        })
        .collect()
}

#[test]
fn a_set_price_takes_the_place_of_what_was_there() {
    let mut rows = shop();
    let plan = rows.edit(json!([between(set("regular", "8"), 2, 4)]));
    assert_eq!(shown(&rows), ["0..2 1000", "2..4 800", "4.. 1000"]);
    assert_eq!(
        (
            plan.delta.closed_prices.len(),
            plan.delta.opened_prices.len()
        ),
        (1, 3)
    );
    rows.edit(json!([between(set("regular", "9"), 3, 5)]));
    assert_eq!(
        shown(&rows),
        ["0..2 1000", "2..3 800", "3..5 900", "5.. 1000"]
    );
    // The same amount beside it becomes one row again.
    rows.edit(json!([between(set("regular", "10"), 2, 5)]));
    assert_eq!(shown(&rows), ["0.. 1000"]);
}

#[test]
fn ending_a_price_ends_what_was_planned_for_later_too() {
    let mut rows = shop();
    rows.edit(json!([between(set("regular", "8"), 2, 4)]));
    let end = json!({
        "type": "end_price", "sku": "milk", "market": "hr", "kind": "regular", "at": day(1)
    });
    rows.edit(json!([end]));
    assert_eq!(shown(&rows), ["0..1 1000"]);
    assert_eq!(rows.mistakes(json!([end])), ["sku not_found"]);
}

fn held(rows: &Rows, at: Instant) -> Option<i64> {
    let held: Vec<&PriceRow> = rows
        .prices
        .values()
        .filter(|row| row.holds_at(at))
        .collect();
    assert!(held.len() <= 1, "rows overlap: {held:?}");
    held.first().map(|row| row.amount_minor)
}

proptest! {
    #[test]
    fn rows_never_overlap_and_the_last_set_holds(
        sets in prop::collection::vec((0_i64..12, prop::option::of(1_i64..6), 1_i64..4), 1..12),
    ) {
        let mut rows = shop();
        rows.prices.clear();
        let mut expected = [None; 24];
        let mut changes: Vec<Change> = Vec::new();
        for (from, days, amount) in sets {
            let until = days.map(|days| from + days);
            let change = but(
                set("regular", &amount.to_string()),
                &json!({"valid_from": day(from), "valid_until": until.map(day)}),
            );
            changes.push(serde_json::from_value(change).unwrap());
            let end = until.map_or(expected.len(), |until| until as usize);
            expected[from as usize..end].fill(Some(amount * 100));
        }
        for batch in changes.chunks(1) {
            let made = plan(batch, &rows, now(), Guard::Exempt).unwrap();
            rows.apply(&made.delta);
        }
        for (at, amount) in expected.iter().enumerate() {
            prop_assert_eq!(held(&rows, day(at as i64)), *amount);
        }
        // The last one again makes nothing.
        let last = plan(&changes[changes.len() - 1..], &rows, now(), Guard::Exempt).unwrap();
        prop_assert!(last.delta.is_empty());
    }

    #[test]
    fn prices_of_one_set_that_contradict_are_refused_and_no_others(
        sets in prop::collection::vec(
            (0_i64..8, prop::option::of(1_i64..4), 1_i64..3, prop::sample::select(vec!["1", "6", "12"])),
            1..7,
        ),
    ) {
        let mut rows = shop();
        rows.prices.clear();
        let end = |from: i64, days: Option<i64>| days.map_or(99, |days| from + days);
        let mut expected = std::collections::BTreeSet::new();
        let mut changes: Vec<Change> = Vec::new();
        for (later, (from, days, amount, tier)) in sets.iter().enumerate() {
            let change = but(
                set("regular", &amount.to_string()),
                &json!({
                    "minimum_quantity": tier,
                    "valid_from": day(*from),
                    "valid_until": days.map(|days| day(from + days)),
                }),
            );
            changes.push(serde_json::from_value(change).unwrap());
            for (earlier, (other_from, other_days, other, other_tier)) in sets[..later].iter().enumerate() {
                let overlap = *from < end(*other_from, *other_days) && *other_from < end(*from, *days);
                if overlap && other_tier == tier && other != amount {
                    expected.insert((later, Some(earlier)));
                }
            }
        }
        let answer = plan(&changes, &rows, now(), Guard::Exempt);
        let named: std::collections::BTreeSet<_> = answer
            .as_ref()
            .err()
            .into_iter()
            .flatten()
            .map(|error| (error.index, error.other))
            .collect();
        prop_assert_eq!(named, expected);
        // What is not refused does not depend on the order.
        if let Ok(made) = answer {
            changes.reverse();
            let turned = plan(&changes, &rows, now(), Guard::Exempt).unwrap();
            prop_assert_eq!(made.delta, turned.delta);
        }
    }
}
