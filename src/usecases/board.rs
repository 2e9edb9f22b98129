//! The board: what every channel shows right now.

use std::collections::BTreeMap;

use offercast_contract::message::Mismatch;
use offercast_contract::{
    Channel, ChannelId, Digest, HeldItem, Horizon, Instant, Locale, Mode, OfferId, Position, Rung,
    View,
};
use offercast_domain::schedule::{Schedule, zone_of};
use offercast_domain::source::Offer;
use serde::Serialize;

use crate::engine::{Current, Engine};
use crate::watchers::LastWord;

/// The board.
#[derive(Debug, Clone, Serialize)]
pub struct Board {
    /// One row per channel, by id.
    pub channels: Vec<ChannelRow>,
    /// The exclusives that hold now, by offer.
    pub exclusives: Vec<Exclusive>,
    /// Why egress is frozen, if it is.
    pub frozen: Option<String>,
    /// Why nothing is published, if nothing is.
    pub halted: Option<String>,
    /// The newest revision.
    pub head: Position,
    /// Channels that are live: the second N of "N of N channels".
    pub live: u32,
    /// The server's clock.
    pub now: Instant,
    /// What the broker confirmed last.
    pub published: Position,
    /// When the head was recorded.
    pub recorded_at: Instant,
    /// Live channels that show the head.
    pub showing: u32,
}

/// An offer that makes a price in some channels only, while it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Exclusive {
    /// The channels, sorted.
    pub channels: Vec<ChannelId>,
    /// Its words per locale.
    pub labels: BTreeMap<Locale, String>,
    /// The offer.
    pub offer: OfferId,
    /// Why the price is not the same everywhere.
    pub reason: String,
}

/// One channel.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelRow {
    /// How far its clock is ahead of ours, in milliseconds, transport included.
    pub clock_skew_ms: Option<i64>,
    /// The adapter family.
    pub family: String,
    /// Number of held items.
    pub held: u64,
    /// The first of them.
    pub held_items: Vec<HeldItem>,
    /// The horizon that it holds.
    pub horizon: Option<Horizon>,
    /// Its id.
    pub id: ChannelId,
    /// The process that serves it.
    pub instance: Option<String>,
    /// Items shown, over all views.
    pub items: u64,
    /// How long ago the oldest revision that it does not show was recorded, in
    /// milliseconds; none when it shows the head.
    pub lag_ms: Option<i64>,
    /// Revisions between what it holds and the head.
    pub lag_revisions: u64,
    /// The boundary of terms that it passed last.
    pub last_boundary: Option<Instant>,
    /// When it was heard last.
    pub last_seen: Option<Instant>,
    /// Its locale.
    pub locale: Locale,
    /// The first mismatches.
    pub mismatch_items: Vec<Mismatch>,
    /// Number of mismatches.
    pub mismatches: u64,
    /// Live, shadow or paused.
    pub mode: Mode,
    /// Its name.
    pub name: String,
    /// What its operator should know.
    pub note: Option<String>,
    /// The revision that it holds.
    pub revision: u64,
    /// How far that revision came.
    pub rung: Rung,
    /// The digest over its readings.
    pub shown: Option<Digest>,
    /// Whether it shows the head: holds it, delivered or observed, with no
    /// mismatch and no other digest than ours, and was heard of late.
    pub shows_head: bool,
    /// Whether its state digests equal ours at the same position; unknown
    /// while it holds another one.
    pub state_digest_ok: Option<bool>,
    /// Whether it waits for a person.
    pub stopped: bool,
    /// The views it stands in.
    pub views: Vec<View>,
}

/// A channel that was not heard for so long is not counted as showing.
pub const SILENT_AFTER_MICROS: i64 = 30_000_000;

/// The board as of now.
#[must_use]
pub fn snapshot(engine: &Engine) -> Board {
    let current = engine.current();
    let now = engine.now();
    let channels: Vec<ChannelRow> = current
        .book
        .channels()
        .map(|channel| row(engine, &current, channel, now))
        .collect();
    let live = |row: &&ChannelRow| row.mode == Mode::Live;
    Board {
        live: channels.iter().filter(live).count() as u32,
        showing: channels
            .iter()
            .filter(live)
            .filter(|row| row.shows_head)
            .count() as u32,
        channels,
        exclusives: exclusives(&current, now),
        frozen: engine.watchers.frozen(),
        halted: engine.watchers.halted(),
        head: current.position,
        now,
        published: engine.published(),
        recorded_at: current.recorded_at,
    }
}

