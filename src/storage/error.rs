//! What can go wrong with a database, sorted by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The address of the database is not understood; the text never holds the
    /// password.
    #[error("{0}")]
    Address(String),
    /// The database does not answer, or the connection was lost. Worth another
    /// try; a write whose commit was under way may or may not have happened.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The schema is not the one of this build.
    #[error("the database schema does not fit: {0}")]
    Schema(String),
    /// Somebody else was there first; read again before another try.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The lease behind a write is no longer held.
    #[error("the lease was lost")]
    Fenced,
    /// A stored value is not what this build wrote.
    #[error("the database holds something that cannot be read: {0}")]
    Corrupt(String),
    /// Anything else that the database says.
    #[error("the database refused a statement: {0}")]
    Database(#[source] DieselError),
}

impl StorageError {
    /// Whether another try may succeed without anybody doing anything.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn corrupt(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what}: {error}"))
    }
}

/// Messages of PostgreSQL and SQLite that mean "not now"; diesel has no kind
/// for them. The first two are sent by a server that ends the connection.
const TRANSIENT: [&str; 9] = [
    "terminating connection",
    "the database system is",
    "canceling statement due to lock timeout",
    "deadlock detected",
    "sorry, too many clients",
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
];

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, information) => {
                let message = information.message();
                match kind {
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::SerializationFailure => {
                        Self::Unavailable(message.to_owned())
                    }
                    DatabaseErrorKind::UniqueViolation => Self::Conflict(message.to_owned()),
                    _ if TRANSIENT.iter().any(|text| message.contains(text)) => {
                        Self::Unavailable(message.to_owned())
                    }
                    _ => Self::Database(error),
                }
            }
            DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}
