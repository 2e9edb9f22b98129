//! Publishing: changes become a revision, at once or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use offercast_contract::Hash;
use offercast_domain::change::{Change, ChangeError, Guard, RevertConflict};
use offercast_domain::revision::{Delta, Header, Revision};
use offercast_storage::{
    Append, AppendError, ChangeSetError, ChangeSetId, Claim, OutboxRow, Outcome,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Current, Engine, Recorded};
use crate::error::Unavailable;
use crate::idempotency::{self, IdempotencyKey, KeyError, Start};
use crate::{channels, charging};

/// A request to publish.
pub struct Publish {
    /// Who asks: the name of a token.
    pub author: String,
    /// The revision that the changes were made against. Where it is not the
    /// head, the changes go through unless something between touched the same
    /// rows.
    pub base_revision: Option<u64>,
    /// The change set that becomes the revision, at its version.
    pub change_set: Option<(ChangeSetId, u64)>,
    /// The edits.
    pub changes: Vec<Change>,
    /// Whether the guard limits hold; a first load of a market is exempt.
    pub guard: Guard,
    /// Names the request; a repeated one gets the first outcome.
    pub idempotency: Option<IdempotencyKey>,
    /// Why, in the author's words.
    pub reason: String,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// How many SKUs' terms differ; unknown in a replayed outcome, and where
    /// only servers fold what was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected_skus: Option<u64>,
    /// The revision's hash; absent when nothing changed.
    pub hash: Option<Hash>,
    /// Whether this is the stored outcome of an earlier request.
    #[serde(default)]
    pub replayed: bool,
    /// The revision's number; absent when nothing changed.
    pub revision: Option<u64>,
    /// What went through, and should be looked at.
    pub warnings: Vec<String>,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Edits are wrong; each error names the change, the field and the reason.
    #[error("{} of the changes are not acceptable, the first: {}", .0.len(), .0.first().map_or(String::new(), ToString::to_string))]
    Invalid(Vec<ChangeError>),
    /// Somebody changed the same rows since the base.
    #[error("revision {head} changed what these changes are about, they were made against {base}")]
    BaseMoved {
        /// The base.
        base: u64,
        /// The newest revision that touched the same rows.
        head: u64,
        /// The rows, in words.
        conflicting: Vec<String>,
    },
    /// The change set is not there, or not at that version.
    #[error(transparent)]
    ChangeSet(ChangeSetError),
    /// A revert meets later changes of the same rows.
    #[error("later revisions changed the same rows")]
    Conflicts(Vec<RevertConflict>),
    /// The idempotency key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Publishes changes.
pub async fn run(engine: &Engine, request: Publish) -> Result<Published, PublishError> {
    let Publish { changes, guard, .. } = request;
    let frame = Frame {
        author: &request.author,
        change_set: request.change_set,
        idempotency: request.idempotency.as_ref(),
        reason: &request.reason,
    };
    let families = Arc::clone(&engine.families);
    let changes = aside(move || channels::prepare(&families, changes))
        .await?
        .map_err(PublishError::Invalid)?;
    let (clock, known) = (Arc::clone(&engine.clock), Arc::clone(&engine.families));
    let make = move |current: &Current| {
        let planned = charging::plan(&known, &changes, &current.book, clock.now(), guard)
            .map_err(PublishError::Invalid)?;
        let warnings = planned.warnings.iter().map(ToString::to_string).collect();
        Ok((planned.delta, warnings))
    };
    record(engine, frame, request.base_revision, Arc::new(make)).await
}

/// Runs work that takes a while beside the event loop.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unavailable> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Unavailable::shutting_down())
}

/// Who, why, and under which key a delta is recorded.
pub(crate) struct Frame<'a> {
    pub author: &'a str,
    pub change_set: Option<(ChangeSetId, u64)>,
    pub idempotency: Option<&'a IdempotencyKey>,
    pub reason: &'a str,
}

/// Plans a delta against a snapshot, with warnings. It may be called several
/// times, each with a newer snapshot.
pub(crate) type Make =
    Arc<dyn Fn(&Current) -> Result<(Delta, Vec<String>), PublishError> + Send + Sync>;

/// Times that another server may be faster before we give up.
const ATTEMPTS: u32 = 8;

