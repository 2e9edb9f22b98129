use std::collections::BTreeMap;

use uuid::Uuid;

use crate::common::{Database, at};

on_both!(the_first_word_of_a_part_stays);

fn the_first_word_of_a_part_stays(database: &Database) {
    let store = &database.store;
    let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| store.save_audit(id, "site", "good", at(1)).unwrap());
        }
    });
    store.save_audit(id, "site", "late", at(2)).unwrap();
    store.save_audit(id, "plan", "all", at(2)).unwrap();
    store.save_audit(other, "site", "else", at(2)).unwrap();
    let part = |name: &str, body: &str| (name.to_owned(), body.to_owned());
    assert_eq!(
        store.audit_parts(id).unwrap(),
        BTreeMap::from([part("plan", "all"), part("site", "good")])
    );
    assert_eq!(
        store.audit_parts(Uuid::from_u128(3)).unwrap(),
        BTreeMap::new()
    );
}
