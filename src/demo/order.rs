//! Order conditions of the sample: delivery, payment and returns.

use std::collections::BTreeMap;

use offercast_contract::{Instant, Locale, PaymentMethod, SalesMode};
use offercast_domain::change::Change;
use offercast_domain::source::{Fee, OrderConditions, ReturnPolicy};

use crate::cli::Failure;

/// Both markets have a delivery fee with a free-from threshold and a return
/// policy; Kraków delivers for less, and in Russia an order has a minimum.
pub(super) fn conditions(now: Instant) -> Result<Vec<Change>, Failure> {
    let new = |id: &str, market: &str| -> Result<OrderConditions, Failure> {
        Ok(OrderConditions::new(id.parse()?, market.parse()?, now))
    };
    let delivered = |conditions, amount_minor, free_from_minor| OrderConditions {
        delivery_fee: Some(Fee {
            amount_minor,
            free_from_minor: Some(free_from_minor),
        }),
        mode: Some(SalesMode::Delivery),
        ..conditions
    };
    let poland = OrderConditions {
        payment: vec![PaymentMethod::Card, PaymentMethod::Instant],
        ..delivered(new("delivery", "pl")?, 1499, 15_000)
    };
    let krakow = OrderConditions {
        zone: Some("krakow".parse()?),
        ..delivered(new("delivery-krakow", "pl")?, 999, 12_000)
    };
    let russia = OrderConditions {
        minimum_order_minor: Some(50_000),
        payment: vec![
            PaymentMethod::Card,
            PaymentMethod::Cash,
            PaymentMethod::Instant,
        ],
        ..delivered(new("delivery", "ru")?, 19_900, 250_000)
    };
    let returned = |market, days, texts| -> Result<OrderConditions, Failure> {
        Ok(OrderConditions {
            returns: Some(ReturnPolicy {
                days,
                labels: labels(texts)?,
            }),
            ..new("returns", market)?
        })
    };
    let polish = [
        (
            "en",
            "Unopened, with the receipt; fresh food is not taken back",
        ),
        (
            "pl",
            "Nieotwarte, z paragonem; świeżej żywności nie przyjmujemy",
        ),
        (
            "ru",
            "В целой упаковке, с чеком; свежие продукты не принимаем",
        ),
    ];
    let russian = [
        (
            "en",
            "Unopened, with the receipt; food of good quality is not taken back",
        ),
        (
            "pl",
            "Nieotwarte, z paragonem; żywności dobrej jakości nie przyjmujemy",
        ),
        (
            "ru",
            "В целой упаковке, с чеком; продукты надлежащего качества не принимаем",
        ),
    ];
    let all = [
        poland,
        krakow,
        russia,
        returned("pl", 30, polish)?,
        returned("ru", 14, russian)?,
    ];
    Ok(all
        .map(|conditions| Change::PutOrderConditions {
            order_conditions: Box::new(conditions),
        })
        .into())
}

fn labels<const N: usize>(texts: [(&str, &str); N]) -> Result<BTreeMap<Locale, String>, Failure> {
    let label = |(locale, text): (&str, &str)| Ok((locale.parse()?, text.to_owned()));
    texts.into_iter().map(label).collect()
}
