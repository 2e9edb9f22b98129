//! Writing many rows at once; the statements that differ between backends.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{PgConnection, SqliteConnection};
use offercast_domain::revision::Delta;
use offercast_domain::source::{DocumentKey, PriceKey};

use crate::connection::AnyConnection;
use crate::rows::{NewDocument, NewPrice, quantity_number, zone_text};
use crate::schema::{documents, prices};
use crate::store::stored;
use crate::{AppendError, StorageError, copy};

/// Rows of one multi-row statement: beyond this SQLite gains nothing, and
/// PostgreSQL is faster by COPY.
const BATCH_ROWS: usize = 500;

/// Keys of one closing statement on PostgreSQL, which travel as arrays.
const BATCH_KEYS: usize = 10_000;

/// Closes and opens the rows of a revision. Closing comes first: a row that is
/// replaced must make place for its successor.
pub(crate) fn write(
    connection: &mut AnyConnection,
    delta: &Delta,
    revision: u64,
) -> Result<(), AppendError> {
    close_documents(connection, &delta.closed_documents, revision)?;
    close_prices(connection, &delta.closed_prices, revision)?;
    open_documents(connection, delta, revision).map_err(|error| opened(error, "document"))?;
    open_prices(connection, delta, revision).map_err(|error| opened(error, "price"))
}

/// The indexes of current rows refuse a second current version.
fn opened(error: diesel::result::Error, what: &str) -> AppendError {
    match StorageError::from(error) {
        StorageError::Conflict(message) => AppendError::Row(format!(
            "a {what} to be opened has a current version ({message})"
        )),
        error => AppendError::Storage(error),
    }
}

fn open_documents(connection: &mut AnyConnection, delta: &Delta, revision: u64) -> QueryResult<()> {
    let new = |document| NewDocument::new(document, revision);
    if delta.opened_documents.len() > BATCH_ROWS
        && let AnyConnection::Postgres(postgres) = connection
    {
        return copy::documents(postgres, delta, revision);
    }
    for chunk in delta.opened_documents.chunks(BATCH_ROWS) {
        let rows: Vec<_> = chunk.iter().map(new).collect();
        let insert = diesel::insert_into(documents::table).values(&rows);
        match connection {
            AnyConnection::Sqlite(sqlite) => insert.execute(sqlite)?,
            AnyConnection::Postgres(postgres) => insert.execute(postgres)?,
        };
    }
    Ok(())
}

fn open_prices(connection: &mut AnyConnection, delta: &Delta, revision: u64) -> QueryResult<()> {
    let new = |row| NewPrice::new(row, revision);
    if delta.opened_prices.len() > BATCH_ROWS
        && let AnyConnection::Postgres(postgres) = connection
    {
        return copy::prices(postgres, delta, revision);
    }
    for chunk in delta.opened_prices.chunks(BATCH_ROWS) {
        let rows: Vec<_> = chunk.iter().map(new).collect();
        let insert = diesel::insert_into(prices::table).values(&rows);
        match connection {
            AnyConnection::Sqlite(sqlite) => insert.execute(sqlite)?,
            AnyConnection::Postgres(postgres) => insert.execute(postgres)?,
        };
    }
    Ok(())
}

fn close_documents(
    connection: &mut AnyConnection,
    keys: &[DocumentKey],
    revision: u64,
) -> Result<(), AppendError> {
    for chunk in keys.chunks(BATCH_KEYS) {
        let closed = match connection {
            AnyConnection::Sqlite(sqlite) => close_documents_sqlite(sqlite, chunk, revision)?,
            AnyConnection::Postgres(postgres) => {
                close_documents_postgres(postgres, chunk, revision)?
            }
        };
        all_closed("document", chunk.len(), closed)?;
    }
    Ok(())
}

fn close_prices(
    connection: &mut AnyConnection,
    keys: &[PriceKey],
    revision: u64,
) -> Result<(), AppendError> {
    for chunk in keys.chunks(BATCH_KEYS) {
        let closed = match connection {
            AnyConnection::Sqlite(sqlite) => close_prices_sqlite(sqlite, chunk, revision)?,
            AnyConnection::Postgres(postgres) => close_prices_postgres(postgres, chunk, revision)?,
        };
        all_closed("price", chunk.len(), closed)?;
    }
    Ok(())
}

