//! Compact serde output of the contract's types is RFC 8785, byte for byte.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::*;

fn money(minor: i64) -> Amount {
    Amount::new(minor, Currency::parse("RUB").unwrap())
}

fn terms(minor: i64) -> Terms {
    Terms {
        conditional: vec![ConditionalPrice {
            amount: money(minor - 500),
            condition: Condition::audience(Audience::parse("gold").unwrap()),
        }],
        deposit: Some(money(1000)),
        offers: vec![AppliedOffer {
            id: OfferId::parse("summer").unwrap(),
            labels: BTreeMap::from([
                (Locale::parse("ru").unwrap(), "Лето \"−20 %\"\n".to_owned()),
                (Locale::parse("en").unwrap(), "Summer \u{1f}".to_owned()),
            ]),
        }],
        prior: Some(money(minor + 1)),
        reduction_percent: Some(20),
        references: vec![ReferencePrice {
            amount: money(2),
            kind: "anchor".to_owned(),
        }],
        regular: Some(money(minor + 10_000)),
        unit_price: Some(UnitPrice {
            amount: money(159_960),
            per: Measure {
                quantity: "1".parse().unwrap(),
                unit: MeasureUnit::Kilogram,
            },
        }),
        ..Terms::of(
            Currency::parse("RUB").unwrap(),
            money(minor),
            Tax {
                included: true,
                rate_bp: 2200,
            },
        )
    }
}

fn view(text: &str) -> View {
    text.parse().unwrap()
}

fn item() -> Item {
    let horizon = Horizon(20_000);
    let middle = horizon.from().plus_micros(3_600_000_001);
    let changing = Timeline::build(horizon, vec![middle], |at| {
        Some(terms(if at < middle { 39_990 } else { 49_990 }))
    });
    let content = Content {
        name: "Сыр «Гауда» \u{2028} 🧀".to_owned(),
        short: Some("Гауда".to_owned()),
        ..Content::default()
    };
    let facts = Facts {
        brand: Some("Melkwit".to_owned()),
        gtin: Some("03850334043641".to_owned()),
        pack: Some(Measure {
            quantity: "0.25".parse().unwrap(),
            unit: MeasureUnit::Kilogram,
        }),
        ..Facts::new(
            "food/cheese".to_owned(),
            SaleUnit::Piece,
            BTreeMap::from([(Locale::parse("ru").unwrap(), content)]),
        )
    };
    Item::new(
        Sku::parse("A.1_b-2").unwrap(),
        Some(facts),
        vec![
            (view("ru/spb/everyone/store"), changing.clone()),
            (view("ru-2/-/everyone/delivery"), changing.clone()),
            (view("ru/-/everyone/delivery"), changing),
        ],
    )
}

fn channel() -> Channel {
    Channel {
        assortment: Assortment {
            include: vec![Selector::Category("food".to_owned())],
            exclude: vec![Selector::Sku(Sku::parse("x").unwrap())],
        },
        calls_quote: true,
        exceptions: vec![],
        family: "till".to_owned(),
        id: ChannelId::parse("till-1").unwrap(),
        locale: Locale::parse("ru").unwrap(),
        mode: Mode::Live,
        name: "Касса".to_owned(),
        projection: Projection {
            implied: BTreeMap::from([
                (Field::Tax, "by the till".to_owned()),
                (Field::Currency, "the store's".to_owned()),
                (Field::SaleUnit, "by the till".to_owned()),
            ]),
            omits: [Field::Regular, Field::Prior, Field::Offer].into(),
        },
        template: Template::new("till.hbs", "{{price}}\t"),
        time_zone: "Europe/Moscow".to_owned(),
        views: vec![view("ru/spb/everyone/store")],
    }
}

fn assert_canonical(value: &impl serde::Serialize) {
    let ours = String::from_utf8(canonical_bytes(value)).unwrap();
    let theirs = serde_json_canonicalizer::to_string(value).unwrap();
    assert_eq!(ours, theirs);
}

#[test]
fn compact_output_is_rfc_8785() {
    assert_canonical(&item());
    assert_canonical(&channel());
    let shown = item();
    let timeline = shown.timeline(&view("ru/spb/everyone/store")).unwrap();
    for segment in timeline.segments() {
        let terms = segment.terms.as_ref().unwrap();
        let facts = shown.facts.as_ref().unwrap();
        let claims = project(&channel(), &shown.sku, facts, terms, segment.until);
        assert_canonical(&claims);
        assert!(
            claims.field(Field::Regular).is_none(),
            "omitted fields are not claimed"
        );
        assert_eq!(
            claims.field(Field::Price),
            Some(terms.price.to_string().as_str())
        );
    }
    let views: BTreeMap<View, u8> = [
        "a/-/x/store",
        "a-b/-/x/store",
        "a/--/x/store",
        "a/-/x/delivery",
    ]
    .map(|text| (view(text), 0))
    .into();
    assert_canonical(&views);
}

#[test]
fn messages_round_trip() {
    let at = Position {
        epoch: 1,
        hash: Hash::ZERO,
        horizon: Horizon(20_000),
        revision: 7,
    };
    let items = vec![item()];
    let update = Message::Update(Box::new(Update {
        after: Position { revision: 6, ..at },
        at,
        channels: vec![channel()],
        ended_channels: vec![],
        items_sha256: message::items_sha256(&items),
        payload: Payload::Inline { items },
        recorded_at: "2026-11-20T00:00:00Z".parse().unwrap(),
        resolver: RESOLVER_VERSION,
        state: BTreeMap::from([(view("ru/spb/everyone/store"), Digest::EMPTY)]),
    }));
    let bytes = message::encode(&update);
    assert_eq!(message::decode::<Message>(&bytes).unwrap(), update);
    assert!(message::decode::<Message>(br#"{"type":"beat","version":1}"#).is_err());
    assert!(matches!(
        message::decode::<Message>(br#"{"type":"other","version":2}"#),
        Err(message::MessageError::Version(2))
    ));
}

#[test]
fn timelines_are_canonical_whenever_they_were_resolved() {
    let horizon = Horizon(20_000);
    let boundary = horizon.from().plus_micros(1);
    let before = horizon.from().plus_micros(-1);
    let timeline = Timeline::build(
        horizon,
        vec![boundary, before, boundary, horizon.until()],
        |at| Some(terms(if at < boundary { 100 } else { 200 })),
    );
    assert!(timeline.is_canonical(horizon));
    assert_eq!(timeline.segments().len(), 2);
    assert_eq!(timeline.terms_at(before).unwrap().price, money(100));
    assert_eq!(timeline.terms_at(boundary).unwrap().price, money(200));
    assert_eq!(timeline.next_boundary(before), Some(boundary));
    assert_eq!(timeline.next_boundary(boundary), None);
    let same = Timeline::build(horizon, vec![boundary], |_| Some(terms(1)));
    assert_eq!(same.segments().len(), 1);
    assert!(Timeline::build(horizon, vec![boundary], |_| None).is_empty());
}
