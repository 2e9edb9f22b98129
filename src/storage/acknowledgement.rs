//! What channels said they show: the latest word of each, and the history.

use diesel::prelude::*;
use offercast_contract::{Acknowledgement, ChannelId, Hash, Instant, canonical_bytes};

use crate::connection::{AnyConnection, lock};
use crate::schema::{acknowledgements, channel_states};
use crate::store::{count, instant, stored};
use crate::{StorageError, Store};

/// What became of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// It is in the history, under this number.
    Recorded(u64),
    /// Only clocks differ from the one before; the latest word was renewed.
    Unchanged,
    /// It is older than what the same process said before; nothing was stored.
    Stale,
}

/// An acknowledgement in the history of its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcknowledgementRecord {
    /// Its number in its channel, from 1.
    pub number: u64,
    /// When it was received.
    pub received_at: Instant,
    /// What it said.
    pub acknowledgement: Acknowledgement,
}

/// The latest word of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelState {
    /// When it was received.
    pub received_at: Instant,
    /// What it said.
    pub acknowledgement: Acknowledgement,
}

/// There is no row to lock before a channel's first word.
const CHANNEL_LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('channel ' || $1, 0))";

#[derive(Queryable, Selectable)]
#[diesel(table_name = channel_states)]
struct StoredState {
    number: i64,
    fingerprint: String,
    received_at: i64,
    body: String,
}

impl Store {
    /// Takes an acknowledgement in. It goes into the history only when
    /// something other than the clock changed, so that a quiet week is one row.
    pub fn acknowledge(
        &self,
        acknowledgement: &Acknowledgement,
        received_at: Instant,
    ) -> Result<Acknowledged, StorageError> {
        let channel = acknowledgement.channel.as_str();
        let new = Word::new(acknowledgement, received_at);
        self.write(|connection| {
            let Some(state) = locked(connection, channel)? else {
                new.record(connection, 1)?;
                new.insert_state(connection)?;
                return Ok(Acknowledged::Recorded(1));
            };
            let last = parse(&state.body)?;
            if last.instance == acknowledgement.instance && last.clock > acknowledgement.clock {
                return Ok(Acknowledged::Stale);
            }
            if state.fingerprint == new.fingerprint {
                new.update_state(connection, state.number)?;
                return Ok(Acknowledged::Unchanged);
            }
            let number = state.number + 1;
            new.record(connection, number)?;
            new.update_state(connection, number)?;
            Ok(Acknowledged::Recorded(count(number)))
        })
    }

    /// The latest word of every channel that ever said one, by id.
    pub fn channel_states(&self) -> Result<Vec<ChannelState>, StorageError> {
        let rows = self.read(|connection| {
            Ok(channel_states::table
                .select(StoredState::as_select())
                .order(channel_states::channel)
                .load(connection)?)
        })?;
        rows.into_iter()
            .map(|row| {
                Ok(ChannelState {
                    received_at: instant(row.received_at),
                    acknowledgement: parse(&row.body)?,
                })
            })
            .collect()
    }

