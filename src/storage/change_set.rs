//! Change sets: edits on their way to become a revision.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use offercast_contract::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::{AnyConnection, lock};
use crate::schema::change_sets;
use crate::store::{count, instant, stored};
use crate::{StorageError, Store};

/// Names a change set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeSetId(pub Uuid);

impl fmt::Display for ChangeSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ChangeSetId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// How far a change set has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSetState {
    /// It may be edited.
    Draft,
    /// It is a revision.
    Published,
    /// It was thrown away.
    Discarded,
}

impl ChangeSetState {
    /// The name used on the wire and in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Discarded => "discarded",
        }
    }

    fn parse(text: &str) -> Result<Self, StorageError> {
        [Self::Draft, Self::Published, Self::Discarded]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StorageError::corrupt("state of a change set", text))
    }
}

/// A change set to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeSet {
    /// Its id.
    pub id: ChangeSetId,
    /// Who makes it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The changes, as JSON.
    pub changes: String,
    /// The revision they were made on.
    pub base_revision: u64,
}

/// What an edit of a change set replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetEdit {
    /// Why.
    pub reason: String,
    /// The changes, as JSON.
    pub changes: String,
    /// The revision they were made on.
    pub base_revision: u64,
}

/// A change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its id.
    pub id: ChangeSetId,
    /// How far it has come.
    pub state: ChangeSetState,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The changes, as JSON.
    pub changes: String,
    /// The revision they were made on.
    pub base_revision: u64,
    /// Rises from 1 with every change; what an `If-Match` is compared with.
    pub version: u64,
    /// When it was created.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// The revision that it became.
    pub revision: Option<u64>,
}

/// Why a change set was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSetError {
    /// There is no such change set.
    #[error("there is no such change set")]
    NotFound,
    /// It can no longer be changed.
    #[error("the change set is {}", .0.as_str())]
    NotDraft(ChangeSetState),
    /// Somebody changed it since the version that was named.
    #[error("the change set has changed, its version is {current}")]
    VersionMoved {
        /// The version now.
        current: u64,
    },
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<diesel::result::Error> for ChangeSetError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = change_sets)]
struct StoredChangeSet {
    id: String,
    state: String,
    author: String,
    reason: String,
    changes: String,
    base_revision: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
    revision: Option<i64>,
}

impl TryFrom<StoredChangeSet> for ChangeSet {
    type Error = StorageError;

    fn try_from(row: StoredChangeSet) -> Result<Self, StorageError> {
        Ok(Self {
            id: row
                .id
                .parse()
                .map_err(|error| StorageError::corrupt("id of a change set", error))?,
            state: ChangeSetState::parse(&row.state)?,
            author: row.author,
            reason: row.reason,
            changes: row.changes,
            base_revision: count(row.base_revision),
            version: count(row.version),
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            revision: row.revision.map(count),
        })
    }
}

impl Store {
    /// Creates a draft. An id that exists is a [`StorageError::Conflict`].
    pub fn create_change_set(
        &self,
        new: &NewChangeSet,
        now: Instant,
    ) -> Result<ChangeSet, StorageError> {
        self.write(|connection| {
            diesel::insert_into(change_sets::table)
                .values((
                    change_sets::id.eq(new.id.to_string()),
                    change_sets::state.eq(ChangeSetState::Draft.as_str()),
                    change_sets::author.eq(&new.author),
                    change_sets::reason.eq(&new.reason),
                    change_sets::changes.eq(&new.changes),
                    change_sets::base_revision.eq(stored(new.base_revision)),
                    change_sets::version.eq(1),
                    change_sets::created_at.eq(now.micros()),
                    change_sets::updated_at.eq(now.micros()),
                ))
                .execute(connection)?;
            read(connection, new.id)?
                .ok_or_else(|| StorageError::corrupt("a new change set", "missing"))
        })
    }

    /// A change set.
    pub fn change_set(&self, id: ChangeSetId) -> Result<Option<ChangeSet>, StorageError> {
        self.read(|connection| read(connection, id))
    }

