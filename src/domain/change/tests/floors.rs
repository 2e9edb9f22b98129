//! Tiers, floors and contradictions, as a change set is checked.

use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, market, offer, product, set, shop};

fn tier(amount: &str, from: &str) -> Value {
    but(set("regular", amount), &json!({"minimum_quantity": from}))
}

fn with_policy(policy: &Value) -> Value {
    let mut changed = market();
    changed["market"]["floors"] = policy.clone();
    changed
}

fn reason(rows: &Rows, changes: Value) -> String {
    let errors = rows.plan(changes).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    format!("{}: {}", errors[0].field, errors[0].reason)
}

#[test]
fn a_tier_is_a_row_of_its_own() {
    let mut rows = shop();
    rows.edit(json!([tier("9.00", "6"), tier("8.00", "12")]));
    assert_eq!(rows.prices.len(), 3);
    rows.edit(json!([tier("8.50", "6")]));
    let amounts: Vec<i64> = rows.prices.values().map(|row| row.amount_minor).collect();
    assert_eq!(amounts, [1_000, 850, 800]);
    let end = json!({
        "type": "end_price", "sku": "milk", "market": "hr", "kind": "regular",
        "minimum_quantity": "12"
    });
    rows.edit(json!([end]));
    assert_eq!(rows.prices.len(), 2);
    assert_eq!(rows.mistakes(json!([end])), ["sku not_found"]);
    // From one piece on is from any quantity on.
    rows.edit(json!([tier("9.90", "1")]));
    assert_eq!(rows.prices.len(), 2);
}

#[test]
fn a_tier_that_nobody_can_buy_is_refused_and_a_dear_one_is_doubtful() {
    let mut rows = shop();
    assert_eq!(
        rows.mistakes(json!([tier("9.00", "2.5")])),
        ["minimum_quantity invalid"]
    );
    let mut loose = product("milk");
    loose["product"]["facts"]["sale_unit"] = json!("kilogram");
    loose["product"]["facts"]["step"] = json!("0.2");
    loose["product"]["facts"]["minimum_quantity"] = json!("0.4");
    rows.edit(json!([loose]));
    assert_eq!(
        reason(&rows, json!([tier("9.00", "2.5")])),
        "minimum_quantity: 2.5 is no multiple of the step 0.2"
    );
    loose["product"]["facts"]["minimum_quantity"] = json!("0.5");
    assert_eq!(
        reason(&rows, json!([loose])),
        "product.facts.minimum_quantity: 0.5 is no multiple of the step 0.2"
    );
    let warned = rows.plan(json!([tier("10.00", "2")])).unwrap().warnings;
    assert_eq!(
        warned[0].reason,
        "10.00 EUR from a quantity of 2 is not below 10.00 EUR for less, so it never holds"
    );
}

#[test]
fn contradictions_name_both_rows() {
    let rows = shop();
    let found = reason(
        &rows,
        json!([
            set("regular", "9.00"),
            set("special", "7.00"),
            set("regular", "9.50")
        ]),
    );
    assert_eq!(
        found,
        "amount: contradicts change 0: 9.00 and 9.50 are both set as the regular price of milk \
         in hr for everyone, from 2026-11-20T00:00:00Z"
    );
    rows.plan(json!([set("regular", "9.00"), set("regular", "9.0")]))
        .unwrap();
}

#[test]
fn the_same_offer_twice_is_refused() {
    let mut rows = shop();
    let first = offer(json!({"percent_off": 1000}));
    rows.edit(json!([first]));
    let mut second = but(first, &json!({}));
    second["offer"]["id"] = json!("again");
    second["offer"]["labels"] = json!({"hr": "Opet", "en": "Again"});
    assert_eq!(rows.mistakes(json!([second])), ["offer.id duplicate"]);
    second["offer"]["priority"] = json!(1);
    rows.plan(json!([second])).unwrap();
}

