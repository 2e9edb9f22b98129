use crate::common::{Database, price, prices, replace};

on_both!(
    a_log_that_was_tampered_with_is_found,
    rows_without_a_revision_are_found
);

const TRIGGERS: [(&str, &str); 4] = [
    ("prices", "prices_no_change"),
    ("prices", "prices_no_delete"),
    ("revisions", "revisions_no_change"),
    ("revisions", "revisions_no_delete"),
];

fn without_triggers(database: &Database) {
    let postgres = database.scratch.folder().is_none();
    for (table, trigger) in TRIGGERS {
        let on = if postgres {
            format!(" ON {table}")
        } else {
            String::new()
        };
        database
            .execute(&format!("DROP TRIGGER {trigger}{on}"))
            .unwrap();
    }
}

fn three_revisions(database: &Database) {
    let rows = [price("a", None, 10), price("b", None, 20)];
    database.append(&prices(&rows)).unwrap();
    database
        .append(&replace(&rows[0], &price("a", None, 11)))
        .unwrap();
    database.append(&prices(&[price("c", None, 30)])).unwrap();
}

fn fault(database: &Database) -> Option<(u64, String)> {
    let found = database.store.verify_log(&mut |_, _| ()).unwrap();
    found.fault.map(|fault| (fault.revision, fault.what))
}

fn a_log_that_was_tampered_with_is_found(database: &Database) {
    three_revisions(database);
    let mut seen = Vec::new();
    database
        .store
        .verify_log(&mut |done, all| seen.push((done, all)))
        .unwrap();
    assert_eq!(seen, [(1, 3), (2, 3), (3, 3)]);
    assert_eq!(fault(database), None);
    without_triggers(database);
    // Each tampering, how it is undone, and the revision that it makes bad.
    let cases = [
        (
            "UPDATE prices SET amount_minor = 12 WHERE sku = 'a' AND since_revision = 2",
            "UPDATE prices SET amount_minor = 11 WHERE sku = 'a' AND since_revision = 2",
            2,
            "a row is not",
        ),
        (
            "UPDATE prices SET until_revision = NULL, since_revision = 9 WHERE sku = 'c'",
            "UPDATE prices SET since_revision = 3 WHERE sku = 'c'",
            3,
            "missing or surplus",
        ),
        (
            "UPDATE revisions SET author = 'nobody' WHERE number = 1",
            "UPDATE revisions SET author = 'tester' WHERE number = 1",
            1,
            "header",
        ),
        (
            "UPDATE prices SET market = 'NOT A MARKET' WHERE sku = 'b'",
            "UPDATE prices SET market = 'hr' WHERE sku = 'b'",
            1,
            "market",
        ),
        (
            "UPDATE heads SET revision = 2",
            "UPDATE heads SET revision = 3",
            2,
            "head row",
        ),
    ];
    for (tamper, undo, revision, what) in cases {
        database.execute(tamper).unwrap();
        let (number, said) = fault(database).unwrap();
        assert_eq!(number, revision, "{tamper}: {said}");
        assert!(said.contains(what), "{tamper}: {said}");
        database.execute(undo).unwrap();
        assert_eq!(fault(database), None, "{undo}");
    }
    database
        .execute("DELETE FROM revisions WHERE number = 2")
        .unwrap();
    assert_eq!(fault(database).unwrap().0, 2);
}

fn rows_without_a_revision_are_found(database: &Database) {
    three_revisions(database);
    database
        .execute("UPDATE prices SET until_revision = 7 WHERE sku = 'c'")
        .unwrap();
    let (revision, what) = fault(database).unwrap();
    assert_eq!(revision, 7);
    assert!(what.contains("does not exist"), "{what}");
}
