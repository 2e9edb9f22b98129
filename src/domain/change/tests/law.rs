//! Restrictions, statutory prices and order conditions as change sets.

use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, product, set, shop};

fn restriction(id: &str, rule: Value) -> Value {
    json!({"type": "put_restriction", "restriction": {
        "class": "alcohol", "id": id, "market": "hr", "rule": rule,
        "source": "Law 1, Art. 2", "valid_from": "2026-12-01T00:00:00Z"
    }})
}

fn minimum() -> Value {
    let per = json!({"quantity": "0.5", "unit": "l"});
    restriction(
        "least",
        json!({"minimum_price": {"amount_minor": 800, "per": per}}),
    )
}

fn vodka() -> Value {
    let mut vodka = product("milk");
    vodka["product"]["restriction_class"] = json!("alcohol/vodka");
    vodka["product"]["facts"]["pack"] = json!({"quantity": "0.7", "unit": "l"});
    vodka
}

/// The shop with the milk made vodka: 0.7 l at 12.00.
fn bar() -> Rows {
    let mut rows = shop();
    rows.edit(json!([vodka(), set("regular", "12.00")]));
    rows
}

fn reasons(rows: &Rows, changes: Value) -> Vec<String> {
    let errors = rows.plan(changes).unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_price_below_the_statutory_minimum_is_refused_by_name() {
    let mut rows = bar();
    rows.edit(json!([minimum()]));
    // 8.00 × 0.7 / 0.5 = 11.20.
    rows.edit(json!([set("regular", "11.20")]));
    assert_eq!(
        reasons(&rows, json!([set("special", "11.19")])),
        [
            "change 0: amount: product milk: the special price of 11.19 EUR in hr from \
          2026-12-01T00:00:00Z is below the statutory minimum of 11.20 EUR \
          (restriction least: Law 1, Art. 2)"
        ]
    );
    // Before the decree it is allowed.
    let before = but(
        set("special", "9"),
        &json!({"valid_until": "2026-12-01T00:00:00Z"}),
    );
    rows.edit(json!([before]));
    let zoned = but(set("regular", "11"), &json!({"zone": "store"}));
    assert_eq!(rows.mistakes(json!([zoned])), ["amount restricted"]);
}

#[test]
fn a_price_above_the_statutory_maximum_is_refused() {
    let mut rows = bar();
    let maximum = json!({"maximum_price": {"amount_minor": 1300}});
    rows.edit(json!([restriction("most", maximum)]));
    rows.edit(json!([set("regular", "13.00")]));
    let mistakes = reasons(&rows, json!([set("regular", "13.01")]));
    assert!(mistakes[0].contains("above the statutory maximum of 13.00 EUR"));
}

#[test]
fn a_decree_is_refused_until_the_prices_follow_it() {
    let mut rows = bar();
    rows.edit(json!([set("regular", "10.00")]));
    let refused = reasons(&rows, json!([minimum()]));
    assert_eq!(refused.len(), 1);
    assert!(refused[0].starts_with("change 0: restriction.rule.minimum_price: product milk:"));
    // Together they are in order.
    let follow = but(
        set("regular", "11.50"),
        &json!({"valid_from": "2026-12-01T00:00:00Z"}),
    );
    rows.edit(json!([minimum(), follow]));
    assert_eq!(rows.prices.len(), 2);
}

#[test]
fn a_product_that_enters_a_class_comes_under_its_law() {
    let mut rows = shop();
    rows.edit(json!([minimum()]));
    assert_eq!(
        rows.mistakes(json!([vodka()])),
        ["product.restriction_class restricted"]
    );
    let mut unmeasured = vodka();
    unmeasured["product"]["facts"]["pack"] = Value::Null;
    assert_eq!(
        rows.mistakes(json!([unmeasured])),
        ["product.facts.pack restricted"]
    );
    rows.edit(json!([vodka(), set("regular", "12")]));
}

#[test]
fn mistakes_in_restrictions_are_named_by_field() {
    let rows = bar();
    let of = |rule: Value, path: &str, value: Value| {
        let mut change = restriction("x", rule);
        *change.pointer_mut("/restriction").unwrap() =
            but(change["restriction"].clone(), &json!({ path: value }));
        json!([change])
    };
    let hide = || json!("hide");
    for (changes, mistake) in [
        (
            of(hide(), "class", json!("a//b")),
            "restriction.class invalid",
        ),
        (
            of(hide(), "source", json!(" ")),
            "restriction.source invalid",
        ),
        (
            of(hide(), "market", json!("no")),
            "restriction.market unknown_market",
        ),
        (
            of(hide(), "zones", json!(["no"])),
            "restriction.zones.0 unknown_zone",
        ),
        (
            of(hide(), "zones", json!(["store", "region"])),
            "restriction.zones invalid",
        ),
        (
            of(hide(), "modes", json!(["store", "store"])),
            "restriction.modes invalid",
        ),
        (
            of(hide(), "channels", json!([{"id": "no"}])),
            "restriction.channels.0 unknown_channel",
        ),
        (
            of(
                json!("no_discount"),
                "channels",
                json!([{"family": "site"}]),
            ),
            "restriction.channels invalid",
        ),
        (
            of(hide(), "valid_until", json!("2026-12-01T00:00:00Z")),
            "restriction.valid_until invalid",
        ),
        (
            of(
                json!({"minimum_price": {"amount_minor": 0}}),
                "zones",
                json!([]),
            ),
            "restriction.rule.minimum_price.amount_minor invalid",
        ),
        (
            of(json!({"warning": {"hr": "Pozor"}}), "zones", json!([])),
            "restriction.rule.warning unknown_locale",
        ),
    ] {
        assert_eq!(rows.mistakes(changes), [mistake]);
    }
    let end = json!([{"type": "end_restriction", "market": "hr", "id": "no"}]);
    assert_eq!(rows.mistakes(end), ["id not_found"]);
}

fn order(id: &str, members: Value) -> Value {
    let conditions = json!({"id": id, "market": "hr", "valid_from": "2026-12-01T00:00:00Z"});
    json!({"type": "put_order_conditions", "order_conditions": but(conditions, &members)})
}

#[test]
fn mistakes_in_order_conditions_are_named_by_field() {
    let mut rows = bar();
    rows.edit(json!([order(
        "base",
        json!({"minimum_order_minor": 1000, "payment": ["card"]})
    )]));
    for (members, mistake) in [
        (json!({}), "id invalid"),
        (
            json!({"minimum_order_minor": -1}),
            "minimum_order_minor invalid",
        ),
        (json!({"payment": ["cash", "card"]}), "payment invalid"),
        (
            json!({"delivery_fee": {"amount_minor": 5}, "mode": "store"}),
            "delivery_fee invalid",
        ),
        (
            json!({"delivery_fee": {"amount_minor": 5, "free_from_minor": 0}}),
            "delivery_fee.free_from_minor invalid",
        ),
        (
            json!({"payment": ["card"], "zone": "no"}),
            "zone unknown_zone",
        ),
        (
            json!({"payment": ["card"], "market": "no"}),
            "market unknown_market",
        ),
        (json!({"returns": {"days": 9999}}), "returns.days invalid"),
        // The same part for the same place at the same time.
        (
            json!({"minimum_order_minor": 5}),
            "minimum_order_minor invalid",
        ),
        (
            json!({"payment": ["card"], "mode": "store", "valid_until": "2026-11-01T00:00:00Z"}),
            "valid_until invalid",
        ),
    ] {
        let mistakes = rows.mistakes(json!([order("other", members)]));
        assert!(
            mistakes.contains(&format!("order_conditions.{mistake}")),
            "{mistake}: {mistakes:?}"
        );
    }
    // Another part, another mode, another time: no conflict.
    for members in [
        json!({"returns": {"days": 14, "labels": {"hr": "a", "en": "b"}}}),
        json!({"payment": ["cash"], "mode": "pickup"}),
        json!({"payment": ["cash"], "valid_from": "2026-01-01T00:00:00Z",
               "valid_until": "2026-12-01T00:00:00Z"}),
    ] {
        assert!(
            rows.plan(json!([order("other", members)]))
                .unwrap()
                .warnings
                .is_empty()
        );
    }
    rows.edit(json!([{"type": "end_order_conditions", "market": "hr", "id": "base"}]));
}