fn exclusives(current: &Current, now: Instant) -> Vec<Exclusive> {
    let holds = |offer: &Offer| {
        let markets = offer.markets.iter();
        let mut markets = markets.filter_map(|id| current.book.market(id));
        markets.any(|market| {
            let schedule = Schedule::new(offer, &zone_of(&market));
            let spans = schedule.spans(now, now.plus_micros(1));
            spans.iter().any(|span| span.holds_at(now))
        })
    };
    let offers = current.book.offers();
    offers
        .filter(|offer| !offer.channels.is_empty() && holds(offer))
        .map(|offer| Exclusive {
            channels: offer.channels.clone(),
            labels: offer.labels.clone(),
            offer: offer.id.clone(),
            reason: offer.exclusive_reason.clone().unwrap_or_default(),
        })
        .collect()
}

fn row(engine: &Engine, current: &Current, channel: &Channel, now: Instant) -> ChannelRow {
    let word = engine.watchers.channel(&channel.id);
    let silent = ChannelRow {
        clock_skew_ms: None,
        family: channel.family.clone(),
        held: 0,
        held_items: Vec::new(),
        horizon: None,
        id: channel.id.clone(),
        instance: None,
        items: 0,
        lag_ms: Some(now.micros_since(current.recorded_at) / 1000),
        lag_revisions: current.position.revision,
        last_boundary: None,
        last_seen: None,
        locale: channel.locale.clone(),
        mismatch_items: Vec::new(),
        mismatches: 0,
        mode: channel.mode,
        name: channel.name.clone(),
        note: None,
        revision: 0,
        rung: rung_without_word(engine, current),
        shown: None,
        shows_head: false,
        state_digest_ok: None,
        stopped: false,
        views: channel.views.clone(),
    };
    match word {
        None => silent,
        Some(word) => heard(engine, current, silent, word, now),
    }
}

/// Before a channel says a word, a revision is as far as the relay took it.
fn rung_without_word(engine: &Engine, current: &Current) -> Rung {
    if engine.published().revision >= current.position.revision {
        Rung::Published
    } else {
        Rung::Recorded
    }
}

fn heard(
    engine: &Engine,
    current: &Current,
    silent: ChannelRow,
    word: LastWord,
    now: Instant,
) -> ChannelRow {
    let said = word.acknowledgement;
    let at_head = said.position.revision == current.position.revision
        && said.position.hash == current.position.hash
        && said.position.epoch == current.position.epoch;
    let recent = now.micros_since(word.received_at) < SILENT_AFTER_MICROS;
    let state_digest_ok = (said.position == current.position).then(|| {
        said.state.iter().all(|(view, digest)| {
            current
                .digests
                .get(view)
                .is_some_and(|ours| ours.root() == *digest)
        })
    });
    let shows_head = at_head
        && recent
        && !said.stopped
        && said.mismatches == 0
        && said.rung >= Rung::Delivered
        && state_digest_ok != Some(false);
    let oldest_unshown = match said.position.revision {
        held if held < current.position.revision => engine
            .step_to(held + 1, current.position.horizon)
            .map_or(current.recorded_at, |step| step.current.recorded_at),
        _ => current.recorded_at,
    };
    ChannelRow {
        clock_skew_ms: Some(said.clock.micros_since(word.received_at) / 1000),
        held: said.held,
        held_items: said.held_items,
        horizon: Some(said.position.horizon),
        instance: Some(said.instance),
        items: said.items,
        lag_ms: (!shows_head).then(|| now.micros_since(oldest_unshown) / 1000),
        lag_revisions: current
            .position
            .revision
            .saturating_sub(said.position.revision),
        last_boundary: said.last_boundary,
        last_seen: Some(word.received_at),
        mismatch_items: said.mismatch_items,
        mismatches: said.mismatches,
        note: said.note,
        revision: said.position.revision,
        rung: said.rung,
        shown: Some(said.shown),
        shows_head,
        state_digest_ok,
        stopped: said.stopped,
        ..silent
    }
}
