//! A big import is near the speed of the database's own bulk load.

use std::time::Instant as Stopwatch;

use diesel::pg::CopyFormat;
use diesel::{Connection, ExecuteCopyFromDsl, PgConnection};
use offercast_domain::revision::Delta;
use offercast_storage::Append;

use crate::common::{Database, at, price, zone};

diesel::table! {
    documents (kind, id) {
        kind -> Text,
        id -> Text,
        body -> Text,
        since_revision -> BigInt,
        until_revision -> Nullable<BigInt>,
    }
}

diesel::table! {
    prices (sku) {
        sku -> Text,
        market -> Text,
        zone -> Text,
        audience -> Text,
        kind -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        amount_minor -> BigInt,
        since_revision -> BigInt,
        until_revision -> Nullable<BigInt>,
    }
}

/// As many rows as a real price list of four stores gives.
fn big() -> Delta {
    let stores = ["0204", "0205", "0206", "0207"];
    let store = |n: i64| usize::try_from(n % 4).unwrap();
    Delta {
        opened_documents: (0..13_438)
            .map(|n| zone(&format!("z{n}"), &"x".repeat(500)))
            .collect(),
        opened_prices: (0..73_000)
            .map(|n| {
                let sku = format!("{:08}", (n / 4) * 7_919 % 99_999_989);
                price(&sku, Some(stores[store(n)]), n + 1)
            })
            .collect(),
        ..Delta::default()
    }
}

/// The rows that appending it gives, in PostgreSQL's text format.
fn as_text(delta: &Delta) -> (String, String) {
    let documents = delta.opened_documents.iter().map(|document| {
        let key = document.key();
        format!("{}\t{}\t{}\t1\t\\N\n", key.kind, key.id, document.body())
    });
    let prices = delta.opened_prices.iter().map(|row| {
        let (key, zone) = (&row.key, row.key.place.zone.as_ref().unwrap());
        format!(
            "{}\t{}\t{zone}\t{}\t{}\t{}\t\\N\t{}\t1\t\\N\n",
            key.sku,
            key.place.market,
            key.audience,
            key.kind,
            key.valid_from.micros(),
            row.amount_minor
        )
    });
    (documents.collect(), prices.collect())
}

macro_rules! copy_in {
    ($table:ident, $connection:expr, $bytes:expr) => {
        diesel::copy_from($table::table)
            .from_raw_data($table::table, |copy| {
                copy.write_all($bytes.as_bytes()).unwrap();
                diesel::QueryResult::Ok(())
            })
            .with_format(CopyFormat::Text)
            .execute($connection)?
    };
}

#[test]
#[ignore = "a measurement: run it by name, on an optimised build and a quiet machine"]
fn an_import_against_plain_copy() {
    let (Some(database), Some(plain)) = (Database::postgres(), Database::postgres()) else {
        return;
    };
    let delta = big();
    let status = database.store.head().unwrap();
    let header = status
        .head
        .next("me", "import", &delta, delta.content_root(), at(1));
    let append = Append {
        expected: &status.head,
        header: &header,
        delta: &delta,
        horizon: status.horizon,
        change_set: None,
        outcome: None,
    };
    let start = Stopwatch::now();
    database.store.append(&append).unwrap();
    let append = start.elapsed();

    let (documents, prices) = as_text(&delta);
    let mut into = PgConnection::establish(plain.scratch.url()).unwrap();
    let start = Stopwatch::now();
    let rows = into
        .transaction(|connection| {
            let documents = copy_in!(documents, connection, &documents);
            let prices = copy_in!(prices, connection, &prices);
            diesel::QueryResult::Ok(documents + prices)
        })
        .unwrap();
    let copy = start.elapsed();
    assert_eq!(rows, 86_438);
    let ratio = copy.as_secs_f64() / append.as_secs_f64();
    eprintln!("append {append:?}, plain COPY {copy:?}, ratio {ratio:.2}");
    assert!(ratio >= 0.3);
}

fn time(work: impl FnOnce()) -> std::time::Duration {
    let start = Stopwatch::now();
    work();
    start.elapsed()
}

fn every_price_anew(database: &Database) {
    let open = big();
    let next = Delta {
        closed_prices: open
            .opened_prices
            .iter()
            .map(|row| row.key.clone())
            .collect(),
        opened_prices: open.opened_prices.clone(),
        ..Delta::default()
    };
    let first = time(|| drop(database.append(&open).unwrap()));
    let second = time(|| drop(database.append(&next).unwrap()));
    let mut rows = 0;
    let load = time(|| database.store.load_rows_at(2, &mut |_| rows += 1).unwrap());
    let verify = time(|| {
        let found = database.store.verify_log(&mut |_, _| ()).unwrap();
        assert_eq!(found.fault, None);
    });
    let backend = database.store.backend();
    eprintln!(
        "{backend:?}: open {first:?}, replace all {second:?}, load {load:?}, verify {verify:?}"
    );
    assert_eq!(rows, 86_438);
}

#[test]
#[ignore = "a measurement: run it by name, on an optimised build and a quiet machine"]
fn replacing_and_reading_all_prices() {
    every_price_anew(&Database::sqlite());
    if let Some(database) = Database::postgres() {
        every_price_anew(&database);
    }
}
