//! One small, whole example of everything that travels.

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::message::{AuditReading, items_sha256};
use offercast_contract::promotion::StatedLimit;
use offercast_contract::*;

pub(crate) fn text<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub(crate) fn rub(minor: i64) -> Amount {
    Amount::new(minor, text("RUB"))
}

pub(crate) fn horizon() -> Horizon {
    Horizon::containing(text("2026-11-24T12:00:00Z"))
}

/// Friday 00:00 to Sunday 24:00 in Moscow.
pub(crate) fn starts() -> Instant {
    text("2026-11-26T21:00:00Z")
}

pub(crate) fn ends() -> Instant {
    text("2026-11-29T21:00:00Z")
}

pub(crate) fn sku() -> Sku {
    text("90290981")
}

pub(crate) fn store() -> View {
    text("ru/spb-12/everyone/store")
}

pub(crate) fn delivery() -> View {
    text("ru/-/everyone/delivery")
}

pub(crate) fn facts() -> Facts {
    let content = |name: &str, short: &str| Content {
        name: name.to_owned(),
        short: Some(short.to_owned()),
        ..Content::default()
    };
    Facts {
        brand: Some("Melkwit".to_owned()),
        gtin: Some("04006381333931".to_owned()),
        pack: Some(Measure {
            quantity: text("0.25"),
            unit: MeasureUnit::Kilogram,
        }),
        ..Facts::new(
            "food/dairy/cheese".to_owned(),
            SaleUnit::Piece,
            BTreeMap::from([
                (text("en"), content("Gouda cheese, 250 g", "Gouda 250")),
                (text("ru"), content("Сыр «Гауда», 250 г", "Гауда 250")),
            ]),
        )
    }
}

pub(crate) fn regular_terms() -> Terms {
    Terms {
        conditional: vec![ConditionalPrice {
            amount: rub(37_990),
            condition: Condition::audience(text("gold")),
        }],
        unit_price: Some(UnitPrice {
            amount: rub(159_960),
            per: Measure {
                quantity: text("1"),
                unit: MeasureUnit::Kilogram,
            },
        }),
        ..Terms::of(
            text("RUB"),
            rub(39_990),
            Tax {
                included: true,
                rate_bp: 1000,
            },
        )
    }
}

pub(crate) fn weekend_terms() -> Terms {
    Terms {
        offers: vec![AppliedOffer {
            id: text("cheese-weekend"),
            labels: BTreeMap::from([
                (text("en"), "Cheese weekend −20%".to_owned()),
                (text("ru"), "Сырные выходные −20 %".to_owned()),
            ]),
        }],
        conditional: vec![],
        price: rub(31_990),
        prior: Some(rub(39_990)),
        promotions: vec![three_for_two()],
        reduction_percent: Some(20),
        regular: Some(rub(39_990)),
        unit_price: Some(UnitPrice {
            amount: rub(127_960),
            per: Measure {
                quantity: text("1"),
                unit: MeasureUnit::Kilogram,
            },
        }),
        ..regular_terms()
    }
}

/// Terms with all that the law and the order add.
pub(crate) fn ruled_terms() -> Terms {
    let words = |en: &str, ru: &str| {
        BTreeMap::from([(text("en"), en.to_owned()), (text("ru"), ru.to_owned())])
    };
    let warning = |id: &str, channels: Vec<ChannelSelector>, labels| MandatoryWarning {
        channels,
        labels,
        restriction: text(id),
    };
    Terms {
        order: Some(OrderTerms {
            delivery_fee: Some(DeliveryFee {
                amount: rub(19_900),
                free_from: Some(rub(250_000)),
            }),
            minimum_order: Some(rub(50_000)),
            payment: vec![PaymentMethod::Card, PaymentMethod::Instant],
            returns: Some(Returns {
                days: 7,
                labels: words("Unopened", "В целой упаковке"),
            }),
        }),
        warnings: vec![
            warning(
                "elsewhere",
                vec![ChannelSelector::Family("other".to_owned())],
                words("No", "Нет"),
            ),
            warning(
                "health",
                vec![],
                words("Too much harms", "Чрезмерное употребление вредит"),
            ),
        ],
        ..regular_terms()
    }
}

fn three_for_two() -> Promotion {
    let mechanic = Mechanic::NForM { buy: 3, pay: 2 };
    Promotion {
        labels: BTreeMap::from([
            (text("pl"), "3 w cenie 2".to_owned()),
            (text("ru"), "3 по цене 2".to_owned()),
        ]),
        products: Assortment {
            include: vec![Selector::Category("food/dairy".to_owned())],
            exclude: vec![],
        },
        terms: PromotionTerms {
            limits: vec![StatedLimit::PerCustomer(6)],
            ..PromotionTerms::of(mechanic.clone())
        },
        ..Promotion::of(text("dairy-3-for-2"), mechanic)
    }
}

pub(crate) fn timeline() -> Timeline {
    Timeline::build(horizon(), vec![starts(), ends()], |at| {
        let is_weekend = starts() <= at && at < ends();
        Some(if is_weekend {
            weekend_terms()
        } else {
            regular_terms()
        })
    })
}

pub(crate) fn item() -> Item {
    let per_view = vec![(delivery(), timeline()), (store(), timeline())];
    Item::new(sku(), Some(facts()), per_view)
}

