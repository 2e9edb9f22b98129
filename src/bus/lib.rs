//! The carrier between the server and its channel adapters.
//!
//! - [`broker`]: what a broker must do, whichever it is;
//!   [`embedded`] does it in memory, [`rabbit`] over AMQP 0-9-1.
//! - [`relay`]: takes the outbox to the broker, in order, and beats.
//! - [`answers`]: takes what adapters answer to whoever keeps it.
//! - [`carrier`]: the adapter's end of the line.
//!
//! Deliberately absent: databases, prices, HTTP. The relay sees an outbox, an
//! engine and a store of answers only through ports declared here, and nothing
//! but [`rabbit`] knows lapin. A broker holds nothing that cannot be lost: the
//! log is the truth, the beat tells of a gap and the pull closes it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod answers;
pub mod broker;
pub mod carrier;
pub mod embedded;
pub mod rabbit;
pub mod relay;
pub mod topology;

pub use broker::{Broker, BrokerError, Incoming, Outgoing, Queue, Route, Settlement, Subscription};
pub use carrier::AdapterLink;
pub use topology::{Limits, Namespace};

/// Any error of a port's implementation; the port's user logs it with its
/// chain and tries again.
pub type PortError = Box<dyn std::error::Error + Send + Sync>;
