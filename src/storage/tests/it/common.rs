use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use offercast_contract::{Audience, Horizon, Instant, MarketId, Sku, ZoneId};
use offercast_domain::revision::{Delta, Revision};
use offercast_domain::source::{Document, Place, PriceKey, PriceKind, PriceRow, Zone};
use offercast_storage::scratch::Scratch;
use offercast_storage::{Append, AppendError, Options, SourceRow, Store};

/// Makes each named function a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&crate::common::Database::sqlite());
            })*
        }

        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(database) = crate::common::Database::postgres() {
                    super::$name(&database);
                }
            })*
        }
    };
}

/// A migrated database for one test.
pub(crate) struct Database {
    pub(crate) scratch: Scratch,
    pub(crate) store: Store,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::migrated(Scratch::sqlite().unwrap())
    }

    /// None where no server is given, except in CI, where that is a failure.
    pub(crate) fn postgres() -> Option<Self> {
        empty_postgres().map(Self::migrated)
    }

    fn migrated(scratch: Scratch) -> Self {
        let store = open(&scratch);
        store.migrate().unwrap();
        Self { scratch, store }
    }

    /// Runs statements behind the store's back.
    pub(crate) fn execute(&self, statements: &str) -> diesel::QueryResult<()> {
        let url = self.scratch.url();
        match url.strip_prefix("sqlite:") {
            Some(path) => SqliteConnection::establish(path)
                .unwrap()
                .batch_execute(statements),
            None => PgConnection::establish(url)
                .unwrap()
                .batch_execute(statements),
        }
    }

    /// Appends on the current head.
    pub(crate) fn append(&self, delta: &Delta) -> Result<Revision, AppendError> {
        let status = self.store.head().unwrap();
        let header = status
            .head
            .next("tester", "because", delta, delta.content_root(), at(1));
        let appended = self.store.append(&Append {
            expected: &status.head,
            header: &header,
            delta,
            horizon: status.horizon,
            change_set: None,
            outcome: None,
        })?;
        Ok(appended.revision)
    }

    /// The rows current at a revision, in a fixed order.
    pub(crate) fn rows_at(&self, revision: u64) -> Vec<String> {
        let mut rows = Vec::new();
        self.store
            .load_rows_at(revision, &mut |row| rows.push(describe(&row)))
            .unwrap();
        rows.sort();
        rows
    }
}

pub(crate) fn empty_postgres() -> Option<Scratch> {
    let Ok(url) = std::env::var("OFFERCAST_TEST_POSTGRES_URL") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "OFFERCAST_TEST_POSTGRES_URL must be set in CI"
        );
        eprintln!("PostgreSQL was left out: OFFERCAST_TEST_POSTGRES_URL is not set");
        return None;
    };
    Some(Scratch::postgres(&url).unwrap())
}

pub(crate) fn open(scratch: &Scratch) -> Store {
    Store::open(scratch.url(), &Options::default()).unwrap()
}

pub(crate) fn describe(row: &SourceRow) -> String {
    match row {
        SourceRow::Document(document, _) => format!("{}={}", document.key().id, document.body()),
        SourceRow::Price(row, _) => {
            let zone = row.key.place.zone.as_ref().map_or("-", ZoneId::as_str);
            format!("{} {zone} {}", row.key.sku, row.amount_minor)
        }
    }
}

/// `seconds` after the epoch.
pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

pub(crate) fn horizon(number: i64) -> Horizon {
    Horizon(number)
}

pub(crate) fn market() -> MarketId {
    MarketId::parse("hr").unwrap()
}

pub(crate) fn zone(id: &str, name: &str) -> Document {
    Document::Zone(Zone {
        id: ZoneId::parse(id).unwrap(),
        market: market(),
        name: name.to_owned(),
        parent: None,
    })
}

pub(crate) fn price(sku: &str, zone: Option<&str>, amount_minor: i64) -> PriceRow {
    PriceRow {
        amount_minor,
        key: PriceKey {
            minimum_quantity: None,
            audience: Audience::everyone(),
            kind: PriceKind::Regular,
            place: Place {
                market: market(),
                zone: zone.map(|zone| ZoneId::parse(zone).unwrap()),
            },
            sku: Sku::parse(sku).unwrap(),
            valid_from: at(0),
        },
        valid_until: None,
    }
}

/// A delta that opens prices.
pub(crate) fn prices(rows: &[PriceRow]) -> Delta {
    Delta {
        opened_prices: rows.to_vec(),
        ..Delta::default()
    }
}

/// A delta that replaces one price by another.
pub(crate) fn replace(old: &PriceRow, new: &PriceRow) -> Delta {
    Delta {
        closed_prices: vec![old.key.clone()],
        opened_prices: vec![new.clone()],
        ..Delta::default()
    }
}
