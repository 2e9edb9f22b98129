//! What is not kept for ever.
//!
//! The log is: revisions, versions of rows, epochs. Beside it grow three tables
//! that say how the log travelled. Of these is kept what proves what a channel
//! showed and when, and what somebody may still have to read.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use offercast_contract::Instant;

use crate::connection::AnyConnection;
use crate::schema::{audits, heads, outbox};
use crate::{StorageError, Store};

const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// Every word of a channel is kept for so long; then, for each position, only
/// the last one, and those that tell of mismatches or of a stop.
const WORDS_KEPT_MICROS: i64 = 30 * DAY_MICROS;
/// A row of the outbox that is published is kept for so long: nobody who
/// follows the log is further behind.
const OUTBOX_KEPT_MICROS: i64 = 30 * DAY_MICROS;
/// An audit is kept for so long: a year, and the time to ask about it.
const AUDITS_KEPT_MICROS: i64 = 400 * DAY_MICROS;

/// How many rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Of the history of acknowledgements.
    pub acknowledgements: usize,
    /// Of audits, counted in parts.
    pub audits: usize,
    /// Of the outbox.
    pub outbox: usize,
}

impl Store {
    /// Forgets what is neither proof nor anybody's to read any more. Calling it
    /// again forgets nothing more.
    pub fn prune(&self, now: Instant) -> Result<Pruned, StorageError> {
        Ok(Pruned {
            acknowledgements: self.write(|connection| superseded_words(connection, now))?,
            audits: self.write(|connection| old_audits(connection, now))?,
            outbox: self.write(|connection| published_rows(connection, now))?,
        })
    }
}

/// Words that a later one about the same position replaced: how far rendering
/// had come, a note that is gone. What the channel showed there, and whatever
/// was wrong, stays; so a question about a past instant gets the last whole
/// answer before it.
fn superseded_words(connection: &mut AnyConnection, now: Instant) -> Result<usize, StorageError> {
    let before = now.plus_micros(-WORDS_KEPT_MICROS).micros();
    // The trigger that keeps the history refuses every other deletion.
    let forgotten = diesel::sql_query(format!(
        "DELETE FROM acknowledgements WHERE received_at < {before} AND mismatches = 0 AND NOT stopped \
         AND EXISTS (SELECT 1 FROM acknowledgements AS later WHERE later.channel = acknowledgements.channel \
         AND later.number > acknowledgements.number AND later.epoch = acknowledgements.epoch \
         AND later.revision = acknowledgements.revision AND later.horizon = acknowledgements.horizon)"
    ));
    Ok(forgotten.execute(connection)?)
}

fn old_audits(connection: &mut AnyConnection, now: Instant) -> Result<usize, StorageError> {
    let before = now.plus_micros(-AUDITS_KEPT_MICROS).micros();
    let old = audits::table.filter(audits::recorded_at.lt(before));
    Ok(diesel::delete(old).execute(connection)?)
}

/// Rows from the first one on, so that no gap appears, up to the first that is
/// young, or not published in this epoch, or the last one published: servers
/// start from that.
fn published_rows(connection: &mut AnyConnection, now: Instant) -> Result<usize, StorageError> {
    let before = now.plus_micros(-OUTBOX_KEPT_MICROS).micros();
    let epoch: i64 = heads::table.select(heads::epoch).first(connection)?;
    let last: Option<i64> = outbox::table
        .select(max(outbox::sequence))
        .filter(outbox::published_at.is_not_null())
        .first(connection)?;
    let Some(last) = last else { return Ok(0) };
    let needed: Option<i64> = outbox::table
        .select(min(outbox::sequence))
        .filter(
            outbox::created_at
                .ge(before)
                .or(outbox::published_at.is_null().and(outbox::epoch.eq(epoch))),
        )
        .first(connection)?;
    let first_kept = needed.map_or(last, |needed| needed.min(last));
    let gone = outbox::table.filter(outbox::sequence.lt(first_kept));
    Ok(diesel::delete(gone).execute(connection)?)
}
