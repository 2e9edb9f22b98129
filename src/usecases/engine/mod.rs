//! The engine: one process's view of the log, folded in memory.
//!
//! It follows the outbox row by row, in order, whoever wrote it; so every
//! server comes to the same books, digests and messages. Reads of terms take
//! the current snapshot and never touch the database.

mod catch_up;
mod ring;
mod start;
mod step;
mod updates;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use offercast_bus::Broker;
use offercast_contract::{Instant, Position, Sku};
use offercast_domain::revision::Head;
use offercast_pricebook::{Book, Digests};
use offercast_storage::Store;
use tokio::sync::{Notify, broadcast, watch};

use crate::clock::Clock;
use crate::error::Unavailable;
use crate::events::Event;
use crate::families::Families;
use crate::touched::Touched;
use crate::watchers::Watchers;

pub use ring::Step;
pub use start::EngineOptions;
pub(crate) use step::Recorded;

use ring::Ring;

/// A snapshot of everything at one position.
#[derive(Clone)]
pub struct Current {
    /// The source of truth in memory.
    pub book: Book,
    /// State digests of all views.
    pub digests: Digests,
    /// Epoch, revision, hash, horizon.
    pub position: Position,
    /// When the revision was recorded.
    pub recorded_at: Instant,
    /// The outbox row that led here; 0 for the empty source of truth.
    pub sequence: u64,
}

impl Current {
    /// The head that the next revision follows.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            epoch: self.position.epoch,
            hash: self.position.hash,
            number: self.position.revision,
            recorded_at: self.recorded_at,
        }
    }
}

/// A reader asked for a revision that this server does not hold yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("revision {wanted} is asked for, this server holds {held}")]
pub struct Behind {
    /// The revision asked for.
    pub wanted: u64,
    /// The revision held.
    pub held: u64,
}

/// How long a reader waits for a revision before it is told to come back.
const MIN_REVISION_WAIT: Duration = Duration::from_millis(500);

/// See the module.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) families: Arc<Families>,
    current: ArcSwap<Current>,
    frozen_at: ArcSwapOption<Current>,
    /// Serialises writers and folding in this process.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
    ring: Mutex<Ring>,
    published: ArcSwap<Current>,
    touched: Touched,
    events: broadcast::Sender<Event>,
    head: watch::Sender<u64>,
    committed: Arc<Notify>,
    /// Whether anybody reads from this process what it recorded itself.
    pub(crate) has_readers: bool,
    /// What is known of channels, audits and switches, beside the log.
    pub(crate) watchers: Arc<Watchers>,
}

impl Engine {
    /// The newest snapshot.
    #[must_use]
    pub fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// What pulled channels are served from: the newest snapshot, or, while
    /// egress is frozen, the one that was published last before.
    #[must_use]
    pub fn shown(&self) -> Arc<Current> {
        match self.frozen_at.load_full() {
            Some(frozen) => frozen,
            None => self.current(),
        }
    }

    /// Looks at [`Engine::shown`] without holding on to it, which spares the
    /// processors from counting its holders.
    pub fn with_shown<T>(&self, look: impl FnOnce(&Current) -> T) -> T {
        match &*self.frozen_at.load() {
            Some(frozen) => look(frozen),
            None => look(&self.current.load()),
        }
    }

    /// Waits, at most half a second, until this server holds `revision`.
    pub async fn at_least(&self, revision: u64) -> Result<Arc<Current>, Behind> {
        let mut head = self.head.subscribe();
        let held = tokio::time::timeout(
            MIN_REVISION_WAIT,
            head.wait_for(|number| *number >= revision),
        );
        match held.await {
            Ok(Ok(_)) => Ok(self.current()),
            _ => Err(Behind {
                wanted: revision,
                held: self.current().position.revision,
            }),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The newest step that may have changed how a SKU is rendered. A body
    /// rendered from a snapshot whose `sequence` is at least this is current.
    #[must_use]
    pub fn touched(&self, sku: &str) -> u64 {
        self.touched.of(sku)
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The channel families.
    #[must_use]
    pub fn families(&self) -> &Families {
        &self.families
    }

    /// Rung when a revision was committed here: wakes the relay.
    #[must_use]
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// The last position that the broker confirmed, as far as known here.
    #[must_use]
    pub fn published(&self) -> Position {
        self.published.load().position
    }

    /// The snapshot at that position.
    pub(crate) fn published_snapshot(&self) -> Arc<Current> {
        self.published.load_full()
    }

    /// The store, for wiring and for commands that work on the log itself.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn emit(&self, event: Event) {
        // Nobody watching is fine.
        let _ = self.events.send(event);
    }

    fn with_ring<T>(&self, look: impl FnOnce(&mut Ring) -> T) -> T {
        // A panic while holding the ring leaves it as it was: pushes are atomic.
        look(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The step that leads to (`revision`, `horizon`), while it is retained.
    pub(crate) fn step_to(
        &self,
        revision: u64,
        horizon: offercast_contract::Horizon,
    ) -> Option<Arc<Step>> {
        self.with_ring(|ring| ring.to(revision, horizon))
    }

    /// The position that a row of the outbox leads to, while it is retained.
    pub(crate) fn position_of(&self, sequence: u64) -> Option<Position> {
        let step = self.with_ring(|ring| ring.by_sequence(sequence));
        step.map(|step| step.current.position)
    }

    /// SKUs changed after `after` up to and including the step `until`, or
    /// none where that is no longer retained.
    pub(crate) fn changed_between(
        &self,
        after: (u64, offercast_contract::Horizon),
        until: &Step,
    ) -> Option<Arc<[Sku]>> {
        self.with_ring(|ring| ring.changed_between(after, until))
    }

    /// Runs blocking work of the store beside the event loop.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|_| Unavailable::shutting_down())
    }
}
