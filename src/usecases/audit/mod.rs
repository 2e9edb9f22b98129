//! The audit: read again what every channel shows, at one pinned position and
//! instant, and compare it with the projection of the terms.
//!
//! The server compares, not the adapter: an adapter that is wrong about the
//! terms is found as well as one that is wrong about what it shows.

mod judge;

use std::collections::BTreeMap;
use std::sync::Arc;

use offercast_contract::message::AuditPage;
use offercast_contract::{
    ChannelId, Difference, Instant, ItemState, Message, Mode, Position, Sku, View,
};
use offercast_storage::StorageError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::control::tell;
use crate::engine::{Current, Engine};
use crate::error::Unavailable;
use crate::events::Event;
use crate::publish::aside;

pub(crate) use judge::{Basis, Running};

/// An audit.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The instant whose terms were asked for.
    pub at: Instant,
    /// One result per channel.
    pub channels: Vec<AuditChannel>,
    /// Whether every channel answered or ran out of time.
    pub done: bool,
    /// Its id.
    pub id: Uuid,
    /// Whether nothing is in mismatch, behind or unreadable. Only meaningful
    /// when done.
    pub ok: bool,
    /// The position that was asked for.
    pub position: Position,
}

/// How far a channel's audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditStatus {
    /// All pages came.
    Done,
    /// No complete answer came in time.
    NoAnswer,
    /// The answer is awaited.
    Running,
}

/// The result of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChannel {
    /// Which channel.
    pub channel: ChannelId,
    /// What is wrong, the first of it; held items too.
    pub findings: Vec<Finding>,
    /// Items read.
    pub items_read: u64,
    /// Whether the outside was read. A channel whose outside cannot be read
    /// counts as delivered, and this says so.
    pub observed: bool,
    /// Number of items in each state.
    pub states: BTreeMap<ItemState, u64>,
    /// How far it is.
    pub status: AuditStatus,
}

/// One item that is not shown as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What differs.
    pub differences: Vec<Difference>,
    /// Why, in words, where no field differs.
    pub reason: Option<String>,
    /// Which SKU.
    pub sku: Sku,
    /// Its state.
    pub state: ItemState,
    /// In which view.
    pub view: View,
}

/// What is recorded of an audit when it starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Plan {
    at: Instant,
    channels: Vec<ChannelId>,
    position: Position,
}

/// The part of an audit's records that holds its plan; the others are named
/// by their channels.
const PLAN: &str = "";

/// How long a channel has to answer. Reading a million items takes a while.
const ANSWER_WITHIN_MICROS: i64 = 300 * 1_000_000;

/// Starts an audit of these channels, or of all that are not paused.
pub async fn start(engine: &Engine, only: Option<Vec<ChannelId>>) -> Result<Uuid, Unavailable> {
    let current = engine.current();
    let at = engine.now();
    let declared = current
        .book
        .channels()
        .filter(|channel| channel.mode != Mode::Paused);
    let channels: Vec<ChannelId> = declared
        .map(|channel| channel.id.clone())
        .filter(|id| only.as_ref().is_none_or(|only| only.contains(id)))
        .collect();
    let plan = Plan {
        at,
        channels,
        position: engine.published(),
    };
    let id = Uuid::now_v7();
    let body = serde_json::to_string(&plan).unwrap_or_default();
    engine
        .blocking(move |store| store.save_audit(id, PLAN, &body, at))
        .await??;
    for channel in &plan.channels {
        let message = Message::Audit {
            at,
            channel: channel.clone(),
            id: id.to_string(),
            position: plan.position,
        };
        tell(engine, channel, &message).await?;
    }
    Ok(id)
}

/// The audit as far as it is; none if there is no such audit.
pub async fn get(engine: &Engine, id: Uuid) -> Result<Option<Audit>, Unavailable> {
    let parts = engine
        .blocking(move |store| store.audit_parts(id))
        .await??;
    let Some(plan) = parts.get(PLAN) else {
        return Ok(None);
    };
    let plan: Plan = parse(plan)?;
    let late = engine.now().micros_since(plan.at) > ANSWER_WITHIN_MICROS;
    let mut channels = Vec::with_capacity(plan.channels.len());
    for channel in &plan.channels {
        channels.push(match parts.get(channel.as_str()) {
            Some(result) => parse(result)?,
            None => AuditChannel {
                channel: channel.clone(),
                findings: Vec::new(),
                items_read: 0,
                observed: false,
                states: BTreeMap::new(),
                status: if late {
                    AuditStatus::NoAnswer
                } else {
                    AuditStatus::Running
                },
            },
        });
    }
    let is_ok = |channel: &AuditChannel| {
        let bad = [
            ItemState::Behind,
            ItemState::Mismatch,
            ItemState::Unreadable,
        ];
        channel.status == AuditStatus::Done
            && bad.iter().all(|state| !channel.states.contains_key(state))
    };
    Ok(Some(Audit {
        at: plan.at,
        done: channels
            .iter()
            .all(|channel| channel.status != AuditStatus::Running),
        id,
        // Nothing read proves nothing.
        ok: !channels.is_empty() && channels.iter().all(is_ok),
        channels,
        position: plan.position,
    }))
}

fn parse<T: for<'de> Deserialize<'de>>(body: &str) -> Result<T, Unavailable> {
    serde_json::from_str(body)
        .map_err(|error| StorageError::Corrupt(format!("audit record: {error}")).into())
}

/// Takes a page of readings.
pub(crate) async fn accept(engine: &Engine, page: &AuditPage) -> Result<(), Unavailable> {
    let Ok(id) = page.id.parse::<Uuid>() else {
        tracing::warn!(id = page.id, "an audit page names no audit of ours");
        return Ok(());
    };
    let parts = engine
        .blocking(move |store| store.audit_parts(id))
        .await??;
    let Some(plan) = parts.get(PLAN) else {
        tracing::warn!(%id, "an audit page names no audit of ours");
        return Ok(());
    };
    let plan: Plan = parse(plan)?;
    let basis = Basis {
        from: plan.at,
        until: engine.now(),
        snapshots: snapshots(engine, &plan.position, &page.position),
    };
    let channel = page.channel.clone();
    let (watchers, page) = (Arc::clone(&engine.watchers), page.clone());
    // The last page looks for what is missing in the whole catalogue.
    let finished = aside(move || {
        watchers.with_audit((id, page.channel.clone()), |running| {
            running.take(&page, &basis)
        })
    })
    .await?;
    if let Some(result) = finished {
        let body = serde_json::to_string(&result).unwrap_or_default();
        let now = engine.now();
        engine
            .blocking(move |store| store.save_audit(id, channel.as_str(), &body, now))
            .await??;
        engine.emit(Event::Control);
    }
    Ok(())
}

/// The snapshot of the position that an adapter holds, and the newest, which a
/// pulled channel shows before its adapter has heard of it. An adapter that is
/// further than the audit was pinned to is not behind: edits go on meanwhile.
fn snapshots(engine: &Engine, asked: &Position, held: &Position) -> Vec<Arc<Current>> {
    if held.order() < asked.order() {
        return Vec::new();
    }
    let newest = engine.current();
    let of_step = engine
        .step_to(held.revision, held.horizon)
        .map(|step| Arc::clone(&step.current));
    let pinned = [of_step, Some(engine.published_snapshot())]
        .into_iter()
        .flatten()
        .chain([Arc::clone(&newest)])
        .find(|current| current.position == *held);
    match pinned {
        Some(pinned) if newest.position.order() > pinned.position.order() => vec![pinned, newest],
        pinned => pinned.into_iter().collect(),
    }
}