/// Records the delta that `make` plans against the newest snapshot; plans anew
/// when another server was faster.
pub(crate) async fn record(
    engine: &Engine,
    frame: Frame<'_>,
    base: Option<u64>,
    make: Make,
) -> Result<Published, PublishError> {
    let checked = match base {
        Some(base) => check_before_the_lock(engine, base, &make).await,
        None => Checked::default(),
    };
    // One writer at a time in this process, so a second try with the same key
    // finds the outcome of the first.
    let _writer = engine.write_lock.lock().await;
    let claim = match frame.idempotency {
        None => None,
        Some(key) => match idempotency::look_up(engine, key).await? {
            Start::New(claim) => Some(claim),
            Start::Done(outcome) => return replay(&outcome),
        },
    };
    let recorded = record_claimed(
        engine,
        &frame,
        base.zip(Some(checked)),
        make,
        claim.as_ref(),
    )
    .await;
    match (&recorded, claim, frame.idempotency) {
        (Ok(published), Some(claim), _) if published.revision.is_none() => {
            idempotency::finish(engine, claim, outcome_of(published)).await?;
        }
        // Another process was faster with the same request.
        (Err(PublishError::Key(KeyError::InFlight)), _, Some(key)) => {
            if let Start::Done(outcome) = idempotency::look_up(engine, key).await? {
                return replay(&outcome);
            }
        }
        // A refusal is no outcome: the corrected request may use the same key.
        (Err(error), Some(claim), _) if !matches!(error, PublishError::Unavailable(_)) => {
            idempotency::abandon(engine, claim).await;
        }
        _ => {}
    }
    recorded
}

fn outcome_of(published: &Published) -> Outcome {
    Outcome {
        status: 200,
        body: serde_json::to_string(published).unwrap_or_default(),
    }
}

fn replay(outcome: &Outcome) -> Result<Published, PublishError> {
    let stored: Published = serde_json::from_str(&outcome.body).map_err(|error| {
        Unavailable::from(offercast_storage::StorageError::Corrupt(format!(
            "stored outcome: {error}"
        )))
    })?;
    Ok(Published {
        replayed: true,
        ..stored
    })
}

