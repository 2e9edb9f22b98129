//! Settings about units, reduced items, codes, budgets and sets.

use super::make::{
    basket, from_total, item, order_amount, order_percent, payable, percent, percent_of_units,
    promotion, quoted,
};
use crate::quote::Reason;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{
    BudgetCheck, BuyGetRule, Consumption, CouponCase, CouponValid, Dearness, LimitedBase,
    OrderPercent, Policy, ReducedInOrder, RoundMode, Stacking,
};
use crate::quote::preset::OFFERCAST;
use crate::quote::promotion::{Budget, Condition, Limit, Mechanic, Per, Scope, UnitChoice, Value};

use super::settings::PLAIN;

fn all() -> Scope {
    Scope::default()
}

#[test]
fn which_units_are_reduced_when_limited() {
    let basket = basket(&[("small", 100, 1), ("many", 200, 5), ("dear", 700, 1)]);
    let promotions = [promotion("half", percent_of_units("50", 1))];
    for (unit_choice, expected) in [
        (UnitChoice::CheapestFirst, ["50", "1000", "700"]),
        (UnitChoice::DearestFirst, ["100", "1000", "350"]),
        (UnitChoice::LargestLineFirst, ["100", "900", "700"]),
        (UnitChoice::AsListed, ["50", "1000", "700"]),
    ] {
        let policy = Policy {
            unit_choice,
            ..PLAIN
        };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), expected, "{unit_choice:?}");
    }
    let by_value = Policy {
        unit_choice: UnitChoice::DearestFirst,
        dearness: Dearness::LineValueTimesUnits,
        ..PLAIN
    };
    assert_eq!(
        payable(&quoted(&basket, &promotions, &by_value)),
        ["100", "900", "700"]
    );
}

#[test]
fn dear_is_a_unit_a_line_or_a_line_times_its_units() {
    let basket = basket(&[("a", 300, 1), ("b", 100, 2), ("c", 310, 1), ("d", 80, 4)]);
    let promotions = [promotion("half", percent_of_units("50", 1))];
    for (dearness, expected) in [
        (Dearness::UnitPrice, ["300", "200", "155", "320"]),
        (Dearness::LineValue, ["300", "200", "310", "280"]),
        (Dearness::LineValueTimesUnits, ["300", "200", "310", "280"]),
    ] {
        let policy = Policy {
            unit_choice: UnitChoice::DearestFirst,
            dearness,
            ..PLAIN
        };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), expected, "{dearness:?}");
    }
    let two = super::make::basket(&[("a", 300, 1), ("b", 100, 2)]);
    for (dearness, expected) in [
        (Dearness::LineValue, ["150", "200"]),
        (Dearness::LineValueTimesUnits, ["300", "150"]),
    ] {
        let policy = Policy {
            unit_choice: UnitChoice::DearestFirst,
            dearness,
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&two, &promotions, &policy)), expected);
    }
}

#[test]
fn buy_get_choices() {
    let basket = basket(&[("a", 300, 2), ("b", 300, 2), ("c", 100, 3)]);
    let rule = Mechanic::BuyGet {
        buy: 2,
        buy_scope: all(),
        get: 1,
        get_scope: all(),
        percent: Exact::new(100),
        max_sets: None,
    };
    let promotions = [promotion("3 for 2", rule)];
    let usual = OFFERCAST.buy_get;
    let dear = BuyGetRule {
        choice: UnitChoice::DearestFirst,
        ..usual
    };
    for (buy_get, expected) in [
        // Cheapest first, set by set: c c buy c; a a buy b.
        (usual, ["600", "300", "200"]),
        // Dearest first: a a buy b; b c buy c.
        (dear, ["600", "300", "200"]),
        // The last of equals first, once: b b buy a.
        (
            BuyGetRule {
                last_of_equals: true,
                repeat: false,
                ..dear
            },
            ["300", "600", "300"],
        ),
    ] {
        let policy = Policy { buy_get, ..PLAIN };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), expected, "{buy_get:?}");
    }
}

