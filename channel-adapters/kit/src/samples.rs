//! Awkward items, on which templates and families are tried.

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::ident::IdentError;
use offercast_contract::measure::Quantity;
use offercast_contract::promotion::{
    Caps, Coupon, CouponCase, Mechanic, Part, Promotion, PromotionTerms, Reduction, StatedLimit,
    Threshold, Tier,
};
use offercast_contract::{
    Amount, AppliedOffer, Assortment, Audience, Channel, ChannelId, Condition, ConditionalPrice,
    Content, Currency, Facts, Horizon, Instant, Locale, MarketId, Measure, MeasureUnit, Mode,
    OfferId, ReferencePrice, SaleUnit, SalesMode, Sku, Tax, Template, Terms, UnitPrice, View,
    ZoneId,
};

use crate::family::Family;

mod rules;

pub use rules::{hidden_here, order_conditions, warning};

/// One item with the terms to show.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What is awkward about it.
    pub name: &'static str,
    /// The SKU.
    pub sku: Sku,
    /// What the product is.
    pub facts: Facts,
    /// The terms.
    pub terms: Terms,
    /// Until when they hold.
    pub until: Option<Instant>,
}

/// Why the built-in samples could not be made: never, unless this build is
/// broken. Passed on rather than hidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// An identifier.
    #[error(transparent)]
    Ident(#[from] IdentError),
    /// An amount.
    #[error(transparent)]
    Money(#[from] offercast_contract::money::MoneyError),
    /// A quantity.
    #[error(transparent)]
    Quantity(#[from] offercast_contract::measure::QuantityError),
}

/// The horizon that the samples lie in: it begins on 2026-11-20.
#[must_use]
pub fn horizon() -> Horizon {
    Horizon(20_777)
}

/// A channel of the family in a locale, with the projection that the family
/// has, standing in one store.
pub fn channel(
    family: &dyn Family,
    template: &Template,
    locale: &str,
) -> Result<Channel, SampleError> {
    Ok(Channel {
        assortment: Default::default(),
        calls_quote: false,
        exceptions: Vec::new(),
        family: family.name().to_owned(),
        id: ChannelId::parse("conformance")?,
        locale: Locale::parse(locale)?,
        mode: Mode::Live,
        name: "Conformance".to_owned(),
        projection: family.projection(),
        template: template.clone(),
        time_zone: "Europe/Warsaw".to_owned(),
        views: vec![view()?],
    })
}

/// The view that the samples are shown in.
pub fn view() -> Result<View, SampleError> {
    Ok(View {
        market: MarketId::parse("sample")?,
        zone: Some(ZoneId::parse("0204")?),
        audience: Audience::everyone(),
        mode: SalesMode::Store,
    })
}

/// All samples. The first is plain: every template must be able to show it.
///
/// The digits `738` of the plain price occur in nothing else of that sample,
/// so that a mutation of the artefact can aim at the price.
pub fn samples() -> Result<Vec<Sample>, SampleError> {
    let mut samples = vec![plain()?];
    samples.extend(with_reductions()?);
    samples.extend(with_conditions()?);
    samples.extend(with_other_currencies()?);
    samples.extend(with_other_names()?);
    samples.extend(rules::with_rules()?);
    samples.extend(promotions()?);
    Ok(samples)
}

/// Nothing but a price.
pub fn plain() -> Result<Sample, SampleError> {
    sample("a plain price", "EUR", "738.50", "Milk")
}

fn with_reductions() -> Result<Vec<Sample>, SampleError> {
    let reduced = |name, regular: Option<&str>, prior: Option<&str>, percent| {
        let mut sample = sample(name, "EUR", "399.90", "Cheese")?;
        let amount = |text: &str| Amount::parse(text, sample.terms.currency);
        sample.terms.regular = regular.map(amount).transpose()?;
        sample.terms.prior = prior.map(amount).transpose()?;
        sample.terms.reduction_percent = percent;
        Ok::<_, SampleError>(sample)
    };
    let mut everything = reduced(
        "everything at once",
        Some("499.90"),
        Some("449.90"),
        Some(11),
    )?;
    everything.facts.brand = Some("Fromage & Fils".to_owned());
    everything.facts.gtin = Some("04006381333931".to_owned());
    everything.facts.image = Some("https://example.org/p/1.jpg?a=1&b=2".to_owned());
    everything.facts.pack = Some(kilograms("0.25")?);
    everything.terms.unit_price = Some(unit_price("1599.60", everything.terms.currency)?);
    everything.terms.deposit = Some(Amount::parse("0.25", everything.terms.currency)?);
    everything.terms.references = vec![ReferencePrice {
        amount: Amount::parse("429.00", everything.terms.currency)?,
        kind: "anchor".to_owned(),
    }];
    everything.terms.offers = vec![
        offer("summer", "Summer -20 %", "Лето: скидка", "Lato: zniżka")?,
        offer("club", "\"Club\" <b>days</b>", "Дни «Клуба»", "Dni klubu")?,
    ];
    let trio = Mechanic::NForM { buy: 3, pay: 2 };
    everything.terms.promotions = vec![Promotion::of(OfferId::parse("trio")?, trio)];
    everything.terms.conditional = conditions(everything.terms.currency)?;
    everything.until = Some(Instant::from_micros(1_796_064_000_000_000));
    let mut ends_oddly = reduced("an end within a second", None, None, None)?;
    ends_oddly.until = Some(Instant::from_micros(1_796_064_000_250_000));
    Ok(vec![
        reduced("a regular price", Some("499.90"), None, Some(20))?,
        reduced("a prior price", None, Some("449.90"), Some(11))?,
        reduced(
            "a regular and a prior price",
            Some("499.90"),
            Some("449.90"),
            Some(11),
        )?,
        reduced("a reduction below one percent", Some("400.00"), None, None)?,
        everything,
        ends_oddly,
    ])
}

fn with_conditions() -> Result<Vec<Sample>, SampleError> {
    let mut conditional = sample("conditional prices", "EUR", "9.99", "Beer")?;
    conditional.terms.conditional = conditions(conditional.terms.currency)?;
    let mut deposit = sample("a deposit", "EUR", "0.05", "Water")?;
    deposit.terms.deposit = Some(Amount::parse("0.25", deposit.terms.currency)?);
    let mut offers = sample("an offer without a change of price", "EUR", "9.99", "Bread")?;
    offers.terms.offers = vec![offer("autumn", "Autumn", "Осень", "Jesień")?];
    let mut reference = sample("a reference price", "EUR", "9.99", "Kruh")?;
    reference.terms.references = vec![ReferencePrice {
        amount: Amount::parse("10.49", reference.terms.currency)?,
        kind: "anchor".to_owned(),
    }];
    let mut unit = sample("a unit price", "EUR", "2.49", "Flour")?;
    unit.facts.pack = Some(kilograms("0.5")?);
    unit.terms.unit_price = Some(unit_price("4.98", unit.terms.currency)?);
    let mut loose = sample("sold by the kilogram", "EUR", "1.29", "Apples")?;
    loose.facts.sale_unit = SaleUnit::Kilogram;
    loose.facts.step = Some("0.1".parse()?);
    loose.facts.minimum_quantity = Some("0.5".parse()?);
    loose.terms.unit_price = Some(unit_price("1.29", loose.terms.currency)?);
    let mut steps = sample("sold in boxes of six", "EUR", "0.99", "Bolts")?;
    steps.facts.step = Some("6".parse()?);
    steps.terms.tax.included = false;
    let mut service = sample("a service without included tax", "EUR", "60.00", "Repair")?;
    service.facts.sale_unit = SaleUnit::Hour;
    service.terms.tax = Tax {
        included: false,
        rate_bp: 550,
    };
    let mut free = sample("free of charge", "EUR", "0.00", "Leaflet")?;
    free.terms.tax.rate_bp = 0;
    Ok(vec![
        conditional,
        deposit,
        offers,
        reference,
        unit,
        loose,
        steps,
        service,
        free,
    ])
}

fn with_other_currencies() -> Result<Vec<Sample>, SampleError> {
    let mut yen = sample("a currency without decimals", "JPY", "12500", "Sencha")?;
    yen.terms.regular = Some(Amount::parse("15000", yen.terms.currency)?);
    yen.terms.reduction_percent = Some(16);
    let mut dinar = sample("a currency with three decimals", "KWD", "1.250", "Dates")?;
    dinar.terms.regular = Some(Amount::parse("1.500", dinar.terms.currency)?);
    dinar.terms.reduction_percent = Some(16);
    for (sample, tier, per_kilogram) in [
        (&mut yen, "11800", "125000"),
        (&mut dinar, "1.195", "2.083"),
    ] {
        let currency = sample.terms.currency;
        sample.terms.tax.included = false;
        sample.terms.unit_price = Some(unit_price(per_kilogram, currency)?);
        sample.terms.conditional = vec![ConditionalPrice {
            amount: Amount::parse(tier, currency)?,
            condition: Condition::quantity("6".parse::<Quantity>()?),
        }];
    }
    Ok(vec![
        yen,
        dinar,
        sample("roubles in the millions", "RUB", "1234567.80", "Piano")?,
        sample("zloty with one grosz", "PLN", "1000.01", "Rower")?,
    ])
}

fn with_other_names() -> Result<Vec<Sample>, SampleError> {
    let long = "Extra virgin olive oil from the northern slopes of the hills ".repeat(6);
    let named = |name, text: &str| sample(name, "RUB", "1299.90", text);
    Ok(vec![
        named("a name of 360 letters", long.trim_end())?,
        named("quotes in the name", r#"Bar "Dark" 'n' «Fine» \ `70%`"#)?,
        named(
            "angle brackets and ampersands",
            "<script>alert(1)</script> & Co; &amp; <b>",
        )?,
        named("Cyrillic", "Сыр «Российский» 50 %, кг; ёлка №1")?,
        named(
            "emoji and combining letters",
            "Cafe\u{301} 🧀👩\u{200d}🍳 Łódź ąęśćńó čćžšđ",
        )?,
        named("braces in the name", "{{price}} {0} %s $1 ${x}")?,
        named("numbers in the name", "Vodka 40% 0.5 l 1299.90 499,90 -20%")?,
    ])
}

/// Every mechanic, condition and bound of a promotion. The first is a plain
/// 3 for 2 with both stated limits.
pub fn promotions() -> Result<Vec<Sample>, SampleError> {
    let euro = Currency::parse("EUR")?;
    let amount = |text: &str| Amount::parse(text, euro);
    let scope = |include: Vec<Selector>| Assortment {
        exclude: Vec::new(),
        include,
    };
    let tea = scope(vec![Selector::Category("drinks/tea".to_owned())]);
    let part = |quantity| Part {
        products: tea.clone(),
        quantity,
    };
    let tier = |from, percent| Tier {
        from,
        reduction: Reduction::Percent(percent),
    };
    let get = |percent, products| Mechanic::BuyGet {
        buy: 2,
        get: 1,
        percent,
        products,
    };
    let delivery = |reduction| Mechanic::Delivery {
        options: vec!["courier".to_owned()],
        reduction,
    };
    let ten = Reduction::Percent(1_000);
    let mechanics = [
        Mechanic::NForM { buy: 3, pay: 2 },
        Mechanic::NForPrice {
            buy: 3,
            price: amount("10.00")?,
        },
        get(10_000, Some(tea.clone())),
        get(5_050, None),
        Mechanic::CheapestFree { of: 4 },
        Mechanic::Bundle {
            parts: vec![part(1), part(2)],
            price: amount("1299.00")?,
        },
        Mechanic::Gift {
            sku: Sku::parse("TEA-1.0_g")?,
        },
        delivery(Reduction::Percent(10_000)),
        delivery(Reduction::Amount(amount("2.50")?)),
        delivery(Reduction::Price(amount("0.99")?)),
        Mechanic::Order { reduction: ten },
        Mechanic::Order {
            reduction: Reduction::Amount(amount("5.00")?),
        },
        Mechanic::Order {
            reduction: Reduction::Price(amount("49.00")?),
        },
        Mechanic::Tiered {
            tiers: vec![
                tier(Threshold::Amount(amount("1050.00")?), 1_000),
                tier(Threshold::Amount(amount("2100.00")?), 1_500),
            ],
        },
        Mechanic::Tiered {
            tiers: vec![tier(Threshold::Quantity(3), 1_250)],
        },
    ];
    let mut each = sample("every mechanic of promotions", "EUR", "9.99", "Yoghurt")?;
    for (at, mechanic) in mechanics.into_iter().enumerate() {
        let id = OfferId::parse(&format!("promotion-{at}"))?;
        let mut promotion = Promotion::of(id, mechanic);
        promotion.labels = offer(
            "x",
            "Deal — \"1\" <b>",
            "Акция — «1»",
            "Promocja, gratis; 1",
        )?
        .labels;
        each.terms.promotions.push(promotion);
    }
    let limits = vec![StatedLimit::PerCustomer(6), StatedLimit::WhileStocksLast];
    if let Some(first) = each.terms.promotions.first_mut() {
        first.terms.limits = limits.clone();
    }
    let mut bound = sample("a promotion with every condition", "EUR", "9.99", "Kefir")?;
    let mut promotion = Promotion::of(
        OfferId::parse("autumn")?,
        Mechanic::Order { reduction: ten },
    );
    promotion.audience = Some(Audience::parse("gold")?);
    promotion.channels = vec![ChannelId::parse("app")?];
    promotion.products = tea;
    promotion.terms = PromotionTerms {
        caps: Caps {
            amount: Some(amount("1020.00")?),
            applications: Some(2),
            units: Some(12),
        },
        coupon: Some(Coupon {
            case: CouponCase::Exact,
            code: "Autumn_10".to_owned(),
        }),
        limits,
        minimum: Some(Threshold::Amount(amount("50.00")?)),
        ..promotion.terms
    };
    bound.terms.promotions = vec![promotion];
    let mut counted = bound.clone();
    counted.name = "a promotion from a quantity";
    if let Some(promotion) = counted.terms.promotions.first_mut() {
        promotion.terms.minimum = Some(Threshold::Quantity(5));
    }
    Ok(vec![each, bound, counted])
}

/// The same promotion with one parameter changed.
#[must_use]
pub fn other_promotion(promotion: &Promotion) -> Promotion {
    let mut other = promotion.clone();
    match &mut other.terms.mechanic {
        Mechanic::Bundle { parts, .. } => parts.reverse(),
        Mechanic::BuyGet { get, .. } => *get += 1,
        Mechanic::CheapestFree { of } => *of += 1,
        Mechanic::Delivery { options, .. } => options.clear(),
        Mechanic::NForM { pay, .. } => *pay -= 1,
        Mechanic::NForPrice { buy, .. } => *buy += 1,
        Mechanic::Tiered { tiers } => {
            for tier in tiers {
                tier.reduction = Reduction::Percent(2_000);
            }
        }
        Mechanic::Gift { .. } | Mechanic::Order { .. } => {
            let excluded = Selector::Category("drinks/beer".to_owned());
            other.products.exclude.push(excluded);
        }
    }
    other
}

fn conditions(currency: Currency) -> Result<Vec<ConditionalPrice>, SampleError> {
    Ok(vec![
        ConditionalPrice {
            amount: Amount::parse("8.49", currency)?,
            condition: Condition::audience(Audience::parse("gold")?),
        },
        ConditionalPrice {
            amount: Amount::parse("7.49", currency)?,
            condition: Condition {
                quantity: Some("1200".parse()?),
                ..Condition::audience(Audience::parse("gold")?)
            },
        },
        ConditionalPrice {
            amount: Amount::parse("7.99", currency)?,
            condition: Condition::quantity("6".parse::<Quantity>()?),
        },
        // Exclusive to another channel: this one does not show it.
        ConditionalPrice {
            amount: Amount::parse("6.99", currency)?,
            condition: Condition {
                channel: Some(ChannelId::parse("elsewhere")?),
                ..Condition::default()
            },
        },
    ])
}

fn offer(id: &str, en: &str, ru: &str, pl: &str) -> Result<AppliedOffer, SampleError> {
    let mut labels = BTreeMap::new();
    for (locale, label) in [("en", en), ("ru", ru), ("pl", pl)] {
        labels.insert(Locale::parse(locale)?, label.to_owned());
    }
    Ok(AppliedOffer {
        id: OfferId::parse(id)?,
        labels,
    })
}

fn kilograms(quantity: &str) -> Result<Measure, SampleError> {
    Ok(Measure {
        quantity: quantity.parse()?,
        unit: MeasureUnit::Kilogram,
    })
}

fn unit_price(amount: &str, currency: Currency) -> Result<UnitPrice, SampleError> {
    Ok(UnitPrice {
        amount: Amount::parse(amount, currency)?,
        per: kilograms("1")?,
    })
}

fn sample(
    name: &'static str,
    currency: &str,
    price: &str,
    product: &str,
) -> Result<Sample, SampleError> {
    let currency = Currency::parse(currency)?;
    let mut content = BTreeMap::new();
    for locale in ["en", "ru", "pl"] {
        let words = Content {
            name: product.to_owned(),
            ..Content::default()
        };
        content.insert(Locale::parse(locale)?, words);
    }
    Ok(Sample {
        name,
        sku: Sku::parse("S-2.0_a")?,
        facts: Facts::new("food/other".to_owned(), SaleUnit::Piece, content),
        terms: Terms::of(
            currency,
            Amount::parse(price, currency)?,
            Tax {
                included: true,
                rate_bp: 2_200,
            },
        ),
        until: None,
    })
}

/// The locales in which the samples have words.
pub const LOCALES: [&str; 3] = ["en", "pl", "ru"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn samples_can_be_told_apart_and_aimed_at() {
        let samples = samples().unwrap();
        let names: BTreeSet<_> = samples.iter().map(|sample| sample.name).collect();
        assert_eq!(names.len(), samples.len());
        assert_eq!(samples[0].terms.price.to_string(), "738.50");
        let plain = format!("{:?}", samples[0].facts);
        assert!(!plain.contains("738"), "{plain}");
    }
}
