//! Marks of what changed when, so that a rendered body can be trusted or not
//! without looking at the body's inputs.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use offercast_contract::Sku;

const SLOTS: usize = 1 << 16;

/// The newest revision that may have changed a SKU, in hashed slots: two SKUs
/// may share one, which costs a needless rendering and never a stale one.
pub(crate) struct Touched {
    hasher: hashbrown::DefaultHashBuilder,
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
}

impl Default for Touched {
    fn default() -> Self {
        Self {
            hasher: hashbrown::DefaultHashBuilder::default(),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
        }
    }
}

impl Touched {
    fn slot(&self, sku: &str) -> &AtomicU64 {
        let index = self.hasher.hash_one(sku) as usize % SLOTS;
        &self.slots[index]
    }

    /// The newest mark of a SKU.
    pub(crate) fn of(&self, sku: &str) -> u64 {
        let own = self.slot(sku).load(Ordering::Acquire);
        own.max(self.all.load(Ordering::Acquire))
    }

    /// Marks SKUs as changed by a step of the engine.
    pub(crate) fn mark<'a>(&self, step: u64, skus: impl IntoIterator<Item = &'a Sku>) {
        for sku in skus {
            self.slot(sku.as_str()).fetch_max(step, Ordering::Release);
        }
    }

    /// Marks everything as changed.
    pub(crate) fn mark_all(&self, step: u64) {
        self.all.fetch_max(step, Ordering::Release);
    }
}
