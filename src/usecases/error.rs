//! Errors that any use case can meet.

use offercast_storage::StorageError;

/// Something outside answers not, or not in time; trying again may help.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The database.
    #[error("the database does not answer as it should")]
    Storage(#[from] StorageError),
    /// The carrier.
    #[error("the broker does not answer as it should")]
    Broker(#[from] offercast_bus::BrokerError),
    /// This process is going down.
    #[error("this server is shutting down")]
    ShuttingDown,
}

impl Unavailable {
    pub(crate) fn shutting_down() -> Self {
        Self::ShuttingDown
    }
}
