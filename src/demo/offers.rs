//! Offers of the sample: one that runs, one that begins soon.

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::{Instant, Locale};
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
        valid_until: Some(hours(6 * 24)),
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
        valid_until: Some(hours(48)),
        ..Offer::new(
            "coffee-morning".parse()?,
            "ru".parse()?,
            Effect::PercentOff(1000),
            hours(1),
        )
    };
    Ok([cheese, coffee]
        .map(|offer| Change::PutOffer {
            offer: Box::new(offer),
        })
        .into())
}

fn labels<const N: usize>(texts: [(&str, &str); N]) -> Result<BTreeMap<Locale, String>, Failure> {
    let label = |(locale, text): (&str, &str)| Ok((locale.parse()?, text.to_owned()));
    texts.into_iter().map(label).collect()
}