#[test]
fn a_missing_floor_is_a_refusal_where_the_market_demands_one() {
    let mut rows = shop();
    let policy = with_policy(&json!({"demanded": true}));
    assert_eq!(
        reason(&rows, json!([policy])),
        "market.floors: market hr demands a floor, and milk has none in hr for everyone at \
         2026-11-20T00:00:00Z"
    );
    let in_store = but(set("floor", "8.00"), &json!({"zone": "store"}));
    // A floor in one store is none for the others.
    assert_eq!(
        rows.mistakes(json!([policy, in_store])),
        ["market.floors missing_floor"]
    );
    rows.edit(json!([policy, set("floor", "8.00")]));
    assert_eq!(
        rows.mistakes(json!([
            product("bread"),
            but(set("regular", "3.00"), &json!({"sku": "bread"})),
        ])),
        ["amount missing_floor"]
    );
    let end = json!({"type": "end_price", "sku": "milk", "market": "hr", "kind": "floor"});
    assert_eq!(rows.mistakes(json!([end])), ["sku missing_floor"]);
}

#[test]
fn no_price_is_set_below_its_floor() {
    let mut rows = shop();
    rows.edit(json!([set("floor", "8.00")]));
    for low in [
        set("regular", "7.99"),
        set("special", "7.99"),
        tier("7.99", "6"),
        but(set("special", "7.99"), &json!({"zone": "store"})),
        but(
            set("special", "7.99"),
            &json!({"audience": "gold", "valid_from": "2027-01-01T00:00:00Z"}),
        ),
        set("floor", "10.01"),
    ] {
        assert_eq!(rows.mistakes(json!([low])), ["amount below_floor"]);
    }
    assert_eq!(
        reason(&rows, json!([set("special", "7.99")])),
        "amount: the special price of milk, 7.99 EUR, is below its floor, 8.00 EUR, in hr for \
         everyone at 2026-11-20T00:00:00Z"
    );
    rows.plan(json!([set("special", "8.00")])).unwrap();
    // A lower floor from a quantity on.
    let deeper = but(set("floor", "6.00"), &json!({"minimum_quantity": "12"}));
    rows.edit(json!([deeper, tier("7.00", "12")]));
}

#[test]
fn the_margin_is_counted_from_the_net_price() {
    let mut rows = shop();
    // 25 % tax is in the price: 10.00 is 8.00 net. A cost of 6.00 leaves a
    // margin of 2.00 of 8.00, 25 %.
    let demands = |margin: u32| with_policy(&json!({"minimum_margin_bp": margin}));
    rows.edit(json!([set("cost", "6.00")]));
    rows.plan(json!([demands(2_500)])).unwrap();
    assert_eq!(
        reason(&rows, json!([demands(2_501)])),
        "market.floors: the regular price of milk, 10.00 EUR, is below what the minimum margin \
         over its cost demands, 10.01 EUR, in hr for everyone at 2026-11-20T00:00:00Z"
    );
    rows.edit(json!([demands(2_500)]));
    assert_eq!(
        rows.mistakes(json!([set("regular", "9.99")])),
        ["amount below_floor"]
    );
    let mut net = demands(2_500);
    net["market"]["prices_include_tax"] = json!(false);
    rows.edit(json!([net]));
    rows.plan(json!([set("regular", "8.00")])).unwrap();
    assert_eq!(
        rows.mistakes(json!([set("regular", "7.99")])),
        ["amount below_floor"]
    );
    assert_eq!(
        rows.mistakes(json!([demands(10_000)])),
        ["market.floors.minimum_margin_bp invalid"]
    );
}

#[test]
fn no_channel_stands_in_the_view_of_one_person() {
    let rows = shop();
    let mut channel = super::catalogue::channel();
    channel["channel"]["views"] =
        json!(["hr/-/personal:0f8fad5b-d9cb-469f-a165-70867728950e/delivery"]);
    assert_eq!(rows.mistakes(json!([channel])), ["channel.views.0 invalid"]);
}