async fn record_claimed(
    engine: &Engine,
    frame: &Frame<'_>,
    mut base: Option<(u64, Checked)>,
    make: Make,
    claim: Option<&Claim>,
) -> Result<Published, PublishError> {
    for _ in 0..ATTEMPTS {
        engine.catch_up_locked().await?;
        let current = engine.current();
        let (plan, planned) = (Arc::clone(&make), Arc::clone(&current));
        let (delta, warnings, root) = aside(move || {
            let (delta, warnings) = plan(&planned)?;
            let root = delta.content_root();
            Ok::<_, PublishError>((delta, warnings, root))
        })
        .await??;
        if delta.is_empty() {
            return Ok(Published {
                affected_skus: None,
                hash: None,
                replayed: false,
                revision: None,
                warnings,
            });
        }
        if let Some((base, checked)) = &mut base {
            checked
                .refuse_if_moved(engine, *base, current.position.revision, rows(&delta))
                .await?;
        }
        let header = current
            .head()
            .next(frame.author, frame.reason, &delta, root, engine.now());
        let mut published = Published {
            affected_skus: None,
            hash: Some(header.hash()),
            replayed: false,
            revision: Some(header.number),
            warnings,
        };
        let outcome = outcome_of(&published);
        let delta = Arc::new(delta);
        match append(
            engine,
            &current,
            header,
            Arc::clone(&delta),
            frame.change_set,
            claim.cloned().map(|claim| (claim, outcome)),
        )
        .await
        {
            Ok((revision, row)) => {
                let number = revision.header.number;
                engine.committed().notify_one();
                if !engine.has_readers {
                    return Ok(published);
                }
                let recorded = Recorded::new(revision, delta, row);
                engine.catch_up_knowing(Some(recorded)).await?;
                if let Some(step) = engine.step_to(number, engine.current().position.horizon) {
                    published.affected_skus = Some(step.skus.len() as u64);
                }
                return Ok(published);
            }
            Err(AppendError::HeadMoved(_)) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Unavailable::from(offercast_storage::StorageError::Conflict(
        "other servers were faster every time".to_owned(),
    ))
    .into())
}

fn refused(error: AppendError) -> PublishError {
    use offercast_storage::StorageError;
    match error {
        AppendError::ChangeSet(error) => PublishError::ChangeSet(error),
        AppendError::ClaimLost => PublishError::Key(KeyError::InFlight),
        AppendError::Storage(error) => Unavailable::from(error).into(),
        error => Unavailable::from(StorageError::Corrupt(error.to_string())).into(),
    }
}

/// Appends, and gives the revision with its row in the outbox. Where the
/// connection broke before the answer came, looks whether the revision is
/// there.
async fn append(
    engine: &Engine,
    current: &Current,
    header: Header,
    delta: Arc<Delta>,
    change_set: Option<(ChangeSetId, u64)>,
    outcome: Option<(Claim, Outcome)>,
) -> Result<(Revision, Option<OutboxRow>), AppendError> {
    let (expected, horizon) = (current.head(), current.position.horizon);
    let hash = header.hash();
    let number = header.number;
    let appended = engine
        .blocking(move |store| {
            store.append(&Append {
                change_set,
                delta: &delta,
                expected: &expected,
                header: &header,
                horizon,
                outcome: outcome.as_ref().map(|(claim, outcome)| (claim, outcome)),
            })
        })
        .await
        .map_err(|_| AppendError::Invalid("this server is shutting down"))?;
    match appended {
        Err(AppendError::Storage(error)) if error.is_unavailable() => {
            let found = engine.blocking(move |store| store.revision(number)).await;
            match found {
                Ok(Ok(Some(revision))) if revision.hash == hash => Ok((revision, None)),
                _ => Err(AppendError::Storage(error)),
            }
        }
        appended => appended.map(|appended| (appended.revision, Some(appended.row))),
    }
}

/// Which rows were looked for, in the revisions up to which one.
#[derive(Default)]
struct Checked {
    rows: BTreeSet<String>,
    up_to: u64,
}

/// Looks at the revisions since `base` while others may write: they may be many
/// and big, and the lock is for those that come meanwhile. Nothing is refused
/// here: a request that is repeated meets the revision that it made itself.
async fn check_before_the_lock(engine: &Engine, base: u64, make: &Make) -> Checked {
    let mut checked = Checked::default();
    let current = engine.current();
    let head = current.position.revision;
    if base < head {
        let make = Arc::clone(make);
        let planned = aside(move || make(&current).map(|(delta, _)| rows(&delta))).await;
        if let Ok(Ok(rows)) = planned {
            // What was found is found again, under the lock.
            let _ = checked.refuse_if_moved(engine, base, head, rows).await;
        }
    }
    checked
}

impl Checked {
    /// Refuses when a revision after `base` touched one of `rows`.
    async fn refuse_if_moved(
        &mut self,
        engine: &Engine,
        base: u64,
        head: u64,
        rows: BTreeSet<String>,
    ) -> Result<(), PublishError> {
        if base > head {
            // Made against a history that this log does not have.
            return Err(PublishError::BaseMoved {
                base,
                head,
                conflicting: Vec::new(),
            });
        }
        let known = if rows.is_subset(&self.rows) {
            base.max(self.up_to)
        } else {
            base
        };
        for number in (known + 1..=head).rev() {
            let later = engine
                .blocking(move |store| store.delta(number))
                .await?
                .map_err(Unavailable::from)?;
            let Some((_, later)) = later else { continue };
            let conflicting: Vec<String> =
                self::rows(&later).intersection(&rows).cloned().collect();
            if !conflicting.is_empty() {
                return Err(PublishError::BaseMoved {
                    base,
                    head: number,
                    conflicting,
                });
            }
        }
        *self = Self { rows, up_to: head };
        Ok(())
    }
}

/// The rows that a delta touches, named without their validity: two edits of
/// the price of one SKU in one place conflict whatever their dates.
fn rows(delta: &Delta) -> BTreeSet<String> {
    let documents = delta
        .closed_documents
        .iter()
        .map(|key| format!("{} {}", key.kind, key.id));
    let opened = delta.opened_documents.iter().map(|document| {
        let key = document.key();
        format!("{} {}", key.kind, key.id)
    });
    let keys = delta
        .closed_prices
        .iter()
        .chain(delta.opened_prices.iter().map(|row| &row.key));
    let prices = keys.map(|key| {
        let zone = key.place.zone.as_ref().map_or("-", |zone| zone.as_str());
        format!(
            "{} price of {} in {}/{zone} for {}",
            key.kind, key.sku, key.place.market, key.audience
        )
    });
    documents.chain(opened).chain(prices).collect()
}
