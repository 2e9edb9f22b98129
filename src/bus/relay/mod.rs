//! The relay: takes the outbox to the broker, in order, confirmed, and beats.
//!
//! One relay works at a time, the holder of a lease. Its fencing token guards
//! the `published` mark, so a relay that lost its lease without noticing can
//! only send messages a second time, and the same bytes twice are a no-op.
//!
//! The order of things, each time a relay takes the lease:
//! 1. it declares the queues of all channels, and beats;
//! 2. it waits for adapters to answer the beat, for a while: if one holds a
//!    position that our log does not have, the database was restored from an
//!    older backup, and nothing is published until a person acts;
//! 3. it publishes what is pending, batch by batch, raising the mark after
//!    each confirmed batch; any failure sends the same batch again;
//! 4. all the while it beats, renews the lease, and moves the horizon at
//!    midnight UTC.

mod batch;
mod lead;
mod ports;
mod retry;
mod status;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use offercast_contract::Instant;
use tokio::sync::{Notify, watch};

pub use ports::{CursorCheck, Cursors, Fence, HorizonMover, Outbox, OutboxEntry, Updates};
pub use status::{RelayState, RelayStatus};

use crate::PortError;
use crate::broker::Broker;
use lead::Lead;
use status::StatusBoard;

/// Items up to so many canonical bytes, each with a line feed, travel inline.
pub const INLINE_LIMIT_BYTES: u64 = 1024 * 1024;

/// No message is longer; RabbitMQ 4 takes up to 16 MiB by default.
pub const MESSAGE_LIMIT_BYTES: usize = 15 * 1024 * 1024;

/// The clock that midnight is read from.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// How the relay paces itself.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Names this process in the lease, for the operator.
    pub holder: String,
    /// How long the lease lasts without being renewed; it is renewed every
    /// third of that. By default 30 s. At least four times what the broker may
    /// take to confirm a batch.
    pub lease_ttl: Duration,
    /// Time between beats, by default 2 s.
    pub beat_interval: Duration,
    /// Time between looks at the outbox when nobody wakes the relay, by
    /// default 200 ms.
    pub poll_interval: Duration,
    /// Time between declarations of the topology, which bring back a queue
    /// that somebody deleted; by default 60 s.
    pub declare_interval: Duration,
    /// How long to wait for adapters to answer the first beat before the first
    /// publication, by default 5 s.
    pub answers_wait: Duration,
    /// Entries in a batch, 1 or more, by default 64.
    pub batch_entries: u32,
    /// A batch takes no further message once it has so many bytes, by default
    /// 4 MiB.
    pub batch_bytes: usize,
}

impl RelayConfig {
    /// The defaults, for a process of this name.
    #[must_use]
    pub fn new(holder: impl Into<String>) -> Self {
        Self {
            holder: holder.into(),
            lease_ttl: Duration::from_secs(30),
            beat_interval: Duration::from_secs(2),
            poll_interval: Duration::from_millis(200),
            declare_interval: Duration::from_secs(60),
            answers_wait: Duration::from_secs(5),
            batch_entries: 64,
            batch_bytes: 4 * 1024 * 1024,
        }
    }
}

/// What the relay works with, see each port.
#[derive(Clone)]
pub struct RelayPorts {
    /// The outbox and its lease.
    pub outbox: Arc<dyn Outbox>,
    /// The engine.
    pub updates: Arc<dyn Updates>,
    /// The comparison with adapters' cursors.
    pub cursors: Arc<dyn Cursors>,
    /// Moves the horizon.
    pub horizon: Arc<dyn HorizonMover>,
}

/// The relay. Every server runs one; the lease decides which one works.
pub struct Relay {
    broker: Arc<dyn Broker>,
    ports: RelayPorts,
    clock: Clock,
    config: RelayConfig,
    wake: Arc<Notify>,
    board: StatusBoard,
}

impl Relay {
    /// A relay that is not running yet.
    #[must_use]
    pub fn new(
        broker: Arc<dyn Broker>,
        ports: RelayPorts,
        clock: Clock,
        config: RelayConfig,
    ) -> Self {
        Self {
            broker,
            ports,
            clock,
            config,
            wake: Arc::new(Notify::new()),
            board: StatusBoard::new(),
        }
    }

    /// Wakes the relay: call `notify_one` after each commit to the outbox.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// What the relay does at present.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.board.subscribe()
    }

    /// Works until `stop` is ready, then gives the lease back. Stopping in the
    /// middle of a batch only means that the batch is sent again.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        loop {
            let fence = tokio::select! {
                () = &mut stop => return,
                fence = self.acquire() => fence,
            };
            let mut lead = Lead::new(&self, fence);
            tokio::select! {
                () = &mut stop => {
                    self.release(fence).await;
                    return;
                }
                () = lead.work() => {}
            }
        }
    }

    /// Waits for the lease.
    async fn acquire(&self) -> Fence {
        let ttl = self.config.lease_ttl;
        loop {
            let holder = self.config.holder.clone();
            let taken = self.blocking(move |outbox| outbox.acquire(&holder, ttl));
            match taken.await {
                Ok(Some(fence)) => {
                    tracing::info!(fence = fence.0, "this process relays the outbox now");
                    return fence;
                }
                Ok(None) => self.board.set(RelayState::Standby),
                Err(error) => self.board.fail("take the lease", &*error),
            }
            tokio::time::sleep(ttl.min(Duration::from_secs(10)) / 10).await;
        }
    }

    async fn release(&self, fence: Fence) {
        if let Err(error) = self.blocking(move |outbox| outbox.release(fence)).await {
            let error = status::chain(&*error);
            tracing::warn!(error, "the lease could not be given back, it will run out");
        }
        self.board.set(RelayState::Standby);
    }

    /// Calls the outbox on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Outbox) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let outbox = Arc::clone(&self.ports.outbox);
        tokio::task::spawn_blocking(move || call(&*outbox)).await?
    }
}
