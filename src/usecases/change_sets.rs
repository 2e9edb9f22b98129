//! Change sets: edits on their way to become a revision.

use offercast_contract::{ChannelId, Instant, Sku, Terms, View};
use offercast_domain::change::{Change, ChangeError, Guard};
use offercast_kit::Presented;
use offercast_storage::{
    ChangeSet, ChangeSetEdit, ChangeSetError, ChangeSetId, ChangeSetState, NewChangeSet,
    StorageError,
};
use serde::Serialize;
use uuid::Uuid;

use crate::engine::{Current, Engine};
use crate::error::Unavailable;
use crate::idempotency::IdempotencyKey;
use crate::present;
use crate::publish::{self, Publish, PublishError, Published};
use crate::{channels, charging};

/// What a change set would do.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// How many SKUs' terms would differ.
    pub affected_skus: u64,
    /// What is wrong with the changes; then nothing else is filled in.
    pub errors: Vec<ChangeError>,
    /// Items that a channel could not show truly.
    pub held: Vec<PreviewHeld>,
    /// Terms before and after, of the first affected SKUs.
    pub samples: Vec<PreviewSample>,
    /// What would go through, and should be looked at.
    pub warnings: Vec<String>,
}

/// An item that a channel would hold.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewHeld {
    /// Which channel.
    pub channel: ChannelId,
    /// Why.
    pub reason: String,
    /// Which SKU.
    pub sku: Sku,
    /// In which view.
    pub view: View,
}

/// Terms before and after.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewSample {
    /// The terms now in force at `at`, before.
    pub before: Option<Terms>,
    /// The instant at which they are compared: now, or the first boundary.
    pub at: Instant,
    /// After.
    pub after: Option<Terms>,
    /// Which SKU.
    pub sku: Sku,
    /// In which view.
    pub view: View,
}

/// SKUs that a preview looks into.
const SAMPLED_SKUS: usize = 50;

/// Records a draft.
pub async fn create(
    engine: &Engine,
    author: &str,
    reason: &str,
    changes: &[Change],
) -> Result<ChangeSet, Unavailable> {
    let new = NewChangeSet {
        author: author.to_owned(),
        base_revision: engine.current().position.revision,
        changes: serde_json::to_string(changes).unwrap_or_default(),
        id: ChangeSetId(Uuid::now_v7()),
        reason: reason.to_owned(),
    };
    let now = engine.now();
    Ok(engine
        .blocking(move |store| store.create_change_set(&new, now))
        .await??)
}

/// A change set.
pub async fn get(engine: &Engine, id: ChangeSetId) -> Result<Option<ChangeSet>, Unavailable> {
    Ok(engine.blocking(move |store| store.change_set(id)).await??)
}

/// Change sets, newest first.
pub async fn list(
    engine: &Engine,
    state: Option<ChangeSetState>,
    limit: u32,
) -> Result<Vec<ChangeSet>, Unavailable> {
    Ok(engine
        .blocking(move |store| store.change_sets(state, limit))
        .await??)
}

/// Replaces the edits of a draft that is still at `version`.
pub async fn update(
    engine: &Engine,
    id: ChangeSetId,
    version: u64,
    reason: &str,
    changes: &[Change],
) -> Result<ChangeSet, PublishError> {
    let edit = ChangeSetEdit {
        base_revision: engine.current().position.revision,
        changes: serde_json::to_string(changes).unwrap_or_default(),
        reason: reason.to_owned(),
    };
    let now = engine.now();
    let updated = engine
        .blocking(move |store| store.update_change_set(id, version, &edit, now))
        .await?;
    updated.map_err(refused)
}

/// Gives a draft up.
pub async fn discard(
    engine: &Engine,
    id: ChangeSetId,
    version: u64,
) -> Result<ChangeSet, PublishError> {
    let now = engine.now();
    let discarded = engine
        .blocking(move |store| store.discard_change_set(id, version, now))
        .await?;
    discarded.map_err(refused)
}

/// Publishes a draft that is still at `version`.
pub async fn publish(
    engine: &Engine,
    id: ChangeSetId,
    version: u64,
    author: &str,
    idempotency: Option<IdempotencyKey>,
) -> Result<Published, PublishError> {
    let found = get(engine, id)
        .await?
        .ok_or(PublishError::ChangeSet(ChangeSetError::NotFound))?;
    let request = Publish {
        author: author.to_owned(),
        base_revision: Some(found.base_revision),
        change_set: Some((id, version)),
        changes: edits(&found)?,
        guard: Guard::Enforced,
        idempotency,
        reason: found.reason.clone(),
    };
    publish::run(engine, request).await
}

