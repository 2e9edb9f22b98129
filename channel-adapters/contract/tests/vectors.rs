//! Test vectors for adapters in other languages, and the examples in
//! `docs/CONTRACT.md`: written from the types themselves, compared with what
//! is stored. After an intended change of the contract:
//! `OFFERCAST_WRITE_VECTORS=1 cargo test -p offercast-contract --test vectors`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod example;

use std::fs;
use std::path::{Path, PathBuf};

use example::*;
use offercast_contract::compare::judge;
use offercast_contract::message::{Answer, PullPage, decode, encode};
use offercast_contract::*;
use serde_json::{Value, json};

#[allow(clippy::disallowed_methods, reason = "no setting of the program")]
fn is_writing() -> bool {
    std::env::var_os("OFFERCAST_WRITE_VECTORS").is_some()
}

fn path(name: &str) -> PathBuf {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    vectors.join(name).with_extension("json")
}

/// Compares with the stored vectors, or stores them.
fn check(name: &str, vectors: &Value) {
    let text = format!("{}\n", serde_json::to_string_pretty(vectors).unwrap());
    let path = path(name);
    if is_writing() {
        fs::write(&path, text).unwrap();
    } else {
        let stored = fs::read_to_string(&path).unwrap();
        assert_eq!(stored, text, "{} differs", path.display());
    }
}

fn canonical(value: &impl serde::Serialize) -> Value {
    let bytes = canonical_bytes(value);
    json!({
        "canonical": String::from_utf8(bytes.clone()).unwrap(),
        "sha256": Hash::of(&[&bytes]),
        "value": value,
    })
}

#[test]
fn canonical_bytes_of_values() {
    check(
        "canonical",
        &json!({
            "channel": canonical(&channel()),
            "facts": canonical(&facts()),
            "item": canonical(&item()),
            "terms": canonical(&weekend_terms()),
            "timeline": canonical(&timeline()),
            "tombstone": canonical(&tombstone()),
            "text": canonical(&json!({
                "control": "\u{0}\u{1f}\u{7f}\u{8}\t\n\u{c}\r",
                "quotes": "\" \\ / '",
                "unicode": "é « 🧀 \u{2028}",
            })),
        }),
    );
}

#[test]
fn texts_of_values() {
    let amounts = [
        ("RUB", 39_990),
        ("EUR", 5),
        ("JPY", 500),
        ("KWD", -1_234),
        ("PLN", 0),
    ]
    .map(|(code, minor)| {
        let currency: Currency = text(code);
        json!({"currency": code, "exponent": currency.exponent(), "minor": minor, "text": Amount::new(minor, currency)})
    });
    let refused_amounts = ["", ".", "1.", ".5", "1,5", "1e3", "+1", " 1"];
    for wrong in refused_amounts {
        assert!(wrong.parse::<Amount>().is_err());
    }
    let instants = [0, 1_764_190_800_000_000, 1_764_190_800_250_000, -1]
        .map(|micros| json!({"micros": micros, "text": Instant::from_micros(micros)}));
    let quantities = [1, 500_000, 1_000_000, 12_000_000].map(|millionths| {
        let quantity = measure::Quantity::from_millionths(millionths).unwrap();
        json!({"millionths": millionths, "text": quantity})
    });
    let mut views: Vec<View> = [
        "a/--/x/store",
        "a-b/-/x/store",
        "a/-/x/store",
        "a/-/x/delivery",
    ]
    .map(text)
    .into();
    views.sort();
    check(
        "texts",
        &json!({
            "amounts": amounts,
            "instants": instants,
            "quantities": quantities,
            "refused_amounts": refused_amounts,
            "views_in_order": views,
        }),
    );
}

