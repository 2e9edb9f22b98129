//! Tiers, audiences and floors, with numbers that can be checked by hand.

use offercast_contract::Terms;

use super::*;
use crate::resolve::{FloorRule, Reason, Subject, for_readers};

/// `audience:gold+quantity:6 800` for each conditional price.
fn conditional(terms: &Terms) -> Vec<String> {
    let mut texts: Vec<String> = terms
        .conditional
        .iter()
        .map(|price| format!("{} {}", price.condition, price.amount.minor()))
        .collect();
    texts.sort();
    texts
}

fn tier(amount_minor: i64, from: &str) -> PriceRow {
    regular(amount_minor).at_least(from)
}

#[test]
fn tiers_stand_beside_the_price_of_one() {
    let shop = case([regular(1_000), tier(900, "6"), tier(800, "12")]);
    assert_eq!(shop.price(), 1_000);
    assert_eq!(
        conditional(&shop.terms()),
        ["quantity:12 800", "quantity:6 900"]
    );
}

#[test]
fn a_dearer_tier_is_no_benefit() {
    let shop = case([
        regular(1_000),
        tier(900, "6"),
        tier(950, "12"),
        tier(700, "24"),
    ]);
    assert_eq!(
        conditional(&shop.terms()),
        ["quantity:24 700", "quantity:6 900"]
    );
    let rules = shop.with(|input| explain(input, at(1)));
    let dear = rules.iter().find(|rule| {
        matches!(
            rule.subject,
            Subject::Price {
                amount_minor: 950,
                ..
            }
        )
    });
    assert_eq!(dear.unwrap().reason, Reason::NotLower);
}

#[test]
fn the_smallest_quantity_sold_pays_the_unconditional_price() {
    let mut shop = case([regular(1_000), tier(900, "6"), tier(800, "12")]);
    shop.smallest_quantity = "6".parse().unwrap();
    assert_eq!(shop.price(), 900);
    assert_eq!(conditional(&shop.terms()), ["quantity:12 800"]);
    // Without a price for the smallest quantity it is not sold.
    assert_eq!(case([tier(900, "6")]).terms_at(at(1)), None);
}

#[test]
fn place_goes_before_audience_and_audience_before_quantity() {
    let shop = case([
        regular(1_000),
        tier(700, "6"),
        regular(950).in_zone("store"),
    ]);
    assert_eq!((shop.price(), shop.terms().conditional.len()), (950, 0));
    let rows = [
        regular(1_000),
        regular(900).for_whom("gold"),
        tier(880, "6"),
    ];
    let shop = case(rows);
    assert_eq!(
        conditional(&shop.terms()),
        ["audience:gold 900", "quantity:6 880"]
    );
    // Members have what the label says to everyone.
    let gold = shop.seen_by("gold");
    assert_eq!(gold.price(), 900);
    assert_eq!(conditional(&gold.terms()), ["quantity:6 880"]);
}

#[test]
fn the_tiers_of_members_stand_beside_those_of_everyone() {
    let shop = case([
        regular(1_000),
        tier(900, "6"),
        regular(950).for_whom("gold"),
        tier(850, "6").for_whom("gold"),
        tier(920, "3").for_whom("gold"),
    ]);
    assert_eq!(
        conditional(&shop.terms()),
        [
            "audience:gold 950",
            "audience:gold+quantity:3 920",
            "audience:gold+quantity:6 850",
            "quantity:6 900"
        ]
    );
    assert_eq!(
        conditional(&shop.seen_by("gold").terms()),
        ["quantity:3 920", "quantity:6 850"]
    );
}

#[test]
fn a_sale_takes_no_tier_away() {
    let shop = case([regular(1_000), tier(700, "6"), special(800)]);
    assert_eq!(shop.price(), 800);
    assert_eq!(conditional(&shop.terms()), ["quantity:6 700"]);
    let deeper = case([regular(1_000), tier(900, "6"), special(800)]);
    assert!(deeper.terms().conditional.is_empty());
    let special_tier = case([regular(1_000), special(800), special(600).at_least("6")]);
    assert_eq!(conditional(&special_tier.terms()), ["quantity:6 600"]);
}

#[test]
fn offers_apply_to_each_tier_from_its_own_price() {
    let tenth = offer("tenth", Effect::PercentOff(1_000));
    let shop = case([regular(1_000), tier(900, "6")]).offers([tenth]);
    assert_eq!(shop.price(), 900);
    assert_eq!(conditional(&shop.terms()), ["quantity:6 810"]);
    // A fixed price below the tiers leaves nothing to gain by quantity.
    let fixed = offer("fixed", Effect::FixedPrice(500));
    let shop = case([regular(1_000), tier(900, "6")]).offers([fixed]);
    assert_eq!((shop.price(), shop.terms().conditional.len()), (500, 0));
}

#[test]
fn an_offer_stops_at_the_floor_and_says_which() {
    let half = offer("half", Effect::PercentOff(5_000));
    let shop = case([regular(1_000), price(PriceKind::Floor, 600)]).offers([half]);
    assert_eq!((shop.price(), shop.terms().offers.len()), (1_000, 0));
    let rules = shop.with(|input| explain(input, at(1)));
    let refused = |rules: &[crate::resolve::Considered]| {
        let found = rules
            .iter()
            .find(|rule| matches!(rule.subject, Subject::Offer { .. }));
        found.unwrap().reason.clone()
    };
    let rule = FloorRule::Price;
    assert_eq!(
        refused(&rules),
        Reason::FloorReached {
            floor_minor: Some(600),
            rule
        }
    );
    let told = for_readers(rules);
    assert_eq!(
        refused(&told),
        Reason::FloorReached {
            floor_minor: None,
            rule
        }
    );
    assert!(!format!("{told:?}").contains("600"), "{told:?}");
}

#[test]
fn a_floor_may_be_lower_from_a_quantity_on() {
    let half = offer("half", Effect::PercentOff(5_000));
    let shop = case([
        regular(1_000),
        price(PriceKind::Floor, 600),
        price(PriceKind::Floor, 400).at_least("100"),
    ]);
    let shop = shop.offers([half]);
    assert_eq!(shop.price(), 1_000);
    assert_eq!(conditional(&shop.terms()), ["quantity:100 500"]);
}

#[test]
fn the_cost_bounds_the_price_and_is_told_to_nobody() {
    // 25 % tax included: cost 400 and a margin of 20 % need 500 net, 625 shown.
    let mut shop = case([regular(1_000), price(PriceKind::Cost, 400)]);
    shop.floors.minimum_margin_bp = Some(2_000);
    let at_price = |fixed| {
        let shop = shop
            .clone()
            .offers([offer("fixed", Effect::FixedPrice(fixed))]);
        shop.price()
    };
    assert_eq!((at_price(625), at_price(624)), (625, 1_000));
    let rules = shop.with(|input| explain(input, at(1)));
    assert!(!format!("{rules:?}").contains("Cost"), "{rules:?}");
}

#[test]
fn a_row_below_the_floor_counts_as_the_floor() {
    let shop = case([regular(1_000), special(500), price(PriceKind::Floor, 600)]);
    assert_eq!(shop.price(), 600);
}
