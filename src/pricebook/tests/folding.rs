//! Whatever is edited, in whatever order: folding equals starting anew.

use offercast_contract::{Horizon, Instant};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::model::{Model, channel, day, labelled, market, offer, price, product, zone};
use crate::fold::move_horizon;

fn pick<T: Clone + std::fmt::Debug + 'static>(from: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(from.to_vec())
}

fn any_sku() -> impl Strategy<Value = &'static str> {
    pick(&["a", "b", "c", "d", "e"])
}

const PERSON: &str = "personal:0f8fad5b-d9cb-469f-a165-70867728950e";

fn any_price() -> impl Strategy<Value = Value> {
    let place = pick(&[None, Some("region"), Some("store")]);
    let audience = pick(&["everyone", "everyone", "card", PERSON]);
    let kind = pick(&["regular", "regular", "special", "prior", "anchor", "floor"]);
    let tier = pick(&[None, None, Some("6"), Some("12")]);
    let interval = (-3_i64..12, prop::option::of(1_i64..8));
    (any_sku(), place, audience, (kind, tier), 1_i64..9, interval).prop_map(
        |(sku, zone, audience, (kind, tier), amount, (from, days))| {
            let mut change = price(sku, kind, &format!("{amount}.00"));
            change["zone"] = json!(zone);
            change["audience"] = json!(audience);
            change["minimum_quantity"] = json!(tier);
            change["valid_from"] = json!(day(from));
            change["valid_until"] = json!(days.map(|days| day(from + days)));
            change
        },
    )
}

fn any_offer() -> impl Strategy<Value = Value> {
    let include = pick(&[
        json!([]),
        json!([{"category": "food"}]),
        json!([{"category": "food/dairy"}, {"brand": "X"}]),
        json!([{"brand": "Y"}]),
        json!([{"sku": "a"}]),
        json!([{"tag": "new"}]),
        json!([{"tag": "old"}, {"attribute": {"name": "size", "value": "XL"}}]),
    ]);
    let exclude = pick(&[
        json!([]),
        json!([{"category": "food/dairy"}]),
        json!([{"sku": "b"}]),
        json!([{"tag": "new"}]),
    ]);
    let range = pick(&[
        json!(null),
        json!({"max_minor": 400}),
        json!({"min_minor": 300, "max_minor": 500}),
    ]);
    let place = pick(&[json!([]), json!(["region"]), json!(["store"])]);
    let weekly = pick(&[
        json!([]),
        json!([]),
        json!([{"days": ["friday"], "from": "18:00", "until": "02:00"}]),
        json!([{"days": ["monday", "tuesday"], "from": "00:00", "until": "24:00"}]),
    ]);
    let local = any::<bool>();
    let interval = (-3_i64..12, 1_i64..8, weekly, local);
    let id = pick(&["o1", "o2", "o3"]);
    (
        id,
        100_u32..9_000,
        include,
        (exclude, range),
        place,
        interval,
    )
        .prop_map(
            |(id, percent, include, (exclude, range), zones, (from, days, weekly, local))| {
                let mut change = offer(id, percent, &include);
                change["offer"]["target"]["exclude"] = exclude;
                change["offer"]["target"]["price"] = range;
                change["offer"]["zones"] = zones;
                let moment = |at: Instant| match local {
                    true => json!(at.to_string().trim_end_matches('Z')),
                    false => json!(at),
                };
                change["offer"]["valid_from"] = moment(day(from));
                change["offer"]["valid_until"] = moment(day(from + days));
                change["offer"]["weekly"] = weekly;
                change
            },
        )
}

fn any_restriction() -> impl Strategy<Value = Value> {
    let rule = pick(&[
        json!("hide"),
        json!("no_discount"),
        json!({"minimum_price": {"amount_minor": 300}}),
        json!({"maximum_price": {"amount_minor": 600}}),
        json!({"warning": {"hr": "Pozor"}}),
    ]);
    let class = pick(&["drinks", "drinks/strong"]);
    let (modes, zones) = (
        pick(&[json!([]), json!(["delivery"])]),
        pick(&[json!([]), json!(["region"])]),
    );
    let interval = (-3_i64..12, prop::option::of(1_i64..8));
    (pick(&["r1", "r2"]), class, rule, modes, zones, interval).prop_map(
        |(id, class, rule, modes, zones, (from, days))| {
            json!({"type": "put_restriction", "restriction": {
                "class": class, "id": id, "market": "hr", "modes": modes, "rule": rule,
                "source": "law", "valid_from": day(from),
                "valid_until": days.map(|days| day(from + days)), "zones": zones
            }})
        },
    )
}

fn any_order() -> impl Strategy<Value = Value> {
    let zone = pick(&[None, Some("region"), Some("store")]);
    let mode = pick(&[None, Some("delivery")]);
    let interval = (-3_i64..12, prop::option::of(1_i64..8));
    (pick(&["c1", "c2"]), zone, mode, 1_i64..4, interval).prop_map(
        |(id, zone, mode, amount, (from, days))| {
            json!({"type": "put_order_conditions", "order_conditions": {
                "delivery_fee": {"amount_minor": amount}, "id": id, "market": "hr",
                "minimum_order_minor": amount, "mode": mode, "valid_from": day(from),
                "valid_until": days.map(|days| day(from + days)), "zone": zone
            }})
        },
    )
}