    /// The last `limit` acknowledgements of a channel, or the last ones before
    /// a number; newest first.
    pub fn acknowledgements(
        &self,
        channel: &ChannelId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AcknowledgementRecord>, StorageError> {
        let rows: Vec<(i64, i64, String)> = self.read(|connection| {
            Ok(acknowledgements::table
                .select((
                    acknowledgements::number,
                    acknowledgements::received_at,
                    acknowledgements::body,
                ))
                .filter(acknowledgements::channel.eq(channel.as_str()))
                .filter(acknowledgements::number.lt(before.map_or(i64::MAX, stored)))
                .order(acknowledgements::number.desc())
                .limit(i64::from(limit))
                .load(connection)?)
        })?;
        rows.into_iter().map(record).collect()
    }

    /// What a channel showed at an instant: its last acknowledgement received
    /// until then.
    pub fn shown_at(
        &self,
        channel: &ChannelId,
        at: Instant,
    ) -> Result<Option<AcknowledgementRecord>, StorageError> {
        let row: Option<(i64, i64, String)> = self.read(|connection| {
            Ok(acknowledgements::table
                .select((
                    acknowledgements::number,
                    acknowledgements::received_at,
                    acknowledgements::body,
                ))
                .filter(acknowledgements::channel.eq(channel.as_str()))
                .filter(acknowledgements::received_at.le(at.micros()))
                .order((
                    acknowledgements::received_at.desc(),
                    acknowledgements::number.desc(),
                ))
                .first(connection)
                .optional()?)
        })?;
        row.map(record).transpose()
    }
}

/// The latest word of a channel, which stays so until the end of this
/// transaction.
fn locked(
    connection: &mut AnyConnection,
    channel: &str,
) -> Result<Option<StoredState>, StorageError> {
    if let Some(known) = state_for_update(connection, channel)? {
        return Ok(Some(known));
    }
    // The first words of a channel have no row to lock. Who waited here for
    // them locks the row that they made, like all later ones.
    lock(connection, CHANNEL_LOCK, channel)?;
    state_for_update(connection, channel)
}

fn state_for_update(
    connection: &mut AnyConnection,
    channel: &str,
) -> Result<Option<StoredState>, StorageError> {
    let state = channel_states::table.find(channel);
    Ok(match connection {
        AnyConnection::Postgres(postgres) => state
            .select(StoredState::as_select())
            .for_update()
            .first(postgres)
            .optional()?,
        // A transaction of SQLite that writes is alone.
        AnyConnection::Sqlite(sqlite) => state
            .select(StoredState::as_select())
            .first(sqlite)
            .optional()?,
    })
}

fn parse(body: &str) -> Result<Acknowledgement, StorageError> {
    serde_json::from_str(body).map_err(|error| StorageError::corrupt("acknowledgement", error))
}

fn record(
    (number, received_at, body): (i64, i64, String),
) -> Result<AcknowledgementRecord, StorageError> {
    Ok(AcknowledgementRecord {
        number: count(number),
        received_at: instant(received_at),
        acknowledgement: parse(&body)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    // Canonical JSON is UTF-8.
    String::from_utf8(canonical_bytes(value)).unwrap_or_default()
}

/// An acknowledgement on its way into the tables.
struct Word<'a> {
    acknowledgement: &'a Acknowledgement,
    body: String,
    fingerprint: String,
    received_at: Instant,
}

impl<'a> Word<'a> {
    fn new(acknowledgement: &'a Acknowledgement, received_at: Instant) -> Self {
        let timeless = Acknowledgement {
            clock: Instant::from_micros(0),
            ..acknowledgement.clone()
        };
        Self {
            acknowledgement,
            body: json(acknowledgement),
            fingerprint: Hash::of_canonical(&timeless).to_string(),
            received_at,
        }
    }

    fn record(&self, connection: &mut AnyConnection, number: i64) -> Result<(), StorageError> {
        let word = self.acknowledgement;
        diesel::insert_into(acknowledgements::table)
            .values((
                acknowledgements::channel.eq(word.channel.as_str()),
                acknowledgements::number.eq(number),
                acknowledgements::epoch.eq(stored(word.position.epoch)),
                acknowledgements::revision.eq(stored(word.position.revision)),
                acknowledgements::horizon.eq(word.position.horizon.0),
                acknowledgements::rung.eq(json(&word.rung).trim_matches('"')),
                acknowledgements::shown.eq(word.shown.to_string()),
                acknowledgements::state.eq(json(&word.state)),
                acknowledgements::items.eq(stored(word.items)),
                acknowledgements::held.eq(stored(word.held)),
                acknowledgements::mismatches.eq(stored(word.mismatches)),
                acknowledgements::clock.eq(word.clock.micros()),
                acknowledgements::last_boundary.eq(word.last_boundary.map(Instant::micros)),
                acknowledgements::stopped.eq(word.stopped),
                acknowledgements::received_at.eq(self.received_at.micros()),
                acknowledgements::body.eq(&self.body),
            ))
            .execute(connection)?;
        Ok(())
    }

    fn insert_state(&self, connection: &mut AnyConnection) -> Result<(), StorageError> {
        diesel::insert_into(channel_states::table)
            .values((
                channel_states::channel.eq(self.acknowledgement.channel.as_str()),
                channel_states::number.eq(1),
                channel_states::fingerprint.eq(&self.fingerprint),
                channel_states::received_at.eq(self.received_at.micros()),
                channel_states::body.eq(&self.body),
            ))
            .execute(connection)?;
        Ok(())
    }

    fn update_state(
        &self,
        connection: &mut AnyConnection,
        number: i64,
    ) -> Result<(), StorageError> {
        diesel::update(channel_states::table.find(self.acknowledgement.channel.as_str()))
            .set((
                channel_states::number.eq(number),
                channel_states::fingerprint.eq(&self.fingerprint),
                channel_states::received_at.eq(self.received_at.micros()),
                channel_states::body.eq(&self.body),
            ))
            .execute(connection)?;
        Ok(())
    }
}
