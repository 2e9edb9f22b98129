//! Starting: load what was published last, then fold what came after.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use offercast_bus::Broker;
use offercast_contract::{Instant, Position};
use offercast_domain::revision::Head;
use offercast_pricebook::{Book, fold};
use offercast_storage::{OutboxRow, StorageError, Store};
use tokio::sync::{Notify, broadcast, watch};

use super::{Current, Engine};
use crate::book;
use crate::clock::Clock;
use crate::error::Unavailable;
use crate::families::Families;
use crate::touched::Touched;
use crate::watchers::Watchers;

/// What an engine is made of.
pub struct EngineOptions {
    /// The carrier, for resyncs and audits.
    pub broker: Arc<dyn Broker>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The channel families.
    pub families: Families,
    /// The store, migrated.
    pub store: Store,
}

/// Events that a slow watcher may miss; it then looks at everything anew.
const EVENT_BACKLOG: usize = 256;

impl Engine {
    /// Loads the book and folds the log to its head. Takes time in proportion
    /// to the catalogue.
    pub async fn start(options: EngineOptions) -> Result<Arc<Self>, Unavailable> {
        Self::load(options, true).await
    }

    /// The same for a command that records and ends: what it recorded itself
    /// is folded by the servers, and here only if it records once more.
    pub async fn start_to_record(options: EngineOptions) -> Result<Arc<Self>, Unavailable> {
        Self::load(options, false).await
    }

    async fn load(options: EngineOptions, has_readers: bool) -> Result<Arc<Self>, Unavailable> {
        let store = options.store.clone();
        let now = options.clock.now();
        let (base, status) = tokio::task::spawn_blocking(move || {
            let status = store.head()?;
            let base = match store.last_published_row()? {
                Some(row) => snapshot_at(&store, &row)?,
                None => empty(&store, now)?,
            };
            Ok::<_, StorageError>((base, status))
        })
        .await
        .map_err(|_| Unavailable::shutting_down())??;
        let base = Arc::new(base);
        let stopped = status.frozen.is_some() || status.halted.is_some();
        let engine = Arc::new(Self {
            broker: options.broker,
            clock: options.clock,
            committed: Arc::new(Notify::new()),
            current: ArcSwap::new(Arc::clone(&base)),
            events: broadcast::channel(EVENT_BACKLOG).0,
            families: Arc::new(options.families),
            frozen_at: ArcSwapOption::new(stopped.then(|| Arc::clone(&base))),
            has_readers,
            head: watch::channel(base.position.revision).0,
            published: ArcSwap::new(Arc::clone(&base)),
            ring: std::sync::Mutex::default(),
            store: options.store,
            touched: Touched::default(),
            watchers: Arc::new(Watchers::default()),
            write_lock: tokio::sync::Mutex::new(()),
        });
        engine.watchers.set_switches(status.frozen, status.halted);
        engine.catch_up().await?;
        engine.reload_channels().await?;
        Ok(engine)
    }
}

fn empty(store: &Store, now: Instant) -> Result<Current, StorageError> {
    let first = store.outbox_after(0, 1)?.into_iter().next();
    let position = match first {
        Some(row) => row.after,
        None => {
            let mut position = store.head()?.position();
            position.horizon = position
                .horizon
                .max(offercast_contract::Horizon::containing(now));
            position
        }
    };
    let book = Book::empty();
    Ok(Current {
        digests: fold::digests(&book, position.horizon),
        book,
        position,
        recorded_at: Instant::from_micros(0),
        sequence: 0,
    })
}

/// The snapshot that a row of the outbox leads to, loaded from the log.
pub(super) fn snapshot_at(store: &Store, row: &OutboxRow) -> Result<Current, StorageError> {
    snapshot(store, row.at, row.sequence)
}

/// The snapshot that a row of the outbox starts from.
pub(super) fn snapshot_before(store: &Store, row: &OutboxRow) -> Result<Current, StorageError> {
    snapshot(store, row.after, row.sequence.saturating_sub(1))
}

fn snapshot(store: &Store, position: Position, sequence: u64) -> Result<Current, StorageError> {
    let revision = store.revision(position.revision)?;
    let recorded_at = revision.map_or(Instant::from_micros(0), |revision| {
        revision.header.recorded_at
    });
    let head = Head {
        epoch: position.epoch,
        hash: position.hash,
        number: position.revision,
        recorded_at,
    };
    let book = book::load(store, head)?;
    Ok(Current {
        digests: fold::digests(&book, position.horizon),
        book,
        position,
        recorded_at,
        sequence,
    })
}
