//! A price book out of the log.

use offercast_domain::revision::Head;
use offercast_pricebook::{Book, Loader};
use offercast_storage::{PastRow, SourceRow, StorageError, Store};

/// The book of the rows that were current at the revision of `head`. Takes
/// time in proportion to the catalogue.
pub fn load(store: &Store, head: Head) -> Result<Book, StorageError> {
    let mut loader = Loader::new();
    store.load_past_at(head.number, &mut |row| match row {
        PastRow::Market { id, recorded_at } => loader.note_market(&id, recorded_at),
        PastRow::Offer {
            offer,
            since_revision,
            until_revision,
        } => loader.push_closed_offer(*offer, since_revision, until_revision),
        PastRow::Price {
            row,
            since_revision,
            until_revision,
        } => loader.push_closed_price(&row, since_revision, until_revision),
        PastRow::Revision {
            number,
            recorded_at,
        } => loader.note_revision(number, recorded_at),
    })?;
    store.load_rows_at(head.number, &mut |row| match row {
        SourceRow::Document(document, since) => loader.push_document(&document, since),
        SourceRow::Price(price, since) => loader.push_price(&price, since),
    })?;
    Ok(loader.finish(head))
}
