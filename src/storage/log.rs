//! Reading the log: rows as of a revision, what a revision did, histories.

use diesel::prelude::*;
use offercast_contract::{Hash, MarketId, Sku};
use offercast_domain::change::ClosedRows;
use offercast_domain::revision::{Delta, Revision};
use offercast_domain::source::{Document, DocumentKey, PriceRow};

use crate::connection::AnyConnection;
use crate::head::read_head;
use crate::rows::{PriceParser, StoredDocument, StoredPrice, StoredRevision, document_key};
use crate::schema::{documents, prices, revisions};
use crate::store::{count, stored};
use crate::{HeadStatus, StorageError, Store};

/// A row of the source of truth, and the revision that opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "rows are handed on one by one and never kept; a box for each of millions would cost more"
)]
pub enum SourceRow {
    /// A document.
    Document(Document, u64),
    /// A price.
    Price(PriceRow, u64),
}

/// A version of a price, and when it was current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceVersion {
    /// The price.
    pub row: PriceRow,
    /// The revision that opened it.
    pub since_revision: u64,
    /// The revision that closed it; none for a current one.
    pub until_revision: Option<u64>,
}

/// A version of a document, and when it was current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// The document.
    pub document: Document,
    /// The revision that opened it.
    pub since_revision: u64,
    /// The revision that closed it; none for a current one.
    pub until_revision: Option<u64>,
}

/// The rows of a table that were current at a revision. Rows that are opened
/// or closed by later revisions while this is read do not change the answer.
macro_rules! current_at {
    ($table:ident, $row:ty, $revision:expr) => {
        $table::table
            .select((<$row>::as_select(), $table::since_revision))
            .filter($table::since_revision.le($revision))
            .filter(
                $table::until_revision
                    .is_null()
                    .or($table::until_revision.gt($revision)),
            )
    };
}

/// Hands the rows of a query to a closure as the database sends them, without
/// holding them all; the mode of loading differs between the backends.
macro_rules! stream {
    ($connection:expr, $query:expr, $each:expr) => {
        match $connection {
            AnyConnection::Sqlite(sqlite) => {
                for row in $query.load_iter::<_, diesel::connection::DefaultLoadingMode>(sqlite)? {
                    $each(row?)?;
                }
            }
            AnyConnection::Postgres(postgres) => {
                for row in $query.load_iter::<_, diesel::pg::PgRowByRowLoadingMode>(postgres)? {
                    $each(row?)?;
                }
            }
        }
    };
}

pub(crate) use stream;

impl Store {
    /// Hands over all rows that were current at a revision: documents, then
    /// prices, in no particular order. Memory stays flat.
    pub fn load_rows_at(
        &self,
        revision: u64,
        each: &mut dyn FnMut(SourceRow),
    ) -> Result<(), StorageError> {
        let revision = stored(revision);
        let mut parser = PriceParser::default();
        self.read_once(|connection| {
            let mut document = |(row, since): (StoredDocument, i64)| -> Result<(), StorageError> {
                each(SourceRow::Document(row.parse()?, count(since)));
                Ok(())
            };
            stream!(
                &mut *connection,
                current_at!(documents, StoredDocument, revision),
                document
            );
            let mut price = |(row, since): (StoredPrice, i64)| -> Result<(), StorageError> {
                each(SourceRow::Price(parser.parse(row)?, count(since)));
                Ok(())
            };
            stream!(
                &mut *connection,
                current_at!(prices, StoredPrice, revision),
                price
            );
            Ok(())
        })
    }

    /// A revision.
    pub fn revision(&self, number: u64) -> Result<Option<Revision>, StorageError> {
        self.read(|connection| revision(connection, number))
    }

    /// The head, and the hash of a revision.
    pub fn head_and_hash(&self, number: u64) -> Result<(HeadStatus, Option<Hash>), StorageError> {
        self.read(|connection| {
            let revision = revision(connection, number)?;
            let hash = revision.map(|revision| revision.hash);
            Ok((read_head(connection)?, hash))
        })
    }

    /// A revision and what it did.
    pub fn delta(&self, number: u64) -> Result<Option<(Revision, Delta)>, StorageError> {
        self.read(|connection| {
            let Some(revision) = revision(connection, number)? else {
                return Ok(None);
            };
            let opened_documents = opened_documents(connection, number)?;
            let delta = Delta {
                closed_documents: closed_documents(connection, number)?,
                closed_prices: closed_prices(connection, number)?,
                opened_documents: opened_documents
                    .iter()
                    .map(StoredDocument::parse)
                    .collect::<Result<_, _>>()?,
                opened_prices: opened_prices(connection, number)?,
            };
            Ok(Some((revision, delta)))
        })
    }

    /// The versions that a revision closed, as they were.
    pub fn closed_rows(&self, number: u64) -> Result<ClosedRows, StorageError> {
        self.read(|connection| {
            let mut parser = PriceParser::default();
            let documents: Vec<StoredDocument> = documents::table
                .select(StoredDocument::as_select())
                .filter(documents::until_revision.eq(stored(number)))
                .load(connection)?;
            let prices: Vec<StoredPrice> = prices::table
                .select(StoredPrice::as_select())
                .filter(prices::until_revision.eq(stored(number)))
                .load(connection)?;
            Ok(ClosedRows {
                documents: documents
                    .iter()
                    .map(StoredDocument::parse)
                    .collect::<Result<_, _>>()?,
                prices: prices
                    .into_iter()
                    .map(|row| parser.parse(row))
                    .collect::<Result<_, _>>()?,
            })
        })
    }

