use std::collections::BTreeMap;

use offercast_contract::{Acknowledgement, ChannelId, Digest, Hash, Instant, Position, Rung};
use offercast_storage::Pruned;
use uuid::Uuid;

use crate::common::{Database, at, horizon, price, prices};

on_both!(
    words_that_later_ones_replace_go_and_proof_stays,
    the_outbox_keeps_what_somebody_may_have_to_read,
    audits_go_after_more_than_a_year,
);

fn days(days: i64) -> Instant {
    Instant::from_micros(days * 86_400 * 1_000_000)
}

fn word(revision: u64, rung: Rung, clock: Instant) -> Acknowledgement {
    Acknowledgement {
        channel: ChannelId::parse("site").unwrap(),
        clock,
        held: 0,
        held_items: Vec::new(),
        instance: "one".to_owned(),
        items: 7,
        last_boundary: None,
        mismatches: 0,
        mismatch_items: Vec::new(),
        note: None,
        position: Position {
            epoch: 1,
            hash: Hash::of(&[&revision.to_be_bytes()]),
            horizon: horizon(3),
            revision,
        },
        resolver: 1,
        rung,
        shown: Digest::EMPTY,
        state: BTreeMap::new(),
        stopped: false,
    }
}

fn words_that_later_ones_replace_go_and_proof_stays(database: &Database) {
    let store = &database.store;
    let wrong = Acknowledgement {
        mismatches: 1,
        ..word(1, Rung::Delivered, days(3))
    };
    for (day, word) in [
        (1, word(1, Rung::Folded, days(1))),
        (2, word(1, Rung::Rendered, days(2))),
        (3, wrong),
        (4, word(1, Rung::Observed, days(4))),
        (5, word(2, Rung::Rendered, days(5))),
        (6, word(2, Rung::Observed, days(6))),
        (50, word(3, Rung::Rendered, days(50))),
        (51, word(3, Rung::Observed, days(51))),
    ] {
        store.acknowledge(&word, days(day)).unwrap();
    }
    let numbers = || {
        let all = store.acknowledgements(&ChannelId::parse("site").unwrap(), None, 100);
        let numbers: Vec<u64> = all.unwrap().iter().map(|word| word.number).collect();
        numbers
    };
    assert_eq!(
        store.prune(days(20)).unwrap(),
        Pruned::default(),
        "all is young"
    );
    let pruned = store.prune(days(60)).unwrap();
    assert_eq!(
        (pruned.acknowledgements, pruned.audits, pruned.outbox),
        (3, 0, 0)
    );
    // Newest first: what came last at each position, the mismatch, the young.
    assert_eq!(numbers(), [8, 7, 6, 4, 3]);
    assert_eq!(store.prune(days(60)).unwrap(), Pruned::default());
    let site = ChannelId::parse("site").unwrap();
    let shown = store.shown_at(&site, days(30)).unwrap().unwrap();
    assert_eq!(shown.acknowledgement.position.revision, 2);
    // Numbers go on, and what is left cannot be taken away by hand either.
    let next = store.acknowledge(&word(4, Rung::Folded, days(61)), days(61));
    assert_eq!(next.unwrap(), offercast_storage::Acknowledged::Recorded(9));
    for number in [3, 4, 6, 9] {
        let statement = format!("DELETE FROM acknowledgements WHERE number = {number}");
        assert!(database.execute(&statement).is_err(), "{number}");
    }
    database
        .execute("DELETE FROM acknowledgements WHERE number = 7")
        .unwrap();
}

fn the_outbox_keeps_what_somebody_may_have_to_read(database: &Database) {
    let store = &database.store;
    // All rows are made at the first microsecond of time.
    for sku in ["a", "b", "c", "d"] {
        database.append(&prices(&[price(sku, None, 1)])).unwrap();
    }
    let sequences = || {
        let rows = store.outbox_after(0, 100).unwrap();
        let sequences: Vec<u64> = rows.iter().map(|row| row.sequence).collect();
        sequences
    };
    assert_eq!(store.prune(days(100)).unwrap(), Pruned::default());
    assert_eq!(sequences(), [1, 2, 3, 4], "nothing is published");
    let lease = store
        .acquire_lease("relay", "one", at(2), 60_000_000)
        .unwrap()
        .unwrap();
    store.mark_published(&lease, 3, at(3)).unwrap();
    assert_eq!(store.prune(days(29)).unwrap().outbox, 0, "all is young");
    assert_eq!(store.prune(days(100)).unwrap().outbox, 2);
    assert_eq!(
        sequences(),
        [3, 4],
        "servers start from what was published last"
    );
    assert_eq!(store.last_published_row().unwrap().unwrap().sequence, 3);
    assert_eq!(store.pending(10).unwrap().len(), 1);
    // What an ended epoch did not publish nobody will.
    store.open_epoch("ops", "restored", at(50)).unwrap();
    store.mark_published(&lease, 5, at(51)).unwrap();
    assert_eq!(store.prune(days(100)).unwrap().outbox, 2);
    assert_eq!(sequences(), [5]);
    database.append(&prices(&[price("e", None, 1)])).unwrap();
    assert_eq!(sequences(), [5, 6], "numbers go on");
    assert_eq!(store.verify_log(&mut |_, _| ()).unwrap().fault, None);
}

fn audits_go_after_more_than_a_year(database: &Database) {
    let store = &database.store;
    let (old, young) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, day) in [(old, 0), (young, 100)] {
        store.save_audit(id, "", "{}", days(day)).unwrap();
        store.save_audit(id, "site", "{}", days(day)).unwrap();
    }
    assert_eq!(store.prune(days(400)).unwrap().audits, 0);
    assert_eq!(store.prune(days(401)).unwrap().audits, 2);
    assert!(store.audit_parts(old).unwrap().is_empty());
    assert_eq!(store.audit_parts(young).unwrap().len(), 2);
}
