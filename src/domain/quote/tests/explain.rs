//! Reasons, near misses, the index, refusals, and the report of a check.

use super::make::{
    basket, from_total, item, only, order_amount, payable, percent, promotion, quoted,
};
use crate::quote::basket::Basket;
use crate::quote::check::{CheckError, check};
use crate::quote::exact::{Exact, Whole};
use crate::quote::preset::{OFFERCAST, by_name};
use crate::quote::promotion::{Condition, Mechanic, Promotion, Scope, Value};
use crate::quote::{Missing, PromotionBook, QuoteError, Reason, Target, quote, quote_explained};

fn reason_of(basket: &Basket, promotions: Vec<Promotion>, id: &str) -> Reason {
    let book = PromotionBook::new(promotions);
    let quote = quote_explained(&book, basket, &OFFERCAST).unwrap();
    let entry = quote.considered.iter().find(|entry| entry.promotion == id);
    entry.expect("every promotion is explained").reason.clone()
}

#[test]
fn every_promotion_says_why_it_applied_or_not() {
    let mut basket = basket(&[("a", 1_000, 2)]);
    basket.now_us = Some(500);
    basket.channel = Some("site".to_owned());
    let off = || promotion("p", item(Value::Amount(100), only("a")));
    let change = |change: &dyn Fn(&mut Promotion)| {
        let mut rule = off();
        change(&mut rule);
        rule
    };
    let below = Reason::BelowThreshold {
        have: 2_000,
        need: 9_000,
        units: false,
    };
    for (rule, expected) in [
        (off(), Reason::Applied),
        (
            change(&|rule| rule.starts_at_us = Some(501)),
            Reason::NotYetValid,
        ),
        (
            change(&|rule| rule.starts_at_us = Some(500)),
            Reason::Applied,
        ),
        (change(&|rule| rule.ends_at_us = Some(500)), Reason::Ended),
        (change(&|rule| rule.ends_at_us = Some(501)), Reason::Applied),
        (
            change(&|rule| rule.channels = Some(Vec::new())),
            Reason::OtherChannel,
        ),
        (
            change(&|rule| rule.channels = Some(vec!["site".to_owned()])),
            Reason::Applied,
        ),
        (
            change(&|rule| rule.coupon = Some("X".to_owned())),
            Reason::CouponMissing,
        ),
        (
            change(&|rule| rule.conditions = vec![from_total(9_000)]),
            below,
        ),
        (
            change(&|rule| {
                rule.conditions = vec![Condition::CustomerGroup {
                    any_of: vec!["club".to_owned()],
                }];
            }),
            Reason::NotForCustomer,
        ),
        (
            promotion("p", item(Value::Amount(100), only("b"))),
            Reason::NotInTarget,
        ),
    ] {
        assert_eq!(reason_of(&basket, vec![rule], "p"), expected);
    }
    let better = promotion("better", item(Value::Amount(200), only("a")));
    assert_eq!(
        reason_of(&basket, vec![off(), better.clone()], "p"),
        Reason::BetterOffer("better".to_owned())
    );
    let exclusive = Promotion {
        exclusive: true,
        ..better
    };
    assert_eq!(
        reason_of(&basket, vec![off(), exclusive], "p"),
        Reason::ExcludedBy("better".to_owned())
    );
    basket.products[0].floor_minor = 1_000;
    assert_eq!(reason_of(&basket, vec![off()], "p"), Reason::FloorReached);
    basket.no_automatic = true;
    assert_eq!(reason_of(&basket, vec![off()], "p"), Reason::AutomaticOff);
}

#[test]
fn what_nearly_applied_says_what_is_missing() {
    let basket = basket(&[("a", 1_000, 2)]);
    let set = Mechanic::BuyGet {
        buy: 2,
        buy_scope: only("a"),
        get: 1,
        get_scope: only("a"),
        percent: Exact::new(100),
        max_sets: None,
    };
    let mut off = promotion("off", order_amount(100));
    off.conditions = vec![from_total(2_500)];
    let mut far = promotion("far", order_amount(100));
    far.conditions = vec![from_total(25_000)];
    let mut three = promotion("three", order_amount(100));
    three.conditions = vec![Condition::Quantity {
        scope: Scope::default(),
        min: 3,
    }];
    let quote = quoted(
        &basket,
        &[promotion("3 for 2", set), off, far, three],
        &OFFERCAST,
    );
    let near: Vec<(&str, Missing)> = quote
        .near
        .iter()
        .map(|near| (near.promotion.as_str(), near.missing))
        .collect();
    assert_eq!(
        near,
        [
            ("3 for 2", Missing::Units(1)),
            ("off", Missing::Minor(500)),
            ("three", Missing::Units(1)),
        ]
    );
    assert_eq!(payable(&quote), ["2000"]);
}

