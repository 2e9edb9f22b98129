//! What to do with a message, given what is held. Pure decisions.

use std::collections::BTreeMap;

use offercast_contract::message::items_sha256;
use offercast_contract::{Beat, Digest, Hash, Horizon, Item, Payload, Position, Update, View};

/// What the adapter holds, as far as decisions need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The position.
    pub position: Position,
    /// The resolver's version that the state was made with.
    pub resolver: u32,
}

/// How to pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// What follows the position held, up to a position or the head.
    Following(Option<Position>),
    /// Everything anew.
    Snapshot,
}

/// What to do with an update or a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Apply its items: it follows what is held.
    Apply,
    /// Nothing to do: it is held already, or lies in the past.
    Known,
    /// Fetch first.
    Pull(Pull),
    /// The head seems to have gone back. It may be an old message: ask the
    /// source, and stop if it confirms.
    Confirm,
    /// Stop until a person acts.
    Stop(String),
}

/// Decides about an update. `passed` tells the hash of a revision of the same
/// epoch that was held before, if it is remembered.
#[must_use]
pub fn on_update(
    held: Option<&Held>,
    update: &Update,
    passed: impl Fn(u64) -> Option<Hash>,
) -> Step {
    let Some(held) = held else {
        return Step::Pull(Pull::Snapshot);
    };
    if let Some(step) = compare_epochs(held, &update.at) {
        // An update of an ended epoch that was still on its way.
        return if step == Step::Confirm {
            Step::Known
        } else {
            step
        };
    }
    if let Some(reason) = other_hash(held, &update.at).or_else(|| other_hash(held, &update.after)) {
        return Step::Stop(reason);
    }
    if update.at.order() <= held.position.order() {
        return match passed(update.at.revision) {
            Some(hash) if hash != update.at.hash => Step::Stop(same_number(&update.at, hash)),
            _ => Step::Known,
        };
    }
    if update.resolver != held.resolver {
        return Step::Pull(Pull::Snapshot);
    }
    if update.after.order() != held.position.order() {
        return Step::Pull(Pull::Following(None));
    }
    match update.payload {
        Payload::Inline { .. } => Step::Apply,
        Payload::Manifest { .. } => Step::Pull(Pull::Following(Some(update.at))),
    }
}

/// Decides about a beat; `state` are the digests held.
#[must_use]
pub fn on_beat(held: Option<&Held>, beat: &Beat, state: &BTreeMap<View, Digest>) -> Step {
    let Some(held) = held else {
        return Step::Pull(Pull::Snapshot);
    };
    if let Some(step) = compare_epochs(held, &beat.head) {
        return step;
    }
    if let Some(reason) = other_hash(held, &beat.head) {
        return Step::Stop(reason);
    }
    match beat.head.order().cmp(&held.position.order()) {
        std::cmp::Ordering::Less => Step::Confirm,
        std::cmp::Ordering::Greater if beat.resolver != held.resolver => Step::Pull(Pull::Snapshot),
        std::cmp::Ordering::Greater => Step::Pull(Pull::Following(None)),
        std::cmp::Ordering::Equal if beat.resolver != held.resolver => Step::Pull(Pull::Snapshot),
        std::cmp::Ordering::Equal => match diverged(state, &beat.state) {
            Some(_) => Step::Pull(Pull::Snapshot),
            None => Step::Known,
        },
    }
}

/// Decides about what a pull leads to: an error says why to stop.
pub fn on_pulled(held: Option<&Held>, at: &Position) -> Result<(), String> {
    let Some(held) = held else {
        return Ok(());
    };
    let own = &held.position;
    if at.epoch != own.epoch {
        return if at.epoch > own.epoch {
            Ok(())
        } else {
            Err(format!(
                "the source is in epoch {}, this channel already in epoch {}",
                at.epoch, own.epoch
            ))
        };
    }
    if let Some(reason) = other_hash(held, at) {
        return Err(reason);
    }
    if at.order() < own.order() {
        return Err(format!(
            "the head went back from revision {} (horizon {}) to {} (horizon {}) within epoch {}; \
             a restored database needs a new epoch",
            own.revision, own.horizon.0, at.revision, at.horizon.0, own.epoch
        ));
    }
    Ok(())
}

/// The first view whose digest differs, with both. A view that the other side
/// does not name is empty there.
#[must_use]
pub fn diverged(
    own: &BTreeMap<View, Digest>,
    theirs: &BTreeMap<View, Digest>,
) -> Option<(View, Digest, Digest)> {
    own.iter().find_map(|(view, digest)| {
        let other = theirs.get(view).copied().unwrap_or(Digest::EMPTY);
        (other != *digest).then(|| (view.clone(), *digest, other))
    })
}

/// Checks items before they are applied: their hash, their order, their form.
/// The error names the item and the field.
pub fn check_items(items: &[Item], sha256: &Hash, horizon: Horizon) -> Result<(), String> {
    let found = items_sha256(items);
    if found != *sha256 {
        return Err(format!(
            "items_sha256: the items hash to {found}, not to {sha256}"
        ));
    }
    for pair in items.windows(2) {
        if pair[0].sku >= pair[1].sku {
            return Err(format!(
                "items: {} does not follow {} in order",
                pair[1].sku, pair[0].sku
            ));
        }
    }
    items.iter().try_for_each(|item| check_item(item, horizon))
}

/// Checks an update's own consistency, apart from its place in the sequence.
pub fn check_update(update: &Update) -> Result<(), String> {
    if update.at.order() <= update.after.order() {
        return Err("at: does not lie after `after`".to_owned());
    }
    match &update.payload {
        Payload::Inline { items } => check_items(items, &update.items_sha256, update.at.horizon),
        Payload::Manifest { .. } => Ok(()),
    }
}

fn check_item(item: &Item, horizon: Horizon) -> Result<(), String> {
    let wrong = |reason: &str| Err(format!("item {}: {reason}", item.sku));
    if item.facts.is_none() && !item.timelines.is_empty() {
        return wrong("timelines without facts");
    }
    let mut seen: Vec<&View> = Vec::new();
    for shared in &item.timelines {
        if shared.views.is_empty() || shared.segments.is_empty() {
            return wrong("timelines: an empty list of views or segments");
        }
        if !shared.segments.is_canonical(horizon) {
            return wrong("segments: not in canonical form for the horizon");
        }
        seen.extend(&shared.views);
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    let sorted = item
        .timelines
        .iter()
        .all(|shared| shared.views.windows(2).all(|pair| pair[0] < pair[1]));
    if seen.len() != count || !sorted {
        return wrong("views: unsorted, or named twice");
    }
    Ok(())
}

fn compare_epochs(held: &Held, other: &Position) -> Option<Step> {
    match other.epoch.cmp(&held.position.epoch) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Step::Pull(Pull::Snapshot)),
        std::cmp::Ordering::Less => Some(Step::Confirm),
    }
}

fn other_hash(held: &Held, other: &Position) -> Option<String> {
    let own = &held.position;
    let differs =
        own.epoch == other.epoch && own.revision == other.revision && own.hash != other.hash;
    differs.then(|| same_number(other, own.hash))
}

fn same_number(other: &Position, own: Hash) -> String {
    format!(
        "revision {} of epoch {} came with hash {}, but is held with hash {own}: \
         the log has two histories",
        other.revision, other.epoch, other.hash
    )
}
