//! The durable state of one channel's adapter: what it holds, shows, owes.
//!
//! One redb file per channel. State and cursor change in one transaction
//! ([`State::apply`], [`State::commit_pull`]), which also marks what has to be
//! rendered; rendering marks what has to be delivered, delivery what has to be
//! observed. So the work that is owed survives a crash at any point, and doing
//! a part of it again changes nothing.
//!
//! [`State::commit_pull`] is flushed to disk, and so is [`State::apply`] with
//! the [`State::flush`] after it. Steps that can be done again from them are
//! flushed only when they are big.

mod fold;
mod recording;
mod showing;
mod staging;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use offercast_contract::message::Mismatch;
use offercast_contract::{Channel, Digest, Hash, HeldItem, Instant, Item, Sku, View};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata};
use serde::de::DeserializeOwned;

pub use self::fold::Rejected;
pub use self::recording::{Outcome, Show};
pub use self::showing::Unobserved;
pub use self::staging::Staging;

use self::tables::{
    BOUNDARIES, CONTENT, DIGESTS, DIRTY, HELD, ITEMS, META, MISMATCHES, PASSED, PENDING, UNOBSERVED,
};

/// Memory for pages of the state file, in bytes; the rest is the system's.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// From so many changed entries on, a step that could be repeated is flushed.
const FLUSH_FROM: usize = 256;

/// The state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file or the disk.
    #[error("state file: {0}")]
    Store(#[from] redb::Error),
    /// An entry that this build cannot read.
    #[error("state file: an entry cannot be read: {0}")]
    Entry(#[from] serde_json::Error),
    /// A key that this build cannot read.
    #[error("state file: the key {0:?} cannot be read")]
    Key(String),
}

macro_rules! store_errors {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StateError {
            fn from(error: redb::$error) -> Self {
                Self::Store(error.into())
            }
        }
    )*};
}
store_errors!(
    DatabaseError,
    TransactionError,
    TableError,
    StorageError,
    CommitError,
    SetDurabilityError
);

/// Counts that tell how far the work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owed {
    /// SKUs to be rendered.
    pub dirty: u64,
    /// Entries to be delivered.
    pub pending: u64,
    /// Entries to be observed.
    pub unobserved: u64,
    /// Entries shown, over all views.
    pub items: u64,
    /// Entries held.
    pub held: u64,
    /// Entries that differ outside.
    pub mismatches: u64,
}

/// The state of one channel's adapter.
pub struct State {
    database: Database,
}

