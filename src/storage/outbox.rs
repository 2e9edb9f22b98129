//! The outbox, and the leases that say which process may work on it.

use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use offercast_contract::{Horizon, Instant, Position};

use crate::connection::AnyConnection;
use crate::schema::{heads, outbox};
use crate::store::{count, hash, instant, stored};
use crate::{Lease, StorageError, Store, lease};

/// A position that channels are to reach, and the one it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in the order of publication.
    pub sequence: u64,
    /// The position before.
    pub after: Position,
    /// The position.
    pub at: Position,
    /// When it was written.
    pub created_at: Instant,
    /// When the broker had confirmed it.
    pub published_at: Option<Instant>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct StoredRow {
    sequence: i64,
    epoch: i64,
    revision: i64,
    horizon: i64,
    hash: String,
    after_epoch: i64,
    after_revision: i64,
    after_horizon: i64,
    after_hash: String,
    created_at: i64,
    published_at: Option<i64>,
}

impl TryFrom<StoredRow> for OutboxRow {
    type Error = StorageError;

    fn try_from(row: StoredRow) -> Result<Self, StorageError> {
        Ok(Self {
            sequence: count(row.sequence),
            after: Position {
                epoch: count(row.after_epoch),
                hash: hash(&row.after_hash)?,
                horizon: Horizon(row.after_horizon),
                revision: count(row.after_revision),
            },
            at: Position {
                epoch: count(row.epoch),
                hash: hash(&row.hash)?,
                horizon: Horizon(row.horizon),
                revision: count(row.revision),
            },
            created_at: instant(row.created_at),
            published_at: row.published_at.map(instant),
        })
    }
}

/// A row to be written by whoever has locked the head.
pub(crate) struct NewOutboxRow {
    pub(crate) after: Position,
    pub(crate) at: Position,
    pub(crate) now: Instant,
}

impl NewOutboxRow {
    /// Writes the row, under the next number.
    pub(crate) fn insert(&self, connection: &mut AnyConnection) -> Result<OutboxRow, StorageError> {
        // Under the head's lock the next number is free, and the order of the
        // numbers is the order of the commits; a sequence promises neither.
        let next = sql::<BigInt>("(SELECT COALESCE(MAX(sequence), 0) + 1 FROM outbox)");
        let insert = diesel::insert_into(outbox::table).values((
            outbox::sequence.eq(next),
            outbox::epoch.eq(stored(self.at.epoch)),
            outbox::revision.eq(stored(self.at.revision)),
            outbox::horizon.eq(self.at.horizon.0),
            outbox::hash.eq(self.at.hash.to_string()),
            outbox::after_epoch.eq(stored(self.after.epoch)),
            outbox::after_revision.eq(stored(self.after.revision)),
            outbox::after_horizon.eq(self.after.horizon.0),
            outbox::after_hash.eq(self.after.hash.to_string()),
            outbox::created_at.eq(self.now.micros()),
        ));
        let sequence: i64 = match connection {
            AnyConnection::Sqlite(sqlite) => {
                insert.execute(sqlite)?;
                let last: Option<i64> =
                    outbox::table.select(max(outbox::sequence)).first(sqlite)?;
                last.unwrap_or(0)
            }
            AnyConnection::Postgres(postgres) => {
                insert.returning(outbox::sequence).get_result(postgres)?
            }
        };
        Ok(OutboxRow {
            sequence: count(sequence),
            after: self.after,
            at: self.at,
            created_at: self.now,
            published_at: None,
        })
    }
}

impl Store {
    /// The rows of the current epoch that are not published, in order.
    pub fn pending(&self, limit: u32) -> Result<Vec<OutboxRow>, StorageError> {
        self.read(|connection| {
            let epoch = current_epoch(connection)?;
            outbox::table
                .select(StoredRow::as_select())
                .filter(outbox::epoch.eq(epoch))
                .filter(outbox::published_at.is_null())
                .order(outbox::sequence)
                .limit(i64::from(limit))
                .load(connection)?
                .into_iter()
                .map(OutboxRow::try_from)
                .collect()
        })
    }