    /// The last `limit` revisions, or the last ones before a number; newest
    /// first.
    pub fn revisions(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Revision>, StorageError> {
        self.read(|connection| {
            revisions::table
                .select(StoredRevision::as_select())
                .filter(revisions::number.lt(before.map_or(i64::MAX, stored)))
                .order(revisions::number.desc())
                .limit(i64::from(limit))
                .load(connection)?
                .into_iter()
                .map(Revision::try_from)
                .collect()
        })
    }

    /// All versions of all prices of a SKU in a market, in the order in which
    /// they were opened.
    pub fn price_history(
        &self,
        market: &MarketId,
        sku: &Sku,
    ) -> Result<Vec<PriceVersion>, StorageError> {
        let mut parser = PriceParser::default();
        let rows: Vec<(StoredPrice, i64, Option<i64>)> = self.read(|connection| {
            // Two queries, one for each of the two partial indexes.
            let versions = || {
                prices::table
                    .select((
                        StoredPrice::as_select(),
                        prices::since_revision,
                        prices::until_revision,
                    ))
                    .filter(prices::sku.eq(sku.as_str()))
                    .filter(prices::market.eq(market.as_str()))
            };
            let mut rows = versions()
                .filter(prices::until_revision.is_not_null())
                .load(connection)?;
            rows.extend(
                versions()
                    .filter(prices::until_revision.is_null())
                    .load(connection)?,
            );
            Ok(rows)
        })?;
        let mut history = rows
            .into_iter()
            .map(|(row, since, until)| {
                Ok(PriceVersion {
                    row: parser.parse(row)?,
                    since_revision: count(since),
                    until_revision: until.map(count),
                })
            })
            .collect::<Result<Vec<_>, StorageError>>()?;
        history.sort_by(|a, b| (a.since_revision, &a.row).cmp(&(b.since_revision, &b.row)));
        Ok(history)
    }

    /// All versions of a document, the oldest first.
    pub fn document_history(
        &self,
        key: &DocumentKey,
    ) -> Result<Vec<DocumentVersion>, StorageError> {
        let rows: Vec<(StoredDocument, i64, Option<i64>)> = self.read(|connection| {
            let versions = || {
                documents::table
                    .select((
                        StoredDocument::as_select(),
                        documents::since_revision,
                        documents::until_revision,
                    ))
                    .filter(documents::kind.eq(key.kind.as_str()))
                    .filter(documents::id.eq(&key.id))
            };
            let mut rows = versions()
                .filter(documents::until_revision.is_not_null())
                .order(documents::until_revision)
                .load(connection)?;
            rows.extend(
                versions()
                    .filter(documents::until_revision.is_null())
                    .load(connection)?,
            );
            Ok(rows)
        })?;
        rows.into_iter()
            .map(|(row, since, until)| {
                Ok(DocumentVersion {
                    document: row.parse()?,
                    since_revision: count(since),
                    until_revision: until.map(count),
                })
            })
            .collect()
    }
}

pub(crate) fn revision(
    connection: &mut AnyConnection,
    number: u64,
) -> Result<Option<Revision>, StorageError> {
    revisions::table
        .find(stored(number))
        .select(StoredRevision::as_select())
        .first(connection)
        .optional()?
        .map(Revision::try_from)
        .transpose()
}

/// Documents that a revision opened, as their text is stored.
pub(crate) fn opened_documents(
    connection: &mut AnyConnection,
    number: u64,
) -> Result<Vec<StoredDocument>, StorageError> {
    Ok(documents::table
        .select(StoredDocument::as_select())
        .filter(documents::since_revision.eq(stored(number)))
        .load(connection)?)
}

/// Prices that a revision opened.
pub(crate) fn opened_prices(
    connection: &mut AnyConnection,
    number: u64,
) -> Result<Vec<PriceRow>, StorageError> {
    let mut parser = PriceParser::default();
    prices::table
        .select(StoredPrice::as_select())
        .filter(prices::since_revision.eq(stored(number)))
        .load(connection)?
        .into_iter()
        .map(|row| parser.parse(row))
        .collect()
}

/// Keys of the documents that a revision closed.
pub(crate) fn closed_documents(
    connection: &mut AnyConnection,
    number: u64,
) -> Result<Vec<DocumentKey>, StorageError> {
    let rows: Vec<(String, String)> = documents::table
        .select((documents::kind, documents::id))
        .filter(documents::until_revision.eq(stored(number)))
        .load(connection)?;
    rows.into_iter()
        .map(|(kind, id)| document_key(&kind, id))
        .collect()
}

/// Keys of the prices that a revision closed.
pub(crate) fn closed_prices(
    connection: &mut AnyConnection,
    number: u64,
) -> Result<Vec<offercast_domain::source::PriceKey>, StorageError> {
    let mut parser = PriceParser::default();
    prices::table
        .select(StoredPrice::as_select())
        .filter(prices::until_revision.eq(stored(number)))
        .load(connection)?
        .into_iter()
        .map(|row| parser.parse(row).map(|row| row.key))
        .collect()
}
