//! The board: what every channel shows right now.

use actix_web::{HttpResponse, web};
use offercast_contract::{ChannelId, Mode, Rung};
use offercast_domain::revision::Revision;
use offercast_kit::Switching;
use offercast_usecases::board::{self, Board, ChannelRow, Exclusive, SILENT_AFTER_MICROS};
use offercast_usecases::engine::Engine;
use offercast_usecases::history;
use serde_json::{Value, json};

use super::ask::{Ask, Page};
use super::format::{duration, short, utc, view};
use super::words::Lang;
use crate::options::Scope;
use crate::problem::Problem;
use crate::state::Shared;

const RECENT: u32 = 8;

pub(super) async fn page(ask: Ask, shared: web::Data<Shared>) -> HttpResponse {
    let page = content(&ask, &shared).await;
    ask.answer(page)
}

async fn content(ask: &Ask, shared: &Shared) -> Result<Page, Problem> {
    ask.may_read()?;
    let engine = &shared.engine;
    let board = board::snapshot(engine);
    let recent = history::revisions(engine, None, RECENT).await?;
    let observable = |family: &str| is_observable(engine, family);
    let body = body(
        ask.lang,
        &board,
        &recent,
        ask.may(Scope::Admin),
        &observable,
    );
    Ok(Page::new("board", ask.lang.t("board.title"), body).live("board"))
}

/// Whether the outside of a family's channels can be read.
pub(super) fn is_observable(engine: &Engine, family: &str) -> bool {
    let family = engine.families().get(family);
    family.is_some_and(|family| family.switching() == Switching::ByItself)
}

pub(super) fn body(
    lang: Lang,
    board: &Board,
    recent: &[Revision],
    can_switch: bool,
    observable: &dyn Fn(&str) -> bool,
) -> Value {
    let channels = board
        .channels
        .iter()
        .map(|row| channel(lang, board, row, observable(&row.family)));
    let mut body = headline(lang, board);
    body["can_switch"] = json!(can_switch);
    body["channels"] = channels.collect();
    body["exclusive_count"] = json!(board.exclusives.len());
    let exclusives = board.exclusives.iter();
    body["exclusives"] = exclusives.map(|own| exclusive(lang, own)).collect();
    body["frozen"] = json!(board.frozen);
    body["halted"] = json!(board.halted);
    body["latest"] = recent.first().map_or(Value::Null, version);
    body["versions"] = recent.iter().map(version).collect();
    body
}

fn exclusive(lang: Lang, exclusive: &Exclusive) -> Value {
    let label = lang
        .locale()
        .and_then(|locale| exclusive.labels.get(&locale));
    let label = label.or_else(|| exclusive.labels.values().next());
    let channels: Vec<&str> = exclusive.channels.iter().map(ChannelId::as_str).collect();
    json!({
        "channels": channels.join(", "),
        "label": label,
        "offer": exclusive.offer,
        "reason": exclusive.reason,
    })
}

/// A version of the log in a list.
pub(super) fn version(revision: &Revision) -> Value {
    let header = &revision.header;
    json!({
        "at": header.recorded_at,
        "at_text": utc(header.recorded_at),
        "author": header.author,
        "hash_short": short(&revision.hash),
        "number": header.number,
        "reason": if header.reason.is_empty() { "–" } else { &header.reason },
        "rows": header.rows,
    })
}