    /// Marks every pending row of the current epoch up to and including
    /// `sequence` as published: the broker confirmed them all and returned
    /// none. Refused with [`StorageError::Fenced`] when the lease has passed to
    /// another holder.
    pub fn mark_published(
        &self,
        lease: &Lease,
        sequence: u64,
        now: Instant,
    ) -> Result<(), StorageError> {
        // A mark that is lost only means that a message is sent again.
        self.write_lazily(|connection| {
            if !lease::is_held(connection, lease)? {
                return Err(StorageError::Fenced);
            }
            let epoch = heads::table.select(heads::epoch).single_value();
            diesel::update(outbox::table)
                .filter(outbox::epoch.nullable().eq(epoch))
                .filter(outbox::published_at.is_null())
                .filter(outbox::sequence.le(stored(sequence)))
                .set((
                    outbox::published_at.eq(now.micros()),
                    outbox::fence.eq(stored(lease.fence)),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    /// The last published position of the current epoch; none when nothing of
    /// it was published.
    pub fn published(&self) -> Result<Option<Position>, StorageError> {
        self.read(|connection| {
            let epoch = current_epoch(connection)?;
            let row = outbox::table
                .select(StoredRow::as_select())
                .filter(outbox::epoch.eq(epoch))
                .filter(outbox::published_at.is_not_null())
                .order(outbox::sequence.desc())
                .first(connection)
                .optional()?;
            Ok(row.map(OutboxRow::try_from).transpose()?.map(|row| row.at))
        })
    }

    /// Rows after a sequence number, whatever their epoch and published or not,
    /// in order: what a follower of the log reads.
    pub fn outbox_after(&self, sequence: u64, limit: u32) -> Result<Vec<OutboxRow>, StorageError> {
        self.read(|connection| {
            outbox::table
                .select(StoredRow::as_select())
                .filter(outbox::sequence.gt(stored(sequence)))
                .order(outbox::sequence)
                .limit(i64::from(limit))
                .load(connection)?
                .into_iter()
                .map(OutboxRow::try_from)
                .collect()
        })
    }

    /// The last sequence number; 0 when there is no row.
    pub fn outbox_tail(&self) -> Result<u64, StorageError> {
        self.read(|connection| {
            let last: Option<i64> = outbox::table
                .select(max(outbox::sequence))
                .first(connection)?;
            Ok(last.map_or(0, count))
        })
    }

    /// The last published row, whatever its epoch.
    pub fn last_published_row(&self) -> Result<Option<OutboxRow>, StorageError> {
        self.read(|connection| {
            outbox::table
                .select(StoredRow::as_select())
                .filter(outbox::published_at.is_not_null())
                .order(outbox::sequence.desc())
                .first(connection)
                .optional()?
                .map(OutboxRow::try_from)
                .transpose()
        })
    }

    /// The sequence number up to which nothing is left to be published: the
    /// last published row, or the last one of an ended epoch; 0 before any.
    pub fn relayed(&self) -> Result<u64, StorageError> {
        self.read(|connection| {
            let epoch = current_epoch(connection)?;
            let last: Option<i64> = outbox::table
                .select(max(outbox::sequence))
                .filter(
                    outbox::published_at
                        .is_not_null()
                        .or(outbox::epoch.lt(epoch)),
                )
                .first(connection)?;
            Ok(last.map_or(0, count))
        })
    }

    /// The row of a position of the current epoch.
    pub fn outbox_row(
        &self,
        revision: u64,
        horizon: Horizon,
    ) -> Result<Option<OutboxRow>, StorageError> {
        self.read(|connection| {
            let epoch = current_epoch(connection)?;
            outbox::table
                .select(StoredRow::as_select())
                .filter(outbox::epoch.eq(epoch))
                .filter(outbox::revision.eq(stored(revision)))
                .filter(outbox::horizon.eq(horizon.0))
                .first(connection)
                .optional()?
                .map(OutboxRow::try_from)
                .transpose()
        })
    }
}

fn current_epoch(connection: &mut AnyConnection) -> Result<i64, StorageError> {
    Ok(heads::table.select(heads::epoch).first(connection)?)
}
