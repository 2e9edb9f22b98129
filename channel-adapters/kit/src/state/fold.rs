//! Applying items: state, cursor and marks in one transaction.

use std::collections::BTreeMap;

use offercast_contract::digest::{facts_hash, item_hash};
use offercast_contract::{
    Channel, Digest, Item, Position, SharedTimeline, Sku, Update, View, canonical_bytes,
};
use redb::{Durability, ReadableDatabase, ReadableTable, Table, WriteTransaction};

use super::tables::{CONTENT, DIGESTS, DIRTY, ITEMS, META, PASSED, PENDING, get_meta, set_meta};
use super::{State, StateError, parse_key, read_digests};
use crate::fold::diverged;

/// How many revisions' hashes are remembered.
const REMEMBERED_REVISIONS: u64 = 10_000;

/// Why items were not applied; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// After applying them the digests would differ from the source's.
    #[error("state digest of {view}: {own} after applying, the source says {theirs}")]
    Diverged {
        /// In which view.
        view: View,
        /// The digest that would be held.
        own: Digest,
        /// The digest that the source names.
        theirs: Digest,
    },
    /// The channel stands in other views than before: only a snapshot has them.
    #[error("the channel's views changed")]
    ViewsChanged,
    /// Nothing is held that items could be applied to.
    #[error("the channel is not declared yet")]
    NotDeclared,
    /// The state file.
    #[error(transparent)]
    State(#[from] StateError),
}

impl<E> From<E> for Rejected
where
    StateError: From<E>,
    E: Into<redb::Error>,
{
    fn from(error: E) -> Self {
        Self::State(StateError::from(error))
    }
}

impl State {
    /// Applies an update that follows what is held: items, digests, channel
    /// declaration and cursor in one transaction, or nothing. From here on it
    /// can be read and rendered; it is not on disk, and so may not be told,
    /// before [`State::flush`] has returned.
    pub fn apply(&self, update: &Update, items: &[Item]) -> Result<(), Rejected> {
        let held = self.channel()?.ok_or(Rejected::NotDeclared)?;
        let declared = update.channels.iter().find(|channel| channel.id == held.id);
        if declared.is_some_and(|channel| channel.views != held.views) {
            return Err(Rejected::ViewsChanged);
        }
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        let mut digests = read_digests(&txn.open_table(DIGESTS)?)?;
        for item in items {
            apply_item(&txn, &held.views, &mut digests, item)?;
        }
        if let Some((view, own, theirs)) = diverged(&digests, &update.state) {
            return Err(Rejected::Diverged { view, own, theirs });
        }
        write_digests(&txn, &digests)?;
        if let Some(channel) = declared {
            set_channel(&txn, channel)?;
        }
        if update.ended_channels.contains(&held.id) {
            set_meta(&txn, "ended", Some(&true))?;
            withdraw_all_but(&txn, &[])?;
        }
        set_cursor(&txn, &update.at, update.resolver)?;
        txn.commit()?;
        Ok(())
    }

    /// Marks a SKU, or all, to be rendered and delivered again. A SKU that is
    /// named and not shown is withdrawn again: whoever names it has seen it.
    pub fn mark(&self, sku: Option<&Sku>) -> Result<(), StateError> {
        let txn = self.database.begin_write()?;
        match sku {
            Some(sku) => {
                txn.open_table(DIRTY)?.insert(sku.as_str(), 1)?;
                let channel: Option<Channel> = get_meta(&txn.open_table(META)?, "channel")?;
                let content = txn.open_table(CONTENT)?;
                let mut pending = txn.open_table(PENDING)?;
                for view in channel.iter().flat_map(|channel| &channel.views) {
                    let view = view.to_string();
                    let key = (view.as_str(), sku.as_str());
                    if content.get(key)?.is_none() {
                        pending.insert(key, 0)?;
                    }
                }
            }
            None => mark_all(&txn, true)?,
        }
        txn.commit()?;
        Ok(())
    }

    /// All SKUs with items, for tests of what was folded.
    pub fn skus(&self) -> Result<Vec<Sku>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(ITEMS)?;
        let mut skus = Vec::new();
        for entry in table.iter()? {
            skus.push(super::parse_sku(entry?.0.value())?);
        }
        Ok(skus)
    }
}

/// Replaces one item, keeping the digests in step.
pub(super) fn apply_item(
    txn: &WriteTransaction,
    views: &[View],
    digests: &mut BTreeMap<View, Digest>,
    item: &Item,
) -> Result<(), StateError> {
    let mut items = txn.open_table(ITEMS)?;
    let reduced = reduce(item, views);
    let bytes = reduced.as_ref().map(canonical_bytes);
    let old = match &bytes {
        Some(bytes) => items.insert(item.sku.as_str(), bytes.as_slice())?,
        None => items.remove(item.sku.as_str())?,
    };
    let old: Option<Item> = match old {
        Some(old) if bytes.as_deref() == Some(old.value()) => return Ok(()),
        Some(old) => Some(serde_json::from_slice(old.value())?),
        None => None,
    };
    old.iter().for_each(|old| add_item(digests, old, false));
    reduced.iter().for_each(|new| add_item(digests, new, true));
    mark_dirty(&mut txn.open_table(DIRTY)?, item.sku.as_str(), false)
}