#[test]
fn a_gift_costs_nothing_and_is_in_the_sums() {
    let basket = basket(&[("a", 1_000, 2)]);
    let mut gift = promotion(
        "gift",
        Mechanic::Gift {
            sku: "mug".to_owned(),
            price_minor: 300,
            per_condition_unit: true,
        },
    );
    gift.conditions = vec![Condition::Contains { scope: only("a") }];
    let quote = quoted(&basket, &[gift], &OFFERCAST);
    assert_eq!((quote.gifts[0].qty, quote.gifts[0].price_minor), (2, 300));
    assert_eq!(quote.totals.current, Exact::new(2_600));
    assert_eq!(quote.totals.item_off, Exact::new(600));
    assert_eq!(quote.totals.total, Exact::new(2_000));
    assert_eq!(quote.shares[0].target, Target::Gift(0));
}

#[test]
fn the_index_finds_what_a_full_look_finds() {
    let mut basket = basket(&[("a", 1_000, 2), ("b", 700, 1)]);
    basket.products[0].categories = vec!["Food > Bread > Rye".to_owned()];
    basket.products[1].brand = Some("Acme".to_owned());
    basket.products[1].tags = vec!["green".to_owned()];
    basket.products[1].product = Some("jar".to_owned());
    basket.coupons = vec!["x1".to_owned()];
    let scope = |change: &dyn Fn(&mut Scope)| {
        let mut scope = Scope::default();
        change(&mut scope);
        scope
    };
    let named = |text: &str| vec![text.to_owned()];
    let mut promotions: Vec<Promotion> = [
        only("a"),
        scope(&|scope| scope.categories = named("Food > Bread")),
        scope(&|scope| scope.brands = named("Acme")),
        scope(&|scope| scope.tags = named("green")),
        scope(&|scope| scope.products = named("jar")),
        scope(&|scope| scope.unit_price_min = Some(800)),
        scope(&|scope| scope.categories = named("Drinks")),
        only("zzz"),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, scope)| {
        let mut rule = promotion(&format!("p{index}"), percent("5", scope));
        rule.group = Some(rule.id.clone());
        rule
    })
    .collect();
    promotions[7].coupon = Some("X1".to_owned());
    let mut other = promotion("p8", order_amount(50));
    other.coupon = Some("X2".to_owned());
    promotions.push(other);
    let book = PromotionBook::new(promotions);
    assert_eq!(book.candidates(&basket), [0, 1, 2, 3, 4, 5, 7]);
    let fast = quote(&book, &basket, &OFFERCAST).unwrap();
    let full = quote_explained(&book, &basket, &OFFERCAST).unwrap();
    assert_eq!(fast.lines, full.lines);
    assert_eq!(fast.shares, full.shares);
    assert_eq!(fast.applied().len(), 6);
}

#[test]
fn baskets_out_of_bounds_are_refused() {
    let refused = |basket: &Basket| {
        quote(&PromotionBook::default(), basket, &OFFERCAST).expect_err("refused")
    };
    assert_eq!(
        refused(&basket(&[("a", 1, 0)])),
        QuoteError::Quantity { line: 0 }
    );
    let sku = "a".to_owned();
    assert_eq!(
        refused(&basket(&[("a", -1, 1)])),
        QuoteError::NegativePrice { sku }
    );
    assert_eq!(
        refused(&basket(&[("a", i64::MAX, 2)])),
        QuoteError::TooLarge
    );
    assert_eq!(refused(&basket(&[("a", 0, i64::MAX)])), QuoteError::TooMany);
    let mut dangling = basket(&[("a", 1, 1)]);
    dangling.lines[0].product = 7;
    assert_eq!(refused(&dangling), QuoteError::UnknownProduct { line: 0 });
}

