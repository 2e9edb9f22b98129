use offercast_contract::Hash;
use offercast_storage::{AppendError, RELAY_LEASE, StorageError};

use crate::common::{Database, at, horizon, price, prices};

on_both!(
    leases_change_hands_with_a_rising_fence,
    a_stale_relay_marks_nothing,
    the_horizon_moves_with_an_outbox_row,
    a_new_epoch_goes_on_with_the_numbers,
    egress_can_be_stopped,
);

const SECOND: i64 = 1_000_000;

fn leases_change_hands_with_a_rising_fence(database: &Database) {
    let store = &database.store;
    let take = |holder, now| {
        store
            .acquire_lease("x", holder, at(now), 10 * SECOND)
            .unwrap()
    };
    let first = take("one", 0).unwrap();
    assert_eq!((first.fence, first.expires_at), (1, at(10)));
    assert_eq!(take("two", 9), None);
    let renewed = store
        .renew_lease(&first, at(5), 10 * SECOND)
        .unwrap()
        .unwrap();
    assert_eq!((renewed.fence, renewed.expires_at), (1, at(15)));
    assert_eq!(take("two", 14), None);
    let second = take("two", 15).unwrap();
    assert_eq!(second.fence, 2);
    assert_eq!(
        store.renew_lease(&first, at(16), 10 * SECOND).unwrap(),
        None
    );
    // A lost lease cannot be given back in the name of its new holder.
    store.release_lease(&first).unwrap();
    assert_eq!(take("one", 17), None);
    store.release_lease(&second).unwrap();
    assert_eq!(take("one", 17).unwrap().fence, 3);
    // A restart of the same holder shuts its former self out.
    assert_eq!(take("one", 18).unwrap().fence, 4);
    assert_eq!(take("one", 18).unwrap().name, "x");
    assert_eq!(
        store
            .acquire_lease("y", "two", at(18), SECOND)
            .unwrap()
            .unwrap()
            .fence,
        1
    );
}

fn a_stale_relay_marks_nothing(database: &Database) {
    let store = &database.store;
    for sku in ["a", "b", "c"] {
        database.append(&prices(&[price(sku, None, 1)])).unwrap();
    }
    assert_eq!(store.published().unwrap(), None);
    let pending = store.pending(2).unwrap();
    assert_eq!(pending.len(), 2);
    assert_eq!(pending[0].after.revision, 0);
    assert_eq!(pending[0].after.hash, Hash::ZERO);
    let old = store
        .acquire_lease(RELAY_LEASE, "old", at(0), SECOND)
        .unwrap()
        .unwrap();
    store
        .mark_published(&old, pending[0].sequence, at(0))
        .unwrap();
    assert_eq!(store.published().unwrap(), Some(pending[0].at));
    let new = store
        .acquire_lease(RELAY_LEASE, "new", at(5), SECOND)
        .unwrap()
        .unwrap();
    let refused = store.mark_published(&old, pending[1].sequence, at(5));
    assert!(matches!(refused, Err(StorageError::Fenced)), "{refused:?}");
    assert_eq!(store.published().unwrap(), Some(pending[0].at));
    let left = store.pending(10).unwrap();
    store.mark_published(&new, left[1].sequence, at(6)).unwrap();
    assert_eq!(store.pending(10).unwrap(), []);
    assert_eq!(
        store.published().unwrap(),
        Some(store.head().unwrap().position())
    );
    // Once more changes nothing: the instant of the first marking stays.
    store.mark_published(&new, left[1].sequence, at(7)).unwrap();
    let row = store.outbox_row(3, horizon(0)).unwrap().unwrap();
    assert_eq!(row.published_at, Some(at(6)));
}

fn the_horizon_moves_with_an_outbox_row(database: &Database) {
    let store = &database.store;
    database.append(&prices(&[price("a", None, 1)])).unwrap();
    let head = store.head().unwrap().head;
    assert!(store.move_horizon(&head, horizon(20_000), at(3)).unwrap());
    assert!(!store.move_horizon(&head, horizon(20_000), at(4)).unwrap());
    assert!(!store.move_horizon(&head, horizon(19_999), at(4)).unwrap());
    assert_eq!(store.head().unwrap().horizon, horizon(20_000));
    let rows = store.pending(10).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1].after, rows[1].created_at), (rows[0].at, at(3)));
    assert_eq!(
        (rows[1].at.revision, rows[1].at.horizon),
        (1, horizon(20_000))
    );
    // A revision never takes the horizon back.
    database.append(&prices(&[price("b", None, 1)])).unwrap();
    let row = store.outbox_row(2, horizon(20_000)).unwrap().unwrap();
    assert_eq!(row.after, rows[1].at);
    let moved = store.move_horizon(&head, horizon(20_001), at(5));
    assert!(matches!(moved, Err(AppendError::HeadMoved(head)) if head.number == 2));
}

fn a_new_epoch_goes_on_with_the_numbers(database: &Database) {
    let store = &database.store;
    database.append(&prices(&[price("a", None, 1)])).unwrap();
    assert!(store.halt(1, "the adapters are ahead").unwrap());
    let before = store.head().unwrap();
    assert_eq!(before.halted.as_deref(), Some("the adapters are ahead"));
    assert_eq!(
        store
            .open_epoch("ops", "restored from Tuesday", at(50))
            .unwrap(),
        2
    );
    let after = store.head().unwrap();
    assert_eq!((after.head.epoch, after.head.number), (2, 1));
    assert_eq!(
        (after.head.hash, after.halted.as_deref()),
        (before.head.hash, None)
    );
    // A word about the old epoch that arrives late does not stop the new one.
    assert!(!store.halt(1, "an acknowledgement from before").unwrap());
    assert_eq!(store.head().unwrap().halted, None);
    // What the old epoch had not published is not published in the new one.
    let pending = store.pending(10).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(
        (pending[0].after, pending[0].at),
        (before.position(), after.position())
    );
    let two = database.append(&prices(&[price("b", None, 1)])).unwrap();
    assert_eq!((two.header.epoch, two.header.number), (2, 2));
    assert_eq!(two.header.previous_hash, before.head.hash);
    let epochs = store.epochs().unwrap();
    assert_eq!(epochs.len(), 2);
    assert_eq!(
        (epochs[1].author.as_str(), epochs[1].opened_at),
        ("ops", at(50))
    );
    assert_eq!(store.verify_log(&mut |_, _| ()).unwrap().fault, None);
}

fn egress_can_be_stopped(database: &Database) {
    let store = &database.store;
    store.freeze("a penny hour").unwrap();
    assert_eq!(
        store.head().unwrap().frozen.as_deref(),
        Some("a penny hour")
    );
    store.unfreeze().unwrap();
    store.halt(1, "x").unwrap();
    store.clear_halt().unwrap();
    let head = store.head().unwrap();
    assert_eq!((head.frozen, head.halted), (None, None));
}