#[test]
fn the_base_of_a_limited_reduction() {
    let basket = basket(&[("a", 300, 3)]);
    let promotions = [
        promotion("amount", item(Value::Amount(50), all())),
        promotion("half", percent_of_units("50", 1)),
    ];
    // 900 - 150 = 750; half of a third of 750 is 125, half of 300 - 150 is 75.
    for (limited_base, expected) in [
        (LimitedBase::Share, "625"),
        (LimitedBase::LessWholeLine, "675"),
    ] {
        let policy = Policy {
            limited_base,
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&basket, &promotions, &policy)), [expected]);
    }
}

#[test]
fn an_amount_is_per_unit_or_per_line() {
    let basket = basket(&[("a", 300, 4)]);
    for (per, expected) in [(Per::Unit, "1000"), (Per::Line, "1150")] {
        let mechanic = Mechanic::Item {
            value: Value::Amount(50),
            per,
            scope: all(),
            limit: Limit::default(),
        };
        let quote = quoted(&basket, &[promotion("off", mechanic)], &PLAIN);
        assert_eq!(payable(&quote), [expected]);
    }
}

#[test]
fn used_units_serve_a_promotion_once() {
    let basket = basket(&[("a", 400, 3), ("b", 900, 2)]);
    let mut off = promotion(
        "pair",
        Mechanic::Bundle {
            size: 2,
            price_minor: 500,
            scope: all(),
        },
    );
    off.max_applications = Some(2);
    let policy = Policy {
        items: Stacking::Additive,
        consumption: Consumption::PerPromotion,
        unit_choice: UnitChoice::CheapestFirst,
        ..PLAIN
    };
    // Two of a for 500, then one of a and one of b for 500, and one b stays.
    let quote = quoted(&basket, std::slice::from_ref(&off), &policy);
    assert_eq!(quote.totals.total, Exact::new(500 + 500 + 900));
    assert_eq!((quote.applications, quote.used_units), (2, 4));
    off.max_applications = Some(1);
    let quote = quoted(&basket, &[off], &policy);
    assert_eq!(quote.totals.total, Exact::new(500 + 400 + 1_800));
}

#[test]
fn already_reduced_items_are_left_out_or_refuse_the_order_reduction() {
    let mut basket = basket(&[("a", 1_000, 1), ("sale", 500, 1)]);
    basket.products[1].regular_minor = Some(800);
    let mut off = promotion("off", order_amount(300));
    off.applies_to_reduced = false;
    for (rule, expected) in [
        (ReducedInOrder::LeaveOut, ["700", "500"]),
        (ReducedInOrder::Refuse, ["1000", "500"]),
    ] {
        let policy = Policy {
            reduced_in_order: rule,
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&basket, &[off.clone()], &policy)), expected);
    }
    let mut each = promotion("each", percent("10", all()));
    each.applies_to_reduced = false;
    assert_eq!(payable(&quoted(&basket, &[each], &PLAIN)), ["900", "500"]);
}

#[test]
fn codes_are_compared_and_validated_as_the_policy_says() {
    let mut basket = basket(&[("a", 1_000, 1)]);
    basket.coupons = vec![" Spring".to_owned()];
    let mut off = promotion("off", order_amount(100));
    off.coupon = Some("SPRING".to_owned());
    off.conditions = vec![from_total(5_000)];
    for (coupon_case, coupon_valid, expected) in [
        (CouponCase::Insensitive, CouponValid::Exists, true),
        (CouponCase::Insensitive, CouponValid::Eligible, false),
        (CouponCase::Sensitive, CouponValid::Exists, false),
    ] {
        let policy = Policy {
            coupon_case,
            coupon_valid,
            ..PLAIN
        };
        let quote = quoted(&basket, &[off.clone()], &policy);
        assert_eq!(quote.coupons, [(" Spring".to_owned(), expected)]);
    }
    off.conditions.clear();
    assert_eq!(payable(&quoted(&basket, &[off], &PLAIN)), ["900"]);
}

