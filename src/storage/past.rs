//! Reading the past that the ledger of effective prices needs.

use diesel::dsl::min;
use diesel::prelude::*;
use offercast_contract::{Instant, MarketId};
use offercast_domain::resolve::ledger;
use offercast_domain::source::{Document, DocumentKind, Offer, PriceKind, PriceRow};

use crate::connection::AnyConnection;
use crate::log::{revision, stream};
use crate::rows::{PriceParser, StoredDocument, StoredPrice};
use crate::schema::{documents, prices, revisions};
use crate::store::{count, instant, stored};
use crate::{StorageError, Store};

/// Something of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastRow {
    /// When a market was declared first, current or not.
    Market {
        /// Which one.
        id: MarketId,
        /// When.
        recorded_at: Instant,
    },
    /// An offer that was replaced or ended.
    Offer {
        /// The offer.
        offer: Box<Offer>,
        /// The revision that opened it.
        since_revision: u64,
        /// The revision that closed it.
        until_revision: u64,
    },
    /// A price that was replaced or ended.
    Price {
        /// The price.
        row: PriceRow,
        /// The revision that opened it.
        since_revision: u64,
        /// The revision that closed it.
        until_revision: u64,
    },
    /// When a revision was recorded.
    Revision {
        /// Its number.
        number: u64,
        /// When.
        recorded_at: Instant,
    },
}

impl Store {
    /// Hands over what the ledger of a book at a revision needs: when revisions
    /// were recorded, before anything else, when markets were declared first,
    /// and the offers and prices that were closed since [`ledger::floor`].
    /// Takes time in proportion to them. Later revisions change nothing.
    pub fn load_past_at(
        &self,
        number: u64,
        each: &mut dyn FnMut(PastRow),
    ) -> Result<(), StorageError> {
        self.read_once(|connection| {
            let Some(head) = revision(connection, number)? else {
                return Ok(());
            };
            let floor = ledger::floor(head.header.recorded_at).micros();
            let at = stored(number);
            let times = revisions::table
                .select((revisions::number, revisions::recorded_at))
                .filter(revisions::number.le(at))
                .filter(revisions::recorded_at.gt(floor));
            let mut time = |(number, recorded_at): (i64, i64)| -> Result<(), StorageError> {
                each(PastRow::Revision {
                    number: count(number),
                    recorded_at: instant(recorded_at),
                });
                Ok(())
            };
            stream!(&mut *connection, times, time);
            markets(connection, at, each)?;
            // The last revision that lies before the ledger. Times rise with
            // the numbers, so the search ends at it.
            let before: Option<i64> = revisions::table
                .select(revisions::number)
                .filter(revisions::number.le(at))
                .filter(revisions::recorded_at.le(floor))
                .order(revisions::number.desc())
                .first(connection)
                .optional()?;
            closed(connection, (before.unwrap_or(0), at), each)
        })
    }
}

fn markets(
    connection: &mut AnyConnection,
    at: i64,
    each: &mut dyn FnMut(PastRow),
) -> Result<(), StorageError> {
    let first: Vec<(String, Option<i64>)> = documents::table
        .group_by(documents::id)
        .select((documents::id, min(documents::since_revision)))
        .filter(documents::kind.eq(DocumentKind::Market.as_str()))
        .filter(documents::since_revision.le(at))
        .load(connection)?;
    for (id, since) in first {
        let found = since.map(|since| revision(connection, count(since)));
        let Some(opened) = found.transpose()?.flatten() else {
            continue;
        };
        let id = MarketId::parse(&id).map_err(|error| StorageError::corrupt("market", error))?;
        each(PastRow::Market {
            id,
            recorded_at: opened.header.recorded_at,
        });
    }
    Ok(())
}

/// The rows of a table that were closed in `(before, at]`.
macro_rules! closed_in {
    ($table:ident, $row:ty, $before:expr, $at:expr) => {
        $table::table
            .select((
                <$row>::as_select(),
                $table::since_revision,
                $table::until_revision.assume_not_null(),
            ))
            .filter($table::until_revision.gt($before))
            .filter($table::until_revision.le($at))
    };
}

/// The offers and the paid prices that were closed in `(before, at]`.
fn closed(
    connection: &mut AnyConnection,
    (before, at): (i64, i64),
    each: &mut dyn FnMut(PastRow),
) -> Result<(), StorageError> {
    let mut offer = |(row, since, until): (StoredDocument, i64, i64)| -> Result<(), StorageError> {
        if let Document::Offer(offer) = row.parse()? {
            each(PastRow::Offer {
                offer: Box::new(offer),
                since_revision: count(since),
                until_revision: count(until),
            });
        }
        Ok(())
    };
    let kind = DocumentKind::Offer.as_str();
    stream!(
        &mut *connection,
        closed_in!(documents, StoredDocument, before, at).filter(documents::kind.eq(kind)),
        offer
    );
    let kinds: Vec<&'static str> = PriceKind::ALL
        .into_iter()
        .filter(|kind| ledger::is_kept(*kind))
        .map(PriceKind::as_str)
        .collect();
    let mut parser = PriceParser::default();
    let mut price = |(row, since, until): (StoredPrice, i64, i64)| -> Result<(), StorageError> {
        each(PastRow::Price {
            row: parser.parse(row)?,
            since_revision: count(since),
            until_revision: count(until),
        });
        Ok(())
    };
    stream!(
        &mut *connection,
        closed_in!(prices, StoredPrice, before, at).filter(prices::kind.eq_any(&kinds)),
        price
    );
    Ok(())
}
