//! Every page in every language from made-up data, hostile texts included.

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::{
    Amount, Currency, Difference, Hash, HeldItem, Horizon, Instant, ItemState, Mode, Position, Rung,
};
use offercast_domain::revision::{Delta, Head, Revision};
use offercast_usecases::audit::{Audit, AuditChannel, AuditStatus, Finding};
use offercast_usecases::board::{Board, ChannelRow, Exclusive};
use serde_json::{Value, json};

use super::ask::encode;
use super::format::{Format, duration, utc};
use super::words::Lang;
use super::{assets, board, draft, errors, render, rendering, verify, versions};
use crate::problem::{Kind, Problem};

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn position(revision: u64) -> Position {
    Position {
        epoch: 1,
        hash: Hash::of(&[b"x"]),
        horizon: Horizon(20_779),
        revision,
    }
}

fn row(id: &str, mode: Mode, rung: Rung, revision: u64) -> ChannelRow {
    ChannelRow {
        clock_skew_ms: Some(-20),
        family: "till".to_owned(),
        held: 1,
        held_items: vec![HeldItem {
            reason: HOSTILE.to_owned(),
            sku: "milk".parse().unwrap(),
            view: "pl/krakow/everyone/store".parse().unwrap(),
        }],
        horizon: Some(Horizon(20_779)),
        id: id.parse().unwrap(),
        instance: Some("host/1".to_owned()),
        items: 41,
        lag_ms: Some(65_000),
        lag_revisions: 7 - revision,
        last_boundary: Some(at("2026-11-22T00:00:00Z")),
        last_seen: Some(at("2026-11-22T10:00:00.25Z")),
        locale: "pl".parse().unwrap(),
        mismatch_items: vec![
            serde_json::from_value(json!({
                "difference": { "expected": "5.99", "field": "price", "shown": HOSTILE },
                "sku": "milk", "view": "pl/krakow/everyone/store",
            }))
            .unwrap(),
        ],
        mismatches: 0,
        mode,
        name: HOSTILE.to_owned(),
        note: Some(HOSTILE.to_owned()),
        revision,
        rung,
        shown: None,
        shows_head: revision == 7,
        state_digest_ok: Some(true),
        stopped: false,
        views: vec!["pl/krakow/everyone/store".parse().unwrap()],
    }
}

fn fixture(channels: Vec<ChannelRow>) -> Board {
    let live = channels.iter().filter(|row| row.mode == Mode::Live).count() as u32;
    let showing = channels
        .iter()
        .filter(|row| row.mode == Mode::Live && row.shows_head)
        .count() as u32;
    Board {
        channels,
        exclusives: vec![Exclusive {
            channels: vec!["app".parse().unwrap()],
            labels: [("pl".parse().unwrap(), HOSTILE.to_owned())].into(),
            offer: "launch".parse().unwrap(),
            reason: HOSTILE.to_owned(),
        }],
        frozen: Some(HOSTILE.to_owned()),
        halted: Some(HOSTILE.to_owned()),
        head: position(7),
        live,
        now: at("2026-11-22T10:00:01Z"),
        published: position(7),
        recorded_at: at("2026-11-22T10:00:00Z"),
        showing,
    }
}

fn revision() -> Revision {
    let head = Head {
        epoch: 1,
        hash: Hash::ZERO,
        number: 6,
        recorded_at: at("2026-11-22T09:00:00Z"),
    };
    let header = head.next(
        "ana",
        HOSTILE,
        &Delta::default(),
        Hash::ZERO,
        at("2026-11-22T10:00:00Z"),
    );
    Revision {
        hash: header.hash(),
        header,
    }
}