fn any_change() -> impl Strategy<Value = Value> {
    let category = pick(&["food", "food/dairy", "food!", "home"]);
    let views = pick(&[
        vec!["hr/-/everyone/delivery"],
        vec!["hr/region/card/store", "hr/store/everyone/store"],
    ]);
    prop_oneof![
        6 => any_price(),
        3 => any_offer(),
        3 => (any_sku(), category, pick(&["X", "Y"]), pick(&["", "new", "old"]), pick(&["", "XL"]),
                pick(&[None, Some("drinks"), Some("drinks/strong")]))
            .prop_map(|(sku, category, brand, tag, size, class)| {
                let mut change = labelled(product(sku, category, brand), tag, size);
                change["product"]["restriction_class"] = json!(class);
                change
            }),
        1 => any_sku().prop_map(|sku| json!({"type": "end_product", "sku": sku})),
        1 => (any_sku(), pick(&["regular", "special"])).prop_map(|(sku, kind)| json!({
            "type": "end_price", "sku": sku, "market": "hr", "kind": kind, "at": day(4)
        })),
        1 => pick(&["o1", "o2"]).prop_map(|id| json!({"type": "end_offer", "id": id})),
        1 => pick(&[None, Some("region")]).prop_map(|parent| zone("store", parent)),
        1 => (0_i64..3, pick(&["Europe/Zagreb", "Australia/Lord_Howe"])).prop_map(
            |(deposit, time_zone)| {
                let mut change = market(deposit);
                change["market"]["time_zone"] = json!(time_zone);
                change
            }
        ),
        1 => views.prop_map(|views| channel("web", &views)),
        1 => Just(json!({"type": "end_channel", "id": "shelf"})),
        2 => any_restriction(),
        1 => any_order(),
        1 => pick(&["r1", "r2"])
            .prop_map(|id| json!({"type": "end_restriction", "id": id, "market": "hr"})),
        1 => pick(&["c1", "c2"])
            .prop_map(|id| json!({"type": "end_order_conditions", "id": id, "market": "hr"})),
    ]
}

const DAY_MICROS: i64 = 86_400 * 1_000_000;

fn any_pause() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0_i64..3, 4 => 3_i64..40, 1 => 100_i64..300]
}

/// Moves the intervals of a change by days.
fn shift(value: &mut Value, days: i64) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_instant = ["at", "valid_from", "valid_until"].contains(&name.as_str());
                match field.as_str().filter(|_| is_instant) {
                    Some(text) => {
                        let local = text.trim_end_matches('Z');
                        let at: Instant = format!("{local}Z").parse().unwrap();
                        let later = at.plus_micros(days * DAY_MICROS).to_string();
                        *field = json!(later.replace('Z', &text[local.len()..]));
                    }
                    None => shift(field, days),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift(value, days)),
        _ => {}
    }
}

fn stocked() -> Model {
    let mut model = Model::shop();
    let skus = [
        ("a", "food"),
        ("b", "food/dairy"),
        ("c", "home"),
        ("d", "food/dairy"),
    ];
    for (sku, category) in skus {
        model.edit(json!([
            product(sku, category, "X"),
            price(sku, "regular", "5.00")
        ]));
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // Every edit checks itself against a book loaded anew: see the model.
    #[test]
    fn an_incremental_fold_equals_a_full_one(
        sets in prop::collection::vec(prop::collection::vec(any_change(), 1..4), 1..10),
    ) {
        let mut model = stocked();
        let mut recorded = 0;
        for set in sets {
            // A refused set must leave no trace; single changes mostly pass.
            if model.edit(Value::Array(set.clone())).is_none() {
                let singles = set.into_iter().map(|change| model.edit(json!([change])));
                recorded += singles.flatten().count();
            } else {
                recorded += 1;
            }
        }
        prop_assert_eq!(model.book.head().number, 5 + recorded as u64);
    }

    // Prices have a past: what was applied counts for what may be claimed. Time
    // goes by between the edits, sometimes beyond what the ledger keeps.
    #[test]
    fn a_fold_through_time_equals_a_full_one(
        law in 0_i64..3,
        edits in prop::collection::vec((any_change(), any_pause()), 1..14),
    ) {
        let mut model = stocked();
        model.edit(json!([market(law)]));
        for (mut change, days) in edits {
            model.pass(days);
            shift(&mut change, (model.now.micros() - day(0).micros()) / DAY_MICROS);
            model.edit(json!([change]));
        }
    }

    #[test]
    fn a_moved_horizon_equals_a_full_one(
        changes in prop::collection::vec(any_change(), 1..10),
        moves in prop::collection::vec(-4_i64..12, 1..4),
    ) {
        let mut model = stocked();
        for change in changes {
            model.edit(json!([change]));
        }
        for days in moves {
            let next = Horizon::containing(day(days));
            let digests = std::mem::take(&mut model.digests);
            let folded = move_horizon(&model.book, model.horizon, next, digests);
            model.check(&model.book, model.horizon, &folded);
            model.digests = folded.digests;
            model.horizon = next;
        }
    }
}