fn refused(error: ChangeSetError) -> PublishError {
    match error {
        ChangeSetError::Storage(error) => Unavailable::from(error).into(),
        error => PublishError::ChangeSet(error),
    }
}

/// The edits of a stored change set.
pub fn edits(change_set: &ChangeSet) -> Result<Vec<Change>, Unavailable> {
    serde_json::from_str(&change_set.changes).map_err(|error| {
        StorageError::Corrupt(format!("change set {}: {error}", change_set.id)).into()
    })
}

/// What changes would do to terms and channels, without recording anything.
#[must_use]
pub fn preview(engine: &Engine, changes: &[Change]) -> Preview {
    let before = engine.current();
    let now = engine.now();
    let mut preview = Preview {
        affected_skus: 0,
        errors: Vec::new(),
        held: Vec::new(),
        samples: Vec::new(),
        warnings: Vec::new(),
    };
    let changes = match channels::prepare(engine.families(), changes.to_vec()) {
        Ok(changes) => changes,
        Err(errors) => return Preview { errors, ..preview },
    };
    let families = engine.families();
    let planned = match charging::plan(families, &changes, &before.book, now, Guard::Enforced) {
        Ok(planned) => planned,
        Err(errors) => return Preview { errors, ..preview },
    };
    preview.warnings = planned.warnings.iter().map(ToString::to_string).collect();
    let after = imagined(&before, &planned.delta, now);
    let affected = after.1;
    preview.affected_skus = affected.len() as u64;
    for sku in affected.iter().take(SAMPLED_SKUS) {
        sample(&before, &after.0, sku, now, &mut preview.samples);
        hold(engine, &after.0, sku, now, &mut preview.held);
    }
    preview
}

/// The snapshot as it would be, and the SKUs whose items would differ.
fn imagined(
    before: &Current,
    delta: &offercast_domain::revision::Delta,
    now: Instant,
) -> (Current, Vec<Sku>) {
    let header = before
        .head()
        .next("", "", delta, offercast_contract::Hash::ZERO, now);
    let revision = offercast_domain::revision::Revision {
        hash: header.hash(),
        header,
    };
    let horizon = before.position.horizon;
    let folded = offercast_pricebook::fold::fold(
        &before.book,
        &revision,
        delta,
        horizon,
        before.digests.clone(),
    );
    let current = Current {
        book: folded.book,
        digests: folded.digests,
        ..before.clone()
    };
    (current, folded.changed)
}

fn sample(
    before: &Current,
    after: &Current,
    sku: &Sku,
    now: Instant,
    samples: &mut Vec<PreviewSample>,
) {
    let horizon = before.position.horizon;
    for view in after.book.views() {
        let (old, new) = (
            before.book.timeline(sku, view, horizon),
            after.book.timeline(sku, view, horizon),
        );
        if old == new {
            continue;
        }
        let boundaries = new
            .segments()
            .iter()
            .chain(old.segments())
            .filter_map(|segment| segment.from);
        let differs = |at: &Instant| old.terms_at(*at) != new.terms_at(*at);
        let later: Option<Instant> = boundaries.filter(|at| *at > now).filter(differs).min();
        let at = if differs(&now) {
            now
        } else {
            later.unwrap_or(now)
        };
        samples.push(PreviewSample {
            after: new.terms_at(at).cloned(),
            at,
            before: old.terms_at(at).cloned(),
            sku: sku.clone(),
            view: view.clone(),
        });
    }
}

fn hold(engine: &Engine, after: &Current, sku: &Sku, now: Instant, held: &mut Vec<PreviewHeld>) {
    for channel in after.book.channels() {
        if engine.families().get(&channel.family).is_none() {
            continue;
        }
        for view in &channel.views {
            if let Presented::Held { reason } =
                present::item(engine, after, channel, view, sku, now)
            {
                held.push(PreviewHeld {
                    channel: channel.id.clone(),
                    reason,
                    sku: sku.clone(),
                    view: view.clone(),
                });
            }
        }
    }
}
