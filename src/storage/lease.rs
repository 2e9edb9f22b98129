//! Leases: one process at a time does a thing, and a late one is noticed.

use diesel::prelude::*;
use offercast_contract::Instant;

use crate::connection::{AnyConnection, lock};
use crate::schema::leases;
use crate::store::{count, instant, stored};
use crate::{StorageError, Store};

/// The lease of the process that publishes the outbox.
pub const RELAY_LEASE: &str = "relay";

/// There is no row to lock before a lease is first taken.
const LEASE_LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('lease ' || $1, 0))";

/// The right to do something alone, until it expires or is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What for.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// Rises with every change of hands, and never falls.
    pub fence: u64,
    /// When somebody else may take it.
    pub expires_at: Instant,
}

impl Store {
    /// Takes a lease that is free, has expired or is the holder's own; none
    /// when somebody else has it. Every taking raises the fence, so a process
    /// that was restarted under the same name shuts its former self out.
    pub fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        now: Instant,
        ttl_micros: i64,
    ) -> Result<Option<Lease>, StorageError> {
        let lease = |fence| Lease {
            name: name.to_owned(),
            holder: holder.to_owned(),
            fence,
            expires_at: now.plus_micros(ttl_micros),
        };
        self.write(|connection| {
            let Some(current) = locked(connection, name)? else {
                let first = lease(1);
                insert(connection, &first)?;
                return Ok(Some(first));
            };
            if current.holder != holder && current.expires_at > now {
                return Ok(None);
            }
            let next = lease(current.fence + 1);
            update(connection, &next)?;
            Ok(Some(next))
        })
    }

    /// Keeps a lease for longer; none when it was lost. An expired lease that
    /// nobody took is still one's own.
    pub fn renew_lease(
        &self,
        lease: &Lease,
        now: Instant,
        ttl_micros: i64,
    ) -> Result<Option<Lease>, StorageError> {
        self.write(|connection| {
            if !is_held(connection, lease)? {
                return Ok(None);
            }
            let renewed = Lease {
                expires_at: now.plus_micros(ttl_micros),
                ..lease.clone()
            };
            update(connection, &renewed)?;
            Ok(Some(renewed))
        })
    }

    /// Gives a lease back, if it is still held; its fence is kept.
    pub fn release_lease(&self, lease: &Lease) -> Result<(), StorageError> {
        self.renew_lease(lease, Instant::from_micros(0), 0)
            .map(drop)
    }
}

/// Whether a lease is still held; it cannot pass on before the end of this
/// transaction.
pub(crate) fn is_held(connection: &mut AnyConnection, lease: &Lease) -> Result<bool, StorageError> {
    let current = leases::table.find(&lease.name).select(leases::fence);
    let fence: Option<i64> = match connection {
        AnyConnection::Sqlite(sqlite) => current.first(sqlite).optional()?,
        // Whoever takes the lease over changes this row.
        AnyConnection::Postgres(postgres) => current.for_update().first(postgres).optional()?,
    };
    Ok(fence.map(count) == Some(lease.fence))
}

fn locked(connection: &mut AnyConnection, name: &str) -> Result<Option<Lease>, StorageError> {
    lock(connection, LEASE_LOCK, name)?;
    let current =
        leases::table
            .find(name)
            .select((leases::holder, leases::fence, leases::expires_at));
    let row: Option<(String, i64, i64)> = match connection {
        AnyConnection::Sqlite(sqlite) => current.first(sqlite).optional()?,
        AnyConnection::Postgres(postgres) => current.for_update().first(postgres).optional()?,
    };
    Ok(row.map(|(holder, fence, expires_at)| Lease {
        name: name.to_owned(),
        holder,
        fence: count(fence),
        expires_at: instant(expires_at),
    }))
}

fn insert(connection: &mut AnyConnection, lease: &Lease) -> Result<(), StorageError> {
    diesel::insert_into(leases::table)
        .values((
            leases::name.eq(&lease.name),
            leases::holder.eq(&lease.holder),
            leases::fence.eq(stored(lease.fence)),
            leases::expires_at.eq(lease.expires_at.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

fn update(connection: &mut AnyConnection, lease: &Lease) -> Result<(), StorageError> {
    diesel::update(leases::table.find(&lease.name))
        .set((
            leases::holder.eq(&lease.holder),
            leases::fence.eq(stored(lease.fence)),
            leases::expires_at.eq(lease.expires_at.micros()),
        ))
        .execute(connection)?;
    Ok(())
}
