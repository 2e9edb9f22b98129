use serde_json::{Value, json};

use super::rows::{market, offer, set, shop};
use crate::change::WarningCode;

#[test]
fn a_law_beyond_what_the_ledger_keeps_is_refused() {
    let rows = shop();
    let under = |prior: Value| {
        let mut change = market();
        change["market"]["law"] = json!({"prior_price": prior});
        json!([change])
    };
    let cases = [
        (json!({"days": 29}), "market.law.prior_price.days invalid"),
        (json!({"days": 61}), "market.law.prior_price.days invalid"),
        (
            json!({"days": 30, "perishable_categories": ["food", "a//b"]}),
            "market.law.prior_price.perishable_categories.1 invalid",
        ),
    ];
    for (prior, expected) in cases {
        assert_eq!(rows.mistakes(under(prior)), [expected]);
    }
    assert!(rows.plan(under(json!({"days": 45}))).is_ok());
}

#[test]
fn a_pricing_policy_is_checked() {
    let rows = shop();
    let with = |pricing: Value| {
        let mut change = market();
        change["market"]["pricing"] = pricing;
        json!([change])
    };
    let cases = [
        (json!({"cash_step_minor": 1}), "cash_step_minor"),
        (json!({"endings": ["9", "x"]}), "endings.1"),
        (json!({"endings": ["9", "9"]}), "endings.1"),
        (
            json!({"cash_step_minor": 5, "endings": ["95", "99"]}),
            "endings.1",
        ),
        (
            json!({"endings_within_percent": 21}),
            "endings_within_percent",
        ),
        (
            json!({"unit_prices": [{"per": {"quantity": "0.05", "unit": "kg"}}]}),
            "unit_prices.0.per",
        ),
        (
            json!({"unit_prices": [
                {"category": "food", "per": {"quantity": "0.1", "unit": "kg"}},
                {"category": "food", "per": {"quantity": "0.1", "unit": "l"}},
                {"category": "food", "per": {"quantity": "1", "unit": "kg"}}
            ]}),
            "unit_prices.2",
        ),
    ];
    for (pricing, field) in cases {
        let expected = format!("market.pricing.{field} invalid");
        assert_eq!(rows.mistakes(with(pricing)), [expected]);
    }
}

#[test]
fn a_typed_price_that_ends_otherwise_is_a_warning() {
    let mut rows = shop();
    let mut change = market();
    change["market"]["pricing"] = json!({"endings": ["99", "50"]});
    rows.edit(json!([change]));
    let warned = |changes: Value| {
        let warnings = rows.plan(changes).unwrap().warnings;
        let endings = warnings.into_iter();
        let endings = endings.filter(|it| it.code == WarningCode::PriceEnding);
        endings.map(|it| it.field).collect::<Vec<_>>()
    };
    assert_eq!(warned(json!([set("regular", "9.90")])), ["amount"]);
    assert_eq!(warned(json!([set("regular", "9.99")])), [""; 0]);
    assert_eq!(
        warned(json!([set("anchor", "9.90")])),
        [""; 0],
        "nobody pays it"
    );
    let fixed = offer(json!({"fixed_price": 890}));
    assert_eq!(warned(json!([fixed])), ["offer.effect.fixed_price"]);
    assert_eq!(
        warned(json!([offer(json!({"percent_off": 2000}))])),
        [""; 0]
    );
}
