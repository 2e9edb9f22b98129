use std::sync::Arc;

use diesel::r2d2::R2D2Connection;
use offercast_contract::{Hash, Instant};

use crate::address::Address;
use crate::connection::{AnyConnection, Flush, Pools};
use crate::{Backend, StorageError};

/// How to use a database.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most connections to hold; SQLite adds one that writes.
    pub connections: u32,
    /// How long to wait for a free or a new connection, and for SQLite's lock.
    pub wait_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 8,
            wait_ms: 5_000,
        }
    }
}

/// A database. Clones share its connections.
///
/// All calls block; from async code they belong on a thread for blocking work.
/// Lost connections are replaced by themselves: a call that was hit by the loss
/// returns [`StorageError::Unavailable`], a later one works again.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Arc<Pools>,
    backend: Backend,
}

impl Store {
    /// Opens a database: `sqlite:PATH` (the file is made when it is missing,
    /// its folder is not), `postgres://…` or `postgresql://…`. The schema is
    /// not touched, see [`Store::migrate`].
    pub fn open(url: &str, options: &Options) -> Result<Self, StorageError> {
        let address = Address::parse(url)?;
        Ok(Self {
            pools: Arc::new(Pools::open(&address, options)?),
            backend: address.backend(),
        })
    }

    /// Which of the two databases it is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Whether the database answers.
    pub fn ping(&self) -> Result<(), StorageError> {
        self.read(|connection| Ok(connection.ping()?))
    }

    /// Runs `work`, which only reads; again where a connection was lost.
    pub(crate) fn read<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.pools.read(work)
    }

    /// Runs `work`, which reads and hands over what it finds as it goes.
    pub(crate) fn read_once<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.pools.read_once(work)
    }

    /// Runs `work` in a writing transaction, which is on disk afterwards.
    pub(crate) fn write<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.pools.transaction(Flush::Before, work)
    }

    /// Runs `work` in a writing transaction that may be lost, see
    /// [`Flush::After`].
    pub(crate) fn write_lazily<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.pools.transaction(Flush::After, work)
    }
}

/// A count as it is stored. Counts beyond 2^63 do not occur.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count; the tables' checks keep them from being negative.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

pub(crate) fn instant(micros: i64) -> Instant {
    Instant::from_micros(micros)
}

pub(crate) fn hash(text: &str) -> Result<Hash, StorageError> {
    text.parse()
        .map_err(|error| StorageError::corrupt("hash", error))
}