#[test]
fn a_coupon_can_silence_promotions_without_code() {
    let mut basket = basket(&[("a", 1_000, 1)]);
    basket.coupons = vec!["X".to_owned()];
    let mut coded = promotion("coded", order_amount(100));
    coded.coupon = Some("X".to_owned());
    let promotions = [promotion("always", order_amount(200)), coded];
    for (silences, expected) in [(false, "700"), (true, "900")] {
        let policy = Policy {
            coupon_silences_automatic: silences,
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&basket, &promotions, &policy)), [expected]);
    }
}

#[test]
fn a_budget_stops_a_share_or_the_whole_promotion() {
    let basket = basket(&[("a", 1_000, 1), ("b", 3_000, 1)]);
    let mut half = promotion("half", percent("50", all()));
    half.budget = Some(Budget::Spend {
        limit_minor: 1_200,
        used_minor: 200,
    });
    for (budget, expected) in [
        (BudgetCheck::PerShare, ["500", "3000"]),
        (BudgetCheck::PerPromotion, ["1000", "3000"]),
    ] {
        let policy = Policy { budget, ..PLAIN };
        let quote = quoted(&basket, &[half.clone()], &policy);
        assert_eq!(payable(&quote), expected);
        let exceeded = |entry: &crate::quote::Considered| entry.reason == Reason::BudgetExceeded;
        assert!(quote.considered.iter().any(exceeded));
    }
    half.budget = Some(Budget::Usage { limit: 5, used: 5 });
    assert_eq!(payable(&quoted(&basket, &[half], &PLAIN)), ["1000", "3000"]);
}

#[test]
fn an_order_percentage_is_of_the_total_or_of_each_line() {
    // 5 % of 1.10 and 1.30: 12 of the total, 5.5 and 6.5 of the lines.
    let basket = basket(&[("a", 110, 1), ("b", 130, 1)]);
    let promotions = [promotion("five", order_percent("5"))];
    let half_up = Policy {
        order_rounding: RoundMode::To(Whole::HalfUp),
        ..PLAIN
    };
    let total = quoted(&basket, &promotions, &half_up).totals.total;
    assert_eq!(total, Exact::new(228));
    let each = Policy {
        order_percent: OrderPercent::EachLine,
        ..half_up
    };
    let total = quoted(&basket, &promotions, &each).totals.total;
    assert_eq!(total, Exact::new(227));
}

#[test]
fn mechanics_over_several_units() {
    let basket = basket(&[("a", 300, 2), ("b", 500, 2)]);
    let mut cheapest = promotion("cheapest", Mechanic::CheapestFree { scope: all() });
    cheapest.conditions = vec![Condition::Quantity {
        scope: all(),
        min: 2,
    }];
    let three_for_two = Mechanic::BuyGet {
        buy: 2,
        buy_scope: all(),
        get: 1,
        get_scope: all(),
        percent: Exact::new(100),
        max_sets: None,
    };
    let group = Mechanic::Group {
        size: 3,
        value: Value::Amount(50),
        scope: all(),
        limit: Limit::default(),
    };
    for (rule, expected) in [
        // Four units are two pairs: the two cheapest are free.
        (cheapest, ["0", "1000"]),
        // One set, the dearest first: two at 5.00 are paid, one at 3.00 is free.
        (promotion("3 for 2", three_for_two), ["300", "1000"]),
        (promotion("threes", group), ["550", "900"]),
    ] {
        let policy = Policy {
            unit_choice: UnitChoice::DearestFirst,
            ..PLAIN
        };
        let quote = quoted(&basket, std::slice::from_ref(&rule), &policy);
        assert_eq!(payable(&quote), expected, "{}", rule.id);
    }
}
