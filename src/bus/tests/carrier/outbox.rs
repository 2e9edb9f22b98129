//! A small world around the relay: an outbox, an engine, adapters' cursors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offercast_bus::relay::{
    Clock, CursorCheck, Cursors, Fence, HorizonMover, Outbox, OutboxEntry, Relay, RelayConfig,
    RelayPorts, RelayState, RelayStatus, Updates,
};
use offercast_bus::{Broker, PortError};
use offercast_contract::message::items_sha256;
use offercast_contract::{
    Assortment, Beat, Channel, ChannelId, Hash, Horizon, Instant, Mode, Payload, Position,
    Projection, Template, Update,
};
use tokio::sync::{oneshot, watch};

use crate::suite::PATIENCE;

/// The world, shared by all its ports.
pub(crate) struct World(Mutex<State>);

pub(crate) struct State {
    pub(crate) agree: CursorCheck,
    pub(crate) asked_before: u64,
    pub(crate) channels: Vec<ChannelId>,
    /// Declared by the update of the entry.
    pub(crate) declares: BTreeMap<u64, ChannelId>,
    /// Ended by the update of the entry.
    pub(crate) ends: BTreeMap<u64, ChannelId>,
    pub(crate) entries: Vec<OutboxEntry>,
    pub(crate) fail_marks: u32,
    pub(crate) fence: u64,
    pub(crate) held: bool,
    /// Another process takes the lease while the relay publishes.
    pub(crate) steal: bool,
    pub(crate) marks: Vec<u64>,
    pub(crate) moves: Vec<Horizon>,
    pub(crate) now: Instant,
    pub(crate) payloads: BTreeMap<u64, Payload>,
    pub(crate) unready: BTreeSet<u64>,
}

pub(crate) fn position(revision: u64) -> Position {
    Position {
        epoch: 1,
        hash: Hash::of(&[&revision.to_be_bytes()]),
        horizon: Horizon(20_000),
        revision,
    }
}

/// A second before a midnight, UTC.
fn evening() -> Instant {
    "2026-11-20T23:59:59Z".parse().unwrap()
}

impl World {
    pub(crate) fn new(channels: &[ChannelId]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            agree: CursorCheck::Agree,
            asked_before: 0,
            channels: channels.to_vec(),
            declares: BTreeMap::new(),
            ends: BTreeMap::new(),
            entries: Vec::new(),
            fail_marks: 0,
            fence: 0,
            held: false,
            steal: false,
            marks: Vec::new(),
            moves: Vec::new(),
            now: evening(),
            payloads: BTreeMap::new(),
            unready: BTreeSet::new(),
        })))
    }

    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Commits so many further revisions.
    pub(crate) fn commit(&self, count: u64) {
        self.with(|state| {
            for _ in 0..count {
                let sequence = state.entries.len() as u64 + 1;
                state.entries.push(OutboxEntry {
                    sequence,
                    after: position(sequence - 1),
                    at: position(sequence),
                });
            }
        });
    }

    pub(crate) fn published(&self) -> u64 {
        self.with(|state| state.marks.last().copied().unwrap_or(0))
    }

    /// A relay in this world, not running yet.
    pub(crate) fn relay(self: &Arc<Self>, broker: Arc<dyn Broker>, config: RelayConfig) -> Relay {
        let ports = RelayPorts {
            outbox: self.clone(),
            updates: self.clone(),
            cursors: self.clone(),
            horizon: self.clone(),
        };
        let world = Arc::clone(self);
        let clock: Clock = Arc::new(move || world.with(|state| state.now));
        Relay::new(broker, ports, clock, config)
    }

    /// Starts a relay in this world.
    pub(crate) fn start(self: &Arc<Self>, broker: Arc<dyn Broker>) -> Running {
        Running::start(self.relay(broker, RelayConfig::new("test")))
    }
}

