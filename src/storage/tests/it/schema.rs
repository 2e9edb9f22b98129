use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use offercast_domain::revision::Delta;
use offercast_storage::StorageError;
use offercast_storage::scratch::Scratch;

use crate::common::{Database, empty_postgres, open, price, prices, replace, zone};

on_both!(
    nothing_recorded_can_be_changed,
    migrating_again_does_nothing,
    a_newer_schema_is_refused,
);

fn nothing_recorded_can_be_changed(database: &Database) {
    let (old, new) = (price("a", None, 1), price("a", None, 2));
    database
        .append(&Delta {
            opened_documents: vec![zone("1", "One")],
            ..prices(std::slice::from_ref(&old))
        })
        .unwrap();
    database.append(&replace(&old, &new)).unwrap();
    let mut forbidden = vec![
        "UPDATE prices SET amount_minor = 9".to_owned(),
        "UPDATE prices SET amount_minor = 9, until_revision = 3 WHERE until_revision IS NULL"
            .to_owned(),
        "UPDATE prices SET until_revision = NULL WHERE until_revision = 2".to_owned(),
        "UPDATE prices SET until_revision = 3 WHERE until_revision = 2".to_owned(),
        "UPDATE documents SET body = '{}'".to_owned(),
        "UPDATE documents SET id = 'x', until_revision = 3".to_owned(),
        "UPDATE revisions SET reason = 'x'".to_owned(),
        "UPDATE epochs SET reason = 'x'".to_owned(),
    ];
    for table in ["prices", "documents", "revisions", "epochs"] {
        forbidden.push(format!("DELETE FROM {table}"));
        if database.scratch.folder().is_none() {
            forbidden.push(format!("TRUNCATE {table}"));
        }
    }
    for statement in forbidden {
        let refused = database.execute(&statement).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(
        database.store.verify_log(&mut |_, _| ()).unwrap().fault,
        None
    );
    // Two current versions of one price are refused by the index itself.
    let second = "INSERT INTO prices (sku, market, zone, audience, kind, minimum_quantity, valid_from, amount_minor, since_revision) \
                  VALUES ('a', 'hr', '', 'everyone', 'regular', 0, 0, 5, 2)";
    let refused = database.execute(second).unwrap_err().to_string();
    assert!(refused.to_lowercase().contains("unique"), "{refused}");
}

fn migrating_again_does_nothing(database: &Database) {
    let empty = match database.scratch.folder() {
        Some(_) => Scratch::sqlite().unwrap(),
        None => empty_postgres().unwrap(),
    };
    let store = open(&empty);
    let pending = store.pending_migrations().unwrap();
    assert!(pending[0].contains("source_of_truth"), "{pending:?}");
    // Two servers that start at once migrate once.
    let applied: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| store.migrate().unwrap()));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(applied.concat().len(), pending.len());
    assert_eq!(store.pending_migrations().unwrap(), Vec::<String>::new());
    assert_eq!(store.migrate().unwrap(), Vec::<String>::new());
}

fn a_newer_schema_is_refused(database: &Database) {
    database
        .execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")
        .unwrap();
    let refused = database.store.migrate();
    assert!(
        matches!(&refused, Err(StorageError::Schema(what)) if what.contains("99990101000000")),
        "{refused:?}"
    );
}

/// What both schemas must have in common.
#[derive(Debug, Default, PartialEq, Eq)]
struct Schema {
    /// By table: name, type, nullability and place in the primary key.
    columns: BTreeMap<String, Vec<Line>>,
    /// By name: table, uniqueness, columns, condition.
    indexes: BTreeMap<String, Line>,
    /// By name: the table.
    triggers: BTreeMap<String, Line>,
}

type Line = String;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name AS name,
        c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END
        || CASE WHEN c.pk > 0 THEN ' key ' || c.pk ELSE '' END AS line
    FROM sqlite_master t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY t.name, c.name";