/// The page in all three languages; no words are missing and nothing hostile
/// got through.
fn in_all_languages(template: &str, data: impl Fn(Lang) -> Value) -> Vec<String> {
    let pages = Lang::ALL.map(|lang| {
        let page = render::render(lang, template, &data(lang));
        page.unwrap_or_else(|_| {
            panic!(
                "{template} in {}: {:?}",
                lang.code(),
                render::fault_of(lang, template, &data(lang))
            )
        })
    });
    for page in &pages {
        assert!(!page.contains('⟦'), "{template}: {page}");
        assert!(
            !page.contains("<script>alert") && !page.contains("<img src=x"),
            "{template}: {page}"
        );
        assert!(
            !page.contains("style=\"") && !page.contains("onclick"),
            "{template}: {page}"
        );
    }
    pages.into()
}

#[test]
fn the_three_languages_have_the_same_words() {
    let keys = |lang: Lang| lang.table().keys().cloned().collect::<BTreeSet<_>>();
    assert!(keys(Lang::En).len() > 200);
    let gaps = |text: &str| -> BTreeSet<String> {
        text.split('{')
            .skip(1)
            .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
            .collect()
    };
    for lang in Lang::ALL {
        assert_eq!(keys(Lang::En), keys(lang));
        for (key, text) in lang.table() {
            assert!(!text.trim().is_empty(), "{key}");
            assert_eq!(
                gaps(text),
                gaps(&Lang::En.t(key)),
                "{key} in {}",
                lang.code()
            );
        }
    }
}

#[test]
fn the_language_is_the_readers_choice() {
    assert_eq!(Lang::accepted("pl-PL,pl;q=0.9,en;q=0.8"), Lang::Pl);
    assert_eq!(Lang::accepted("de, ru;q=0.4, en;q=0.7"), Lang::En);
    assert_eq!(Lang::accepted("de, ru;q=0"), Lang::En);
    assert_eq!(Lang::accepted("fr"), Lang::En);
    assert_eq!(Lang::accepted("RU_ru;q=x, pl;q=0.1"), Lang::Pl);
}

#[test]
fn the_board_says_what_every_channel_shows() {
    let mut late = row("till-late", Mode::Live, Rung::Observed, 6);
    late.mismatches = 1;
    let mut never = row("till-never", Mode::Shadow, Rung::Recorded, 0);
    (never.last_seen, never.clock_skew_ms, never.state_digest_ok) = (None, None, None);
    let board = fixture(vec![
        row("till-1", Mode::Live, Rung::Delivered, 7),
        late,
        never,
    ]);
    for can_switch in [true, false] {
        let recent = [revision()];
        let pages = in_all_languages("board", |lang| {
            board::body(lang, &board, &recent, can_switch, &|_| false)
        });
        assert!(
            pages[0].contains("1 of 2 channels show version 7"),
            "{}",
            pages[0]
        );
        assert!(pages[1].contains("Версия 7 — в 1 из 2 каналов"));
        assert!(pages[2].contains("Wersja 7 w 1 z 2 kanałów"));
        assert!(pages[0].contains("data-state=\"bad\"") && pages[0].contains("Discrepancy"));
        assert!(pages[0].contains("/v1/resume") == can_switch);
    }
    let empty = Board {
        frozen: None,
        halted: None,
        ..fixture(Vec::new())
    };
    let pages = in_all_languages("board", |lang| {
        board::body(lang, &empty, &[], true, &|_| true)
    });
    assert!(pages[0].contains("No live channels yet"));
}

