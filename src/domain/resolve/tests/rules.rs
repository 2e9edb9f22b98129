use offercast_contract::Horizon;
use offercast_contract::projection::unit_price_text;

use super::*;
use crate::resolve::{Reason, Subject, plausible_pack};

fn percents(terms: &Terms) -> (Option<i64>, Option<i64>, Option<u8>) {
    (
        terms.regular.map(|amount| amount.minor()),
        terms.prior.map(|amount| amount.minor()),
        terms.reduction_percent,
    )
}

#[test]
fn the_most_specific_place_wins_before_the_audience() {
    let rows = [
        regular(500),
        regular(450).in_zone("region"),
        regular(440).in_zone("store"),
        regular(1).in_zone("elsewhere"),
    ];
    assert_eq!(case(rows.clone()).price(), 440);
    assert_eq!(case(rows[..2].to_vec()).price(), 450);
    let card = regular(300).for_whom("card");
    let with_card = [rows.to_vec(), vec![card]].concat();
    assert_eq!(case(with_card).seen_by("card").price(), 440);
}

#[test]
fn special_holds_instead_of_regular_and_without_either_nothing_is_sold() {
    assert_eq!(case([regular(500), special(400)]).price(), 400);
    assert_eq!(case([special(400)]).price(), 400);
    assert_eq!(case([prior(400)]).terms_at(at(1)), None);
    assert_eq!(case([regular(500)]).terms_at(at(-1)), None);
    let ended = regular(500).during(at(0), at(1));
    assert_eq!(case([ended]).terms_at(at(1)), None, "the end is exclusive");
}

#[test]
fn a_percentage_rounds_the_resulting_price_half_up() {
    // 0.99 - 50 % = 0.495, half up 0.50; 9.99 - 33.33 % = 6.660333.
    for (price, basis_points, expected) in [(99, 5_000, 50), (999, 3_333, 666), (1_000, 1, 1_000)] {
        let offer = offer("a", Effect::PercentOff(basis_points));
        assert_eq!(case([regular(price)]).offers([offer]).price(), expected);
    }
}

#[test]
fn an_offer_that_lowers_nothing_or_too_much_does_not_apply() {
    for effect in [
        Effect::AmountOff(500),
        Effect::FixedPrice(500),
        Effect::FixedPrice(600),
    ] {
        let terms = case([regular(500)]).offers([offer("a", effect)]).terms();
        assert_eq!((terms.price.minor(), terms.offers.len()), (500, 0));
    }
    // 0.01 - 99.99 % rounds to nothing.
    let nearly_free = offer("a", Effect::PercentOff(9_999));
    assert_eq!(case([regular(1)]).offers([nearly_free]).price(), 1);
    let cent_left = offer("a", Effect::AmountOff(499));
    assert_eq!(case([regular(500)]).offers([cent_left]).price(), 1);
}

#[test]
fn the_highest_priority_then_the_lowest_price_then_the_id_is_taken() {
    let mut first = offer("z", Effect::AmountOff(10));
    first.priority = 1;
    let offers = [
        offer("b", Effect::AmountOff(100)),
        offer("a", Effect::FixedPrice(400)),
        offer("c", Effect::AmountOff(90)),
    ];
    let taken = case([regular(500)]).offers(offers.clone()).terms();
    assert_eq!(taken.offers[0].id.as_str(), "a");
    let taken = case([regular(500)]).offers(offers).offers([first]).terms();
    assert_eq!(
        (taken.price.minor(), taken.offers[0].id.as_str()),
        (490, "z")
    );
    assert_eq!(taken.offers[0].label_in(&"hr".parse().unwrap()), "z label");
}

