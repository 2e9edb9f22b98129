//! What a broker must do.

use std::sync::Arc;

use async_trait::async_trait;
use offercast_contract::ChannelId;

/// Where a message goes: the routing key, typed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// To every adapter: an update.
    Update,
    /// To every adapter: the head beat.
    Beat,
    /// To one adapter: a resync or an audit.
    Channel(ChannelId),
    /// From one adapter to the server.
    Answer(ChannelId),
}

/// A queue that can be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// What is meant for one adapter.
    Adapter(ChannelId),
    /// What adapters answer.
    Answers,
    /// Messages that nobody could read, kept for the operator.
    Dead,
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub route: Route,
    /// Its bytes, see [`offercast_contract::message::encode`].
    pub body: Arc<[u8]>,
}

impl Outgoing {
    /// A message with these bytes.
    #[must_use]
    pub fn new(route: Route, body: impl Into<Arc<[u8]>>) -> Self {
        Self {
            route,
            body: body.into(),
        }
    }
}

/// Why a broker did not do what was asked.
///
/// After an error of [`Broker::publish`] it is unknown which messages of the
/// batch were taken: send the whole batch again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// The broker cannot be reached, or the connection was lost.
    #[error("the broker is away: {0}")]
    Away(String),
    /// The broker did not answer within our own timeout.
    #[error("the broker did not {what} within {timeout_ms} ms")]
    Timeout {
        /// What it was asked to do.
        what: &'static str,
        /// How long it had, in milliseconds.
        timeout_ms: u64,
    },
    /// Messages of the batch came back because no queue is bound for them.
    #[error("{0} messages of the batch could not be routed to any queue")]
    Unroutable(usize),
    /// The broker refused to take messages of the batch.
    #[error("the broker refused {0} messages of the batch")]
    Refused(usize),
    /// A queue or exchange exists with other properties, or may not be used.
    #[error("the broker's topology is not ours: {0}")]
    Topology(String),
    /// The delivery is no longer ours (its connection is gone, or it was
    /// settled before): it will be delivered again.
    #[error("the delivery is no longer ours, it will be delivered again")]
    Stale,
    /// The broker was shut down by this process.
    #[error("the broker is closed")]
    Closed,
}

/// A broker: takes batches with a confirmation, hands messages out at least
/// once.
///
/// Queues are bounded and drop their oldest messages; a dead adapter never
/// stalls the others. All methods may be called from many tasks at once.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Declares exchanges, the queues of these channels, the queue of answers
    /// and the dead-letter queue. Declaring again changes nothing.
    async fn declare(&self, channels: &[ChannelId]) -> Result<(), BrokerError>;

    /// Stops routing to the queues of channels that ended. What is in them can
    /// still be read; [`Broker::declare`] takes a channel in again.
    async fn retire(&self, channels: &[ChannelId]) -> Result<(), BrokerError>;

    /// Publishes a batch in order. Ok only when every message was confirmed
    /// and none was returned. Does not retry.
    async fn publish(&self, batch: &[Outgoing]) -> Result<(), BrokerError>;

    /// Starts reading a queue. One subscription of a queue is served at a time
    /// ([`Queue::Dead`] excepted); others wait until it is dropped.
    async fn subscribe(&self, queue: Queue) -> Result<Box<dyn Subscription>, BrokerError>;
}

/// The reading end of a queue. Dropping it gives back everything unsettled.
#[async_trait]
pub trait Subscription: Send + Sync + Sync + 'static {
    /// The next message. Waits while the queue is empty or the broker is away;
    /// a lost connection is made again inside, for ever. It may be dropped
    /// while it waits without losing a message. Fails only when no message can
    /// ever come, see [`BrokerError::Closed`] and [`BrokerError::Topology`].
    async fn next(&mut self) -> Result<Incoming, BrokerError>;
}

/// How a delivery is settled with the broker it came from.
#[async_trait]
pub trait Settlement: Send + Sync + 'static {
    /// See [`Incoming::ack`].
    async fn ack(self: Box<Self>) -> Result<(), BrokerError>;
    /// See [`Incoming::reject_to_dead_letter`].
    async fn reject_to_dead_letter(self: Box<Self>, reason: &str) -> Result<(), BrokerError>;
}

/// A message that came in. Settle each: a subscription hands out only a
/// limited number of unsettled messages. What is dropped unsettled comes again
/// after the subscription was dropped or its connection lost.
pub struct Incoming {
    /// Its bytes, see [`offercast_contract::message::decode`].
    pub body: Arc<[u8]>,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    settlement: Box<dyn Settlement>,
}

impl Incoming {
    /// A delivery, as a broker makes it.
    #[must_use]
    pub fn new(body: Arc<[u8]>, redelivered: bool, settlement: Box<dyn Settlement>) -> Self {
        Self {
            body,
            redelivered,
            settlement,
        }
    }

    /// Tells the broker that the message was dealt with. After an error it
    /// will be delivered again.
    pub async fn ack(self) -> Result<(), BrokerError> {
        self.settlement.ack().await
    }

    /// Moves the message to [`Queue::Dead`], with the reason. After an error
    /// it will be delivered again, and may be in the dead-letter queue too.
    pub async fn reject_to_dead_letter(self, reason: &str) -> Result<(), BrokerError> {
        self.settlement.reject_to_dead_letter(reason).await
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("bytes", &self.body.len())
            .field("redelivered", &self.redelivered)
            .finish_non_exhaustive()
    }
}