/// "N of N channels show version V", with its state.
pub(super) fn headline(lang: Lang, board: &Board) -> Value {
    let live = board.channels.iter().filter(|row| row.mode == Mode::Live);
    let in_trouble = live
        .clone()
        .any(|row| matches!(standing(board, row).0, "bad" | "silent"));
    let (state, icon, words) = match () {
        () if board.live == 0 => ("off", "off", "state.none"),
        () if board.halted.is_some() || in_trouble => ("bad", "bad", "state.trouble"),
        () if board.showing == board.live => ("ok", "ok", "state.ok"),
        () => ("behind", "arrow", "state.arriving"),
    };
    let values = [
        ("showing", board.showing.to_string()),
        ("live", board.live.to_string()),
        ("version", board.head.revision.to_string()),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    json!({
        "icon": icon,
        "state": state,
        "state_text": lang.t(words),
        "text": lang.fill("board.headline", &values),
    })
}

/// The state of a channel, its icon, and the key of its words.
fn standing(board: &Board, row: &ChannelRow) -> (&'static str, &'static str, &'static str) {
    let silent = row
        .last_seen
        .is_none_or(|seen| board.now.micros_since(seen) >= SILENT_AFTER_MICROS);
    match row.mode {
        Mode::Paused => ("off", "pause", "state.paused"),
        Mode::Shadow => ("off", "off", "state.shadow"),
        Mode::Live if row.stopped => ("bad", "bad", "state.stopped"),
        Mode::Live if row.mismatches > 0 => ("bad", "bad", "state.mismatch"),
        Mode::Live if row.state_digest_ok == Some(false) => ("bad", "bad", "state.digest"),
        Mode::Live if silent => ("silent", "warn", "state.silent"),
        Mode::Live if row.shows_head => ("ok", "ok", "state.shows"),
        Mode::Live => ("behind", "arrow", "state.behind"),
    }
}

const RUNGS: [(Rung, &str); 6] = [
    (Rung::Recorded, "recorded"),
    (Rung::Published, "published"),
    (Rung::Folded, "folded"),
    (Rung::Rendered, "rendered"),
    (Rung::Delivered, "delivered"),
    (Rung::Observed, "observed"),
];

/// How far the newest version has come in a channel.
pub(super) fn ladder(board: &Board, row: &ChannelRow, observable: bool) -> Value {
    let reached = if row.revision >= board.head.revision {
        row.rung
    } else if board.published.revision >= board.head.revision {
        Rung::Published
    } else {
        Rung::Recorded
    };
    let top = if observable {
        Rung::Observed
    } else {
        Rung::Delivered
    };
    let step = |(rung, name): (Rung, &str)| {
        let done = rung <= reached;
        let state = match () {
            () if done => "done",
            () if rung > top => "never",
            () => "todo",
        };
        json!({ "name": name, "state": state, "done": done, "current": rung == reached })
    };
    RUNGS.map(step).into()
}

pub(super) fn family_text(lang: Lang, family: &str) -> String {
    let known = ["site", "app", "till"].contains(&family);
    lang.t(&format!("family.{}", if known { family } else { "other" }))
}

/// One channel.
pub(super) fn channel(lang: Lang, board: &Board, row: &ChannelRow, observable: bool) -> Value {
    let (state, icon, words) = standing(board, row);
    let digest = row.state_digest_ok;
    let held = row.held_items.iter().map(
        |item| json!({ "reason": item.reason, "sku": item.sku, "view": view(lang, &item.view) }),
    );
    let mismatches = row.mismatch_items.iter().map(|item| {
        json!({
            "expected": item.difference.expected.clone().unwrap_or_else(|| lang.t("nothing")),
            "field": item.difference.field.to_string(),
            "shown": item.difference.shown.clone().unwrap_or_else(|| lang.t("nothing")),
            "sku": item.sku,
            "view": view(lang, &item.view),
        })
    });
    let mode_text = match row.mode {
        Mode::Live => None,
        Mode::Shadow => Some(lang.t("mode.shadow")),
        Mode::Paused => Some(lang.t("mode.paused")),
    };
    json!({
        "boundary": row.last_boundary,
        "boundary_text": row.last_boundary.map(utc),
        "digest_icon": if digest == Some(false) { "bad" } else { "ok" },
        "digest_ok": digest,
        "digest_text": digest.map(|equal| lang.t(if equal { "digest.equal" } else { "digest.differs" })),
        "family": row.family,
        "family_text": family_text(lang, &row.family),
        "held": row.held,
        "held_items": held.collect::<Vec<_>>(),
        "icon": icon,
        "id": row.id,
        "items": row.items,
        "lag": row.lag_ms.map_or_else(|| lang.t("lag.none"), duration),
        "locale": row.locale,
        "mismatch_items": mismatches.collect::<Vec<_>>(),
        "mismatches": row.mismatches,
        "mode_text": mode_text,
        "name": row.name,
        "note": row.note,
        "revision": row.revision,
        "seen": row.last_seen,
        "seen_text": row.last_seen.map(utc),
        "shown": row.shown,
        "shown_short": row.shown.as_ref().map(short),
        "skew": row.clock_skew_ms.map_or_else(|| "–".to_owned(), duration),
        "state": state,
        "state_text": lang.t(words),
        "steps": ladder(board, row, observable),
        "target": board.head.revision,
        "unobservable": !observable && row.mode == Mode::Live,
    })
}
