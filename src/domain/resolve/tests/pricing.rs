use offercast_contract::projection::unit_price_text;
use proptest::prelude::*;

use super::properties::any_case;
use super::*;
use crate::source::{Pricing, UnitPriceRule};

fn terms_with(shop: &Case, pricing: Pricing, instant: Instant) -> Option<Terms> {
    shop.with(|input| {
        let market = Market {
            pricing,
            ..input.market.clone()
        };
        let market = &market;
        resolve(&Inputs { market, ..*input }, instant)
    })
}

fn cash(step: i64) -> Pricing {
    Pricing {
        cash_step_minor: Some(step),
        ..Pricing::default()
    }
}

#[test]
fn what_a_discount_computes_is_rounded_and_what_a_person_typed_is_not() {
    let price = |effect: Option<Effect>, pricing: Pricing| {
        let offers = effect.map(|effect| offer("a", effect));
        let shop = case([regular(998)]).offers(offers);
        terms_with(&shop, pricing, at(1)).unwrap().price.minor()
    };
    // 9.98 - 20 % = 7.984.
    assert_eq!(price(Some(Effect::PercentOff(2_000)), cash(5)), 795);
    assert_eq!(price(Some(Effect::AmountOff(101)), cash(10)), 890);
    assert_eq!(price(Some(Effect::FixedPrice(798)), cash(5)), 798);
    assert_eq!(price(None, cash(5)), 998);
    let nines = Pricing {
        endings: vec!["99".to_owned()],
        endings_within_percent: 20,
        ..Pricing::default()
    };
    assert_eq!(price(Some(Effect::PercentOff(2_000)), nines.clone()), 699);
    assert_eq!(price(None, nines), 998);
}

#[test]
fn unit_prices_follow_the_markets_base_measure() {
    let hundred_grams = Pricing {
        unit_prices: vec![UnitPriceRule {
            category: Some("food".to_owned()),
            per: Measure {
                quantity: "0.1".parse().unwrap(),
                unit: MeasureUnit::Kilogram,
            },
        }],
        ..Pricing::default()
    };
    let text = |shop: &Case| {
        let terms = terms_with(shop, hundred_grams.clone(), at(1)).unwrap();
        terms.unit_price.map(unit_price_text)
    };
    // 2.85 for 250 g is 1.14 for 100 g.
    let jar = case([regular(285)]).pack("0.25", MeasureUnit::Kilogram);
    assert_eq!(text(&jar).as_deref(), Some("1.14/0.1 kg"));
    let bottle = case([regular(285)]).pack("0.25", MeasureUnit::Litre);
    assert_eq!(text(&bottle).as_deref(), Some("11.40/1 l"));
    let mut loose = case([regular(1_299)]);
    loose.sale_unit = SaleUnit::Kilogram;
    assert_eq!(text(&loose).as_deref(), Some("1.30/0.1 kg"));
}

proptest! {
    // In the customer's favour, by less than a step, and to something payable
    // where a discount computed it.
    #[test]
    fn rounding_to_cash_favours_the_customer(
        shop in any_case(),
        day in 0_i64..12,
        step in prop::sample::select(vec![5_i64, 10, 100]),
    ) {
        let Some(exact) = shop.terms_at(at(day)) else { return Ok(()) };
        let rounded = terms_with(&shop, cash(step), at(day)).unwrap();
        let (before, after) = (exact.price.minor(), rounded.price.minor());
        prop_assert!(after >= 1 && after <= before && before - after < step);
        if exact.offers.is_empty() {
            prop_assert_eq!(before, after);
        }
    }
}
