//! One small table per setting: the same basket and promotions, the setting
//! turned, the numbers worked out by hand.

use super::make::{
    basket, from_total, item, only, order_amount, order_percent, payable, percent, promotion,
    quoted,
};
use crate::quote::allocate;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{
    Allocation, Exclusivity, Grouping, Judged, Levels, Policy, RoundAt, RoundMode, RoundOf,
    Rounding, Sequence, Spare, Stacking, WeightBy, ZeroWeights,
};
use crate::quote::preset::OFFERCAST;
use crate::quote::promotion::{Mechanic, Promotion, Scope, Value};

/// Exact sequential arithmetic, so that only the setting under test shows.
pub(super) const PLAIN: Policy = Policy {
    items: Stacking::Compound,
    item_rounding: Rounding {
        of: RoundOf::Discount,
        at: RoundAt::Line,
        mode: RoundMode::Exact,
    },
    order_rounding: RoundMode::Exact,
    sequence: Sequence::Listed,
    levels: Levels::Mixed,
    ..OFFERCAST
};

fn all() -> Scope {
    Scope::default()
}

#[test]
fn stacking_of_item_percentages() {
    let basket = basket(&[("a", 1_000, 2)]);
    let promotions = [
        promotion("ten", percent("10", all())),
        promotion("thirty", percent("30", all())),
    ];
    for (stacking, expected) in [
        (Stacking::Compound, "1260"),
        (Stacking::Additive, "1200"),
        (Stacking::BestOnly, "1400"),
        (Stacking::BestPerGroup, "1400"),
        (Stacking::First, "1800"),
    ] {
        let policy = Policy {
            items: stacking,
            ..PLAIN
        };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), [expected], "{stacking:?}");
    }
}

#[test]
fn best_of_a_group_is_chosen_for_each_line_and_groups_follow_each_other() {
    let basket = basket(&[("a", 1_000, 1), ("b", 2_000, 1)]);
    let mut promotions = [
        promotion("a-fifth", percent("20", only("a"))),
        promotion("tenth", percent("10", all())),
        promotion("club", percent("50", all())),
    ];
    promotions[2].group = Some("club".to_owned());
    let policy = Policy {
        items: Stacking::BestPerGroup,
        grouping: Grouping::ByName,
        ..PLAIN
    };
    // a: 1000 - 20 % = 800, then half; b: 2000 - 10 % = 1800, then half.
    assert_eq!(
        payable(&quoted(&basket, &promotions, &policy)),
        ["400", "900"]
    );
    let one_lane = Policy {
        grouping: Grouping::ByPriority,
        ..policy
    };
    assert_eq!(
        payable(&quoted(&basket, &promotions, &one_lane)),
        ["500", "1000"]
    );
}

#[test]
fn sequence_decides_what_a_percentage_is_taken_of() {
    let basket = basket(&[("a", 1_000, 1)]);
    let mut amount = promotion("amount", item(Value::Amount(100), all()));
    amount.priority = Some(1);
    let mut half = promotion("half", percent("50", all()));
    half.priority = Some(9);
    let promotions = [amount, half];
    for (sequence, expected) in [(Sequence::Priority, "400"), (Sequence::Listed, "450")] {
        let policy = Policy { sequence, ..PLAIN };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), [expected], "{sequence:?}");
    }
}

#[test]
fn thresholds_last_and_buy_get_first_reorder() {
    let basket = basket(&[("a", 1_000, 2)]);
    let mut threshold = promotion("threshold", order_percent("50"));
    threshold.conditions = vec![from_total(1_500)];
    let free = promotion(
        "free",
        Mechanic::BuyGet {
            buy: 1,
            buy_scope: all(),
            get: 1,
            get_scope: all(),
            percent: Exact::new(100),
            max_sets: None,
        },
    );
    let promotions = [threshold, free];
    let base = Policy {
        judged: Judged::Running,
        ..PLAIN
    };
    for (sequence, expected) in [
        // Half of 2000, then one unit's full price off: nothing is left.
        (Sequence::Listed, "0"),
        // One free first, and 1000 is below the threshold.
        (Sequence::ThresholdsLast, "1000"),
        (Sequence::BuyGetFirst, "1000"),
    ] {
        let policy = Policy { sequence, ..base };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), [expected], "{sequence:?}");
    }
}

#[test]
fn items_first_takes_the_order_percentage_of_what_is_left() {
    let basket = basket(&[("a", 1_000, 1)]);
    let promotions = [
        promotion("order", order_percent("50")),
        promotion("item", item(Value::Amount(200), all())),
    ];
    for (levels, expected) in [(Levels::Mixed, "300"), (Levels::ItemsFirst, "400")] {
        let policy = Policy { levels, ..PLAIN };
        assert_eq!(payable(&quoted(&basket, &promotions, &policy)), [expected]);
    }
}

