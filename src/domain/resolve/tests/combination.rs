//! The shelf and the basket come from one function, whatever the policy.

use offercast_contract::Horizon;
use proptest::prelude::*;

use super::properties::any_case;
use super::*;
use crate::quote::basket::{Basket, Line, Product as Unit};
use crate::quote::promotion::{Limit, Mechanic, Per, Promotion, Scope, Stage};
use crate::quote::{PromotionBook, quote};
use crate::resolve::{Reason, Subject, offers::value};
use crate::source::Combination;

/// The offers of the case as promotions of the catalogue stage.
fn promotions(shop: &Case) -> Vec<Promotion> {
    let mut offers: Vec<&Offer> = shop.offers.iter().collect();
    // As listed is by id.
    offers.sort_by(|a, b| a.id.cmp(&b.id));
    offers
        .into_iter()
        .filter(|offer| offer.audience == shop.audience || offer.audience.as_str() == "everyone")
        .map(|offer| Promotion {
            id: offer.id.to_string(),
            stage: Stage::Catalogue,
            priority: Some(i64::from(offer.priority)),
            group: offer.group.clone(),
            exclusive: !offer.combines,
            coupon: None,
            starts_at_us: None,
            ends_at_us: None,
            channels: None,
            applies_to_reduced: offer.applies_to_reduced,
            conditions: Vec::new(),
            mechanics: vec![Mechanic::Item {
                value: value(&offer.effect),
                per: Per::Unit,
                scope: Scope {
                    categories: offer
                        .target
                        .include
                        .iter()
                        .map(|selector| match selector {
                            Selector::Category(path) => path.replace('/', " > "),
                            other => panic!("{other:?}"),
                        })
                        .collect(),
                    ..Scope::default()
                },
                limit: Limit::default(),
            }],
            budget: None,
            max_applications: None,
        })
        .collect()
}

proptest! {
    #[test]
    fn a_basket_of_one_without_promotions_costs_what_the_shelf_says(
        shop in any_case(),
        day in 0_i64..12,
    ) {
        let now = at(day);
        let mut shop = shop;
        let zone = zone_of(&market());
        shop.offers.retain(|offer| {
            let spans = Schedule::new(offer, &zone).spans(at(-10), at(40));
            offer.channels.is_empty() && spans.iter().any(|span| span.holds_at(now))
        });
        let Some(terms) = shop.terms_at(now) else { return Ok(()) };
        let paid = shop.with(|input| {
            let paid = crate::resolve::paid(input, input.audience, now)?;
            Some((paid.current, paid.regular.map(|minor| minor.max(paid.floor.minor)), paid.special, paid.floor.minor))
        });
        let (current, regular, special, floor_minor) = paid.unwrap();
        let basket = Basket {
            products: vec![Unit {
                sku: "milk".to_owned(),
                categories: vec![shop.category.replace('/', " > ")],
                price_minor: current,
                regular_minor: regular,
                floor_minor,
                on_sale: special,
                ..Unit::default()
            }],
            lines: vec![Line { product: 0, qty: 1 }],
            ..Basket::default()
        };
        let policy = shop.combination.policy();
        let quoted = quote(&PromotionBook::new(promotions(&shop)), &basket, &policy).unwrap();
        prop_assert_eq!(quoted.lines[0].payable.minor(), Some(terms.price.minor()));
    }

    #[test]
    fn a_policy_without_offers_changes_nothing(shop in any_case()) {
        let horizon = Horizon::containing(at(1));
        let mut plain = shop;
        plain.offers.clear();
        let before = plain.with(|input| timeline(input, horizon));
        plain.combination = Combination::default();
        prop_assert_eq!(before, plain.with(|input| timeline(input, horizon)));
    }
}

fn policy(text: &str) -> Combination {
    serde_json::from_str(text).unwrap()
}

fn stacked(text: &str, offers: Vec<Offer>) -> (i64, Vec<String>, Vec<(String, Reason)>) {
    let mut shop = case([regular(1_000)]).offers(offers);
    shop.combination = policy(text);
    let terms = shop.terms();
    let ids = terms.offers.iter().map(|offer| offer.id.to_string());
    let considered = shop.with(|input| explain(input, at(1)));
    let reasons = considered
        .into_iter()
        .filter_map(|rule| match rule.subject {
            Subject::Offer { id, .. } => Some((id.to_string(), rule.reason)),
            _ => None,
        });
    (terms.price.minor(), ids.collect(), reasons.collect())
}

#[test]
fn the_market_says_how_offers_combine() {
    let fifth = offer("b-fifth", Effect::PercentOff(2_000));
    let tenth = Offer {
        priority: 1,
        ..offer("a-tenth", Effect::PercentOff(1_000))
    };
    for (text, price, ids) in [
        ("{}", 900, vec!["a-tenth"]),
        (r#"{"best_by": "price"}"#, 800, vec!["b-fifth"]),
        (r#"{"stacking": "first"}"#, 900, vec!["a-tenth"]),
        (
            r#"{"stacking": "compound"}"#,
            720,
            vec!["a-tenth", "b-fifth"],
        ),
        (
            r#"{"stacking": "additive"}"#,
            700,
            vec!["a-tenth", "b-fifth"],
        ),
        (r#"{"preset": "sylius"}"#, 720, vec!["a-tenth", "b-fifth"]),
        (r#"{"preset": "saleor"}"#, 800, vec!["b-fifth"]),
    ] {
        let (found, applied, _) = stacked(text, vec![fifth.clone(), tenth.clone()]);
        assert_eq!(
            (found, applied),
            (price, ids.iter().map(ToString::to_string).collect())
        );
    }
}

#[test]
fn an_offer_can_refuse_company_and_goods_that_are_reduced() {
    let offer = |id, percent| offer(id, Effect::PercentOff(percent));
    let picky = Offer {
        applies_to_reduced: false,
        ..offer("picky", 1_000)
    };
    let compound = r#"{"stacking": "compound"}"#;
    let (price, _, reasons) = stacked(compound, vec![offer("first", 2_000), picky.clone()]);
    assert_eq!(price, 800);
    assert!(reasons.contains(&("picky".to_owned(), Reason::AlreadyReduced)));
    let alone = Offer {
        combines: false,
        ..offer("second", 1_000)
    };
    let (price, ids, reasons) = stacked(compound, vec![offer("first", 2_000), alone]);
    assert_eq!((price, ids), (900, vec!["second".to_owned()]));
    assert!(reasons.contains(&("first".to_owned(), Reason::DoesNotCombine)));
    let on_special = case([regular(1_000), special(900)]).offers([picky]);
    assert_eq!(on_special.price(), 900);
    let why = on_special.with(|input| explain(input, at(1)));
    assert!(why.iter().any(|rule| rule.reason == Reason::AlreadyReduced));
}