pub(crate) fn tombstone() -> Item {
    Item::new(text("90290982"), None, vec![])
}

pub(crate) fn channel() -> Channel {
    Channel {
        assortment: Assortment {
            include: vec![Selector::Category("food".to_owned())],
            exclude: vec![Selector::Brand("Nobody".to_owned())],
        },
        calls_quote: true,
        exceptions: vec![DeclaredException {
            field: Field::Name,
            owner: "content team".to_owned(),
            reason: "the shelf label has 24 characters".to_owned(),
            sku: Some(sku()),
            until: text("2026-12-31T21:00:00Z"),
        }],
        family: "till".to_owned(),
        id: text("till-spb-12"),
        locale: text("ru-RU"),
        mode: Mode::Live,
        name: "Касса, Невский 12".to_owned(),
        projection: Projection {
            implied: BTreeMap::from([(Field::Currency, "the store has one currency".to_owned())]),
            omits: [Field::Prior, Field::Reduction].into(),
        },
        template: Template::new("till-frontol.hbs", "{{sku}};{{name}};{{price}}\n"),
        time_zone: "Europe/Moscow".to_owned(),
        views: vec![store()],
    }
}

pub(crate) fn digest_of(items: &[&Item], view: &View) -> StateDigest {
    let mut digest = StateDigest::default();
    for item in items {
        if let (Some(facts), Some(timeline)) = (&item.facts, item.timeline(view)) {
            let hash = digest::item_hash(&item.sku, &digest::facts_hash(facts), timeline);
            digest.replace(&item.sku, None, Some(&hash));
        }
    }
    digest
}

pub(crate) fn state() -> BTreeMap<View, Digest> {
    [delivery(), store()]
        .into_iter()
        .map(|view| (view.clone(), digest_of(&[&item()], &view).root()))
        .collect()
}

pub(crate) fn position(revision: u64) -> Position {
    Position {
        epoch: 1,
        hash: Hash::of(&[format!("the header of revision {revision}").as_bytes()]),
        horizon: horizon(),
        revision,
    }
}

pub(crate) fn update() -> Update {
    let items = vec![item(), tombstone()];
    Update {
        after: position(6),
        at: position(7),
        channels: vec![channel()],
        ended_channels: vec![text("till-spb-09")],
        items_sha256: items_sha256(&items),
        payload: Payload::Inline { items },
        recorded_at: text("2026-11-24T12:00:00.250000Z"),
        resolver: RESOLVER_VERSION,
        state: state(),
    }
}

pub(crate) fn manifest() -> Update {
    let items = [item(), tombstone()];
    let bytes = items
        .iter()
        .map(|item| canonical_bytes(item).len() + 1)
        .sum::<usize>();
    Update {
        channels: vec![],
        ended_channels: vec![],
        payload: Payload::Manifest {
            bytes: bytes as u64,
            items: items.len() as u64,
        },
        ..update()
    }
}

pub(crate) fn beat() -> Beat {
    Beat {
        at: text("2026-11-24T12:00:02Z"),
        frozen: false,
        head: position(7),
        resolver: RESOLVER_VERSION,
        state: state(),
    }
}

/// What the channel must show on Saturday.
pub(crate) fn weekend_claims() -> Claims {
    project(&channel(), &sku(), &facts(), &weekend_terms(), Some(ends()))
}

pub(crate) fn acknowledgement() -> Acknowledgement {
    let mut shown = Digest::EMPTY;
    shown.add(&weekend_claims().hash_for(&sku(), &store()));
    Acknowledgement {
        channel: channel().id,
        clock: text("2026-11-26T21:00:01.500000Z"),
        held: 1,
        held_items: vec![HeldItem {
            reason: "the name has 61 characters, the till takes 60".to_owned(),
            sku: text("90290990"),
            view: store(),
        }],
        instance: "till-host-3:4711".to_owned(),
        items: 1,
        last_boundary: Some(starts()),
        mismatches: 1,
        mismatch_items: vec![message::Mismatch {
            difference: Difference {
                expected: Some("319.90".to_owned()),
                field: Field::Price.into(),
                shown: Some("319.00".to_owned()),
            },
            sku: text("90290991"),
            view: store(),
        }],
        note: None,
        position: position(7),
        resolver: RESOLVER_VERSION,
        rung: Rung::Delivered,
        shown,
        state: BTreeMap::from([(store(), digest_of(&[&item()], &store()).root())]),
        stopped: false,
    }
}

pub(crate) fn audit_page() -> message::AuditPage {
    message::AuditPage {
        channel: channel().id,
        id: "verify-01".to_owned(),
        last: true,
        observed: true,
        page: 0,
        position: position(7),
        readings: vec![
            AuditReading {
                claims: Some(weekend_claims()),
                held: false,
                reason: None,
                sku: sku(),
                view: store(),
            },
            AuditReading {
                claims: None,
                held: true,
                reason: Some("the name has 61 characters, the till takes 60".to_owned()),
                sku: text("90290990"),
                view: store(),
            },
        ],
    }
}

pub(crate) fn pull_page() -> message::PullPage {
    let items = vec![item()];
    message::PullPage {
        at: position(7),
        channels: vec![channel()],
        items_sha256: items_sha256(&items),
        items,
        next: None,
        resolver: RESOLVER_VERSION,
        snapshot: true,
        state: state(),
    }
}
