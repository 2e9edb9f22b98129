//! What a person or a channel can do, one file each: a transaction, the
//! domain's rules, the outbox.
//!
//! [`engine`] keeps the log folded in memory; everything else is a function
//! over it. Deliberately absent: HTTP, SQL, AMQP, and the rules themselves,
//! which are pure and live in `domain`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answers;
pub mod audit;
pub mod board;
pub mod book;
pub mod change_sets;
mod channels;
mod charging;
pub mod clock;
pub mod control;
pub mod engine;
pub mod error;
pub mod events;
pub mod families;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod import;
pub mod present;
pub mod publish;
pub mod pull;
pub mod quote;
pub mod relay_ports;
mod touched;
mod watchers;

pub use clock::{Clock, SystemClock};
pub use engine::{Behind, Current, Engine, EngineOptions};
pub use error::Unavailable;
pub use events::Event;
pub use families::Families;

/// Records of the store that use cases take and give.
pub mod records {
    pub use offercast_storage::{
        AcknowledgementRecord, ChangeSet, ChangeSetError, ChangeSetId, ChangeSetState, Outcome,
    };
}

/// Finding products in a snapshot.
pub mod search {
    pub use offercast_pricebook::ProductQuery;
}