/// Compare-and-set: what was not current was not closed.
fn all_closed(what: &str, asked: usize, closed: usize) -> Result<(), AppendError> {
    if asked == closed {
        return Ok(());
    }
    Err(AppendError::Row(format!(
        "{} of {asked} {what}s to be closed are not current",
        asked.abs_diff(closed)
    )))
}

fn close_documents_sqlite(
    sqlite: &mut SqliteConnection,
    keys: &[DocumentKey],
    revision: u64,
) -> QueryResult<usize> {
    let mut closed = 0;
    for key in keys {
        closed += diesel::update(documents::table)
            .filter(documents::kind.eq(key.kind.as_str()))
            .filter(documents::id.eq(&key.id))
            .filter(documents::until_revision.is_null())
            .set(documents::until_revision.eq(stored(revision)))
            .execute(sqlite)?;
    }
    Ok(closed)
}

fn close_prices_sqlite(
    sqlite: &mut SqliteConnection,
    keys: &[PriceKey],
    revision: u64,
) -> QueryResult<usize> {
    // One prepared statement, many times: in this process a statement costs
    // microseconds.
    let mut closed = 0;
    for key in keys {
        closed += diesel::update(prices::table)
            .filter(prices::sku.eq(key.sku.as_str()))
            .filter(prices::market.eq(key.place.market.as_str()))
            .filter(prices::zone.eq(zone_text(&key.place)))
            .filter(prices::audience.eq(key.audience.as_str()))
            .filter(prices::kind.eq(key.kind.as_str()))
            .filter(prices::minimum_quantity.eq(quantity_number(key.minimum_quantity)))
            .filter(prices::valid_from.eq(key.valid_from.micros()))
            .filter(prices::until_revision.is_null())
            .set(prices::until_revision.eq(stored(revision)))
            .execute(sqlite)?;
    }
    Ok(closed)
}

fn close_documents_postgres(
    postgres: &mut PgConnection,
    keys: &[DocumentKey],
    revision: u64,
) -> QueryResult<usize> {
    let kinds: Vec<&str> = keys.iter().map(|key| key.kind.as_str()).collect();
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    diesel::sql_query(
        "UPDATE documents AS d SET until_revision = $1 \
         FROM unnest($2::text[], $3::text[]) AS k (kind, id) \
         WHERE d.kind = k.kind AND d.id = k.id AND d.until_revision IS NULL",
    )
    .bind::<BigInt, _>(stored(revision))
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Text>, _>(ids)
    .execute(postgres)
}

fn close_prices_postgres(
    postgres: &mut PgConnection,
    keys: &[PriceKey],
    revision: u64,
) -> QueryResult<usize> {
    let texts = |text: fn(&PriceKey) -> &str| -> Vec<&str> { keys.iter().map(text).collect() };
    let quantities: Vec<i64> = keys
        .iter()
        .map(|key| quantity_number(key.minimum_quantity))
        .collect();
    let starts: Vec<i64> = keys.iter().map(|key| key.valid_from.micros()).collect();
    diesel::sql_query(
        "UPDATE prices AS p SET until_revision = $1 \
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[]) \
         AS k (sku, market, zone, audience, kind, minimum_quantity, valid_from) \
         WHERE p.sku = k.sku AND p.market = k.market AND p.zone = k.zone \
         AND p.audience = k.audience AND p.kind = k.kind AND p.minimum_quantity = k.minimum_quantity \
         AND p.valid_from = k.valid_from \
         AND p.until_revision IS NULL",
    )
    .bind::<BigInt, _>(stored(revision))
    .bind::<Array<Text>, _>(texts(|key| key.sku.as_str()))
    .bind::<Array<Text>, _>(texts(|key| key.place.market.as_str()))
    .bind::<Array<Text>, _>(texts(|key| zone_text(&key.place)))
    .bind::<Array<Text>, _>(texts(|key| key.audience.as_str()))
    .bind::<Array<Text>, _>(texts(|key| key.kind.as_str()))
    .bind::<Array<BigInt>, _>(quantities)
    .bind::<Array<BigInt>, _>(starts)
    .execute(postgres)
}
