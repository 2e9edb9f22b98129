use std::collections::BTreeMap;

use offercast_contract::{Acknowledgement, ChannelId, Digest, Hash, Instant, Position, Rung};
use offercast_storage::{Acknowledged, AcknowledgementRecord};

use crate::common::{Database, at, horizon};

on_both!(
    only_what_changed_is_kept,
    what_was_shown_can_be_asked,
    words_from_the_past_are_ignored,
    the_history_cannot_be_changed,
);

fn word(channel: &str, revision: u64, rung: Rung, clock: Instant) -> Acknowledgement {
    Acknowledgement {
        channel: ChannelId::parse(channel).unwrap(),
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
        state: BTreeMap::from([("hr/-/everyone/store".parse().unwrap(), Digest::EMPTY)]),
        stopped: false,
    }
}

fn only_what_changed_is_kept(database: &Database) {
    let store = &database.store;
    let say = |word: &Acknowledgement| store.acknowledge(word, word.clock).unwrap();
    assert_eq!(
        say(&word("site", 1, Rung::Folded, at(1))),
        Acknowledged::Recorded(1)
    );
    assert_eq!(
        say(&word("site", 1, Rung::Rendered, at(2))),
        Acknowledged::Recorded(2)
    );
    assert_eq!(
        say(&word("site", 1, Rung::Rendered, at(4))),
        Acknowledged::Unchanged
    );
    assert_eq!(
        say(&word("app", 1, Rung::Folded, at(3))),
        Acknowledged::Recorded(1)
    );
    let boundary = Acknowledgement {
        last_boundary: Some(at(4)),
        stopped: true,
        ..word("site", 1, Rung::Rendered, at(5))
    };
    assert_eq!(say(&boundary), Acknowledged::Recorded(3));
    let states = store.channel_states().unwrap();
    let latest: Vec<_> = states
        .iter()
        .map(|state| state.acknowledgement.clone())
        .collect();
    assert_eq!(
        latest,
        [word("app", 1, Rung::Folded, at(3)), boundary.clone()]
    );
    let site = ChannelId::parse("site").unwrap();
    let numbers = |records: Vec<AcknowledgementRecord>| -> Vec<u64> {
        records.into_iter().map(|record| record.number).collect()
    };
    assert_eq!(
        numbers(store.acknowledgements(&site, None, 2).unwrap()),
        [3, 2]
    );
    assert_eq!(
        numbers(store.acknowledgements(&site, Some(2), 9).unwrap()),
        [1]
    );
    assert_eq!(
        store.acknowledgements(&site, None, 1).unwrap()[0].acknowledgement,
        boundary
    );
}

fn what_was_shown_can_be_asked(database: &Database) {
    let store = &database.store;
    for (seconds, revision) in [(10, 1), (20, 2), (30, 3)] {
        let word = word("site", revision, Rung::Observed, at(seconds));
        store.acknowledge(&word, at(seconds)).unwrap();
    }
    let site = ChannelId::parse("site").unwrap();
    let shown = |seconds| {
        let record = store.shown_at(&site, at(seconds)).unwrap()?;
        Some(record.acknowledgement.position.revision)
    };
    assert_eq!(shown(9), None);
    assert_eq!(
        (shown(10), shown(29), shown(30), shown(99)),
        (Some(1), Some(2), Some(3), Some(3))
    );
    assert_eq!(
        store
            .shown_at(&ChannelId::parse("app").unwrap(), at(99))
            .unwrap(),
        None
    );
}

fn words_from_the_past_are_ignored(database: &Database) {
    let store = &database.store;
    store
        .acknowledge(&word("site", 2, Rung::Folded, at(9)), at(9))
        .unwrap();
    let late = word("site", 1, Rung::Observed, at(8));
    assert_eq!(
        store.acknowledge(&late, at(10)).unwrap(),
        Acknowledged::Stale
    );
    assert_eq!(
        store.channel_states().unwrap()[0]
            .acknowledgement
            .position
            .revision,
        2
    );
    // Another process may have another clock.
    let other = Acknowledgement {
        instance: "two".to_owned(),
        ..late
    };
    assert_eq!(
        store.acknowledge(&other, at(11)).unwrap(),
        Acknowledged::Recorded(2)
    );
    // Many at once are numbered without gaps.
    std::thread::scope(|scope| {
        for revision in 10..16 {
            let word = word("app", revision, Rung::Folded, at(1));
            scope.spawn(move || store.acknowledge(&word, at(12)).unwrap());
        }
    });
    let app = ChannelId::parse("app").unwrap();
    let records = store.acknowledgements(&app, None, 10).unwrap();
    let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
    assert_eq!(numbers, [6, 5, 4, 3, 2, 1]);
}

fn the_history_cannot_be_changed(database: &Database) {
    let word = word("site", 1, Rung::Folded, at(1));
    database.store.acknowledge(&word, at(1)).unwrap();
    for statement in [
        "UPDATE acknowledgements SET received_at = 0",
        "DELETE FROM acknowledgements",
    ] {
        let refused = database.execute(statement).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
}
