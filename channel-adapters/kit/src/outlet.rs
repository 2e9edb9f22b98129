//! Where artefacts go, and how what is really shown is read.

use std::sync::Arc;

use async_trait::async_trait;
use offercast_contract::{Channel, Instant, Position, Reading, Sku, View};

use crate::family::{Artefact, Unreadable};

/// What changes in one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewChanges {
    /// Which view.
    pub view: View,
    /// SKUs that are to be shown anew; [`Content::artefact`] has the artefacts.
    pub upserts: Vec<Sku>,
    /// SKUs that are not to be shown any more.
    pub withdrawn: Vec<Sku>,
}

/// A problem of the adapter's own store.
#[derive(Debug, thiserror::Error)]
#[error("the adapter's state cannot be read: {0}")]
pub struct ContentError(pub String);

/// All that a channel is to show now, read lazily so that a million items need
/// no memory.
pub trait Content: Send + Sync {
    /// The artefact of one SKU, if it is to be shown.
    fn artefact(&self, view: &View, sku: &Sku) -> Result<Option<Artefact>, ContentError>;

    /// Calls `each` for all SKUs of a view in order.
    fn for_each(
        &self,
        view: &View,
        each: &mut dyn FnMut(&Sku, Artefact) -> Result<(), DeliveryError>,
    ) -> Result<(), DeliveryError>;
}

/// One delivery.
#[derive(Clone)]
pub struct DeliveryJob<'a> {
    /// The channel as declared.
    pub channel: &'a Channel,
    /// The position whose terms are shown.
    pub position: Position,
    /// The adapter's clock.
    pub at: Instant,
    /// What changes; views without changes are left out.
    pub views: &'a [ViewChanges],
    /// All that is to be shown; shared, so that it may be read on a thread
    /// that is allowed to block.
    pub content: Arc<dyn Content>,
}

/// A delivery that reached the channel whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Something the operator should know.
    pub note: Option<String>,
}

/// A delivery that failed. What was shown before must still be shown, intact.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The disk is full, the other side is away …: it is tried again, with
    /// growing pauses, and the operator is told.
    #[error("{0}")]
    Failed(String),
    /// The adapter's own state.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// Which items of a view to read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Everything that is shown; asked only of an outlet that
    /// [`Outlet::lists`].
    All,
    /// These.
    Only(&'a [Sku]),
}

/// What was read of one item outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedItem {
    /// Which SKU.
    pub sku: Sku,
    /// The revision that the outside says it shows, where it says so.
    pub revision: Option<u64>,
    /// The claims; `None` where the item is not shown.
    pub reading: Result<Option<Reading>, Unreadable>,
}

/// What the outside shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It was read.
    Read {
        /// The readings.
        items: Vec<ObservedItem>,
        /// Whether this is what customers see. False where the outside holds
        /// it but has not taken it over yet (a till that has not loaded its
        /// file): readings are compared, but the rung stays at delivered.
        is_live: bool,
        /// Something the operator should know.
        note: Option<String>,
    },
    /// The channel cannot be read.
    NotObservable,
}

/// An observation that failed; it is tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ObservationError(pub String);

/// The outside of a channel.
///
/// Deliveries must be idempotent: after a crash the same one comes again.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Whether it can enumerate what is shown ([`Which::All`]), so that surplus
    /// items are found.
    fn lists(&self) -> bool {
        false
    }

    /// Brings what is shown to what is to be shown: all or nothing per view.
    async fn deliver(&self, job: DeliveryJob<'_>) -> Result<Delivered, DeliveryError>;

    /// Reads what the channel shows, as its customers would.
    async fn observe(
        &self,
        channel: &Channel,
        view: &View,
        which: Which<'_>,
        position: Position,
    ) -> Result<Observation, ObservationError>;
}

/// The outlet of a pulled channel whose outside is not read: nothing to
/// deliver, nothing to observe.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutlet;

#[async_trait]
impl Outlet for NoOutlet {
    async fn deliver(&self, _job: DeliveryJob<'_>) -> Result<Delivered, DeliveryError> {
        Ok(Delivered::default())
    }

    async fn observe(
        &self,
        _channel: &Channel,
        _view: &View,
        _which: Which<'_>,
        _position: Position,
    ) -> Result<Observation, ObservationError> {
        Ok(Observation::NotObservable)
    }
}