#[test]
fn line_by_line_a_line_falls_out_of_a_running_threshold() {
    let basket = basket(&[("a", 600, 1), ("b", 600, 1)]);
    let mut half = promotion("half", percent("50", all()));
    half.conditions = vec![from_total(1_000)];
    let policy = Policy {
        levels: Levels::ItemsFirst,
        judged: Judged::Running,
        ..PLAIN
    };
    assert_eq!(
        payable(&quoted(&basket, &[half.clone()], &policy)),
        ["300", "300"]
    );
    let in_turn = Policy {
        items_line_by_line: true,
        ..policy
    };
    assert_eq!(payable(&quoted(&basket, &[half], &in_turn)), ["300", "600"]);
}

#[test]
fn exclusivity_removes_keeps_lines_or_is_ignored() {
    let basket = basket(&[("a", 1_000, 1), ("b", 1_000, 1)]);
    let usual = promotion("usual", percent("10", all()));
    let mut alone = promotion("alone", percent("30", only("a")));
    alone.exclusive = true;
    let promotions = [usual, alone];
    for (exclusivity, expected) in [
        (Exclusivity::Ignored, ["630", "900"]),
        (Exclusivity::RemovesOthers, ["700", "1000"]),
        (Exclusivity::PerLine, ["900", "900"]),
    ] {
        let policy = Policy {
            exclusivity,
            ..PLAIN
        };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), expected, "{exclusivity:?}");
    }
}

#[test]
fn rounding_by_unit_line_or_promotion_and_of_price_or_discount() {
    // 5 % of 1.10 is 5.5: by unit, by line of three (16.5), or of both lines
    // (27.5).
    let basket = basket(&[("a", 110, 3), ("b", 110, 2)]);
    let promotions = [promotion("five", percent("5", all()))];
    let round = |of, at, mode| Policy {
        item_rounding: Rounding {
            of,
            at,
            mode: RoundMode::To(mode),
        },
        ..PLAIN
    };
    for (of, at, mode, expected) in [
        (
            RoundOf::Discount,
            RoundAt::Unit,
            Whole::HalfUp,
            ["312", "208"],
        ),
        (
            RoundOf::Discount,
            RoundAt::Unit,
            Whole::HalfDown,
            ["315", "210"],
        ),
        (
            RoundOf::Discount,
            RoundAt::Unit,
            Whole::HalfEven,
            ["312", "208"],
        ),
        (RoundOf::Price, RoundAt::Unit, Whole::HalfUp, ["315", "210"]),
        (
            RoundOf::Discount,
            RoundAt::Line,
            Whole::HalfUp,
            ["313", "209"],
        ),
        (
            RoundOf::Discount,
            RoundAt::Line,
            Whole::Down,
            ["314", "209"],
        ),
        (RoundOf::Price, RoundAt::Line, Whole::Down, ["313", "209"]),
        (
            RoundOf::Discount,
            RoundAt::Promotion,
            Whole::HalfUp,
            ["312", "210"],
        ),
        (
            RoundOf::Discount,
            RoundAt::Promotion,
            Whole::HalfDown,
            ["313", "210"],
        ),
    ] {
        let quote = quoted(&basket, &promotions, &round(of, at, mode));
        let got = payable(&quote);
        // 27.5 rounds to 28 or 27; the lines get 16 + 11 and the first of
        // them the cent left over.
        let expected: Vec<&str> = match (at, mode) {
            (RoundAt::Promotion, Whole::HalfUp) => vec!["313", "209"],
            (RoundAt::Promotion, _) => vec!["314", "209"],
            _ => expected.to_vec(),
        };
        assert_eq!(got, expected, "{of:?} {at:?} {mode:?}");
    }
    assert_eq!(
        payable(&quoted(&basket, &promotions, &PLAIN)),
        ["313.5", "209"]
    );
}

#[test]
fn spare_cents_go_where_the_rule_says() {
    let weights = [Exact::new(1), Exact::new(1), Exact::new(4)];
    let rule = |share, spare| Allocation {
        share,
        spare,
        ..OFFERCAST.allocation
    };
    // 100 over 1:1:4 is 16.67, 16.67, 66.67.
    for (share, spare, expected) in [
        (Whole::Floor, Spare::First, ["17", "17", "66"]),
        (Whole::Floor, Spare::CarriedToFirst, ["17", "17", "66"]),
        (Whole::Floor, Spare::Last, ["16", "16", "68"]),
        (Whole::HalfUp, Spare::Last, ["17", "17", "66"]),
        (Whole::Floor, Spare::LargestRemainder, ["17", "17", "66"]),
        (
            Whole::Floor,
            Spare::None,
            ["16.666667", "16.666667", "66.666666"],
        ),
    ] {
        let parts = allocate(&rule(share, spare), Exact::new(100), &weights, None);
        let texts: Vec<String> = parts.iter().map(|part| part.to_decimal()).collect();
        assert_eq!(texts, expected, "{share:?} {spare:?}");
        assert_eq!(parts.into_iter().sum::<Exact>(), Exact::new(100));
    }
    // 238 over 1:25:44:14:28 is 2.1, 53.1, 93.5, 29.75, 59.5: from the last,
    // 59 of 238, 29 of 179, 94 of 150, 53 of 56, and 3.
    let weights = [1, 25, 44, 14, 28].map(Exact::new);
    let parts = allocate(
        &rule(Whole::Floor, Spare::CarriedToFirst),
        Exact::new(238),
        &weights,
        None,
    );
    assert_eq!(parts, [3, 53, 94, 29, 59].map(Exact::new));
    // 10 over 2:3:3 is 2.5, 3.75, 3.75: the larger fractions come first.
    let weights = [Exact::new(2), Exact::new(3), Exact::new(3)];
    let parts = allocate(
        &rule(Whole::Floor, Spare::LargestRemainder),
        Exact::new(10),
        &weights,
        None,
    );
    assert_eq!(parts, [Exact::new(2), Exact::new(4), Exact::new(4)]);
}

