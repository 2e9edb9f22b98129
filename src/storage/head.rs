//! The head row: where the log ends, and what stops egress.

use diesel::dsl::max;
use diesel::prelude::*;
use offercast_contract::{Horizon, Instant, Position};
use offercast_domain::revision::Head;

use crate::connection::AnyConnection;
use crate::outbox::NewOutboxRow;
use crate::schema::{acknowledgements, epochs, heads};
use crate::store::{count, hash, instant, stored};
use crate::{AppendError, StorageError, Store};

/// The head, and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadStatus {
    /// The last revision.
    pub head: Head,
    /// The window of time that the last outbox row covers; [`Horizon`]`(0)` in
    /// a new database.
    pub horizon: Horizon,
    /// Why a person stopped all egress, if so.
    pub frozen: Option<String>,
    /// Why the relay stopped itself, if so: it waits for a new epoch.
    pub halted: Option<String>,
}

impl HeadStatus {
    /// The position that the last outbox row leads to.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            epoch: self.head.epoch,
            hash: self.head.hash,
            horizon: self.horizon,
            revision: self.head.number,
        }
    }
}

/// A stretch of the log between two restores of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: u64,
    /// When it was opened; the Unix epoch for the first.
    pub opened_at: Instant,
    /// Who opened it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// So many epochs at the most were opened after a backup; a channel that claims
/// more is not believed.
const MAX_LOST_EPOCHS: u64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = heads)]
struct HeadRow {
    epoch: i64,
    revision: i64,
    hash: String,
    recorded_at: i64,
    horizon: i64,
    frozen_reason: Option<String>,
    halted_reason: Option<String>,
}

impl Store {
    /// The head.
    pub fn head(&self) -> Result<HeadStatus, StorageError> {
        self.read(read_head)
    }

    /// Moves the horizon on and writes the outbox row that tells the channels;
    /// false when it is there already, or further.
    pub fn move_horizon(
        &self,
        expected: &Head,
        horizon: Horizon,
        now: Instant,
    ) -> Result<bool, AppendError> {
        self.write(|connection| {
            let status = lock_head(connection)?;
            if status.head != *expected {
                return Err(AppendError::HeadMoved(status.head));
            }
            if horizon <= status.horizon {
                return Ok(false);
            }
            let after = status.position();
            let at = Position { horizon, ..after };
            write_head(connection, &status.head, horizon)?;
            NewOutboxRow { after, at, now }.insert(connection)?;
            Ok(true)
        })
    }

    /// Stops all egress, for a reason in a person's words.
    pub fn freeze(&self, reason: &str) -> Result<(), StorageError> {
        self.write(|connection| set_frozen(connection, Some(reason)))
    }

    /// Lets egress go on.
    pub fn unfreeze(&self) -> Result<(), StorageError> {
        self.write(|connection| set_frozen(connection, None))
    }

    /// Records why the relay stopped itself in this epoch. False, and nothing
    /// changed, when a person has opened another one since: what was said of
    /// the old one is settled.
    pub fn halt(&self, epoch: u64, reason: &str) -> Result<bool, StorageError> {
        self.write(|connection| {
            if lock_head(connection)?.head.epoch != epoch {
                return Ok(false);
            }
            set_halted(connection, Some(reason))?;
            Ok(true)
        })
    }

    /// Lets the relay go on in the same epoch, where its reason has gone.
    pub fn clear_halt(&self) -> Result<(), StorageError> {
        self.write(|connection| set_halted(connection, None))
    }

