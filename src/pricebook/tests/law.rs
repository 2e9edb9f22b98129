//! The prior price out of the book's own ledger: the examples of the law.

use offercast_contract::Instant;
use offercast_domain::resolve::{Reason, Subject};
use serde_json::{Value, json};

use super::model::{Model, channel, market_under, offer, price, product, zone};

const EVERYONE: &str = "hr/-/everyone/delivery";

/// A market under a law in which milk costs 10.00 from day 1 on.
fn shop_under(law: Value) -> Model {
    let mut model = Model::new();
    model.edit(json!([
        market_under(&json!({"prior_price": law})),
        zone("region", None),
        zone("store", Some("region")),
        channel("web", &[EVERYONE, "hr/store/everyone/store"]),
    ]));
    model.edit(json!([
        product("milk", "food/dairy", "X"),
        product("late", "food", "X"),
        set("milk", "regular", "10.00"),
    ]));
    model
}

fn shop() -> Model {
    shop_under(json!({"days": 30, "progressive": true}))
}

/// A price from now on.
fn set(sku: &str, kind: &str, amount: &str) -> Value {
    json!({"type": "set_price", "sku": sku, "market": "hr", "kind": kind, "amount": amount})
}

fn end(sku: &str, kind: &str) -> Value {
    json!({"type": "end_price", "sku": sku, "market": "hr", "kind": kind})
}

impl Model {
    /// What is claimed for a SKU at an instant: prior, regular, percent.
    fn claims_at(
        &self,
        sku: &str,
        view: &str,
        at: Instant,
    ) -> (Option<i64>, Option<i64>, Option<u8>) {
        let sku = sku.parse().unwrap();
        let segment = self
            .book
            .terms(&sku, &view.parse().unwrap(), at, self.horizon);
        let terms = segment.unwrap().terms.unwrap();
        (
            terms.prior.map(|amount| amount.minor()),
            terms.regular.map(|amount| amount.minor()),
            terms.reduction_percent,
        )
    }

    fn claims(&self, sku: &str) -> (Option<i64>, Option<i64>, Option<u8>) {
        self.claims_at(sku, EVERYONE, self.now.plus_micros(1))
    }

    /// Why there is no prior price.
    fn why(&self, sku: &str) -> Reason {
        let sku = sku.parse().unwrap();
        let at = self.now.plus_micros(1);
        let rules = self.book.explain(&sku, &EVERYONE.parse().unwrap(), at);
        let rules = rules.unwrap();
        let prior = rules
            .iter()
            .find(|rule| rule.subject == Subject::PriorClaim);
        prior.unwrap().reason.clone()
    }
}

#[test]
fn after_a_constant_price_the_prior_price_is_that_price() {
    let mut model = shop();
    model.pass(40);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(20)));
    // It stays that price while the reduction holds.
    model.pass(100);
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(20)));
}

#[test]
fn a_price_that_was_raised_before_the_sale_counts_for_nothing() {
    let mut model = shop();
    model.pass(40);
    model.edit(json!([set("milk", "regular", "15.00")]));
    model.pass(20);
    model.edit(json!([set("milk", "special", "12.00")]));
    // 12.00 is not below the 10.00 of three weeks ago.
    assert_eq!(model.claims("milk"), (Some(1_000), None, None));
    model.edit(json!([set("milk", "special", "9.00")]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_500), Some(10)));
    // Held for 30 days, it is the prior price.
    let mut model = shop();
    model.edit(json!([set("milk", "regular", "15.00")]));
    model.pass(31);
    model.edit(json!([set("milk", "special", "12.00")]));
    assert_eq!(model.claims("milk"), (Some(1_500), Some(1_500), Some(20)));
}

