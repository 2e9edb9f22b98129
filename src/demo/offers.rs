//! Offers of the sample: a discount that runs, one that begins soon, and
//! promotions of the basket.

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::promotion::{Reduction, StatedLimit, Threshold, Tier};
use offercast_contract::{Amount, Currency, Instant, Locale, Mechanic, PromotionTerms};
use offercast_domain::change::Change;
use offercast_domain::source::{Effect, Offer, Target};

use crate::cli::Failure;

const HOUR_MICROS: i64 = 3_600_000_000;

pub(super) fn offers(now: Instant) -> Result<Vec<Change>, Failure> {
    let hours = |count: i64| now.plus_micros(count * HOUR_MICROS);
    let cheese = Offer {
        labels: labels([
            ("en", "Cheese week −15%"),
            ("pl", "Tydzień serów −15%"),
            ("ru", "Неделя сыра −15 %"),
        ])?,
        target: Target {
            include: vec![Selector::Category("food/dairy/cheese".to_owned())],
            ..Target::default()
        },
        valid_until: Some(hours(6 * 24).into()),
        ..Offer::new(
            "cheese-week".parse()?,
            "pl".parse()?,
            Effect::PercentOff(1500),
            now,
        )
    };
    let coffee = Offer {
        labels: labels([
            ("en", "Coffee and tea −10%"),
            ("pl", "Kawa i herbata −10%"),
            ("ru", "Кофе и чай −10 %"),
        ])?,
        target: Target {
            include: vec![
                Selector::Category("drinks/coffee".to_owned()),
                Selector::Category("drinks/tea".to_owned()),
            ],
            ..Target::default()
        },
        valid_until: Some(hours(48).into()),
        ..Offer::new(
            "coffee-morning".parse()?,
            "ru".parse()?,
            Effect::PercentOff(1000),
            hours(1),
        )
    };
    let mut offers = vec![cheese, coffee];
    offers.extend(promotions(now)?);
    let offers = offers.into_iter();
    Ok(offers
        .map(|offer| Change::PutOffer {
            offer: Box::new(offer),
        })
        .collect())
}

/// 3 for 2 and free delivery in Poland, steps and a gift in Russia.
fn promotions(now: Instant) -> Result<Vec<Offer>, Failure> {
    let rub = |text: &str| Amount::parse(text, Currency::parse("RUB")?);
    let of = |id: &str, market: &str, mechanic: Mechanic| {
        Ok::<_, Failure>(Offer::new(
            id.parse()?,
            market.parse()?,
            Effect::Promotion(Box::new(PromotionTerms::of(mechanic))),
            now,
        ))
    };
    let category = |path: &str| Target {
        include: vec![Selector::Category(path.to_owned())],
        ..Target::default()
    };
    let three_for_two = PromotionTerms {
        limits: vec![StatedLimit::PerCustomer(6), StatedLimit::WhileStocksLast],
        ..PromotionTerms::of(Mechanic::NForM { buy: 3, pay: 2 })
    };
    let sweets = Offer {
        effect: Effect::Promotion(Box::new(three_for_two)),
        labels: labels([
            ("en", "Sweets: take three, pay for two"),
            ("pl", "Słodycze: trzy sztuki, płacisz za dwie"),
            ("ru", "Сладости: три по цене двух"),
        ])?,
        target: category("food/sweets"),
        ..of("sweets-3-for-2", "pl", Mechanic::NForM { buy: 3, pay: 2 })?
    };
    let delivery = Mechanic::Delivery {
        options: Vec::new(),
        reduction: Reduction::Percent(10_000),
    };
    let free_delivery = PromotionTerms {
        minimum: Some(Threshold::Amount(Amount::parse(
            "100.00",
            Currency::parse("PLN")?,
        )?)),
        ..PromotionTerms::of(delivery.clone())
    };
    let delivery = Offer {
        effect: Effect::Promotion(Box::new(free_delivery)),
        labels: labels([
            ("en", "We bring your groceries for free"),
            ("pl", "Zakupy spożywcze przywieziemy gratis"),
            ("ru", "Продукты привезём бесплатно"),
        ])?,
        target: category("food"),
        ..of("food-delivered-free", "pl", delivery)?
    };
    let steps = Mechanic::Tiered {
        tiers: vec![
            Tier {
                from: Threshold::Amount(rub("500.00")?),
                reduction: Reduction::Percent(500),
            },
            Tier {
                from: Threshold::Amount(rub("1000.00")?),
                reduction: Reduction::Percent(1000),
            },
        ],
    };
    let pantry = Offer {
        labels: labels([
            ("en", "The more for the pantry, the cheaper"),
            ("pl", "Im więcej do spiżarni, tym taniej"),
            ("ru", "Больше в запас — дешевле"),
        ])?,
        target: category("food/pantry"),
        ..of("pantry-steps", "ru", steps)?
    };
    let gift = Mechanic::Gift {
        sku: "black-tea".parse()?,
    };
    let two_coffees = PromotionTerms {
        minimum: Some(Threshold::Quantity(2)),
        ..PromotionTerms::of(gift.clone())
    };
    let tea = Offer {
        effect: Effect::Promotion(Box::new(two_coffees)),
        labels: labels([
            ("en", "Two coffees, and tea is our gift"),
            ("pl", "Dwie kawy, a herbata w prezencie"),
            ("ru", "Два кофе — чай в подарок"),
        ])?,
        target: category("drinks/coffee"),
        ..of("tea-with-coffee", "ru", gift)?
    };
    Ok(vec![sweets, delivery, pantry, tea])
}

fn labels<const N: usize>(texts: [(&str, &str); N]) -> Result<BTreeMap<Locale, String>, Failure> {
    let label = |(locale, text): (&str, &str)| Ok((locale.parse()?, text.to_owned()));
    texts.into_iter().map(label).collect()
}
