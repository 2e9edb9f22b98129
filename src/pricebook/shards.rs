//! Entries by SKU, in pages that a new snapshot shares with the old one.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use offercast_contract::Sku;

use crate::entry::Entry;

/// Pages in a folder, and folders. A change copies one page, which holds a
/// 16,384th of the entries, its folder, and the list of folders: a few hundred
/// references for a million SKUs.
const FAN_OUT: usize = 128;

type Page = HashTable<Arc<Entry>>;
type Folder = Vec<Arc<Page>>;

#[derive(Clone)]
pub(crate) struct Shards {
    folders: Arc<Vec<Arc<Folder>>>,
    hasher: DefaultHashBuilder,
}

impl Shards {
    pub(crate) fn new() -> Self {
        let page = Arc::new(Page::new());
        let folder = Arc::new(vec![page; FAN_OUT]);
        Self {
            folders: Arc::new(vec![folder; FAN_OUT]),
            hasher: DefaultHashBuilder::default(),
        }
    }

    fn hash(&self, sku: &str) -> u64 {
        self.hasher.hash_one(sku)
    }

    /// The folder and the page in it.
    fn place(hash: u64) -> (usize, usize) {
        // The table itself uses the lowest and the highest bits.
        let middle = (hash >> 32) as usize;
        (middle % FAN_OUT, middle / FAN_OUT % FAN_OUT)
    }

    pub(crate) fn get(&self, sku: &Sku) -> Option<&Arc<Entry>> {
        let hash = self.hash(sku.as_str());
        let (folder, page) = Self::place(hash);
        let page = self.folders.get(folder)?.get(page)?;
        page.find(hash, |entry| entry.sku == *sku)
    }

    /// Replaces the entry of its SKU; an empty one is taken out. Answers what
    /// was there.
    pub(crate) fn put(&mut self, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        let hash = self.hash(entry.sku.as_str());
        let hasher = self.hasher.clone();
        let (folder, page) = Self::place(hash);
        let folder = Arc::make_mut(&mut self.folders).get_mut(folder)?;
        let page = Arc::make_mut(Arc::make_mut(folder).get_mut(page)?);
        let old = match page.find_entry(hash, |held| held.sku == entry.sku) {
            Ok(held) => Some(held.remove().0),
            Err(_) => None,
        };
        if !entry.is_empty() {
            page.insert_unique(hash, entry, |held| hasher.hash_one(held.sku.as_str()));
        }
        old
    }
}