#[test]
fn a_reduction_that_grows_keeps_its_first_prior_price() {
    let steps = |law: Value| {
        let mut model = shop_under(law);
        model.pass(40);
        let claims = ["9.00", "8.00", "7.00"].map(|amount| {
            model.edit(json!([set("milk", "special", amount)]));
            model.pass(5);
            model.claims("milk")
        });
        claims.map(|(prior, _, percent)| (prior, percent))
    };
    let from_the_first = [
        (Some(1_000), Some(10)),
        (Some(1_000), Some(20)),
        (Some(1_000), Some(30)),
    ];
    let from_each = [
        (Some(1_000), Some(10)),
        (Some(900), Some(11)),
        (Some(800), Some(12)),
    ];
    assert_eq!(
        steps(json!({"days": 30, "progressive": true})),
        from_the_first
    );
    assert_eq!(steps(json!({"days": 30, "progressive": false})), from_each);
}

#[test]
fn a_reduction_that_shrinks_is_a_new_one() {
    let mut model = shop();
    model.pass(40);
    model.edit(json!([set("milk", "special", "7.00")]));
    model.pass(5);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (Some(700), None, None));
}

#[test]
fn a_sale_that_was_interrupted_counts_as_a_price_that_was_applied() {
    let mut model = shop();
    model.pass(40);
    model.edit(json!([set("milk", "special", "8.00")]));
    model.pass(5);
    model.edit(json!([end("milk", "special")]));
    model.pass(5);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (Some(800), None, None));
    model.edit(json!([end("milk", "special")]));
    model.pass(31);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(20)));
}

#[test]
fn a_new_arrival_claims_what_the_market_lets_it() {
    let arrive = |law: Value, wait: i64| {
        let mut model = shop_under(law);
        model.pass(60);
        let regular = set("late", "regular", "10.00");
        let special = set("late", "special", "8.00");
        if wait == 0 {
            model.edit(json!([regular, special]));
        } else {
            model.edit(json!([regular]));
            model.pass(wait);
            model.edit(json!([special]));
        }
        model
    };
    let since = json!({"days": 30, "new_arrivals": "since_first_sale"});
    let strict = arrive(json!({"days": 30}), 10);
    assert_eq!(strict.claims("late"), (None, None, None));
    assert_eq!(strict.why("late"), Reason::NewArrival);
    let lenient = arrive(since.clone(), 10);
    assert_eq!(lenient.claims("late"), (Some(1_000), Some(1_000), Some(20)));
    // First sold at a reduced price: there is no price before.
    let reduced = arrive(since, 0);
    assert_eq!(reduced.claims("late"), (None, None, None));
    assert_eq!(reduced.why("late"), Reason::LedgerTooShort);
    let mature = arrive(json!({"days": 30}), 30);
    assert_eq!(mature.claims("late"), (Some(1_000), Some(1_000), Some(20)));
}

#[test]
fn a_young_ledger_knows_nothing_and_an_imported_price_helps_out() {
    let mut model = shop_under(json!({"days": 30, "new_arrivals": "since_first_sale"}));
    // The row says that it has been valid for long; we have not seen it.
    model.edit(json!([price("late", "regular", "10.00")]));
    model.pass(20);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (None, None, None));
    assert_eq!(model.why("milk"), Reason::LedgerTooShort);
    model.edit(json!([set("milk", "prior", "9.50")]));
    assert_eq!(model.claims("milk"), (Some(950), Some(1_000), Some(15)));
    // Once the ledger reaches back far enough, it knows better.
    model.edit(json!([end("milk", "special")]));
    model.pass(40);
    model.edit(json!([set("milk", "special", "7.00")]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(30)));
}

#[test]
fn a_zone_with_prices_of_its_own_has_a_ledger_of_its_own() {
    let mut model = shop();
    let mut store = set("milk", "regular", "12.00");
    store["zone"] = json!("store");
    model.edit(json!([store]));
    model.pass(40);
    model.edit(json!([offer("sale", 2_000, &json!([]))]));
    let mut sale = offer("sale", 2_000, &json!([]));
    sale["offer"]["valid_from"] = json!(model.now);
    sale["offer"]["valid_until"] = json!(null);
    model.edit(json!([sale]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(20)));
    let at = model.now.plus_micros(1);
    let store = model.claims_at("milk", "hr/store/everyone/store", at);
    assert_eq!(store, (Some(1_200), Some(1_200), Some(20)));
}

