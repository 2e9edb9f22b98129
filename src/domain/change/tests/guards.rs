use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, now, offer, product, set, shop};
use crate::change::{Change, Guard, WarningCode, plan};

fn is_refused(rows: &Rows, changes: Value) -> bool {
    match rows.plan(changes) {
        Ok(_) => false,
        Err(errors) => {
            let code = crate::change::ErrorCode::GuardLimit;
            assert!(errors.iter().all(|error| error.code == code), "{errors:?}");
            true
        }
    }
}

#[test]
fn a_price_changes_within_limits_only() {
    let rows = shop();
    for (amount, refused) in [
        ("3.00", false),
        ("2.99", true),
        ("17.00", false),
        ("17.01", true),
        ("0.10", true),
        ("1000.00", true),
    ] {
        assert_eq!(
            is_refused(&rows, json!([set("regular", amount)])),
            refused,
            "{amount}"
        );
        assert_eq!(
            is_refused(&rows, json!([set("special", amount)])),
            refused,
            "{amount}"
        );
        // A zone's first price is compared with the one that it inherits.
        let store = but(set("regular", amount), &json!({"zone": "store"}));
        assert_eq!(is_refused(&rows, json!([store])), refused, "{amount}");
    }
    // Prices that nobody pays, and first prices, are free.
    assert!(!is_refused(&rows, json!([set("prior", "0.10")])));
    let first = but(set("regular", "0.10"), &json!({"sku": "tea"}));
    assert!(!is_refused(&rows, json!([product("tea"), first])));
}

#[test]
fn there_is_no_way_around_the_limit() {
    let mut rows = shop();
    // Down in steps within one set.
    let first = json!({"valid_until": "2026-11-21T00:00:00Z"});
    let then = json!({"valid_from": "2026-11-21T00:00:00Z"});
    assert!(is_refused(
        &rows,
        json!([
            but(set("regular", "4"), &first),
            but(set("regular", "1.5"), &then)
        ])
    ));
    // For those who buy more.
    let tier = json!({"minimum_quantity": "100"});
    assert!(is_refused(
        &rows,
        json!([but(set("regular", "2.99"), &tier)])
    ));
    // From before the first price on.
    let early = json!({"valid_from": "2020-01-01T00:00:00Z"});
    assert!(is_refused(
        &rows,
        json!([but(set("regular", "0.10"), &early)])
    ));
    // After a pause in which there was no price.
    let end = json!({
        "type": "end_price", "sku": "milk", "market": "hr", "kind": "regular",
        "at": "2026-12-01T00:00:00Z"
    });
    rows.edit(json!([end]));
    let later = json!({"valid_from": "2026-12-24T00:00:00Z"});
    assert!(is_refused(
        &rows,
        json!([but(set("regular", "0.10"), &later)])
    ));
    // By leaving the other kind out: 10.00 to a special of 2.00 of a new audience.
    let card = json!({"audience": "card"});
    assert!(is_refused(
        &shop(),
        json!([but(set("special", "2"), &card)])
    ));
}

#[test]
fn thirty_percent_is_worth_a_look() {
    let rows = shop();
    let warnings = |amount: &str| rows.plan(json!([set("regular", amount)])).unwrap().warnings;
    assert!(warnings("7.00").is_empty());
    assert_eq!(warnings("6.99")[0].code, WarningCode::LargeChange);
}

#[test]
fn offers_keep_to_the_limit_of_the_market() {
    let mut rows = shop();
    for (effect, refused) in [
        (json!({"percent_off": 7000}), false),
        (json!({"percent_off": 7001}), true),
        (json!({"amount_off": 700}), false),
        (json!({"amount_off": 701}), true),
        (json!({"fixed_price": 300}), false),
        (json!({"fixed_price": 299}), true),
        // Does not apply, so it does no harm.
        (json!({"amount_off": 1000}), false),
    ] {
        assert_eq!(
            is_refused(&rows, json!([offer(effect.clone())])),
            refused,
            "{effect}"
        );
    }
    // On top of a special price of 4.00 half off is 80 percent in all.
    rows.edit(json!([set("special", "4.00")]));
    assert!(is_refused(
        &rows,
        json!([offer(json!({"percent_off": 5000}))])
    ));
    // And so is that special price under an offer that is there already.
    let mut rows = shop();
    rows.edit(json!([offer(json!({"percent_off": 5000}))]));
    assert!(is_refused(&rows, json!([set("special", "4.00")])));
    assert!(!is_refused(&rows, json!([set("special", "7.00")])));
}

#[test]
fn a_load_may_be_exempt() {
    let changes: Vec<Change> = serde_json::from_value(json!([set("regular", "0.10")])).unwrap();
    assert!(plan(&changes, &shop(), now(), Guard::Exempt).is_ok());
}
