//! Idempotency keys: a request that is sent again gets the first answer.

use diesel::prelude::*;
use offercast_contract::{Hash, Instant};

use crate::connection::{AnyConnection, lock};
use crate::schema::idempotency;
use crate::store::instant;
use crate::{StorageError, Store};

/// The right to carry out a request and to store its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    actor: String,
    key: String,
    started_at: Instant,
    /// The fingerprint of a request that has no row yet; the outcome makes it.
    unwritten: Option<String>,
}

/// The answer that a request got, once and for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The status of the HTTP answer.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Carry it out, then store the outcome.
    Claimed(Claim),
    /// Somebody is carrying it out; ask again later.
    InFlight,
    /// It was carried out; this is the answer.
    Done(Outcome),
    /// The key was used for another request.
    OtherRequest,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency)]
struct StoredRequest {
    fingerprint: String,
    state: String,
    status: Option<i64>,
    body: Option<String>,
    started_at: i64,
}

/// There is no row to lock before a key is first used.
const REQUEST_LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('request ' || $1, 0))";

const IN_FLIGHT: &str = "in_flight";
const DONE: &str = "done";

impl Store {
    /// Claims a request for the caller, or says what became of it. A claim
    /// that is older than `takeover_after_micros` belongs to a process that
    /// died, and passes to the caller.
    pub fn begin_request(
        &self,
        actor: &str,
        key: &str,
        fingerprint: &Hash,
        now: Instant,
        takeover_after_micros: i64,
    ) -> Result<Begun, StorageError> {
        let fingerprint = fingerprint.to_string();
        let claim = |started_at| {
            Begun::Claimed(Claim {
                actor: actor.to_owned(),
                key: key.to_owned(),
                started_at,
                unwritten: None,
            })
        };
        // Where it is lost in a crash, so is what was done under it, unless
        // that was flushed, and with it all before it.
        self.write_lazily(|connection| {
            let Some(row) = locked(connection, actor, key)? else {
                insert(connection, actor, key, &fingerprint, now)?;
                return Ok(claim(now));
            };
            if row.fingerprint != fingerprint {
                return Ok(Begun::OtherRequest);
            }
            if row.state == DONE {
                return outcome(row).map(Begun::Done);
            }
            let started_at = instant(row.started_at);
            if now.micros_since(started_at) < takeover_after_micros.max(1) {
                return Ok(Begun::InFlight);
            }
            restart(connection, actor, key, now)?;
            Ok(claim(now))
        })
    }

    /// What became of a request, for a caller that stores its outcome in the
    /// transaction that carries it out. The claim on a new request is not
    /// written anywhere: of several callers that hold one, the first to store
    /// an outcome keeps it, and what the others wanted to do is undone.
    pub fn look_up_request(
        &self,
        actor: &str,
        key: &str,
        fingerprint: &Hash,
        now: Instant,
        takeover_after_micros: i64,
    ) -> Result<Begun, StorageError> {
        let row = self.read(|connection| find(connection, actor, key))?;
        match row {
            None => Ok(Begun::Claimed(Claim {
                actor: actor.to_owned(),
                key: key.to_owned(),
                started_at: now,
                unwritten: Some(fingerprint.to_string()),
            })),
            Some(row) if row.state == DONE && row.fingerprint == fingerprint.to_string() => {
                outcome(row).map(Begun::Done)
            }
            Some(_) => self.begin_request(actor, key, fingerprint, now, takeover_after_micros),
        }
    }

    /// Stores the outcome. [`StorageError::Conflict`] when the claim has passed
    /// to somebody else, whose outcome is the one that counts.
    pub fn finish_request(&self, claim: &Claim, outcome: &Outcome) -> Result<(), StorageError> {
        self.write(|connection| {
            if finish(connection, claim, outcome)? {
                Ok(())
            } else {
                Err(StorageError::Conflict(
                    "the request was taken over by another process".to_owned(),
                ))
            }
        })
    }