#[test]
fn an_offer_that_is_planned_counts_from_its_start() {
    let mut model = shop();
    model.pass(40);
    let starts = model.now.plus_micros(3 * 86_400 * 1_000_000);
    let mut sale = offer("sale", 2_000, &json!([{"sku": "milk"}]));
    sale["offer"]["valid_from"] = json!(starts);
    sale["offer"]["valid_until"] = json!(null);
    model.edit(json!([sale]));
    assert_eq!(
        model.claims_at("milk", EVERYONE, starts),
        (Some(1_000), Some(1_000), Some(20))
    );
    // A lower price before its start, be it for a day, is what counts.
    model.pass(1);
    model.edit(json!([set("milk", "regular", "9.00")]));
    model.pass(1);
    model.edit(json!([set("milk", "regular", "10.00")]));
    assert_eq!(
        model.claims_at("milk", EVERYONE, starts),
        (Some(900), Some(1_000), Some(11))
    );
}

#[test]
fn a_price_that_was_never_applied_does_not_count() {
    let mut model = shop();
    model.pass(40);
    // Planned for the day after tomorrow, and corrected before that.
    let mut planned = set("milk", "regular", "1.00");
    planned["valid_from"] = json!(model.now.plus_micros(2 * 86_400 * 1_000_000));
    model.edit(json!([planned.clone()]));
    model.pass(1);
    planned["amount"] = json!("10.00");
    model.edit(json!([planned]));
    // Entered today for the last week: nobody paid it then.
    let mut backdated = set("milk", "special", "2.00");
    backdated["valid_from"] = json!(model.now.plus_micros(-7 * 86_400 * 1_000_000));
    backdated["valid_until"] = json!(model.now.plus_micros(-86_400 * 1_000_000));
    model.edit(json!([backdated]));
    model.pass(3);
    model.edit(json!([set("milk", "special", "8.00")]));
    assert_eq!(model.claims("milk"), (Some(1_000), Some(1_000), Some(20)));
}

#[test]
fn a_reduction_recorded_late_starts_when_it_was_applied() {
    let mut model = shop();
    model.pass(40);
    let mut late = set("milk", "special", "8.00");
    late["valid_from"] = json!(model.now.plus_micros(-20 * 86_400 * 1_000_000));
    model.edit(json!([set("milk", "regular", "9.00")]));
    model.pass(1);
    model.edit(json!([late]));
    assert_eq!(model.claims("milk"), (Some(900), Some(900), Some(11)));
}

#[test]
fn goods_that_perish_follow_their_own_rule() {
    let perishables = |rule: &str| {
        let law = json!({
            "days": 30, "perishable_categories": ["food/dairy"], "perishables": rule
        });
        let mut model = shop_under(law);
        model.pass(40);
        model.edit(json!([set("milk", "special", "6.00")]));
        model.edit(json!([end("milk", "special")]));
        model.pass(1);
        model.edit(json!([set("milk", "special", "8.00")]));
        model.edit(json!([set("milk", "special", "7.00")]));
        model.claims("milk")
    };
    assert_eq!(perishables("exempt"), (None, Some(1_000), Some(30)));
    assert_eq!(
        perishables("price_before"),
        (Some(1_000), Some(1_000), Some(30))
    );
}

#[test]
fn after_half_a_year_a_reduced_price_is_the_price() {
    let mut model = shop();
    model.pass(40);
    model.edit(json!([set("milk", "special", "8.00")]));
    let ends = model.now.plus_micros(180 * 86_400 * 1_000_000);
    for _ in 0..35 {
        model.pass(5);
    }
    let before = model.claims_at("milk", EVERYONE, ends.plus_micros(-1));
    assert_eq!(before, (Some(1_000), Some(1_000), Some(20)));
    // The boundary is one of the timeline, and the horizon's move finds it.
    assert_eq!(model.claims_at("milk", EVERYONE, ends), (None, None, None));
    model.pass(6);
    assert_eq!(model.claims("milk"), (None, None, None));
    assert_eq!(model.why("milk"), Reason::ReducedTooLong);
}
