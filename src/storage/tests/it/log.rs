use offercast_contract::Hash;
use offercast_domain::revision::{Delta, Header};
use offercast_domain::source::DocumentKind;
use offercast_storage::{Append, AppendError};

use crate::common::{Database, at, market, price, prices, replace, zone};

on_both!(
    old_revisions_can_be_read_again,
    many_rows_travel_in_bulk,
    a_moved_head_is_told,
    concurrent_writers_get_dense_numbers,
    rows_that_do_not_fit_change_nothing,
    headers_that_do_not_fit_are_refused,
    histories_name_their_revisions,
);

fn old_revisions_can_be_read_again(database: &Database) {
    let store = &database.store;
    assert_eq!(store.head().unwrap().head.number, 0);
    let first = Delta {
        opened_documents: vec![zone("1", "One"), zone("2", "Two")],
        opened_prices: vec![
            price("a", None, 100),
            price("a", Some("1"), 90),
            price("b", None, 5),
        ],
        ..Delta::default()
    };
    let second = Delta {
        closed_documents: vec![zone("1", "One").key()],
        closed_prices: vec![price("a", Some("1"), 90).key, price("b", None, 5).key],
        opened_documents: vec![zone("1", "Uno")],
        opened_prices: vec![price("b", None, 6)],
    };
    let one = database.append(&first).unwrap();
    let two = database.append(&second).unwrap();

    assert_eq!(database.rows_at(0), Vec::<String>::new());
    let at_one = database.rows_at(1);
    assert_eq!(at_one.len(), 5);
    assert!(at_one.contains(&"a 1 90".to_owned()) && at_one.contains(&"b - 5".to_owned()));
    let at_two = database.rows_at(2);
    assert_eq!(at_two.len(), 4);
    assert!(at_two.contains(&"b - 6".to_owned()) && !at_two.contains(&"a 1 90".to_owned()));
    assert!(at_two.iter().any(|row| row.contains("Uno")));

    for (revision, delta) in [(&one, &first), (&two, &second)] {
        let (read, did) = store.delta(revision.header.number).unwrap().unwrap();
        assert_eq!(read, *revision);
        assert_eq!(did.content_root(), delta.content_root());
        assert_eq!(did.rows(), delta.rows());
        assert_eq!(
            store.revision(revision.header.number).unwrap().as_ref(),
            Some(revision)
        );
    }
    assert_eq!(store.delta(3).unwrap(), None);
    assert_eq!(
        store.revisions(None, 10).unwrap(),
        [two.clone(), one.clone()]
    );
    assert_eq!(
        store.revisions(Some(2), 10).unwrap(),
        std::slice::from_ref(&one)
    );
    let head = store.head().unwrap().head;
    assert_eq!((head.number, head.hash), (2, two.hash));
    assert_eq!(two.header.previous_hash, one.hash);
    assert_eq!(one.header.previous_hash, Hash::ZERO);
}

fn many_rows_travel_in_bulk(database: &Database) {
    let skus = 0..1_201;
    let documents: Vec<_> = skus
        .clone()
        .map(|n| zone(&n.to_string(), "tab\t\\ \"quoted\"\n"))
        .collect();
    let rows: Vec<_> = skus
        .map(|n| price(&format!("sku-{n}"), Some("1"), n + 1))
        .collect();
    let open = Delta {
        opened_documents: documents.clone(),
        opened_prices: rows.clone(),
        ..Delta::default()
    };
    database.append(&open).unwrap();
    assert_eq!(database.rows_at(1).len(), 2_402);
    let close = Delta {
        closed_documents: documents.iter().map(|document| document.key()).collect(),
        closed_prices: rows.into_iter().map(|row| row.key).collect(),
        ..Delta::default()
    };
    database.append(&close).unwrap();
    assert_eq!(database.rows_at(2).len(), 0);
    assert_eq!(database.rows_at(1).len(), 2_402);
    let found = database.store.verify_log(&mut |_, _| ()).unwrap();
    assert_eq!((found.revisions, found.rows, found.fault), (2, 4_804, None));
}

fn a_moved_head_is_told(database: &Database) {
    let before = database.store.head().unwrap();
    database.append(&prices(&[price("a", None, 1)])).unwrap();
    let delta = prices(&[price("b", None, 1)]);
    let header = before
        .head
        .next("late", "late", &delta, delta.content_root(), at(9));
    let refused = database.store.append(&Append {
        expected: &before.head,
        header: &header,
        delta: &delta,
        horizon: before.horizon,
        change_set: None,
        outcome: None,
    });
    let now = database.store.head().unwrap().head;
    assert!(matches!(refused, Err(AppendError::HeadMoved(head)) if head == now));
    assert_eq!(database.rows_at(2).len(), 1);
}

