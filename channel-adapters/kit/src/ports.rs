//! What an adapter is given: a carrier of messages, a source to pull from, a
//! clock. The outlet, where artefacts go, is in [`crate::outlet`].

use async_trait::async_trait;
use offercast_contract::message::{Answer, PullPage};
use offercast_contract::{ChannelId, Instant, Position};

/// Why a port could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It may work later: the other side is away, a time limit passed.
    #[error("{0}")]
    Transient(String),
    /// The pin of a pull is lost (HTTP 410): start the pull again.
    #[error("the pinned pull is no longer served; it starts again")]
    PinLost,
    /// The other side does not know the position that was named (HTTP 409): it
    /// is behind, or has another history.
    #[error("the source does not know the position held: {0}")]
    UnknownPosition(String),
    /// It will not work until somebody acts: wrong token, unknown channel.
    #[error("{0}")]
    Refused(String),
}

/// Tells the carrier that a message is dealt with.
#[async_trait]
pub trait Acker: Send {
    /// Acknowledges; the message is not delivered again.
    async fn ack(self: Box<Self>) -> Result<(), PortError>;
}

/// A message as it came, and the means to acknowledge it. Dropped without
/// acknowledgement, it is delivered again.
pub struct Delivery {
    /// The bytes of an encoded [`offercast_contract::Message`].
    pub bytes: Vec<u8>,
    acker: Box<dyn Acker>,
}

impl Delivery {
    /// A message with its acknowledgement.
    #[must_use]
    pub fn new(bytes: Vec<u8>, acker: Box<dyn Acker>) -> Self {
        Self { bytes, acker }
    }

    /// Acknowledges it.
    pub async fn ack(self) -> Result<(), PortError> {
        self.acker.ack().await
    }
}

/// Carries messages to one adapter and its answers back.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// The next message. Must be safe to cancel: a future that is dropped
    /// before it completes loses no message. May wait for ever.
    async fn receive(&mut self) -> Result<Delivery, PortError>;

    /// Sends an answer; returns when it is confirmed.
    async fn answer(&mut self, answer: &Answer) -> Result<(), PortError>;
}

/// What to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// For which channel.
    pub channel: ChannelId,
    /// The position held; none asks for a snapshot.
    pub after: Option<Position>,
    /// The position to reach; none asks for the head, which the answer pins.
    pub at: Option<Position>,
    /// The cursor of a following page.
    pub cursor: Option<String>,
}

/// The source of truth, as far as an adapter can ask it.
#[async_trait]
pub trait Source: Send + Sync {
    /// One page of a pinned pull.
    async fn pull(&self, request: &PullRequest) -> Result<PullPage, PortError>;
}

/// Tells the time. The only clock that an adapter reads.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;
}
