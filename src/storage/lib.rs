//! The only place that knows a database: SQLite or PostgreSQL.
//!
//! The source of truth is kept as versioned rows under hash-chained revisions;
//! beside it stand the outbox, leases, change sets, idempotency keys and what
//! channels acknowledged. Deliberately absent: any rule about prices or offers,
//! any clock (instants are passed in), anything asynchronous.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod acknowledgement;
mod address;
mod append;
mod audit;
mod bulk;
mod change_set;
mod connection;
mod copy;
mod error;
mod head;
mod idempotency;
mod lease;
mod log;
mod migrate;
mod outbox;
mod past;
mod prune;
mod rows;
mod schema;
#[cfg(feature = "scratch")]
pub mod scratch;
mod store;
mod verify;

pub use acknowledgement::{Acknowledged, AcknowledgementRecord, ChannelState};
pub use address::Backend;
pub use append::{Append, AppendError, Appended};
pub use change_set::{
    ChangeSet, ChangeSetEdit, ChangeSetError, ChangeSetId, ChangeSetState, NewChangeSet,
};
pub use error::StorageError;
pub use head::{Epoch, HeadStatus};
pub use idempotency::{Begun, Claim, Outcome};
pub use lease::{Lease, RELAY_LEASE};
pub use log::{DocumentVersion, PriceVersion, SourceRow};
pub use outbox::OutboxRow;
pub use past::PastRow;
pub use prune::Pruned;
pub use store::{Options, Store};
pub use verify::{LogFault, Verification};