/// Marks a SKU to be rendered; a mark that forces delivery stays.
pub(super) fn mark_dirty(
    dirty: &mut Table<'_, &'static str, u8>,
    sku: &str,
    force: bool,
) -> Result<(), StateError> {
    if force || dirty.get(sku)?.is_none() {
        dirty.insert(sku, u8::from(force))?;
    }
    Ok(())
}

/// The item with the timelines of these views only; none where none is left.
pub(super) fn reduce(item: &Item, views: &[View]) -> Option<Item> {
    let facts = item.facts.clone()?;
    let timelines: Vec<SharedTimeline> = item
        .timelines
        .iter()
        .filter_map(|shared| {
            let mut kept = shared.clone();
            kept.views.retain(|view| views.contains(view));
            (!kept.views.is_empty()).then_some(kept)
        })
        .collect();
    (!timelines.is_empty()).then(|| Item {
        facts: Some(facts),
        sku: item.sku.clone(),
        timelines,
    })
}

/// Adds an item's elements to the digests, or takes them away.
pub(super) fn add_item(digests: &mut BTreeMap<View, Digest>, item: &Item, add: bool) {
    let Some(facts) = &item.facts else {
        return;
    };
    let facts = facts_hash(facts);
    for shared in &item.timelines {
        let hash = item_hash(&item.sku, &facts, &shared.segments);
        for view in &shared.views {
            let digest = digests.entry(view.clone()).or_default();
            if add {
                digest.add(&hash);
            } else {
                digest.remove(&hash);
            }
        }
    }
}

pub(super) fn write_digests(
    txn: &WriteTransaction,
    digests: &BTreeMap<View, Digest>,
) -> Result<(), StateError> {
    let mut table = txn.open_table(DIGESTS)?;
    table.retain(|_, _| false)?;
    for (view, digest) in digests {
        table.insert(view.to_string().as_str(), digest.to_string().as_str())?;
    }
    Ok(())
}

/// Records the declaration; a changed one, or one of a channel that had ended,
/// means that all is rendered again.
pub(super) fn set_channel(txn: &WriteTransaction, channel: &Channel) -> Result<(), StateError> {
    let old: Option<Channel> = get_meta(&txn.open_table(META)?, "channel")?;
    let ended: Option<bool> = get_meta(&txn.open_table(META)?, "ended")?;
    if old.as_ref() == Some(channel) && ended != Some(true) {
        return Ok(());
    }
    set_meta(txn, "channel", Some(channel))?;
    set_meta::<bool>(txn, "ended", None)?;
    withdraw_all_but(txn, &channel.views)?;
    mark_all(txn, false)
}

pub(super) fn set_cursor(
    txn: &WriteTransaction,
    at: &Position,
    resolver: u32,
) -> Result<(), StateError> {
    set_meta(txn, "position", Some(at))?;
    set_meta(txn, "resolver", Some(&resolver))?;
    set_meta::<bool>(txn, "expired", None)?;
    let mut passed = txn.open_table(PASSED)?;
    passed.insert((at.epoch, at.revision), at.hash.as_bytes())?;
    let oldest = at.revision.saturating_sub(REMEMBERED_REVISIONS);
    passed.retain_in((0, 0)..(at.epoch, oldest), |_, _| false)?;
    Ok(())
}

/// Marks everything that is held or shown to be rendered.
pub(super) fn mark_all(txn: &WriteTransaction, force: bool) -> Result<(), StateError> {
    let mut dirty = txn.open_table(DIRTY)?;
    for entry in txn.open_table(ITEMS)?.iter()? {
        mark_dirty(&mut dirty, entry?.0.value(), force)?;
    }
    for entry in txn.open_table(CONTENT)?.iter()? {
        mark_dirty(&mut dirty, entry?.0.value().1, force)?;
    }
    Ok(())
}

/// Withdraws what is shown in views that the channel no longer stands in.
fn withdraw_all_but(txn: &WriteTransaction, views: &[View]) -> Result<(), StateError> {
    let mut content = txn.open_table(CONTENT)?;
    let mut pending = txn.open_table(PENDING)?;
    let mut shown: Digest = get_meta(&txn.open_table(META)?, "shown")?.unwrap_or(Digest::EMPTY);
    let mut gone: Vec<(View, Sku)> = Vec::new();
    for entry in content.iter()? {
        let (key, value) = entry?;
        let (view, sku) = parse_key(key.value())?;
        if !views.contains(&view) {
            let claims: offercast_contract::Claims = serde_json::from_slice(value.value().0)?;
            shown.remove(&claims.hash_for(&sku, &view));
            gone.push((view, sku));
        }
    }
    for (view, sku) in &gone {
        let view = view.to_string();
        content.remove((view.as_str(), sku.as_str()))?;
        pending.insert((view.as_str(), sku.as_str()), 0)?;
    }
    let mut held = txn.open_table(super::tables::HELD)?;
    held.retain(|(view, _), _| views.iter().any(|kept| kept.to_string() == view))?;
    drop((content, pending));
    set_meta(txn, "shown", Some(&shown))
}
