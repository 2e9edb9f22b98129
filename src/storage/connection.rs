//! Connections to either database, pooled, and the one way to open a
//! transaction.

use std::path::Path;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, NopErrorHandler, Pool, PooledConnection, R2D2Connection};
use diesel::result::Error as DieselError;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::address::Address;
use crate::{Options, StorageError};

pub(crate) use multi::AnyConnection;

// The derive writes public items into the module around it.
#[allow(missing_docs, unreachable_pub)]
mod multi {
    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        Sqlite(diesel::SqliteConnection),
        Postgres(diesel::PgConnection),
    }
}

/// Whether a pooled connection may write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Makes connections for a pool.
pub(crate) struct Manager {
    address: Address,
    access: Access,
    wait_ms: u64,
}

/// Why no connection could be made; holds no password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConnectError(String);

impl Manager {
    fn connect_sqlite(&self, path: &Path) -> Result<SqliteConnection, ConnectError> {
        let fail =
            |error: &dyn std::fmt::Display| ConnectError(format!("{}: {error}", path.display()));
        let text = path
            .to_str()
            .ok_or_else(|| fail(&"the path is not UTF-8"))?;
        let mut connection = SqliteConnection::establish(text).map_err(|error| fail(&error))?;
        // FULL: what was acknowledged survives a loss of power, also in WAL.
        let pragmas = format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA query_only = {};",
            self.wait_ms,
            if self.access == Access::Read {
                "ON"
            } else {
                "OFF"
            },
        );
        connection
            .batch_execute(&pragmas)
            .map_err(|error| fail(&error))?;
        Ok(connection)
    }

    fn connect_postgres(&self, url: &str) -> Result<PgConnection, ConnectError> {
        let fail =
            |error: &dyn std::fmt::Display| ConnectError(self.address.redact(&error.to_string()));
        let mut connection = PgConnection::establish(url).map_err(|error| fail(&error))?;
        // A writer that waits for another one's lock gives up and is retried.
        let settings = format!(
            "SET application_name = 'offercast'; SET TIME ZONE 'UTC'; SET lock_timeout = {}",
            self.wait_ms.saturating_mul(6),
        );
        connection
            .batch_execute(&settings)
            .map_err(|error| fail(&error))?;
        Ok(connection)
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<AnyConnection, ConnectError> {
        match &self.address {
            Address::Sqlite(path) => self.connect_sqlite(path).map(AnyConnection::Sqlite),
            Address::Postgres(url) => self.connect_postgres(url).map(AnyConnection::Postgres),
        }
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), ConnectError> {
        connection
            .ping()
            .map_err(|error| ConnectError(self.address.redact(&error.to_string())))
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

/// The pools: on SQLite one connection writes and several read; on PostgreSQL
/// all do both.
pub(crate) struct Pools {
    read: Pool<Manager>,
    write: Pool<Manager>,
}

impl Pools {
    pub(crate) fn open(address: &Address, options: &Options) -> Result<Self, StorageError> {
        let pool = |access, size: u32| {
            let manager = Manager {
                address: address.clone(),
                access,
                wait_ms: options.wait_ms,
            };
            // The first connection is made here, for its error is precise.
            let first = manager.connect().map_err(unavailable)?;
            drop(first);
            Ok::<_, StorageError>(
                Pool::builder()
                    .max_size(size.max(1))
                    .min_idle(Some(0))
                    // See `answering`.
                    .test_on_check_out(false)
                    .connection_timeout(Duration::from_millis(options.wait_ms.max(1)))
                    .error_handler(Box::new(NopErrorHandler))
                    .build_unchecked(manager),
            )
        };
        match address {
            Address::Sqlite(_) => Ok(Self {
                write: pool(Access::Write, 1)?,
                read: pool(Access::Read, options.connections)?,
            }),
            Address::Postgres(_) => {
                let both = pool(Access::Write, options.connections)?;
                Ok(Self {
                    read: both.clone(),
                    write: both,
                })
            }
        }
    }

    /// Runs `work`, which only reads, on a connection that need not be able
    /// to write. It is run anew on another one when a connection turns out to
    /// be lost.
    pub(crate) fn read<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let (_, value) = answering(&self.read, work)?;
        Ok(value)
    }

    /// Runs `work`, which only reads and must not be run twice.
    pub(crate) fn read_once<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let (mut connection, ()) = answering(&self.read, |connection| Ok(connection.ping()?))?;
        work(&mut connection)
    }

    /// Runs `work` in the one kind of writing transaction there is. On SQLite
    /// it takes the write lock at once: a transaction that reads first and
    /// writes later fails with "database is locked" without waiting. On
    /// PostgreSQL each statement sees what was committed before it, so `work`
    /// locks the row it decides by first.
    pub(crate) fn transaction<T, E: From<StorageError>>(
        &self,
        flush: Flush,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let (mut connection, ()) = answering(&self.write, |connection| {
            begin(connection, flush).map_err(StorageError::from)
        })?;
        match work(&mut connection) {
            Ok(value) => {
                commit(&mut connection).map_err(StorageError::from)?;
                Ok(value)
            }
            Err(error) => {
                // A failed roll-back marks the connection as broken, and the
                // pool drops it; the first error is the one to tell.
                let _ = rollback(&mut connection);
                Err(error)
            }
        }
    }
}

