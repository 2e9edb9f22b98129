//! Recording what rendering decided.

use offercast_contract::{Claims, Digest, Instant, Sku, View};
use redb::{ReadableTable, Table, WriteTransaction};

use super::tables::{
    BOUNDARIES, CONTENT, DIRTY, HELD, META, MISMATCHES, NEXT, PENDING, UNOBSERVED, ViewSku,
    get_meta, set_meta,
};
use super::{State, StateError, durability};
use crate::family::Artefact;

/// What rendering decided for one view of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// Show this.
    This {
        /// The artefact.
        artefact: Artefact,
        /// What was read back out of it.
        claims: Claims,
    },
    /// Show nothing.
    Nothing,
    /// Leave what is shown: the new terms could not be shown, but equal it.
    Keep {
        /// Why the new artefact is held.
        reason: String,
    },
    /// Withdraw what is shown: the terms cannot be shown truly.
    Hold {
        /// Why.
        reason: String,
    },
}

/// What rendering decided for one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which SKU.
    pub sku: Sku,
    /// Per view of the channel.
    pub views: Vec<(View, Show)>,
    /// When it has to be looked at again.
    pub next_boundary: Option<Instant>,
}

impl State {
    /// Records what rendering decided, and takes the marks away. What changes
    /// is marked for delivery; with `force`, what is shown and does not change
    /// as well.
    pub fn record(&self, outcomes: &[(Outcome, bool)]) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(durability(outcomes.len()))?;
        let mut shown: Digest = get_meta(&txn.open_table(META)?, "shown")?.unwrap_or(Digest::EMPTY);
        {
            let mut tables = Tables::open(&txn)?;
            for (outcome, force) in outcomes {
                for (view, show) in &outcome.views {
                    tables.record_view(&mut shown, &outcome.sku, view, show, *force)?;
                }
                tables.set_boundary(&outcome.sku, outcome.next_boundary)?;
                tables.dirty.remove(outcome.sku.as_str())?;
            }
        }
        set_meta(&txn, "shown", Some(&shown))?;
        txn.commit()?;
        Ok(())
    }
}

/// The tables that rendering changes, opened once for many items.
struct Tables<'txn> {
    content: Table<'txn, ViewSku, (&'static [u8], &'static [u8])>,
    held: Table<'txn, ViewSku, &'static str>,
    mismatches: Table<'txn, ViewSku, &'static [u8]>,
    pending: Table<'txn, ViewSku, u8>,
    unobserved: Table<'txn, ViewSku, ()>,
    dirty: Table<'txn, &'static str, u8>,
    next: Table<'txn, &'static str, i64>,
    boundaries: Table<'txn, (i64, &'static str), ()>,
}

impl<'txn> Tables<'txn> {
    fn open(txn: &'txn WriteTransaction) -> Result<Self, StateError> {
        Ok(Self {
            content: txn.open_table(CONTENT)?,
            held: txn.open_table(HELD)?,
            mismatches: txn.open_table(MISMATCHES)?,
            pending: txn.open_table(PENDING)?,
            unobserved: txn.open_table(UNOBSERVED)?,
            dirty: txn.open_table(DIRTY)?,
            next: txn.open_table(NEXT)?,
            boundaries: txn.open_table(BOUNDARIES)?,
        })
    }

    fn record_view(
        &mut self,
        shown: &mut Digest,
        sku: &Sku,
        view: &View,
        show: &Show,
        force: bool,
    ) -> Result<(), StateError> {
        let view_text = view.to_string();
        let key: (&str, &str) = (&view_text, sku.as_str());
        let (new, reason) = match show {
            Show::This { artefact, claims } => (Some((artefact, claims)), None),
            Show::Nothing => (None, None),
            Show::Hold { reason } => (None, Some(reason)),
            Show::Keep { reason } => {
                self.held.insert(key, reason.as_str())?;
                if force {
                    let kind = u8::from(self.content.get(key)?.is_some());
                    self.pending.insert(key, kind)?;
                }
                return Ok(());
            }
        };
        match reason {
            Some(reason) => self.held.insert(key, reason.as_str())?,
            None => self.held.remove(key)?,
        };
        let json = new
            .map(|(_, claims)| serde_json::to_vec(claims))
            .transpose()?;
        let value = match (&json, new) {
            (Some(json), Some((artefact, _))) => Some((json.as_slice(), artefact.body.as_slice())),
            _ => None,
        };
        let old = self.content.get(key)?;
        let old_claims: Option<Claims> = match &old {
            Some(old) => Some(serde_json::from_slice(old.value().0)?),
            None => None,
        };
        let unchanged = old.as_ref().map(|old| old.value()) == value;
        drop(old);
        // What is not there need not be taken away again, unless it was seen.
        let is_owed = force && (value.is_some() || self.mismatches.get(key)?.is_some());
        if unchanged && !is_owed {
            return Ok(());
        }
        if let Some(claims) = old_claims {
            shown.remove(&claims.hash_for(sku, view));
        }
        match value {
            Some(value) => self.content.insert(key, value)?,
            None => self.content.remove(key)?,
        };
        if let Some((_, claims)) = new {
            shown.add(&claims.hash_for(sku, view));
        }
        self.unobserved.remove(key)?;
        self.pending.insert(key, u8::from(new.is_some()))?;
        Ok(())
    }

    fn set_boundary(&mut self, sku: &Sku, at: Option<Instant>) -> Result<(), StateError> {
        let old = self.next.remove(sku.as_str())?.map(|old| old.value());
        if let Some(old) = old {
            self.boundaries.remove((old, sku.as_str()))?;
        }
        if let Some(at) = at {
            self.next.insert(sku.as_str(), at.micros())?;
            self.boundaries.insert((at.micros(), sku.as_str()), ())?;
        }
        Ok(())
    }
}
