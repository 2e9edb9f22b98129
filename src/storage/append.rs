//! Appending a revision: everything that belongs to it, in one transaction.

use diesel::prelude::*;
use offercast_contract::{Horizon, Position};
use offercast_domain::revision::{Delta, Head, Header, Revision};

use crate::connection::AnyConnection;
use crate::head::{lock_head, write_head};
use crate::outbox::NewOutboxRow;
use crate::rows::StoredRevision;
use crate::schema::revisions;
use crate::{
    ChangeSetError, ChangeSetId, Claim, OutboxRow, Outcome, StorageError, Store, bulk, change_set,
    idempotency,
};

/// A revision to be appended, and what is to be stored with it.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// The head that the revision was made on.
    pub expected: &'a Head,
    /// Its header, made by [`Head::next`] from `expected` and `delta`.
    pub header: &'a Header,
    /// What it closes and opens.
    pub delta: &'a Delta,
    /// The window of time that its update covers; raised to the horizon of the
    /// head where that is later, as a server with a slow clock may find.
    pub horizon: Horizon,
    /// The draft that becomes this revision, and the version it must have.
    pub change_set: Option<(ChangeSetId, u64)>,
    /// The answer to the request that asked for it.
    pub outcome: Option<(&'a Claim, &'a Outcome)>,
}

/// A revision that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The revision.
    pub revision: Revision,
    /// Its row in the outbox.
    pub row: OutboxRow,
}

/// Why a revision was not appended. Nothing of it was stored, except perhaps
/// after [`StorageError::Unavailable`]: the connection may have been lost while
/// the commit was under way. Then the head tells: it has the revision's hash,
/// or [`Store::revision`] finds it under its number.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody appended before; make the revision again, on this head.
    #[error("the head is at revision {} now", .0.number)]
    HeadMoved(Head),
    /// The header does not follow from the head and the rows.
    #[error("the header does not fit: {0}")]
    Invalid(&'static str),
    /// A row to close is not current, or a row to open is current already.
    #[error("the rows do not fit the current ones: {0}")]
    Row(String),
    /// The draft cannot be published.
    #[error(transparent)]
    ChangeSet(ChangeSetError),
    /// The request was taken over by another process.
    #[error("the request was taken over by another process")]
    ClaimLost,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<diesel::result::Error> for AppendError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Store {
    /// Appends a revision with its rows, its outbox row, its published draft
    /// and the answer to its request: all of them or nothing.
    ///
    /// Other writers wait meanwhile: straight into the table under the lock is
    /// faster than staging outside it and copying inside (about a second for
    /// 86,000 rows).
    pub fn append(&self, append: &Append<'_>) -> Result<Appended, AppendError> {
        check_header(append)?;
        let revision = Revision {
            hash: append.header.hash(),
            header: append.header.clone(),
        };
        let row = self.write(|connection| {
            let status = lock_head(connection)?;
            if status.head != *append.expected {
                return Err(AppendError::HeadMoved(status.head));
            }
            // The small things that may refuse come before the many rows.
            settle(connection, append)?;
            diesel::insert_into(revisions::table)
                .values(StoredRevision::from(&revision))
                .execute(connection)?;
            bulk::write(connection, append.delta, append.header.number)?;
            let after = status.position();
            let horizon = append.horizon.max(status.horizon);
            let head = Head {
                epoch: append.header.epoch,
                hash: revision.hash,
                number: append.header.number,
                recorded_at: append.header.recorded_at,
            };
            write_head(connection, &head, horizon)?;
            let at = Position {
                epoch: head.epoch,
                hash: head.hash,
                horizon,
                revision: head.number,
            };
            let now = head.recorded_at;
            Ok::<_, AppendError>(NewOutboxRow { after, at, now }.insert(connection)?)
        })?;
        Ok(Appended { revision, row })
    }
}

/// The invariants of the chain, as far as the header alone can break them. The
/// content root is not computed again here: that is what verifying is for.
fn check_header(append: &Append<'_>) -> Result<(), AppendError> {
    let (head, header) = (append.expected, append.header);
    let rules = [
        (header.epoch == head.epoch, "its epoch is not the head's"),
        (header.number == head.number + 1, "its number leaves a gap"),
        (
            header.previous_hash == head.hash,
            "it does not chain to the head",
        ),
        (
            header.recorded_at > head.recorded_at,
            "its time does not rise",
        ),
        (
            header.rows == append.delta.rows() as u64,
            "its row count is wrong",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err(AppendError::Invalid(broken)),
        None => Ok(()),
    }
}

fn settle(connection: &mut AnyConnection, append: &Append<'_>) -> Result<(), AppendError> {
    let header = append.header;
    if let Some((id, version)) = append.change_set {
        change_set::publish(connection, id, version, header.number, header.recorded_at).map_err(
            |error| match error {
                ChangeSetError::Storage(error) => AppendError::Storage(error),
                error => AppendError::ChangeSet(error),
            },
        )?;
    }
    if let Some((claim, outcome)) = append.outcome
        && !idempotency::finish(connection, claim, outcome)?
    {
        return Err(AppendError::ClaimLost);
    }
    Ok(())
}
