use serde_json::{Value, json};

use super::rows::{offer, shop};

fn promotion(terms: Value) -> Value {
    json!([offer(json!({ "promotion": terms }))])
}

fn doing(mechanic: Value) -> Value {
    promotion(json!({ "mechanic": mechanic }))
}

#[test]
fn mechanics_are_checked_by_field() {
    let rows = shop();
    let amount = |minor: &str| json!({ "amount": minor });
    let tier = |from: Value, reduction: Value| json!({ "from": from, "reduction": reduction });
    let at = |field: &str| format!("offer.effect.promotion.mechanic.{field}");
    for (mechanic, expected) in [
        (
            json!({"n_for_m": {"buy": 2, "pay": 3}}),
            at("n_for_m.pay invalid"),
        ),
        (
            json!({"n_for_m": {"buy": 2, "pay": 2}}),
            at("n_for_m.pay invalid"),
        ),
        (
            json!({"n_for_m": {"buy": 3, "pay": 0}}),
            at("n_for_m.pay invalid"),
        ),
        (
            json!({"n_for_price": {"buy": 3, "price": "0.00"}}),
            at("n_for_price.price invalid"),
        ),
        (
            json!({"buy_get": {"buy": 1, "get": 1, "percent": 10_001}}),
            at("buy_get.percent invalid"),
        ),
        (
            json!({"cheapest_free": {"of": 1}}),
            at("cheapest_free.of invalid"),
        ),
        (
            json!({"gift": {"sku": "nothing"}}),
            at("gift.sku unknown_product"),
        ),
        (
            json!({"bundle": {"parts": [{"products": {}, "quantity": 2}], "price": "1.00"}}),
            at("bundle.parts.0.products.include invalid"),
        ),
        (
            json!({"delivery": {"options": ["b", "a"], "reduction": {"percent": 10_000}}}),
            at("delivery.options invalid"),
        ),
        (
            json!({"tiered": {"tiers": [
                tier(amount("50.00"), json!({"percent": 1000})),
                tier(amount("50.00"), json!({"percent": 1500})),
            ]}}),
            at("tiered.tiers.1.from invalid"),
        ),
        (
            json!({"tiered": {"tiers": [
                tier(amount("50.00"), json!({"percent": 1000})),
                tier(json!({"quantity": 3}), json!({"percent": 1500})),
            ]}}),
            at("tiered.tiers.1.from invalid"),
        ),
        (
            json!({"tiered": {"tiers": [
                tier(amount("50.00"), json!({"percent": 1500})),
                tier(amount("90.00"), json!({"percent": 1000})),
            ]}}),
            at("tiered.tiers.1.reduction invalid"),
        ),
        (
            json!({"order": {"reduction": {"percent": 7100}}}),
            "offer.effect.promotion.mechanic guard_limit".to_owned(),
        ),
        (
            json!({"order": {"reduction": {"amount": "5"}}}),
            "offer.effect.promotion.mechanic invalid".to_owned(),
        ),
    ] {
        assert_eq!(
            rows.mistakes(doing(mechanic.clone())),
            [expected],
            "{mechanic}"
        );
    }
    assert!(
        rows.plan(doing(json!({"n_for_m": {"buy": 3, "pay": 2}})))
            .is_ok()
    );
}

#[test]
fn a_price_for_several_is_below_what_they_cost_one_by_one() {
    // Milk costs 10.00.
    let rows = shop();
    let milk = json!({"include": [{"sku": "milk"}]});
    let bundle = |price: &str| {
        doing(json!({"bundle": {"parts": [{"products": milk, "quantity": 2}], "price": price}}))
    };
    let expected = ["offer.effect.promotion.mechanic.bundle.price invalid"];
    assert_eq!(rows.mistakes(bundle("20.00")), expected);
    assert!(rows.plan(bundle("19.99")).is_ok());
    let three = |price: &str| {
        let mut changes = doing(json!({"n_for_price": {"buy": 3, "price": price}}));
        changes[0]["offer"]["target"] = milk.clone();
        changes
    };
    let expected = ["offer.effect.promotion.mechanic.n_for_price.price invalid"];
    assert_eq!(rows.mistakes(three("30.00")), expected);
    assert!(rows.plan(three("29.99")).is_ok());
}

#[test]
fn bounds_that_cannot_be_kept_are_refused() {
    let rows = shop();
    let trio = json!({"n_for_m": {"buy": 3, "pay": 2}});
    let with = |members: Value| {
        let mut terms = json!({ "mechanic": trio });
        for (name, value) in members.as_object().unwrap() {
            terms[name] = value.clone();
        }
        promotion(terms)
    };
    for (members, field) in [
        (json!({"caps": {"amount": "5.00"}}), "caps.amount"),
        (json!({"caps": {"applications": 0}}), "caps.applications"),
        (json!({"caps": {"units": 2}}), "caps.units"),
        (
            json!({"limits": [{"per_customer": 2}]}),
            "limits.per_customer",
        ),
        (
            json!({"limits": ["while_stocks_last", {"per_customer": 6}]}),
            "limits",
        ),
        (json!({"coupon": {"code": "AUTUMN 10"}}), "coupon.code"),
        (json!({"minimum": {"quantity": 0}}), "minimum.quantity"),
    ] {
        let expected = [format!("offer.effect.promotion.{field} invalid")];
        assert_eq!(rows.mistakes(with(members.clone())), expected, "{members}");
    }
    let good = json!({
        "caps": {"applications": 2, "units": 6},
        "coupon": {"case": "exact", "code": "Autumn-10"},
        "limits": [{"per_customer": 6}, "while_stocks_last"],
        "minimum": {"amount": "50.00"},
    });
    assert!(rows.plan(with(good)).is_ok());
}

#[test]
fn a_gift_cannot_end_while_it_is_given() {
    let mut rows = shop();
    rows.edit(doing(json!({"gift": {"sku": "milk"}})));
    let end = json!([{"type": "end_product", "sku": "milk"}]);
    assert_eq!(rows.mistakes(end), ["sku in_use"]);
}