#[test]
fn exact_numbers_parse_round_and_print() {
    for (text, mode, expected) in [
        ("2.5", Whole::HalfUp, "3"),
        ("2.5", Whole::HalfDown, "2"),
        ("2.5", Whole::HalfEven, "2"),
        ("3.5", Whole::HalfEven, "4"),
        ("-2.5", Whole::HalfUp, "-3"),
        ("-2.5", Whole::HalfDown, "-2"),
        ("-2.5", Whole::Floor, "-3"),
        ("-2.5", Whole::Down, "-2"),
        ("-2.5", Whole::Up, "-3"),
        ("2.1", Whole::Up, "3"),
        ("2.9", Whole::Down, "2"),
    ] {
        let rounded = Exact::parse(text).unwrap().round(mode);
        assert_eq!(rounded.to_decimal(), expected, "{text} {mode:?}");
    }
    for text in [
        "",
        ".",
        "-",
        "1.2.3",
        "1e3",
        "+1",
        "1.1234567",
        "1234567890123",
    ] {
        assert_eq!(Exact::parse(text), None, "{text}");
    }
    assert_eq!(Exact::new(2).over(Exact::new(3)).to_decimal(), "0.666667");
}

#[test]
fn a_check_reports_differences_and_stops_at_a_malformed_line() {
    let case = |id: &str, total: i64| {
        format!(
            r#"{{"id":"{id}","kind":"basket","peer":"sylius","input":{{"products":[{{"sku":"s","price":250}}],"lines":[{{"sku":"s","qty":2}}]}},"expected":{{"total":{total}}}}}"#
        )
    };
    let text = format!("{}\n\n{}\n", case("right", 500), case("wrong", 501));
    let mut out = Vec::new();
    let summary = check(text.as_bytes(), &mut out).unwrap();
    assert_eq!((summary.passed, summary.failed), (1, 1));
    let report = String::from_utf8(out).unwrap();
    assert!(
        report.contains("wrong\n  total: expected 501, computed 500"),
        "{report}"
    );
    assert!(report.ends_with("1 passed, 1 failed\n"), "{report}");

    let broken = format!("{}\n{{\"id\": 3", case("right", 500));
    let error = check(broken.as_bytes(), &mut Vec::new()).expect_err("malformed");
    assert!(
        matches!(error, CheckError::Malformed { line: 2, .. }),
        "{error}"
    );
    assert!(error.to_string().starts_with("line 2: "), "{error}");
}

#[test]
fn nothing_passes_because_it_was_not_understood() {
    let lines = [
        // An unknown key of the result, peer, kind, action and condition.
        r#"{"id":"1","kind":"basket","peer":"sylius","input":{},"expected":{"karma":1}}"#,
        r#"{"id":"2","kind":"basket","peer":"nobody","input":{},"expected":{"total":0}}"#,
        r#"{"id":"3","kind":"dance","peer":"sylius","input":{},"expected":{"total":0}}"#,
        r#"{"id":"4","kind":"basket","peer":"sylius","input":{"promotions":[{"id":"p","kind":"cart","actions":[{"type":"wish"}]}]},"expected":{"total":0}}"#,
        r#"{"id":"5","kind":"basket","peer":"sylius","input":{"promotions":[{"id":"p","kind":"cart","conditions":[{"type":"full_moon"}]}]},"expected":{"total":0}}"#,
        r#"{"id":"6","kind":"basket","peer":"sylius","input":{"promotions":[{"id":"p","kind":"cart","surprise":1}]},"expected":{"total":0}}"#,
    ];
    let summary = check(lines.join("\n").as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!((summary.passed, summary.failed), (0, lines.len()));
    for name in [
        "sylius",
        "vendure",
        "medusa",
        "saleor",
        "solidus",
        "oscar",
        "woocommerce",
    ] {
        assert!(by_name(name).is_some(), "{name}");
    }
}

/// What each preset is known for, with our own numbers.
#[test]
fn presets_do_what_their_systems_are_known_for() {
    let mut report = Vec::new();
    let summary = check(include_bytes!("presets.jsonl").as_slice(), &mut report).unwrap();
    assert_eq!(summary.failed, 0, "{}", String::from_utf8_lossy(&report));
    assert!(summary.passed > 20, "{}", summary.passed);
}