    /// Opens a new epoch, above every one that a channel was heard in: a person
    /// declares this database current. Numbers and the chain of hashes go on;
    /// the halt is cleared. The outbox rows of older epochs that were not
    /// published never will be; one row leads from the old position into the
    /// new epoch.
    pub fn open_epoch(
        &self,
        author: &str,
        reason: &str,
        now: Instant,
    ) -> Result<u64, StorageError> {
        self.write(|connection| {
            let status = lock_head(connection)?;
            // Channels may have seen epochs that the backup does not know.
            let seen: Option<i64> = acknowledgements::table
                .select(max(acknowledgements::epoch))
                .first(connection)?;
            let seen = seen
                .map_or(0, count)
                .min(status.head.epoch + MAX_LOST_EPOCHS);
            let epoch = status.head.epoch.max(seen) + 1;
            diesel::insert_into(epochs::table)
                .values((
                    epochs::number.eq(stored(epoch)),
                    epochs::opened_at.eq(now.micros()),
                    epochs::author.eq(author),
                    epochs::reason.eq(reason),
                ))
                .execute(connection)?;
            let after = status.position();
            let at = Position { epoch, ..after };
            let head = Head {
                epoch,
                ..status.head
            };
            write_head(connection, &head, status.horizon)?;
            set_halted(connection, None)?;
            NewOutboxRow { after, at, now }.insert(connection)?;
            Ok(epoch)
        })
    }

    /// All epochs, the first one first.
    pub fn epochs(&self) -> Result<Vec<Epoch>, StorageError> {
        let rows: Vec<(i64, i64, String, String)> = self.read(|connection| {
            Ok(epochs::table
                .select((
                    epochs::number,
                    epochs::opened_at,
                    epochs::author,
                    epochs::reason,
                ))
                .order(epochs::number)
                .load(connection)?)
        })?;
        Ok(rows
            .into_iter()
            .map(|(number, opened_at, author, reason)| Epoch {
                number: count(number),
                opened_at: instant(opened_at),
                author,
                reason,
            })
            .collect())
    }
}

pub(crate) fn read_head(connection: &mut AnyConnection) -> Result<HeadStatus, StorageError> {
    let row: HeadRow = heads::table
        .select(HeadRow::as_select())
        .first(connection)?;
    row.try_into()
}

/// The head, with every other writer waiting for the end of this transaction.
pub(crate) fn lock_head(connection: &mut AnyConnection) -> Result<HeadStatus, StorageError> {
    match connection {
        // The transaction holds the only write lock already.
        AnyConnection::Sqlite(_) => read_head(connection),
        AnyConnection::Postgres(postgres) => {
            let row: HeadRow = heads::table
                .select(HeadRow::as_select())
                .for_update()
                .first(postgres)?;
            row.try_into()
        }
    }
}

impl TryFrom<HeadRow> for HeadStatus {
    type Error = StorageError;

    fn try_from(row: HeadRow) -> Result<Self, StorageError> {
        Ok(Self {
            head: Head {
                epoch: count(row.epoch),
                hash: hash(&row.hash)?,
                number: count(row.revision),
                recorded_at: instant(row.recorded_at),
            },
            horizon: Horizon(row.horizon),
            frozen: row.frozen_reason,
            halted: row.halted_reason,
        })
    }
}

pub(crate) fn write_head(
    connection: &mut AnyConnection,
    head: &Head,
    horizon: Horizon,
) -> Result<(), StorageError> {
    diesel::update(heads::table)
        .set((
            heads::epoch.eq(stored(head.epoch)),
            heads::revision.eq(stored(head.number)),
            heads::hash.eq(head.hash.to_string()),
            heads::recorded_at.eq(head.recorded_at.micros()),
            heads::horizon.eq(horizon.0),
        ))
        .execute(connection)?;
    Ok(())
}

fn set_frozen(connection: &mut AnyConnection, reason: Option<&str>) -> Result<(), StorageError> {
    diesel::update(heads::table)
        .set(heads::frozen_reason.eq(reason))
        .execute(connection)?;
    Ok(())
}

fn set_halted(connection: &mut AnyConnection, reason: Option<&str>) -> Result<(), StorageError> {
    diesel::update(heads::table)
        .set(heads::halted_reason.eq(reason))
        .execute(connection)?;
    Ok(())
}