#[test]
fn the_ladder_is_that_of_the_newest_version() {
    let board = fixture(Vec::new());
    let states = |row: &ChannelRow, observable| -> Vec<String> {
        let ladder = board::ladder(&board, row, observable);
        ladder
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let shown = row("till-1", Mode::Live, Rung::Delivered, 7);
    assert_eq!(
        states(&shown, false),
        ["done", "done", "done", "done", "done", "never"]
    );
    assert_eq!(states(&shown, true)[5], "todo");
    // It observed an older one: of the newest only the broker knows.
    let late = row("till-2", Mode::Live, Rung::Observed, 6);
    assert_eq!(
        states(&late, true),
        ["done", "done", "todo", "todo", "todo", "todo"]
    );
}

#[test]
fn versions_and_errors_and_sign_in() {
    let listed = json!({ "older": 3, "versions": [board::version(&revision())] });
    in_all_languages("versions", |_| listed.clone());
    in_all_languages("login", |_| json!({ "failed": true, "next": HOSTILE }));
    for kind in [
        Kind::NotFound,
        Kind::Internal,
        Kind::Forbidden,
        Kind::InvalidRequest,
        Kind::Unavailable,
    ] {
        let problem = Problem::new(kind, HOSTILE);
        let pages = in_all_languages("error", |lang| errors::page(lang, &problem).body);
        assert!(pages[0].contains(&kind.status().as_u16().to_string()));
    }
}

#[test]
fn an_audit_says_what_was_read() {
    let finding = Finding {
        differences: vec![Difference {
            expected: Some("5.99".to_owned()),
            field: "price".parse().unwrap(),
            shown: Some(HOSTILE.to_owned()),
        }],
        reason: None,
        sku: "milk".parse().unwrap(),
        state: ItemState::Mismatch,
        view: "pl/krakow/everyone/store".parse().unwrap(),
    };
    let held = Finding {
        differences: Vec::new(),
        reason: Some(HOSTILE.to_owned()),
        state: ItemState::Held,
        ..finding.clone()
    };
    let all = [
        ItemState::Identical,
        ItemState::DeclaredOmissions,
        ItemState::DeclaredException,
        ItemState::Behind,
        ItemState::Held,
        ItemState::Mismatch,
        ItemState::Unreadable,
    ];
    let read = |status, states: BTreeMap<ItemState, u64>| AuditChannel {
        channel: "till-1".parse().unwrap(),
        findings: vec![finding.clone(), held.clone()],
        items_read: 41,
        observed: false,
        states,
        status,
    };
    let audit = Audit {
        at: at("2026-11-22T10:00:00Z"),
        channels: vec![
            read(
                AuditStatus::Done,
                all.into_iter().map(|state| (state, 2)).collect(),
            ),
            read(AuditStatus::Running, BTreeMap::new()),
            read(AuditStatus::NoAnswer, BTreeMap::new()),
            read(
                AuditStatus::Done,
                BTreeMap::from([(ItemState::Identical, 41)]),
            ),
        ],
        done: false,
        id: uuid::Uuid::nil(),
        ok: false,
        position: position(7),
    };
    let current = empty_current();
    let pages = in_all_languages("verify", |lang| {
        verify::body(lang, &current, Some(&audit), true)
    });
    assert!(pages[0].contains("3 of 4 have answered"), "{}", pages[0]);
    in_all_languages("verify", |lang| verify::body(lang, &current, None, false));
}

fn empty_current() -> offercast_usecases::Current {
    offercast_usecases::Current {
        book: Default::default(),
        digests: Default::default(),
        position: position(0),
        recorded_at: at("2026-11-22T10:00:00Z"),
        sequence: 0,
    }
}

#[test]
fn a_version_says_what_it_changed() {
    let row = |from: &str| {
        serde_json::from_value(json!({
            "amount_minor": 599, "key": { "audience": "everyone", "kind": "regular", "place": { "market": "pl", "zone": "krakow" }, "sku": "milk", "valid_from": from },
        }))
    };
    let opened: offercast_domain::source::PriceRow = row("2026-11-22T10:00:00Z").unwrap();
    let ended: offercast_domain::source::PriceRow = row("2026-11-01T10:00:00Z").unwrap();
    let mut other = ended.key.clone();
    other.sku = "bread".parse().unwrap();
    let delta = Delta {
        closed_prices: vec![ended.key.clone(), other],
        opened_prices: vec![opened],
        ..Delta::default()
    };
    let current = empty_current();
    let pages = in_all_languages("version", |lang| {
        versions::body(lang, &current, &revision(), &delta, true)
    });
    assert_eq!(
        pages[0].matches("class=\"replaced\"").count(),
        1,
        "{}",
        pages[0]
    );
    assert_eq!(pages[0].matches("class=\"closed\"").count(), 1);
}

#[test]
fn percentages_are_exact() {
    for (text, points) in [
        ("10", 1000),
        ("12,5", 1250),
        ("0.01", 1),
        ("99.99", 9999),
        ("15 %", 1500),
    ] {
        assert_eq!(draft::basis_points(text), Some(points), "{text}");
    }
    for text in ["", "0", "100", "1.005", "-5", "1e1", "x", "."] {
        assert_eq!(draft::basis_points(text), None, "{text}");
    }
}

#[test]
fn a_form_without_a_place_is_refused_there() {
    let fields = BTreeMap::from([("place".to_owned(), "nowhere/-".to_owned())]);
    let wrong = draft::changes(
        Lang::Pl,
        &empty_current(),
        &"milk".parse().unwrap(),
        &fields,
        at("2026-11-22T10:00:00Z"),
    );
    assert_eq!(wrong.unwrap_err()[0].field, "place");
    in_all_languages(
        "draft",
        |_| json!({ "errors": [{ "field": "place", "reason": HOSTILE }] }),
    );
}

#[test]
fn artefacts_are_drawn_as_they_are() {
    let app = rendering::app(
        "{\"name\":\"Milk\",\"price\":{\"text\":\"€1.20\"},\"offers\":[{\"label\":\"Week\"}],\"regular\":{\"label\":\"Regular\",\"text\":\"€2\"}}",
    );
    assert_eq!(
        (&app["price"], &app["offers"][0], &app["lines"][0]["struck"]),
        (&json!("€1.20"), &json!("Week"), &json!(true))
    );
    assert_eq!(rendering::app("no JSON"), Value::Null);
    let till = rendering::till(
        Lang::En,
        "milk;200;Milk;Milk, pc;1.20;;;0,1,1;;;;;;;;;1\r\n",
    );
    assert_eq!(till["price"], "1.20");
    assert_eq!(till["fields"][5]["value"], "no");
    assert_eq!(rendering::till(Lang::En, "")["fields"][0]["value"], "–");
    assert_eq!(
        rendering::decode("text/plain; charset=windows-1251", b"\xcc\xee"),
        "Мо"
    );
}

#[test]
fn scripts_import_by_their_hashed_names() {
    for name in [
        "app.css",
        "shop.css",
        "icon.svg",
        "morph.js",
        "live.js",
        "forms.js",
        "drafts.js",
        "app.js",
    ] {
        let address = assets::address(name);
        assert!(
            address.starts_with("/assets/") && address.len() > "/assets/.css".len() + 16,
            "{address}"
        );
        assert!(
            !assets::body(name).contains("\"./"),
            "{name} imports a name without a hash"
        );
    }
}

#[test]
fn numbers_and_times_are_written_in_the_readers_way() {
    let zloty = Currency::parse("PLN").unwrap();
    let format = Format::new(Lang::Pl, "Europe/Warsaw");
    assert_eq!(
        format.amount(Amount::new(599, zloty), zloty),
        "5,99\u{a0}zł"
    );
    assert!(format.local(at("2026-11-22T10:00:00Z")).ends_with("11:00"));
    assert_eq!(
        utc(at("2026-11-22T10:00:00.25Z")),
        "2026-11-22 10:00:00 UTC"
    );
    for (ms, text) in [
        (20, "20 ms"),
        (-1500, "−1.5 s"),
        (125_000, "2 min 05 s"),
        (7_260_000, "2 h 01 min"),
    ] {
        assert_eq!(duration(ms), text);
    }
    assert_eq!(encode("a b/ż&"), "a%20b/%C5%BC%26");
}
