//! Values and display texts must agree: each is falsified alone, and the
//! reading must name what differs.

#![allow(clippy::unwrap_used)]

use offercast_app::{App, default_template};
use offercast_contract::{Channel, Field};
use offercast_kit::samples::{self, Sample};
use offercast_kit::{Artefact, Family, Renderer, Shown};

fn everything() -> Sample {
    let mut samples = samples::samples().unwrap().into_iter();
    samples.find(|s| s.name == "everything at once").unwrap()
}

fn channel(locale: &str) -> Channel {
    samples::channel(&App::new(), &default_template(), locale).unwrap()
}

fn rendered(channel: &Channel, sample: &Sample) -> String {
    let renderer = App::new().compile(&channel.template).unwrap();
    rendered_by(renderer.as_ref(), channel, sample)
}

fn rendered_by(renderer: &dyn Renderer, channel: &Channel, sample: &Sample) -> String {
    let shown = Shown {
        channel,
        view: &channel.views[0],
        sku: &sample.sku,
        facts: &sample.facts,
        terms: &sample.terms,
        until: sample.until,
    };
    String::from_utf8(renderer.render(&shown).unwrap().body).unwrap()
}

fn reading(channel: &Channel, json: &str) -> String {
    let artefact = Artefact {
        body: json.as_bytes().to_vec(),
    };
    match App::new().read_back(channel, &channel.views[0], &artefact) {
        Ok(reading) => format!("read: {reading:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_falsified_value_or_text_is_noticed_and_named() {
    let channel = channel("en");
    let json = rendered(&channel, &everything());
    for (from, to, reason) in [
        ("\"€399.90\"", "\"€389.90\"", "price: the text"),
        (
            "\"amount\":\"399.90\"",
            "\"amount\":\"389.90\"",
            "price: the text",
        ),
        (
            "\"amount\":\"399.90\"",
            "\"amount\":399.90",
            "expected a string",
        ),
        (
            "\"currency\":\"EUR\"",
            "\"currency\":\"USD\"",
            "is in EUR, not in USD",
        ),
        (
            "Lowest price in 30 days",
            "Regular price",
            "prior: labelled",
        ),
        (
            "audience:gold",
            "audience:silver",
            "conditional.audience:silver:",
        ),
        ("From 6", "From 5", "conditional.quantity:6:"),
        (
            "\"kind\":\"anchor\"",
            "\"kind\":\"other\"",
            "reference.other: labelled",
        ),
        ("\"quantity\":\"1\"", "\"quantity\":\"2\"", "unit_price:"),
        ("\"percent\":11", "\"percent\":12", "reduction:"),
        ("\"rate_bp\":2200", "\"rate_bp\":2100", "tax:"),
        ("3 for 2", "4 for 2", "promotion.trio:"),
        ("\"pay\":2", "\"pay\":1", "promotion.trio:"),
        ("{\"n_for_m\"", "{\"n_for_n\"", "unknown variant"),
        ("until 30 Nov", "until 29 Nov", "until: the text"),
        ("\"code\":\"piece\"", "\"code\":\"hour\"", "sale_unit:"),
        ("\"lang\":\"en\"", "\"lang\":\"ru\"", "lang:"),
        ("{\"sku\"", "{\"badge\":\"-50 %\",\"sku\"", "unknown field"),
        ("{\"sku\"", "{\"sku\":\"x\",\"sku\"", "duplicate field"),
        ("{\"id\":\"club\"", "{\"id\":\"summer\"", "claimed twice"),
        ("\"sku\":\"S-2.0_a\",", "", "missing field `sku`"),
    ] {
        let falsified = json.replacen(from, to, 1);
        assert_ne!(json, falsified, "{from:?} does not occur in {json}");
        let refused = reading(&channel, &falsified);
        let unreadable = refused.starts_with("unreadable: ") && refused.contains(reason);
        assert!(unreadable, "{from:?} -> {to:?}: {refused}");
    }
}

#[test]
fn declared_omissions_are_not_in_the_document() {
    let mut channel = channel("pl");
    let omitted = [
        Field::Name,
        Field::Regular,
        Field::Prior,
        Field::Reduction,
        Field::Reference,
        Field::UnitPrice,
        Field::Offer,
        Field::Until,
    ];
    channel.projection.omits.extend(omitted);
    let json = rendered(&channel, &everything());
    let read = reading(&channel, &json);
    assert!(read.contains("deposit: \"0.25\""), "{read}");
    for field in omitted {
        assert!(!read.contains(&format!("{field}: ")), "{read}");
    }
}

#[test]
fn every_supported_language_is_read_back() {
    for locale in [
        "en-GB", "ru-RU", "pl-PL", "hr", "de-AT", "fr", "cs", "lt", "th",
    ] {
        let channel = channel(locale);
        let renderer = App::new().compile(&channel.template).unwrap();
        for sample in samples::samples().unwrap() {
            let json = rendered_by(renderer.as_ref(), &channel, &sample);
            let read = reading(&channel, &json);
            let price = format!("price: \"{}\"", sample.terms.price);
            assert!(read.contains(&price), "{locale} {}: {read}", sample.name);
        }
    }
}
