use std::time::{Duration, Instant as Stopwatch};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use offercast_storage::{AppendError, Backend, Options, StorageError, Store};

use crate::common::{Database, price, prices};

on_both!(answers_a_ping);

fn answers_a_ping(database: &Database) {
    database.store.ping().unwrap();
    let sqlite = database.scratch.folder().is_some();
    let backend = if sqlite {
        Backend::Sqlite
    } else {
        Backend::Postgres
    };
    assert_eq!(database.store.backend(), backend);
}

fn refusal(url: &str) -> StorageError {
    let options = Options {
        wait_ms: 200,
        ..Options::default()
    };
    Store::open(url, &options).err().expect("refused")
}

#[test]
fn addresses_that_lead_nowhere_say_so_without_the_password() {
    for url in [
        "mysql://me:geheim@127.0.0.1/x",
        "postgres://me:geheim@127.0.0.1:1/x",
        "postgres://me:geheim@127.0.0.1:port/x",
        "postgresql://me:geheim@127.0.0.1:1/x?sslmode=nonsense",
        "sqlite:/nowhere/at/all.db",
    ] {
        let message = refusal(url).to_string();
        assert!(
            !message.contains("geheim") && !message.contains('\n'),
            "{message}"
        );
        assert!(message.len() > 20, "{message}");
    }
    assert!(refusal("postgres://me:geheim@127.0.0.1:1/x").is_unavailable());
    assert!(matches!(refusal("oracle:x"), StorageError::Address(_)));
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

const WAITING: &str = "SELECT pid FROM pg_stat_activity \
    WHERE datname = current_database() AND wait_event_type = 'Lock'";
const OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// The session that waits for a lock.
fn waiting(connection: &mut PgConnection) -> i32 {
    let start = Stopwatch::now();
    loop {
        let rows: Vec<Waiting> = sql_query(WAITING).load(connection).unwrap();
        if let [only] = rows.as_slice() {
            return only.pid;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "nobody waits");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_lost_connection_is_told_and_replaced() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let delta = prices(&[price("a", None, 1)]);
    let mut other = PgConnection::establish(database.scratch.url()).unwrap();
    other
        .batch_execute("BEGIN; SELECT * FROM heads FOR UPDATE")
        .unwrap();
    let lost = std::thread::scope(|scope| {
        let writer = scope.spawn(|| database.append(&delta));
        let pid = waiting(&mut other);
        other
            .batch_execute(&format!("SELECT pg_terminate_backend({pid})"))
            .unwrap();
        writer.join().unwrap()
    });
    assert!(
        matches!(&lost, Err(AppendError::Storage(error)) if error.is_unavailable()),
        "{lost:?}"
    );
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(database.store.head().unwrap().head.number, 0);
    assert_eq!(database.append(&delta).unwrap().header.number, 1);

    // Connections that were lost while idle are replaced unnoticed.
    other.batch_execute(OTHERS).unwrap();
    database.store.ping().unwrap();
    assert_eq!(database.rows_at(1).len(), 1);
    other.batch_execute(OTHERS).unwrap();
    assert_eq!(database.store.head().unwrap().head.number, 1);
    other.batch_execute(OTHERS).unwrap();
    database
        .store
        .freeze("written on a new connection")
        .unwrap();
}

#[test]
fn a_database_that_stays_locked_is_unavailable() {
    let database = Database::sqlite();
    let options = Options {
        wait_ms: 100,
        ..Options::default()
    };
    let store = Store::open(database.scratch.url(), &options).unwrap();
    let path = database.scratch.url().trim_start_matches("sqlite:");
    let mut other = SqliteConnection::establish(path).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let locked = store.freeze("x").unwrap_err();
    assert!(locked.is_unavailable(), "{locked}");
    // Readers do not wait for a writer.
    assert_eq!(store.head().unwrap().frozen, None);
    other.batch_execute("ROLLBACK").unwrap();
    store.freeze("x").unwrap();
    assert_eq!(store.head().unwrap().frozen.as_deref(), Some("x"));
}
