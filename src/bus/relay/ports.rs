//! What the relay needs from storage and from the engine.

use std::time::Duration;

use async_trait::async_trait;
use offercast_contract::{Beat, ChannelId, Horizon, Position, Update};

use crate::PortError;

/// A fencing token: each acquisition of the lease gets a higher one than every
/// acquisition before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

/// A row of the outbox: what to publish. It stores no payload, the update is
/// made from it anew each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutboxEntry {
    /// Its number, 1, 2, 3 … without a gap over all epochs.
    pub sequence: u64,
    /// The position that the update follows: the previous entry's `at`, unless
    /// an epoch starts with it.
    pub after: Position,
    /// The position that a holder has when it has applied the update.
    pub at: Position,
}

/// The outbox and the lease on it. The calls block, the relay makes them from
/// tokio's blocking threads, one at a time; it does not beat meanwhile, so a
/// call gives up within a second or two when the database is away.
pub trait Outbox: Send + Sync + 'static {
    /// Takes the lease for `ttl`, if nobody else holds it; none if somebody
    /// does. `holder` names the process, for the operator.
    fn acquire(&self, holder: &str, ttl: Duration) -> Result<Option<Fence>, PortError>;

    /// Prolongs the lease to `ttl` from now; false if it is no longer held.
    fn renew(&self, fence: Fence, ttl: Duration) -> Result<bool, PortError>;

    /// Gives the lease back, if it is still held.
    fn release(&self, fence: Fence) -> Result<(), PortError>;

    /// The mark: the sequence of the last entry known to be published, 0 when
    /// none is.
    fn published(&self) -> Result<u64, PortError>;

    /// Up to `limit` entries with a sequence above `after`, ascending, without
    /// a gap.
    fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, PortError>;

    /// Raises the mark to `sequence`. False, and nothing changed, if a higher
    /// fence was given out since; the mark never goes back.
    fn mark_published(&self, fence: Fence, sequence: u64) -> Result<bool, PortError>;
}

/// The engine: makes messages out of the log.
#[async_trait]
pub trait Updates: Send + Sync + 'static {
    /// The update of an entry, a pure function of it: the same bytes each
    /// time. Items of up to [`super::INLINE_LIMIT_BYTES`] are inline, more are
    /// a manifest.
    async fn update(&self, entry: &OutboxEntry) -> Result<Update, PortError>;

    /// The beat as of now; its head is the last *published* position.
    async fn beat(&self) -> Result<Beat, PortError>;

    /// All channels that have not ended, as of the head.
    async fn channels(&self) -> Result<Vec<ChannelId>, PortError>;
}

/// What the adapters' cursors say about our head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorCheck {
    /// Every adapter that answered since this process started holds a position
    /// of our log, and all that are expected did answer.
    Agree,
    /// So far none differs, but not all have answered.
    Waiting,
    /// An adapter holds a position that our log does not have: the database
    /// was restored from an older backup. In words for the operator.
    Differ(String),
}

/// Compares our log with what adapters say they hold.
#[async_trait]
pub trait Cursors: Send + Sync + 'static {
    /// Compares now. Also the place for any other reason to publish nothing
    /// (an integrity alarm): say [`CursorCheck::Differ`] as long as it holds.
    async fn cursors_agree(&self) -> Result<CursorCheck, PortError>;
}

/// Moves the horizon.
#[async_trait]
pub trait HorizonMover: Send + Sync + 'static {
    /// Appends the outbox entry that moves the horizon to `to`, if the log's
    /// horizon is before it; else does nothing.
    async fn move_horizon(&self, to: Horizon) -> Result<(), PortError>;
}