#[test]
fn horizons() {
    let rows = [
        "2026-11-24T00:00:00Z",
        "2026-11-24T23:59:59.999999Z",
        "2026-11-25T00:00:00Z",
        "1969-12-31T23:59:59Z",
    ]
    .map(|instant| {
        let horizon = Horizon::containing(text(instant));
        json!({"from": horizon.from(), "horizon": horizon, "instant": instant, "until": horizon.until()})
    });
    check("horizons", &json!(rows));
}

#[test]
fn timelines() {
    let timeline = timeline();
    let lookups = [
        horizon().from(),
        starts().plus_micros(-1),
        starts(),
        ends().plus_micros(-1),
        ends(),
        horizon().until().plus_micros(-1),
    ]
    .map(|at| {
        json!({
            "at": at,
            "next_boundary": timeline.next_boundary(at),
            "price": timeline.terms_at(at).map(|terms| terms.price),
        })
    });
    // Each breaks one rule of the canonical form.
    let regular = json!(regular_terms());
    let weekend = json!(weekend_terms());
    let edge = horizon().until();
    let refused = json!([
        [{"from": starts(), "terms": regular}],
        [{"terms": regular, "until": starts()}],
        [{"terms": regular, "until": starts()}, {"from": ends(), "terms": weekend}],
        [{"terms": regular, "until": starts()}, {"from": starts(), "terms": regular}],
        [{"terms": regular, "until": edge}, {"from": edge, "terms": weekend}],
        [{}],
    ]);
    for wrong in refused.as_array().unwrap() {
        let wrong: Timeline = serde_json::from_value(wrong.clone()).unwrap();
        assert!(!wrong.is_canonical(horizon()), "{wrong:?}");
    }
    assert!(timeline.is_canonical(horizon()));
    check(
        "timelines",
        &json!({
            "horizon": horizon(),
            "lookups": lookups,
            "refused": refused,
            "timeline": timeline,
        }),
    );
}

#[test]
fn digests() {
    let facts_hash = digest::facts_hash(&facts());
    let item_hash = digest::item_hash(&sku(), &facts_hash, &timeline());
    let buckets = ["90290981", "90290982", "A.1_b-2"].map(|text| {
        let sku = Sku::parse(text).unwrap();
        json!({"bucket": digest::bucket(&sku), "sku": sku})
    });
    let elements = ["a", "b", "c"].map(|text| Hash::of(&[text.as_bytes()]));
    let mut sum = Digest::EMPTY;
    elements.iter().for_each(|element| sum.add(element));
    let mut without_b = sum;
    without_b.remove(&elements[1]);
    let mut wrapped: Digest = text(&"f".repeat(64));
    wrapped.add(&elements[0]);
    check(
        "digests",
        &json!({
            "buckets": buckets,
            "item": {
                "facts_sha256": facts_hash,
                "item_hash": item_hash,
                "segments_sha256": Hash::of_canonical(&timeline()),
                "sku": sku(),
            },
            "items_sha256": {
                "of": [item(), tombstone()],
                "sha256": message::items_sha256(&[item(), tombstone()]),
            },
            "sum": {
                "digest": sum,
                "elements": elements,
                "first_added_to_all_ones": wrapped,
                "without_the_second": without_b,
            },
        }),
    );
}

#[test]
fn claims() {
    let expected = weekend_claims();
    let mut shown = expected.clone();
    shown.set(Field::Price, "319.00");
    shown.set(claims::ClaimKey::of(Field::Reference, "anchor"), "299.90");
    shown.retain(|key| key.field != Field::UnitPrice);
    let differences = compare(&expected, &shown);
    let state = judge(&channel(), &sku(), starts(), &differences);
    let bare = Channel {
        projection: Projection::default(),
        ..channel()
    };
    check(
        "claims",
        &json!({
            "all": {
                "ruled": project(&bare, &sku(), &facts(), &ruled_terms(), None),
                "regular_days": project(&bare, &sku(), &facts(), &regular_terms(), Some(starts())),
                "weekend": project(&bare, &sku(), &facts(), &weekend_terms(), Some(ends())),
            },
            "channel": channel(),
            "differences": differences,
            "facts": facts(),
            "projected": expected,
            "ruled": {"hiding": hiding(), "terms": ruled_terms()},
            "shown": shown,
            "shown_element": expected.hash_for(&sku(), &store()),
            "sku": sku(),
            "state": state,
            "terms": weekend_terms(),
            "until": ends(),
            "view": store(),
        }),
    );
}

