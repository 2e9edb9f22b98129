//! What the law and the order add to an item.

use std::collections::BTreeMap;

use offercast_contract::{
    Amount, Channel, ChannelSelector, Currency, DeliveryFee, Hidden, Locale, MandatoryWarning,
    OrderTerms, PaymentMethod, RestrictionId, Returns,
};

use super::{Sample, SampleError, sample};

pub(super) fn with_rules() -> Result<Vec<Sample>, SampleError> {
    let mut warned = sample("a mandatory warning", "EUR", "12.99", "Wine")?;
    warned.terms.warnings = vec![warning(
        "health",
        [
            "Too much is bad for you",
            "Чрезмерное употребление вредит",
            "Nadmiar szkodzi",
        ],
    )?];
    let mut awkward = sample("warnings with figures and signs", "RUB", "409.00", "Spirit")?;
    awkward.terms.warnings = vec![
        warning(
            "age",
            ["18+ & <b>only</b>", "Только «18+»", "Tylko \"18+\""],
        )?,
        warning("share", ["40% vol.", "40 % об., 409 ₽ минимум", "40% obj."])?,
    ];
    let mut elsewhere = sample("a warning of other channels", "EUR", "12.99", "Wine")?;
    elsewhere.terms.warnings = vec![MandatoryWarning {
        channels: vec![ChannelSelector::Id("elsewhere".parse()?)],
        ..warning("health", ["Elsewhere", "Не здесь", "Gdzie indziej"])?
    }];
    let mut ordered = sample("order conditions", "EUR", "7.20", "Bread")?;
    ordered.terms.order = Some(order_conditions(ordered.terms.currency)?);
    let mut dear = sample("goods that are delivered free", "EUR", "75.00", "Ham")?;
    dear.terms.order = Some(order_conditions(dear.terms.currency)?);
    let mut bare = sample("free delivery and no returns", "JPY", "1200", "Tea")?;
    bare.terms.order = Some(OrderTerms {
        delivery_fee: Some(DeliveryFee {
            amount: Amount::new(0, bare.terms.currency),
            free_from: None,
        }),
        returns: Some(Returns {
            days: 0,
            labels: BTreeMap::new(),
        }),
        ..OrderTerms::default()
    });
    let mut paid = sample("ways to pay alone", "PLN", "9.99", "Jam")?;
    paid.terms.order = Some(OrderTerms {
        payment: PaymentMethod::ALL.to_vec(),
        ..OrderTerms::default()
    });
    Ok(vec![warned, awkward, elsewhere, ordered, dear, bare, paid])
}

/// Order conditions of every kind: delivery at 4.99, free from 50.00.
pub fn order_conditions(currency: Currency) -> Result<OrderTerms, SampleError> {
    let amount = |text: &str| Amount::parse(text, currency);
    Ok(OrderTerms {
        delivery_fee: Some(DeliveryFee {
            amount: amount("4.99")?,
            free_from: Some(amount("50.00")?),
        }),
        minimum_order: Some(amount("20.00")?),
        payment: vec![PaymentMethod::Card, PaymentMethod::Cash],
        returns: Some(Returns {
            days: 14,
            labels: words([
                "Unopened & <new>",
                "В «целой» упаковке",
                "W całym \"opakowaniu\"",
            ])?,
        }),
    })
}

/// A warning for every channel, in the locales of the samples.
pub fn warning(id: &str, texts: [&str; 3]) -> Result<MandatoryWarning, SampleError> {
    Ok(MandatoryWarning {
        channels: Vec::new(),
        labels: words(texts)?,
        restriction: RestrictionId::parse(id)?,
    })
}

/// Ways in which the law hides an item from the channel, and whether it does.
pub fn hidden_here(channel: &Channel) -> Result<Vec<(Vec<Hidden>, bool)>, SampleError> {
    let hidden = |channels: Vec<ChannelSelector>| -> Result<Vec<Hidden>, SampleError> {
        Ok(vec![Hidden {
            channels,
            restriction: RestrictionId::parse("unseen")?,
        }])
    };
    Ok(vec![
        (hidden(Vec::new())?, true),
        (hidden(vec![ChannelSelector::Id(channel.id.clone())])?, true),
        (
            hidden(vec![ChannelSelector::Family(channel.family.clone())])?,
            true,
        ),
        (
            hidden(vec![ChannelSelector::Id("elsewhere".parse()?)])?,
            false,
        ),
    ])
}

fn words([en, ru, pl]: [&str; 3]) -> Result<BTreeMap<Locale, String>, SampleError> {
    let mut words = BTreeMap::new();
    for (locale, text) in [("en", en), ("ru", ru), ("pl", pl)] {
        words.insert(Locale::parse(locale)?, text.to_owned());
    }
    Ok(words)
}