/// A relay at work.
pub(crate) struct Running {
    pub(crate) status: watch::Receiver<RelayStatus>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(relay: Relay) -> Self {
        let status = relay.status();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(relay.run(stopped));
        Self { status, stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }

    pub(crate) async fn until(&mut self, wanted: impl FnMut(&RelayStatus) -> bool) {
        let waiting = self.status.wait_for(wanted);
        let found = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        assert!(found, "it never came to that: {:?}", *self.status.borrow());
    }

    pub(crate) async fn until_published(&mut self, sequence: u64) {
        self.until(|status| status.published >= sequence).await;
    }

    pub(crate) fn state(&self) -> RelayState {
        self.status.borrow().state.clone()
    }
}

impl Outbox for World {
    fn acquire(&self, _holder: &str, _ttl: Duration) -> Result<Option<Fence>, PortError> {
        self.with(|state| {
            if state.held {
                return Ok(None);
            }
            state.held = true;
            state.fence += 1;
            Ok(Some(Fence(state.fence)))
        })
    }

    fn renew(&self, fence: Fence, _ttl: Duration) -> Result<bool, PortError> {
        self.with(|state| Ok(state.fence == fence.0))
    }

    fn release(&self, fence: Fence) -> Result<(), PortError> {
        self.with(|state| {
            if state.fence == fence.0 {
                state.held = false;
            }
            Ok(())
        })
    }

    fn published(&self) -> Result<u64, PortError> {
        Ok(World::published(self))
    }

    fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, PortError> {
        self.with(|state| {
            let later = state.entries.iter().filter(|entry| entry.sequence > after);
            Ok(later.take(limit as usize).copied().collect())
        })
    }

    fn mark_published(&self, fence: Fence, sequence: u64) -> Result<bool, PortError> {
        self.with(|state| {
            if std::mem::take(&mut state.steal) {
                state.fence += 1;
            }
            if state.fail_marks > 0 {
                state.fail_marks -= 1;
                return Err("the database is away".into());
            }
            if state.fence != fence.0 {
                return Ok(false);
            }
            state.marks.push(sequence);
            Ok(true)
        })
    }
}

#[async_trait]
impl Updates for World {
    async fn update(&self, entry: &OutboxEntry) -> Result<Update, PortError> {
        self.with(|state| {
            if state.unready.contains(&entry.sequence) {
                return Err("the engine is behind".into());
            }
            let inline = Payload::Inline { items: Vec::new() };
            Ok(Update {
                after: entry.after,
                at: entry.at,
                channels: state
                    .declares
                    .get(&entry.sequence)
                    .map(channel)
                    .into_iter()
                    .collect(),
                ended_channels: state
                    .ends
                    .get(&entry.sequence)
                    .cloned()
                    .into_iter()
                    .collect(),
                items_sha256: items_sha256([]),
                payload: state
                    .payloads
                    .get(&entry.sequence)
                    .cloned()
                    .unwrap_or(inline),
                recorded_at: evening(),
                resolver: 1,
                state: BTreeMap::new(),
            })
        })
    }

    async fn beat(&self) -> Result<Beat, PortError> {
        self.with(|state| {
            Ok(Beat {
                at: state.now,
                frozen: false,
                head: position(state.marks.last().copied().unwrap_or(0)),
                resolver: 1,
                state: BTreeMap::new(),
            })
        })
    }

    async fn channels(&self) -> Result<Vec<ChannelId>, PortError> {
        self.with(|state| Ok(state.channels.clone()))
    }
}

#[async_trait]
impl Cursors for World {
    async fn cursors_agree(&self) -> Result<CursorCheck, PortError> {
        self.with(|state| {
            state.asked_before += 1;
            Ok(state.agree.clone())
        })
    }
}

#[async_trait]
impl HorizonMover for World {
    async fn move_horizon(&self, to: Horizon) -> Result<(), PortError> {
        self.with(|state| state.moves.push(to));
        Ok(())
    }
}

fn channel(id: &ChannelId) -> Channel {
    Channel {
        assortment: Assortment::default(),
        calls_quote: false,
        exceptions: Vec::new(),
        family: "site".to_owned(),
        id: id.clone(),
        locale: "en".parse().unwrap(),
        mode: Mode::default(),
        name: id.to_string(),
        projection: Projection::default(),
        template: Template::new("t.hbs", "{{sku}}"),
        time_zone: "Etc/UTC".to_owned(),
        views: vec!["hr/-/everyone/delivery".parse().unwrap()],
    }
}