fn concurrent_writers_get_dense_numbers(database: &Database) {
    let write = |writer: usize| {
        for turn in 0..5 {
            let delta = prices(&[price(&format!("{writer}-{turn}"), None, 1)]);
            loop {
                match database.append(&delta) {
                    Ok(_) => break,
                    Err(AppendError::HeadMoved(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || write(writer));
        }
    });
    let found = database.store.verify_log(&mut |_, _| ()).unwrap();
    assert_eq!((found.revisions, found.rows, found.fault), (20, 20, None));
    let pending = database.store.pending(100).unwrap();
    let numbers: Vec<u64> = pending.iter().map(|row| row.at.revision).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    assert!(pending.windows(2).all(|pair| pair[1].after == pair[0].at));
}

fn rows_that_do_not_fit_change_nothing(database: &Database) {
    database
        .append(&Delta {
            opened_documents: vec![zone("1", "One")],
            ..prices(&[price("a", None, 1)])
        })
        .unwrap();
    let before = database.store.head().unwrap();
    let wrong = [
        replace(&price("a", Some("1"), 1), &price("c", None, 2)),
        prices(&[price("c", None, 1), price("a", None, 2)]),
        Delta {
            opened_documents: vec![zone("2", "Two"), zone("1", "Uno")],
            ..Delta::default()
        },
        Delta {
            closed_documents: vec![zone("3", "Three").key()],
            ..Delta::default()
        },
        // Twice the same key: the second finds nothing to close.
        Delta {
            closed_prices: vec![price("a", None, 1).key, price("a", None, 1).key],
            ..Delta::default()
        },
    ];
    for delta in wrong {
        let refused = database.append(&delta);
        assert!(matches!(refused, Err(AppendError::Row(_))), "{refused:?}");
        assert_eq!(database.store.head().unwrap(), before);
        assert_eq!(database.rows_at(2).len(), 2);
        assert_eq!(database.store.pending(10).unwrap().len(), 1);
    }
}

fn headers_that_do_not_fit_are_refused(database: &Database) {
    let status = database.store.head().unwrap();
    let delta = prices(&[price("a", None, 1)]);
    let good = status
        .head
        .next("me", "why", &delta, delta.content_root(), at(1));
    let spoilers: [fn(&mut Header); 5] = [
        |header| header.number = 2,
        |header| header.epoch = 2,
        |header| header.rows = 2,
        |header| header.previous_hash = Hash::of(&[b"x"]),
        |header| header.recorded_at = at(0),
    ];
    for spoil in spoilers {
        let mut header = good.clone();
        spoil(&mut header);
        let refused = database.store.append(&Append {
            expected: &status.head,
            header: &header,
            delta: &delta,
            horizon: status.horizon,
            change_set: None,
            outcome: None,
        });
        assert!(
            matches!(refused, Err(AppendError::Invalid(_))),
            "{refused:?}"
        );
    }
    assert_eq!(database.store.head().unwrap(), status);
}

fn histories_name_their_revisions(database: &Database) {
    let (old, new) = (price("a", None, 10), price("a", None, 12));
    database
        .append(&Delta {
            opened_documents: vec![zone("1", "One")],
            ..prices(std::slice::from_ref(&old))
        })
        .unwrap();
    database.append(&replace(&old, &new)).unwrap();
    database
        .append(&Delta {
            closed_documents: vec![zone("1", "One").key()],
            opened_documents: vec![zone("1", "Uno")],
            ..Delta::default()
        })
        .unwrap();
    let history = database
        .store
        .price_history(&market(), &old.key.sku)
        .unwrap();
    let seen: Vec<_> = history
        .iter()
        .map(|version| {
            (
                version.row.amount_minor,
                version.since_revision,
                version.until_revision,
            )
        })
        .collect();
    assert_eq!(seen, [(10, 1, Some(2)), (12, 2, None)]);
    let key = zone("1", "One").key();
    assert_eq!(key.kind, DocumentKind::Zone);
    let history = database.store.document_history(&key).unwrap();
    let seen: Vec<_> = history
        .iter()
        .map(|version| (version.since_revision, version.until_revision))
        .collect();
    assert_eq!(seen, [(1, Some(3)), (3, None)]);
    assert_eq!(history[1].document, zone("1", "Uno"));
}