/// A connection, and what `first` gave on it. Connections that were lost while
/// they were idle are noticed by it and dropped, and it is called again: asking
/// each connection whether it lives would cost every use a journey to the
/// database.
fn answering<T>(
    pool: &Pool<Manager>,
    first: impl Fn(&mut AnyConnection) -> Result<T, StorageError>,
) -> Result<(PooledConnection<Manager>, T), StorageError> {
    let mut idle = pool.max_size();
    loop {
        let mut connection = pool.get().map_err(unavailable)?;
        match first(&mut connection) {
            Ok(value) => return Ok((connection, value)),
            Err(error) if idle > 0 && error.is_unavailable() && is_lost(&mut connection) => {
                idle -= 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a connection that failed can be used no more. Not every failure
/// that ends one marks it as broken; asking does, and so the pool drops it.
fn is_lost(connection: &mut AnyConnection) -> bool {
    connection.is_broken() || connection.ping().is_err()
}

fn unavailable(error: impl std::fmt::Display) -> StorageError {
    StorageError::Unavailable(error.to_string())
}

/// When a commit returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// When it is on disk.
    Before,
    /// On PostgreSQL at once; it is on disk within a second, or together with
    /// the next commit that waits. For what may be lost in a crash of the
    /// database: never a revision, never an acknowledgement. On SQLite nothing
    /// differs.
    After,
}

fn begin(connection: &mut AnyConnection, flush: Flush) -> Result<(), DieselError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        AnyConnection::Postgres(postgres) => {
            let sql = match flush {
                Flush::Before => "BEGIN ISOLATION LEVEL READ COMMITTED",
                Flush::After => {
                    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off"
                }
            };
            AnsiTransactionManager::begin_transaction_sql(postgres, sql)
        }
    }
}

fn commit(connection: &mut AnyConnection) -> Result<(), DieselError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::commit_transaction(sqlite),
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::commit_transaction(postgres),
    }
}

fn rollback(connection: &mut AnyConnection) -> Result<(), DieselError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::rollback_transaction(sqlite),
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::rollback_transaction(postgres),
    }
}

/// Locks rows on PostgreSQL with a `SELECT … FOR UPDATE` whose only parameter
/// is `$1`. SQLite's transaction holds the only write lock already, and the
/// statement does not exist there.
pub(crate) fn lock(
    connection: &mut AnyConnection,
    statement: &'static str,
    key: &str,
) -> Result<(), DieselError> {
    use diesel::RunQueryDsl;
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(postgres) => diesel::sql_query(statement)
            .bind::<diesel::sql_types::Text, _>(key)
            .execute(postgres)
            .map(drop),
    }
}