    /// The last `limit` change sets, newest first, all or those in one state.
    pub fn change_sets(
        &self,
        state: Option<ChangeSetState>,
        limit: u32,
    ) -> Result<Vec<ChangeSet>, StorageError> {
        self.read(|connection| {
            let mut query = change_sets::table
                .select(StoredChangeSet::as_select())
                .into_boxed();
            if let Some(state) = state {
                query = query.filter(change_sets::state.eq(state.as_str()));
            }
            query
                .order((change_sets::created_at.desc(), change_sets::id.desc()))
                .limit(i64::from(limit))
                .load(connection)?
                .into_iter()
                .map(ChangeSet::try_from)
                .collect()
        })
    }

    /// Changes a draft whose version is still `version`.
    pub fn update_change_set(
        &self,
        id: ChangeSetId,
        version: u64,
        edit: &ChangeSetEdit,
        now: Instant,
    ) -> Result<ChangeSet, ChangeSetError> {
        self.write(|connection| {
            let current = draft(connection, id, version)?;
            let next = ChangeSet {
                reason: edit.reason.clone(),
                changes: edit.changes.clone(),
                base_revision: edit.base_revision,
                ..current
            };
            save(connection, next, now)
        })
    }

    /// Throws a draft away whose version is still `version`.
    pub fn discard_change_set(
        &self,
        id: ChangeSetId,
        version: u64,
        now: Instant,
    ) -> Result<ChangeSet, ChangeSetError> {
        self.write(|connection| {
            let current = draft(connection, id, version)?;
            let next = ChangeSet {
                state: ChangeSetState::Discarded,
                ..current
            };
            save(connection, next, now)
        })
    }
}

/// Marks a draft as published, in the transaction of its revision.
pub(crate) fn publish(
    connection: &mut AnyConnection,
    id: ChangeSetId,
    version: u64,
    revision: u64,
    now: Instant,
) -> Result<(), ChangeSetError> {
    let current = draft(connection, id, version)?;
    let next = ChangeSet {
        state: ChangeSetState::Published,
        revision: Some(revision),
        ..current
    };
    save(connection, next, now).map(drop)
}

fn read(
    connection: &mut AnyConnection,
    id: ChangeSetId,
) -> Result<Option<ChangeSet>, StorageError> {
    change_sets::table
        .find(id.to_string())
        .select(StoredChangeSet::as_select())
        .first(connection)
        .optional()?
        .map(ChangeSet::try_from)
        .transpose()
}

fn draft(
    connection: &mut AnyConnection,
    id: ChangeSetId,
    version: u64,
) -> Result<ChangeSet, ChangeSetError> {
    lock(
        connection,
        "SELECT 1 FROM change_sets WHERE id = $1 FOR UPDATE",
        &id.to_string(),
    )?;
    let current = read(connection, id)?.ok_or(ChangeSetError::NotFound)?;
    if current.state != ChangeSetState::Draft {
        return Err(ChangeSetError::NotDraft(current.state));
    }
    if current.version != version {
        return Err(ChangeSetError::VersionMoved {
            current: current.version,
        });
    }
    Ok(current)
}

fn save(
    connection: &mut AnyConnection,
    next: ChangeSet,
    now: Instant,
) -> Result<ChangeSet, ChangeSetError> {
    let next = ChangeSet {
        version: next.version + 1,
        updated_at: now,
        ..next
    };
    diesel::update(change_sets::table.find(next.id.to_string()))
        .set((
            change_sets::state.eq(next.state.as_str()),
            change_sets::reason.eq(&next.reason),
            change_sets::changes.eq(&next.changes),
            change_sets::base_revision.eq(stored(next.base_revision)),
            change_sets::version.eq(stored(next.version)),
            change_sets::updated_at.eq(now.micros()),
            change_sets::revision.eq(next.revision.map(stored)),
        ))
        .execute(connection)?;
    Ok(next)
}