/// Ways in which the law hides an item, and whether the channel may show it.
fn hiding() -> Vec<Value> {
    let channel = channel();
    let id = ChannelSelector::Id(channel.id.clone());
    let family = ChannelSelector::Family(channel.family.clone());
    let other = ChannelSelector::Family("elsewhere".to_owned());
    let cases = [
        vec![],
        vec![vec![]],
        vec![vec![other.clone()]],
        vec![vec![id]],
        vec![vec![family, other.clone()]],
        vec![vec![other.clone()], vec![]],
    ];
    let case = |channels: Vec<Vec<ChannelSelector>>| {
        let hidden = channels.into_iter().map(|channels| Hidden {
            channels,
            restriction: text("unseen"),
        });
        let terms = Terms {
            hidden_in: hidden.collect(),
            ..ruled_terms()
        };
        json!({"hidden_in": terms.hidden_in, "visible": terms.visible_in(&channel)})
    };
    cases.into_iter().map(case).collect()
}

fn examples() -> Vec<(&'static str, Vec<u8>)> {
    let down = |message: Message| encode(message);
    vec![
        (
            "acknowledgement",
            encode(Answer::Acknowledgement(Box::new(acknowledgement()))),
        ),
        (
            "audit",
            down(Message::Audit {
                at: text("2026-11-28T09:00:00Z"),
                channel: channel().id,
                id: "verify-01".to_owned(),
                position: position(7),
            }),
        ),
        ("audit_page", encode(Answer::AuditPage(audit_page()))),
        ("beat", down(Message::Beat(beat()))),
        ("pull_page", canonical_bytes(&pull_page())),
        (
            "resync",
            down(Message::Resync {
                channel: channel().id,
                sku: Some(sku()),
            }),
        ),
        ("update_inline", down(Message::Update(Box::new(update())))),
        (
            "update_manifest",
            down(Message::Update(Box::new(manifest()))),
        ),
    ]
}

#[test]
fn messages() {
    let mut vectors = serde_json::Map::new();
    for (name, bytes) in examples() {
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let theirs = serde_json_canonicalizer::to_vec(&value).unwrap();
        assert_eq!(bytes, theirs, "{name} is not canonical");
        vectors.insert(
            name.to_owned(),
            json!({"message": value, "sha256": Hash::of(&[&bytes])}),
        );
        let is_understood = match name {
            "acknowledgement" | "audit_page" => decode::<Answer>(&bytes).is_ok(),
            "pull_page" => serde_json::from_slice::<PullPage>(&bytes).is_ok(),
            _ => decode::<Message>(&bytes).is_ok(),
        };
        assert!(is_understood, "{name}");
    }
    check("messages", &Value::Object(vectors));
}

/// Every block of JSON in the documentation that follows
/// `<!-- example: NAME -->` is the message of that name.
#[test]
fn examples_in_the_documentation_are_real() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONTRACT.md");
    let stored = fs::read_to_string(&path).unwrap();
    let mut text = stored.clone();
    for (name, bytes) in examples() {
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let begin = format!("<!-- example: {name} -->\n```json\n");
        let start = text.find(&begin).expect(name) + begin.len();
        let end = start + text[start..].find("```").unwrap();
        let pretty = format!("{}\n", serde_json::to_string_pretty(&value).unwrap());
        text.replace_range(start..end, &pretty);
    }
    if is_writing() {
        fs::write(&path, text).unwrap();
    } else {
        assert_eq!(stored, text, "docs/CONTRACT.md differs");
    }
}