#[test]
fn offers_look_at_place_target_and_exclusions() {
    let mut elsewhere = offer("a", Effect::AmountOff(1));
    elsewhere.zones = vec![zone("elsewhere")];
    let mut region = offer("b", Effect::AmountOff(2));
    region.zones = vec![zone("region")];
    region.target.include = vec![category("food"), category("drinks")];
    let mut other = offer("c", Effect::AmountOff(3));
    other.target.include = vec![category("foo")];
    let mut excluded = offer("d", Effect::AmountOff(4));
    excluded.target.exclude = vec![Selector::Brand("Z Bregov".to_owned())];
    let shop = case([regular(500)]).offers([elsewhere, region, other, excluded]);
    assert_eq!(shop.price(), 498);
    let reasons: Vec<Reason> = shop
        .with(|input| explain(input, at(1)))
        .into_iter()
        .filter(|rule| matches!(rule.subject, Subject::Offer { .. }))
        .map(|rule| rule.reason)
        .collect();
    let expected = [
        Reason::Excluded,
        Reason::NotTargeted,
        Reason::Applied,
        Reason::OtherPlace,
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_lower_price_of_another_audience_stands_beside_that_of_everyone() {
    let mut members = offer("m", Effect::PercentOff(1_000));
    members.audience = Audience::parse("gold").unwrap();
    let rows = [
        regular(1_000),
        regular(950).for_whom("card"),
        regular(1_200).for_whom("staff"),
    ];
    let shop = case(rows).offers([members]);
    let shown: Vec<(String, i64)> = shop
        .terms()
        .conditional
        .iter()
        .map(|price| {
            let Some(audience) = &price.condition.audience else {
                panic!("not an audience");
            };
            (audience.to_string(), price.amount.minor())
        })
        .collect();
    // The higher price of the staff is no advantage and not shown.
    assert_eq!(shown, [("gold".to_owned(), 900), ("card".to_owned(), 950)]);
    let gold = shop.seen_by("gold").terms();
    assert_eq!((gold.price.minor(), gold.conditional.len()), (900, 0));
}

#[test]
fn reductions_are_claimed_only_where_they_are_true() {
    let claims = |rows: Vec<PriceRow>| percents(&case(rows).terms());
    // No reduction, nothing to claim, even with a prior price on file.
    assert_eq!(claims(vec![regular(500)]), (None, None, None));
    assert_eq!(claims(vec![regular(500), prior(600)]), (None, None, None));
    // From the regular price: 500 to 399 is 20.2 %.
    let rows = vec![regular(500), special(399)];
    assert_eq!(claims(rows), (Some(500), None, Some(20)));
    // The percentage counts from the prior price (C-330/23): 450 to 399.
    let rows = vec![regular(500), special(399), prior(450)];
    assert_eq!(claims(rows), (Some(500), Some(450), Some(11)));
    // Not below the prior price: it is shown, and nothing is claimed.
    for prior_price in [399, 380] {
        let rows = vec![regular(500), special(399), prior(prior_price)];
        assert_eq!(claims(rows), (None, Some(prior_price), None));
    }
    // Regular unknown: nothing is struck through, no percentage is shown.
    let rows = vec![special(399), prior(450)];
    assert_eq!(claims(rows), (None, Some(450), None));
    assert_eq!(claims(vec![special(399)]), (None, None, None));
    // Below one percent there is no percentage.
    let rows = vec![regular(10_000), special(9_901)];
    assert_eq!(claims(rows), (Some(10_000), None, None));
}

#[test]
fn unit_prices_need_a_plausible_pack() {
    let per = |shop: &Case| shop.terms().unit_price.map(unit_price_text);
    let bottle = case([regular(285)]).pack("0.25", MeasureUnit::Kilogram);
    assert_eq!(per(&bottle).as_deref(), Some("11.40/1 kg"));
    // 0.99 / 0.41 = 2.4146; 1.49 / 12 = 0.124.
    let can = case([regular(99)]).pack("0.41", MeasureUnit::Litre);
    assert_eq!(per(&can).as_deref(), Some("2.41/1 l"));
    let dozen = case([regular(149)]).pack("12", MeasureUnit::Piece);
    assert_eq!(per(&dozen).as_deref(), Some("0.12/1 piece"));
    let absurd = case([regular(149)]).pack("60.02", MeasureUnit::Piece);
    assert_eq!(per(&absurd), None);
    let one = case([regular(149)]).pack("1", MeasureUnit::Piece);
    assert_eq!(per(&one), None);
    let mut loose = case([regular(399)]).pack("1.5", MeasureUnit::Kilogram);
    loose.sale_unit = SaleUnit::Kilogram;
    assert_eq!(per(&loose).as_deref(), Some("3.99/1 kg"));
    let mut hour = case([regular(4_000)]);
    hour.sale_unit = SaleUnit::Hour;
    assert_eq!(per(&hour), None);
    let tonnes = Measure {
        quantity: "1000.5".parse().unwrap(),
        unit: MeasureUnit::Kilogram,
    };
    assert!(plausible_pack(tonnes, SaleUnit::Piece).is_err());
    assert!(plausible_pack(tonnes, SaleUnit::Litre).is_err());
}

#[test]
fn deposit_tax_and_anchor_follow_the_market() {
    let mut shop = case([regular(500), price(PriceKind::Anchor, 520)]);
    shop.deposit_class = Some("bottle");
    let terms = shop.terms();
    assert_eq!(terms.deposit.unwrap().to_string(), "0.07");
    assert_eq!((terms.tax.included, terms.tax.rate_bp), (true, 2_500));
    assert_eq!(terms.references[0].kind, "anchor");
    assert_eq!(terms.references[0].amount.minor(), 520);
    shop.deposit_class = Some("none");
    assert_eq!(shop.terms().deposit, None);
}

#[test]
fn a_scheduled_discount_is_a_segment() {
    let mut friday = offer("friday", Effect::PercentOff(2_000));
    friday.valid_from = at(3).into();
    friday.valid_until = Some(at(4).into());
    let shop = case([regular(1_000)]).offers([friday]);
    let line = shop.with(|input| timeline(input, Horizon::containing(at(1))));
    let shown: Vec<(Option<Instant>, i64)> = line
        .segments()
        .iter()
        .map(|segment| (segment.from, segment.terms.as_ref().unwrap().price.minor()))
        .collect();
    let expected = [(None, 1_000), (Some(at(3)), 800), (Some(at(4)), 1_000)];
    assert_eq!(shown, expected);
}

#[test]
fn every_row_is_explained() {
    let rows = [
        regular(500),
        special(400),
        special(420).in_zone("elsewhere"),
        special(300).for_whom("card"),
        special(390).during(at(5), at(6)),
    ];
    let rules = case(rows).with(|input| explain(input, at(1)));
    let of_amount = |wanted: i64| {
        rules.iter().find_map(|rule| match rule.subject {
            Subject::Price { amount_minor, .. } if amount_minor == wanted => {
                Some(rule.reason.clone())
            }
            _ => None,
        })
    };
    assert_eq!(of_amount(500), Some(Reason::SpecialHolds));
    assert_eq!(of_amount(400), Some(Reason::Applied));
    assert_eq!(of_amount(420), Some(Reason::OtherPlace));
    assert_eq!(of_amount(300), Some(Reason::OtherAudience));
    assert_eq!(of_amount(390), Some(Reason::NotYetValid { from: at(5) }));
}

#[test]
fn targets_look_at_labels_and_at_the_price_before_offers() {
    let tagged = |tags: &[&str]| {
        let mut shop = case([regular(1_000)]);
        shop.labels.tags = tags.iter().map(ToString::to_string).collect();
        shop.labels.attributes = BTreeMap::from([("size".to_owned(), "XL".to_owned())]);
        shop
    };
    let with = |include: Vec<Selector>, exclude: Vec<Selector>| {
        let mut made = offer("tenth", Effect::PercentOff(1_000));
        made.target.include = include;
        made.target.exclude = exclude;
        made
    };
    let tag = |text: &str| Selector::Tag(text.to_owned());
    let size = |text: &str| Selector::Attribute {
        name: "size".to_owned(),
        value: text.to_owned(),
    };
    for (made, price) in [
        (with(vec![tag("new")], vec![]), 900),
        (with(vec![tag("old")], vec![]), 1_000),
        (with(vec![size("XL")], vec![]), 900),
        (with(vec![size("S")], vec![]), 1_000),
        (with(vec![], vec![tag("new")]), 1_000),
        (with(vec![tag("new")], vec![size("XL")]), 1_000),
    ] {
        assert_eq!(tagged(&["new"]).offers([made]).price(), price);
    }
    let ranged = |min_minor, max_minor| {
        let mut made = with(vec![], vec![]);
        made.target.price = Some(PriceRange {
            max_minor,
            min_minor,
        });
        made
    };
    for (made, price) in [
        (ranged(Some(1_000), Some(1_000)), 900),
        (ranged(Some(1_001), None), 1_000),
        (ranged(None, Some(999)), 1_000),
        (ranged(None, Some(1_000)), 900),
    ] {
        assert_eq!(tagged(&[]).offers([made]).price(), price);
    }
    // It is the special price that must lie in the range where one holds.
    let cheap = case([regular(1_000), special(500)]).offers([ranged(None, Some(600))]);
    assert_eq!(cheap.price(), 450);
}

fn exclusive(id: &str, percent_bp: u32, channels: &[&str]) -> Offer {
    Offer {
        channels: channels.iter().map(|id| id.parse().unwrap()).collect(),
        exclusive_reason: Some("Launch of the app".to_owned()),
        ..offer(id, Effect::PercentOff(percent_bp))
    }
}

fn beside(shop: &Case) -> Vec<String> {
    let terms = shop.terms();
    let prices = terms.conditional.iter();
    prices
        .map(|price| format!("{} {}", price.condition, price.amount))
        .collect()
}

#[test]
fn an_exclusive_stands_beside_the_price_that_is_the_same_everywhere() {
    let shop = case([regular(1_000)]).offers([
        offer("tenth", Effect::PercentOff(1_000)),
        exclusive("app", 2_000, &["app-pl", "kiosk"]),
        exclusive("little", 500, &["mail"]),
    ]);
    assert_eq!(shop.price(), 900);
    assert_eq!(beside(&shop), ["channel:app-pl 8.00", "channel:kiosk 8.00"]);
    let why = shop.with(|input| explain(input, at(1)));
    let exclusives = why
        .iter()
        .filter(|rule| rule.reason == Reason::OtherChannel);
    assert_eq!(exclusives.count(), 2);
}

#[test]
fn an_exclusive_for_members_needs_both_conditions() {
    let members = |percent_bp| Offer {
        audience: Audience::parse("gold").unwrap(),
        ..exclusive("members", percent_bp, &["app-pl"])
    };
    let shop = case([regular(1_000), regular(950).for_whom("gold")])
        .offers([exclusive("app", 1_000, &["app-pl"]), members(3_000)]);
    assert_eq!(
        beside(&shop),
        [
            "audience:gold+channel:app-pl 6.65",
            "channel:app-pl 9.00",
            "audience:gold 9.50",
        ]
    );
    let dominated =
        case([regular(1_000)]).offers([exclusive("app", 2_000, &["app-pl"]), members(1_000)]);
    assert_eq!(beside(&dominated), ["channel:app-pl 8.00"]);
    let inside = shop.seen_by("gold");
    assert_eq!(inside.price(), 950);
    assert_eq!(beside(&inside), ["channel:app-pl 6.65"]);
}

#[test]
fn weekly_windows_are_segments_and_the_hours_between_are_explained() {
    // 2024-10-05 is a Saturday: day 1.
    let mut night = offer("night", Effect::PercentOff(1_000));
    night.weekly = serde_json::from_value(serde_json::json!([
        {"days": ["saturday"], "from": "22:00", "until": "02:00"}
    ]))
    .unwrap();
    let shop = case([regular(1_000)]).offers([night]);
    let line = shop.with(|input| timeline(input, offercast_contract::Horizon::containing(at(1))));
    let segments = line.segments().iter();
    let words: Vec<String> = segments
        .map(|segment| {
            let until = segment
                .until
                .map_or("-".to_owned(), |until| until.to_string());
            format!("{} {until}", segment.terms.as_ref().unwrap().price)
        })
        .collect();
    assert_eq!(
        words,
        [
            "10.00 2024-10-05T20:00:00Z",
            "9.00 2024-10-06T00:00:00Z",
            "10.00 2024-10-12T20:00:00Z",
            "9.00 2024-10-13T00:00:00Z",
            "10.00 -",
        ]
    );
    let why = shop.with(|input| explain(input, at(1)));
    let next = Some("2024-10-05T20:00:00Z".parse().unwrap());
    let found = why
        .iter()
        .any(|rule| rule.reason == Reason::OutsideHours { next });
    assert!(found);
}
