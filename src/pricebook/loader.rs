use std::sync::Arc;

use hashbrown::HashMap;
use offercast_contract::{OfferId, Sku};
use offercast_domain::revision::Head;
use offercast_domain::source::{Document, Offer, PriceRow};

use crate::Book;
use crate::entry::{Entry, Row, Stored};
use crate::index::Index;

/// Builds a book from all current rows, in any order: the start of a server.
#[derive(Default)]
pub struct Loader {
    book: Book,
    entries: HashMap<Sku, (Option<Stored>, Vec<Row>)>,
    offers: Vec<(OfferId, Option<Offer>)>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader")
            .field("skus", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a current document.
    pub fn push_document(&mut self, document: &Document) {
        if let Document::Product(product) = document {
            let stored = Stored::new(product, &mut self.book.dictionary);
            self.entries.entry(product.sku.clone()).or_default().0 = Some(stored);
        } else {
            self.book.open_document(document, &mut self.offers);
        }
    }

    /// Adds a current price row.
    pub fn push_price(&mut self, row: &PriceRow) {
        let stored = Row::new(row, &mut self.book.dictionary);
        match self.entries.get_mut(&row.key.sku) {
            Some((_, rows)) => rows.push(stored),
            None => {
                self.entries
                    .insert(row.key.sku.clone(), (None, vec![stored]));
            }
        }
    }

    /// The book, at the revision whose current rows were added.
    #[must_use]
    pub fn finish(self, head: Head) -> Book {
        let mut book = self.book.with_head(head);
        Arc::make_mut(&mut book.offers).replace(self.offers, Vec::new(), &book.markets);
        let mut entries: Vec<Arc<Entry>> = self
            .entries
            .into_iter()
            .map(|(sku, (product, rows))| {
                Arc::new(Entry {
                    product,
                    rows: rows.into_boxed_slice(),
                    sku,
                })
            })
            .collect();
        entries.sort_unstable_by(|a, b| a.sku.cmp(&b.sku));
        book.index = Index::build(entries.iter().map(Arc::as_ref), &book.dictionary);
        for entry in entries {
            book.shards.put(entry);
        }
        book
    }
}