const SQLITE_INDEXES: &str = "
    SELECT m.name AS name,
        m.tbl_name || CASE WHEN m.sql LIKE 'CREATE UNIQUE%' THEN ' unique' ELSE '' END || ' ('
        || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(m.name) ORDER BY seqno))
        || ')' || CASE WHEN instr(m.sql, ' WHERE ') > 0
            THEN ' ' || lower(substr(m.sql, instr(m.sql, ' WHERE ') + 7)) ELSE '' END AS line
    FROM sqlite_master m WHERE m.type = 'index' AND m.sql IS NOT NULL";
const SQLITE_TRIGGERS: &str =
    "SELECT name, tbl_name AS line FROM sqlite_master WHERE type = 'trigger'";

const POSTGRES_COLUMNS: &str = "
    SELECT c.table_name::text AS name,
        c.column_name || ' ' || CASE c.data_type WHEN 'text' THEN 'text' ELSE 'integer' END
        || CASE c.is_nullable WHEN 'NO' THEN ' not null' ELSE '' END
        || coalesce((SELECT ' key ' || array_position(i.indkey::int2[], a.attnum) + 1
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
            WHERE i.indrelid = c.table_name::regclass AND i.indisprimary
            AND a.attname = c.column_name AND a.attnum = ANY (i.indkey)), '') AS line
    FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%' ORDER BY 1, c.column_name COLLATE \"C\"";
const POSTGRES_INDEXES: &str = "
    SELECT x.relname::text AS name,
        t.relname || CASE WHEN i.indisunique THEN ' unique' ELSE '' END || ' ('
        || (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')'
        || coalesce(' ' || lower(btrim(pg_get_expr(i.indpred, t.oid), '()')), '') AS line
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = 'public' AND NOT i.indisprimary";
const POSTGRES_TRIGGERS: &str = "
    SELECT tgname::text AS name, c.relname::text AS line
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE NOT tgisinternal AND tgname NOT LIKE '%\\_no\\_truncate'";

impl Schema {
    fn of(columns: Vec<Named>, indexes: Vec<Named>, triggers: Vec<Named>) -> Self {
        let mut schema = Self::default();
        for Named { name, line } in columns {
            schema.columns.entry(name).or_default().push(line);
        }
        let pairs = |rows: Vec<Named>| rows.into_iter().map(|row| (row.name, row.line)).collect();
        schema.indexes = pairs(indexes);
        schema.triggers = pairs(triggers);
        schema
    }
}

#[test]
fn both_schemas_are_the_same() {
    let Some(postgres) = Database::postgres() else {
        return;
    };
    let sqlite = Database::sqlite();
    let mut one =
        SqliteConnection::establish(sqlite.scratch.url().trim_start_matches("sqlite:")).unwrap();
    let mut other = PgConnection::establish(postgres.scratch.url()).unwrap();
    let ours = Schema::of(
        sql_query(SQLITE_COLUMNS).load(&mut one).unwrap(),
        sql_query(SQLITE_INDEXES).load(&mut one).unwrap(),
        sql_query(SQLITE_TRIGGERS).load(&mut one).unwrap(),
    );
    let theirs = Schema::of(
        sql_query(POSTGRES_COLUMNS).load(&mut other).unwrap(),
        sql_query(POSTGRES_INDEXES).load(&mut other).unwrap(),
        sql_query(POSTGRES_TRIGGERS).load(&mut other).unwrap(),
    );
    assert!(ours.columns.len() >= 11 && ours.indexes.len() >= 12 && ours.triggers.len() >= 10);
    assert_eq!(ours.columns, theirs.columns);
    assert_eq!(ours.indexes, theirs.indexes);
    assert_eq!(ours.triggers, theirs.triggers);
}

#[test]
fn sqlite_is_set_up_to_last() {
    let database = Database::sqlite();
    let path = database
        .scratch
        .url()
        .trim_start_matches("sqlite:")
        .to_owned();
    let mut connection = SqliteConnection::establish(&path).unwrap();
    // The mode is a property of the file.
    let wal = "SELECT count(*) AS count FROM pragma_journal_mode WHERE journal_mode = 'wal'";
    let rows: Vec<Count> = sql_query(wal).load(&mut connection).unwrap();
    assert_eq!(rows[0].count, 1);
    connection.batch_execute("PRAGMA integrity_check").unwrap();
}
