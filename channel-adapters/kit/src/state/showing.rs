//! What is to be shown, what is delivered, what was observed.

use offercast_contract::{Claims, Difference, Instant, Sku, View};
use redb::{Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::tables::{
    BOUNDARIES, CONTENT, DIRTY, META, MISMATCHES, PENDING, UNOBSERVED, get_meta, set_meta,
};
use super::{State, StateError, durability, from, key_of, parse_key, parse_sku};
use crate::family::Artefact;
use crate::outlet::{Content, ContentError, DeliveryError, ViewChanges};

/// Something delivered and not observed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unobserved {
    /// In which view.
    pub view: View,
    /// Which SKU.
    pub sku: Sku,
}

impl State {
    /// SKUs to be rendered, with whether delivery is forced.
    pub fn dirty(&self, limit: usize) -> Result<Vec<(Sku, bool)>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(DIRTY)?;
        let mut dirty = Vec::new();
        for entry in table.iter()?.take(limit) {
            let (sku, force) = entry?;
            dirty.push((parse_sku(sku.value())?, force.value() == 1));
        }
        Ok(dirty)
    }

    /// Marks the SKUs whose boundary has passed, and everything when the
    /// horizon has; returns whether anything was marked.
    pub fn pass_boundaries(&self, now: Instant) -> Result<bool, StateError> {
        let expired = match self.held()? {
            Some(held) => now >= held.position.horizon.until(),
            None => false,
        };
        let newly_expired = expired && !self.meta::<bool>("expired")?.unwrap_or(false);
        let due = self.next_boundary()?.filter(|at| *at <= now);
        if due.is_none() && !newly_expired {
            return Ok(false);
        }
        let txn = self.database.begin_write()?;
        if newly_expired {
            set_meta(&txn, "expired", Some(&true))?;
            super::fold::mark_all(&txn, false)?;
        }
        let mut last = None;
        {
            let boundaries = txn.open_table(BOUNDARIES)?;
            let mut dirty = txn.open_table(DIRTY)?;
            for entry in boundaries.range::<(i64, &str)>(..(now.micros().saturating_add(1), ""))? {
                let (key, _) = entry?;
                let (micros, sku) = key.value();
                super::fold::mark_dirty(&mut dirty, sku, false)?;
                last = Some(Instant::from_micros(micros));
            }
        }
        if last.is_some() {
            let before: Option<Instant> = get_meta(&txn.open_table(META)?, "last_boundary")?;
            set_meta(&txn, "last_boundary", Some(&last.max(before)))?;
            // The entries go with the rendering that the marks stand for; so
            // that a second look finds nothing new, they go now.
            drop_passed(&txn, now)?;
        }
        txn.commit()?;
        Ok(true)
    }

    /// The claims shown in a view, if the SKU is shown there.
    pub fn shown_claims(&self, view: &View, sku: &Sku) -> Result<Option<Claims>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(CONTENT)?;
        match table.get((view.to_string().as_str(), sku.as_str()))? {
            Some(value) => Ok(Some(serde_json::from_slice(value.value().0)?)),
            None => Ok(None),
        }
    }

    /// What is to be delivered, at most `limit` entries.
    pub fn pending(&self, limit: usize) -> Result<Vec<ViewChanges>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(PENDING)?;
        let mut changes: Vec<ViewChanges> = Vec::new();
        for entry in table.iter()?.take(limit) {
            let (key, kind) = entry?;
            let (view, sku) = parse_key(key.value())?;
            if changes.last().is_none_or(|last| last.view != view) {
                changes.push(ViewChanges {
                    view,
                    upserts: Vec::new(),
                    withdrawn: Vec::new(),
                });
            }
            if let Some(last) = changes.last_mut() {
                match kind.value() {
                    0 => last.withdrawn.push(sku),
                    _ => last.upserts.push(sku),
                }
            }
        }
        Ok(changes)
    }

    /// Records a delivery: its entries are to be observed.
    pub fn delivered(&self, changes: &[ViewChanges]) -> Result<(), StateError> {
        let count = changes
            .iter()
            .map(|c| c.upserts.len() + c.withdrawn.len())
            .sum();
        let mut txn = self.database.begin_write()?;
        txn.set_durability(durability(count))?;
        {
            let mut pending = txn.open_table(PENDING)?;
            let mut unobserved = txn.open_table(UNOBSERVED)?;
            for change in changes {
                let view = change.view.to_string();
                for sku in change.upserts.iter().chain(&change.withdrawn) {
                    pending.remove((view.as_str(), sku.as_str()))?;
                    unobserved.insert((view.as_str(), sku.as_str()), ())?;
                }
            }
        }
        set_meta(&txn, "live", Some(&false))?;
        txn.commit()?;
        Ok(())
    }

    /// What is to be observed, at most `limit` entries.
    pub fn unobserved(&self, limit: usize) -> Result<Vec<Unobserved>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(UNOBSERVED)?;
        let mut found = Vec::new();
        for entry in table.iter()?.take(limit) {
            let (view, sku) = parse_key(entry?.0.value())?;
            found.push(Unobserved { view, sku });
        }
        Ok(found)
    }

    /// Records the differences found of some entries; none where it is equal.
    pub fn observed(&self, results: &[(Unobserved, Vec<Difference>)]) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(durability(results.len()))?;
        {
            let mut unobserved = txn.open_table(UNOBSERVED)?;
            let mut mismatches = txn.open_table(MISMATCHES)?;
            for (entry, differences) in results {
                let view = entry.view.to_string();
                let key = (view.as_str(), entry.sku.as_str());
                unobserved.remove(key)?;
                if differences.is_empty() {
                    mismatches.remove(key)?;
                } else {
                    mismatches.insert(key, serde_json::to_vec(differences)?.as_slice())?;
                }
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Records what was found by reading everything that a view shows.
    pub fn observed_all(
        &self,
        view: &View,
        found: &[(Sku, Vec<Difference>)],
    ) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(durability(found.len()))?;
        {
            let view = view.to_string();
            let mut unobserved = txn.open_table(UNOBSERVED)?;
            unobserved.retain(|(of, _), ()| of != view)?;
            let mut mismatches = txn.open_table(MISMATCHES)?;
            mismatches.retain(|(of, _), _| of != view)?;
            for (sku, differences) in found {
                let json = serde_json::to_vec(differences)?;
                mismatches.insert((view.as_str(), sku.as_str()), json.as_slice())?;
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Puts entries that differed back among those to be observed.
    pub fn observe_mismatches_again(&self) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        {
            let mismatches = txn.open_table(MISMATCHES)?;
            let mut unobserved = txn.open_table(UNOBSERVED)?;
            for entry in mismatches.iter()? {
                unobserved.insert(entry?.0.value(), ())?;
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// The channel cannot be observed: nothing waits for it.
    pub fn forget_unobserved(&self) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        let mut unobserved = txn.open_table(UNOBSERVED)?;
        if !unobserved.is_empty()? {
            unobserved.retain(|_, ()| false)?;
        }
        drop(unobserved);
        txn.commit()?;
        Ok(())
    }

    /// Entries shown after a place, in order: artefact and claims.
    pub fn content_after(
        &self,
        after: Option<(&View, &Sku)>,
        limit: usize,
    ) -> Result<Vec<(View, Sku, Artefact, Claims)>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(CONTENT)?;
        let mut found = Vec::new();
        for entry in table.range::<(&str, &str)>(from(&key_of(after))..)? {
            let (key, value) = entry?;
            let (view, sku) = parse_key(key.value())?;
            if after == Some((&view, &sku)) {
                continue;
            }
            if found.len() == limit {
                break;
            }
            let (claims, body) = value.value();
            let artefact = Artefact {
                body: body.to_vec(),
            };
            found.push((view, sku, artefact, serde_json::from_slice(claims)?));
        }
        Ok(found)
    }

    /// Calls `each` for all SKUs shown in a view, with their claims.
    pub fn for_each_claims(
        &self,
        view: &View,
        each: &mut dyn FnMut(Sku, Claims),
    ) -> Result<(), StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(CONTENT)?;
        let of = view.to_string();
        for entry in table.range::<(&str, &str)>((of.as_str(), "")..)? {
            let (key, value) = entry?;
            let (view, sku) = key.value();
            if view != of {
                break;
            }
            each(parse_sku(sku)?, serde_json::from_slice(value.value().0)?);
        }
        Ok(())
    }

    fn try_artefact(&self, view: &View, sku: &Sku) -> Result<Option<Artefact>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(CONTENT)?;
        let value = table.get((view.to_string().as_str(), sku.as_str()))?;
        Ok(value.map(|value| Artefact {
            body: value.value().1.to_vec(),
        }))
    }

    fn try_for_each(
        &self,
        view: &View,
        each: &mut dyn FnMut(&Sku, Artefact) -> Result<(), DeliveryError>,
    ) -> Result<Result<(), DeliveryError>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(CONTENT)?;
        let of = view.to_string();
        for entry in table.range::<(&str, &str)>((of.as_str(), "")..)? {
            let (key, value) = entry?;
            let (view, sku) = key.value();
            if view != of {
                break;
            }
            let body = value.value().1.to_vec();
            if let Err(error) = each(&parse_sku(sku)?, Artefact { body }) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}

impl Content for State {
    fn artefact(&self, view: &View, sku: &Sku) -> Result<Option<Artefact>, ContentError> {
        self.try_artefact(view, sku)
            .map_err(|error| ContentError(error.to_string()))
    }

    fn for_each(
        &self,
        view: &View,
        each: &mut dyn FnMut(&Sku, Artefact) -> Result<(), DeliveryError>,
    ) -> Result<(), DeliveryError> {
        self.try_for_each(view, each)
            .map_err(|error| ContentError(error.to_string()))?
    }
}

fn drop_passed(txn: &WriteTransaction, now: Instant) -> Result<(), StateError> {
    let end = (now.micros().saturating_add(1), "");
    txn.open_table(BOUNDARIES)?
        .retain_in::<(i64, &str), _>(..end, |_, ()| false)?;
    Ok(())
}