#[test]
fn zero_weights_share_evenly_or_get_nothing() {
    let zero = [Exact::ZERO, Exact::ZERO, Exact::ZERO];
    for (rule, expected) in [
        (ZeroWeights::Even, [3, 2, 2]),
        (ZeroWeights::Nothing, [0, 0, 0]),
    ] {
        let rule = Allocation {
            zero: rule,
            ..OFFERCAST.allocation
        };
        let parts = allocate(&rule, Exact::new(7), &zero, None);
        assert_eq!(parts, expected.map(Exact::new));
    }
}

#[test]
fn weights_are_value_value_with_tax_or_units() {
    let mut basket = basket(&[("a", 100, 3), ("b", 300, 1)]);
    basket.products[0].tax_percent = Some(Exact::new(0));
    basket.products[1].tax_percent = Some(Exact::new(50));
    let promotions = [promotion("off", order_amount(100))];
    for (weight, expected) in [
        (WeightBy::Value, ["250", "250"]),
        (WeightBy::ValueWithTax, ["260", "240"]),
        (WeightBy::Units, ["225", "275"]),
    ] {
        let policy = Policy {
            allocation: Allocation {
                weight,
                ..OFFERCAST.allocation
            },
            ..PLAIN
        };
        let quote = quoted(&basket, &promotions, &policy);
        assert_eq!(payable(&quote), expected, "{weight:?}");
    }
}

#[test]
fn what_does_not_fit_above_a_floor_moves_or_is_lost() {
    let mut basket = basket(&[("a", 1_000, 1), ("b", 1_000, 1)]);
    basket.products[0].floor_minor = 900;
    let promotions = [promotion("off", order_amount(600))];
    for (redistribute, expected) in [(true, ["900", "500"]), (false, ["900", "700"])] {
        let policy = Policy {
            allocation: Allocation {
                redistribute,
                ..OFFERCAST.allocation
            },
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&basket, &promotions, &policy)), expected);
    }
}

#[test]
fn negative_adjustments_turn_ties_around() {
    let basket = basket(&[("a", 500, 1), ("b", 500, 1)]);
    let promotions = [promotion("off", order_amount(101))];
    for (negative, expected) in [(false, ["449", "450"]), (true, ["450", "449"])] {
        let policy = Policy {
            allocation: Allocation {
                negative,
                ..OFFERCAST.allocation
            },
            ..PLAIN
        };
        assert_eq!(payable(&quoted(&basket, &promotions, &policy)), expected);
    }
}

#[test]
fn a_threshold_met_exactly_counts_or_not() {
    let basket = basket(&[("a", 500, 2)]);
    let mut off = promotion("off", order_amount(100));
    off.conditions = vec![from_total(1_000)];
    for (inclusive, expected) in [(true, "900"), (false, "1000")] {
        let policy = Policy { inclusive, ..PLAIN };
        assert_eq!(
            payable(&quoted(&basket, &[off.clone()], &policy)),
            [expected]
        );
    }
}

#[test]
fn thresholds_are_judged_on_three_totals() {
    let basket = basket(&[("a", 1_000, 1)]);
    let mut last = promotion("last", order_amount(10));
    let promotions = |last: &Promotion| {
        [
            promotion("item", item(Value::Amount(200), all())),
            promotion("order", order_amount(300)),
            last.clone(),
        ]
    };
    for (threshold, judged, expected) in [
        (1_000, Judged::Undiscounted, "490"),
        (1_000, Judged::AfterItems, "500"),
        (800, Judged::AfterItems, "490"),
        (800, Judged::Running, "500"),
        (500, Judged::Running, "490"),
    ] {
        last.conditions = vec![from_total(threshold)];
        let policy = Policy { judged, ..PLAIN };
        let quote = quoted(&basket, &promotions(&last), &policy);
        assert_eq!(payable(&quote), [expected], "{threshold} {judged:?}");
    }
}