impl State {
    /// Opens or creates the file. One process at a time: a second one fails.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)?;
        let txn = database.begin_write()?;
        tables::create(&txn)?;
        txn.commit()?;
        Ok(Self { database })
    }

    /// Brings everything that was recorded so far to disk. What is applied is
    /// rendered meanwhile, which only reads.
    pub fn flush(&self) -> Result<(), StateError> {
        // A commit takes all earlier ones along that did not wait for the disk.
        Ok(self.database.begin_write()?.commit()?)
    }

    fn meta<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let txn = self.database.begin_read()?;
        tables::get_meta(&txn.open_table(META)?, name)
    }

    fn set_meta<T: serde::Serialize>(
        &self,
        name: &str,
        value: Option<&T>,
        durability: Durability,
    ) -> Result<(), StateError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(durability)?;
        tables::set_meta(&txn, name, value)?;
        txn.commit()?;
        Ok(())
    }

    /// The position and the resolver's version held, if anything is held.
    pub fn held(&self) -> Result<Option<crate::fold::Held>, StateError> {
        let position = self.meta("position")?;
        let resolver = self.meta("resolver")?;
        Ok(position
            .zip(resolver)
            .map(|(position, resolver)| crate::fold::Held { position, resolver }))
    }

    /// The channel as last declared; none before the first pull.
    pub fn channel(&self) -> Result<Option<Channel>, StateError> {
        self.meta("channel")
    }

    /// Whether the channel ended.
    pub fn is_ended(&self) -> Result<bool, StateError> {
        Ok(self.meta("ended")?.unwrap_or(false))
    }

    /// The state digests of the channel's views.
    pub fn digests(&self) -> Result<BTreeMap<View, Digest>, StateError> {
        let txn = self.database.begin_read()?;
        read_digests(&txn.open_table(DIGESTS)?)
    }

    /// The hash of a revision held before in an epoch, if it is remembered.
    pub fn passed(&self, epoch: u64, revision: u64) -> Result<Option<Hash>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(PASSED)?;
        let hash = table.get((epoch, revision))?;
        Ok(hash.map(|hash| Hash::from_bytes(*hash.value())))
    }

    /// Why the adapter stopped, if it did.
    pub fn stopped(&self) -> Result<Option<String>, StateError> {
        self.meta("stopped")
    }

    /// Stops, or goes on.
    pub fn set_stopped(&self, reason: Option<&str>) -> Result<(), StateError> {
        self.set_meta("stopped", reason.as_ref(), Durability::Immediate)
    }

    /// Whether a person stopped all egress.
    pub fn is_frozen(&self) -> Result<bool, StateError> {
        Ok(self.meta("frozen")?.unwrap_or(false))
    }

    /// Remembers whether egress is stopped, also over a restart.
    pub fn set_frozen(&self, frozen: bool) -> Result<(), StateError> {
        self.set_meta("frozen", Some(&frozen), Durability::Immediate)
    }

    /// Whether what was last observed is what customers see.
    pub fn is_live(&self) -> Result<bool, StateError> {
        Ok(self.meta("live")?.unwrap_or(false))
    }

    /// Records whether what was observed is what customers see.
    pub fn set_live(&self, live: bool) -> Result<(), StateError> {
        self.set_meta("live", Some(&live), Durability::None)
    }

    /// The last boundary that was switched at.
    pub fn last_boundary(&self) -> Result<Option<Instant>, StateError> {
        self.meta("last_boundary")
    }

    /// The digest over all readings.
    pub fn shown(&self) -> Result<Digest, StateError> {
        Ok(self.meta("shown")?.unwrap_or(Digest::EMPTY))
    }

    /// How much is owed, shown, held.
    pub fn owed(&self) -> Result<Owed, StateError> {
        let txn = self.database.begin_read()?;
        Ok(Owed {
            dirty: txn.open_table(DIRTY)?.len()?,
            pending: txn.open_table(PENDING)?.len()?,
            unobserved: txn.open_table(UNOBSERVED)?.len()?,
            items: txn.open_table(CONTENT)?.len()?,
            held: txn.open_table(HELD)?.len()?,
            mismatches: txn.open_table(MISMATCHES)?.len()?,
        })
    }

    /// One item, reduced to the channel's views.
    pub fn item(&self, sku: &Sku) -> Result<Option<Item>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(ITEMS)?;
        match table.get(sku.as_str())? {
            Some(bytes) => Ok(Some(serde_json::from_slice(bytes.value())?)),
            None => Ok(None),
        }
    }

    /// The next boundary at which something changes.
    pub fn next_boundary(&self) -> Result<Option<Instant>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(BOUNDARIES)?;
        let first = table.first()?;
        Ok(first.map(|(key, _)| Instant::from_micros(key.value().0)))
    }

    /// Held items after a place, in order.
    pub fn held_items(
        &self,
        after: Option<(&View, &Sku)>,
        limit: usize,
    ) -> Result<Vec<HeldItem>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(HELD)?;
        let mut held = Vec::new();
        for entry in table.range::<(&str, &str)>(from(&key_of(after))..)? {
            let (key, reason) = entry?;
            let (view, sku) = parse_key(key.value())?;
            if after == Some((&view, &sku)) {
                continue;
            }
            if held.len() == limit {
                break;
            }
            held.push(HeldItem {
                reason: reason.value().to_owned(),
                sku,
                view,
            });
        }
        Ok(held)
    }

    /// The first differences found outside.
    pub fn mismatches(&self, limit: usize) -> Result<Vec<Mismatch>, StateError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(MISMATCHES)?;
        let mut found = Vec::new();
        for entry in table.iter()? {
            let (key, differences) = entry?;
            let (view, sku) = parse_key(key.value())?;
            let differences: Vec<offercast_contract::Difference> =
                serde_json::from_slice(differences.value())?;
            found.extend(differences.into_iter().map(|difference| Mismatch {
                difference,
                sku: sku.clone(),
                view: view.clone(),
            }));
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

fn read_digests(
    table: &impl ReadableTable<&'static str, &'static str>,
) -> Result<BTreeMap<View, Digest>, StateError> {
    let mut digests = BTreeMap::new();
    for entry in table.iter()? {
        let (view, digest) = entry?;
        let key = || StateError::Key(view.value().to_owned());
        let digest = digest.value().parse().map_err(|_| key())?;
        digests.insert(view.value().parse().map_err(|_| key())?, digest);
    }
    Ok(digests)
}

fn parse_sku(text: &str) -> Result<Sku, StateError> {
    Sku::parse(text).map_err(|_| StateError::Key(text.to_owned()))
}

fn parse_key((view, sku): (&str, &str)) -> Result<(View, Sku), StateError> {
    let view = view.parse().map_err(|_| StateError::Key(view.to_owned()))?;
    Ok((view, parse_sku(sku)?))
}

fn key_of(place: Option<(&View, &Sku)>) -> (String, String) {
    place.map_or_else(Default::default, |(view, sku)| {
        (view.to_string(), sku.as_str().to_owned())
    })
}

fn from(key: &(String, String)) -> (&str, &str) {
    (&key.0, &key.1)
}

fn durability(changed: usize) -> Durability {
    if changed < FLUSH_FROM {
        Durability::None
    } else {
        Durability::Immediate
    }
}