    /// Gives a claim back: nothing happened, and the key is free again.
    pub fn abandon_request(&self, claim: &Claim) -> Result<(), StorageError> {
        if claim.unwritten.is_some() {
            return Ok(());
        }
        self.write(|connection| {
            diesel::delete(idempotency::table)
                .filter(idempotency::actor.eq(&claim.actor))
                .filter(idempotency::request_key.eq(&claim.key))
                .filter(idempotency::state.eq(IN_FLIGHT))
                .filter(idempotency::started_at.eq(claim.started_at.micros()))
                .execute(connection)?;
            Ok(())
        })
    }

    /// Forgets the requests that were begun before an instant, and returns how
    /// many there were.
    pub fn forget_requests(&self, before: Instant) -> Result<usize, StorageError> {
        self.write(|connection| {
            Ok(diesel::delete(idempotency::table)
                .filter(idempotency::started_at.lt(before.micros()))
                .execute(connection)?)
        })
    }
}

/// Stores an outcome; false when the claim is no longer held, and then the
/// transaction has to be rolled back.
pub(crate) fn finish(
    connection: &mut AnyConnection,
    claim: &Claim,
    outcome: &Outcome,
) -> Result<bool, StorageError> {
    if let Some(fingerprint) = &claim.unwritten {
        return insert_done(connection, claim, fingerprint, outcome);
    }
    let changed = diesel::update(idempotency::table)
        .filter(idempotency::actor.eq(&claim.actor))
        .filter(idempotency::request_key.eq(&claim.key))
        .filter(idempotency::state.eq(IN_FLIGHT))
        .filter(idempotency::started_at.eq(claim.started_at.micros()))
        .set((
            idempotency::state.eq(DONE),
            idempotency::status.eq(i64::from(outcome.status)),
            idempotency::body.eq(&outcome.body),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

fn insert_done(
    connection: &mut AnyConnection,
    claim: &Claim,
    fingerprint: &str,
    outcome: &Outcome,
) -> Result<bool, StorageError> {
    let inserted = diesel::insert_into(idempotency::table)
        .values((
            idempotency::actor.eq(&claim.actor),
            idempotency::request_key.eq(&claim.key),
            idempotency::fingerprint.eq(fingerprint),
            idempotency::state.eq(DONE),
            idempotency::status.eq(i64::from(outcome.status)),
            idempotency::body.eq(&outcome.body),
            idempotency::started_at.eq(claim.started_at.micros()),
        ))
        .execute(connection);
    match inserted.map_err(StorageError::from) {
        Ok(_) => Ok(true),
        Err(StorageError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn locked(
    connection: &mut AnyConnection,
    actor: &str,
    key: &str,
) -> Result<Option<StoredRequest>, StorageError> {
    lock(connection, REQUEST_LOCK, &format!("{actor} {key}"))?;
    find(connection, actor, key)
}

fn find(
    connection: &mut AnyConnection,
    actor: &str,
    key: &str,
) -> Result<Option<StoredRequest>, StorageError> {
    Ok(idempotency::table
        .find((actor, key))
        .select(StoredRequest::as_select())
        .first(connection)
        .optional()?)
}

fn insert(
    connection: &mut AnyConnection,
    actor: &str,
    key: &str,
    fingerprint: &str,
    now: Instant,
) -> Result<(), StorageError> {
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::actor.eq(actor),
            idempotency::request_key.eq(key),
            idempotency::fingerprint.eq(fingerprint),
            idempotency::state.eq(IN_FLIGHT),
            idempotency::started_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(())
}

fn restart(
    connection: &mut AnyConnection,
    actor: &str,
    key: &str,
    now: Instant,
) -> Result<(), StorageError> {
    diesel::update(idempotency::table.find((actor, key)))
        .set(idempotency::started_at.eq(now.micros()))
        .execute(connection)?;
    Ok(())
}

fn outcome(row: StoredRequest) -> Result<Outcome, StorageError> {
    match (row.status.map(u16::try_from), row.body) {
        (Some(Ok(status)), Some(body)) => Ok(Outcome { status, body }),
        _ => Err(StorageError::corrupt("a stored outcome", "incomplete")),
    }
}
