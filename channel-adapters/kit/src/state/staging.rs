//! A pull that is under way: pages are staged, then switched at once.

use std::collections::BTreeMap;

use offercast_contract::message::PullPage;
use offercast_contract::{Channel, Digest, Item, Position, View, canonical_bytes};
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::fold::{
    Rejected, add_item, apply_item, mark_all, mark_dirty, reduce, set_channel, set_cursor,
    write_digests,
};
use super::tables::{DIGESTS, DIRTY, ITEMS, META, STAGED, get_meta, set_meta};
use super::{State, StateError, read_digests};
use crate::fold::diverged;

/// How far a pull has come. It survives a restart, so a big one goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staging {
    /// The position that was held when it began; none asked for a snapshot.
    pub after: Option<Position>,
    /// The position that it leads to.
    pub at: Position,
    /// The channel's declaration.
    pub channel: Channel,
    /// The next page.
    pub cursor: Option<String>,
    /// Digests over the staged items of a snapshot.
    pub digests: BTreeMap<View, Digest>,
    /// Deliver everything again, changed or not.
    pub force: bool,
    /// The resolver's version.
    pub resolver: u32,
    /// Whether it replaces everything.
    pub snapshot: bool,
}

impl State {
    /// The pull that is under way.
    pub fn staging(&self) -> Result<Option<Staging>, StateError> {
        self.meta("staging")
    }

    /// Forgets the pull that is under way.
    pub fn drop_staging(&self) -> Result<(), StateError> {
        let txn = self.database.begin_write()?;
        txn.open_table(STAGED)?.retain(|_, _| false)?;
        set_meta::<Staging>(&txn, "staging", None)?;
        txn.commit()?;
        Ok(())
    }

    /// Stages one page, with how far the pull has come after it.
    pub fn stage(&self, staging: &mut Staging, page: &PullPage) -> Result<(), StateError> {
        let views = staging.channel.views.clone();
        let txn = self.database.begin_write()?;
        {
            let mut staged = txn.open_table(STAGED)?;
            for item in &page.items {
                let reduced = reduce(item, &views);
                if staging.snapshot {
                    reduced
                        .iter()
                        .for_each(|item| add_item(&mut staging.digests, item, true));
                }
                // In what follows a position, an item that is gone is news.
                let kept = match reduced {
                    Some(item) => item,
                    None if staging.snapshot => continue,
                    None => Item::new(item.sku.clone(), None, Vec::new()),
                };
                staged.insert(kept.sku.as_str(), canonical_bytes(&kept).as_slice())?;
            }
        }
        staging.cursor.clone_from(&page.next);
        set_meta(&txn, "staging", Some(&*staging))?;
        txn.commit()?;
        Ok(())
    }

    /// Switches to what was staged: items, digests, declaration and cursor in
    /// one transaction. `state` are the source's digests; where they differ
    /// from what would be held, nothing changes and the staged items are
    /// dropped.
    pub fn commit_pull(
        &self,
        staging: &Staging,
        state: &BTreeMap<View, Digest>,
    ) -> Result<(), Rejected> {
        let result = self.try_commit_pull(staging, state);
        if let Err(Rejected::Diverged { .. }) = &result {
            self.drop_staging()?;
        }
        result
    }

    fn try_commit_pull(
        &self,
        staging: &Staging,
        state: &BTreeMap<View, Digest>,
    ) -> Result<(), Rejected> {
        let txn = self.database.begin_write()?;
        let digests = if staging.snapshot {
            let mut digests = staging.digests.clone();
            for view in &staging.channel.views {
                digests.entry(view.clone()).or_default();
            }
            switch(&txn)?;
            digests
        } else {
            let mut digests = read_digests(&txn.open_table(DIGESTS)?)?;
            let staged = txn.open_table(STAGED)?;
            for entry in staged.iter()? {
                let item: Item =
                    serde_json::from_slice(entry?.1.value()).map_err(StateError::from)?;
                apply_item(&txn, &staging.channel.views, &mut digests, &item)?;
            }
            digests
        };
        if let Some((view, own, theirs)) = diverged(&digests, state) {
            return Err(Rejected::Diverged { view, own, theirs });
        }
        write_digests(&txn, &digests)?;
        set_channel(&txn, &staging.channel)?;
        if staging.force {
            mark_all(&txn, true)?;
        }
        set_cursor(&txn, &staging.at, staging.resolver)?;
        txn.open_table(STAGED)?.retain(|_, _| false)?;
        set_meta::<Staging>(&txn, "staging", None)?;
        txn.commit()?;
        Ok(())
    }

    /// Whether the channel stood in other views than `channel` does.
    pub fn stands_elsewhere(&self, channel: &Channel) -> Result<bool, StateError> {
        let txn = self.database.begin_read()?;
        let held: Option<Channel> = get_meta(&txn.open_table(META)?, "channel")?;
        Ok(held.is_some_and(|held| held.views != channel.views))
    }

    /// Number of staged items.
    pub fn staged_items(&self) -> Result<u64, StateError> {
        let txn = self.database.begin_read()?;
        Ok(txn.open_table(STAGED)?.len()?)
    }
}

/// Makes the staged items the held ones and marks what differs.
fn switch(txn: &redb::WriteTransaction) -> Result<(), StateError> {
    {
        let items = txn.open_table(ITEMS)?;
        let staged = txn.open_table(STAGED)?;
        let mut dirty = txn.open_table(DIRTY)?;
        for entry in staged.iter()? {
            let (sku, new) = entry?;
            let same = items
                .get(sku.value())?
                .is_some_and(|old| old.value() == new.value());
            if !same {
                mark_dirty(&mut dirty, sku.value(), false)?;
            }
        }
        for entry in items.iter()? {
            let (sku, _) = entry?;
            if staged.get(sku.value())?.is_none() {
                mark_dirty(&mut dirty, sku.value(), false)?;
            }
        }
    }
    txn.delete_table(ITEMS)?;
    txn.rename_table(STAGED, ITEMS)?;
    txn.open_table(STAGED)?;
    Ok(())
}
