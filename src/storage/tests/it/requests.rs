use offercast_contract::{Hash, Instant};
use offercast_storage::{
    Append, AppendError, Begun, ChangeSetEdit, ChangeSetError, ChangeSetId, ChangeSetState, Claim,
    NewChangeSet, Outcome, StorageError,
};
use uuid::Uuid;

use crate::common::{Database, at, price, prices};

on_both!(
    a_request_is_carried_out_once,
    a_dead_claim_passes_on,
    drafts_change_at_their_version_only,
    a_revision_takes_its_draft_and_its_answer_along,
    of_two_that_only_looked_one_stores_its_outcome,
);

const MINUTE: i64 = 60_000_000;

fn begin(database: &Database, key: &str, what: &[u8], now: Instant) -> Begun {
    database
        .store
        .begin_request("me", key, &Hash::of(&[what]), now, MINUTE)
        .unwrap()
}

fn claimed(begun: Begun) -> Claim {
    match begun {
        Begun::Claimed(claim) => claim,
        other => panic!("{other:?}"),
    }
}

fn outcome(body: &str) -> Outcome {
    Outcome {
        status: 201,
        body: body.to_owned(),
    }
}

fn a_request_is_carried_out_once(database: &Database) {
    let begun: Vec<Begun> = std::thread::scope(|scope| {
        let begin = || begin(database, "k", b"r", at(1));
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(begin)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (claims, others): (Vec<_>, Vec<_>) = begun
        .into_iter()
        .partition(|begun| matches!(begun, Begun::Claimed(_)));
    assert_eq!(claims.len(), 1);
    assert!(others.iter().all(|begun| *begun == Begun::InFlight));
    let claim = claimed(claims.into_iter().next().unwrap());
    database
        .store
        .finish_request(&claim, &outcome("first"))
        .unwrap();
    let again = database.store.finish_request(&claim, &outcome("second"));
    assert!(matches!(again, Err(StorageError::Conflict(_))));
    assert_eq!(
        begin(database, "k", b"r", at(900)),
        Begun::Done(outcome("first"))
    );
    assert_eq!(begin(database, "k", b"other", at(900)), Begun::OtherRequest);
    database.store.abandon_request(&claim).unwrap();
    assert_eq!(
        begin(database, "k", b"r", at(900)),
        Begun::Done(outcome("first"))
    );
    assert_eq!(database.store.forget_requests(at(2)).unwrap(), 1);
    let claim = claimed(begin(database, "k", b"other", at(901)));
    database.store.abandon_request(&claim).unwrap();
    claimed(begin(database, "k", b"r", at(902)));
}

fn a_dead_claim_passes_on(database: &Database) {
    let dead = claimed(begin(database, "k", b"r", at(0)));
    assert_eq!(begin(database, "k", b"r", at(59)), Begun::InFlight);
    let heir = claimed(begin(database, "k", b"r", at(60)));
    let late = database.store.finish_request(&dead, &outcome("late"));
    assert!(matches!(late, Err(StorageError::Conflict(_))), "{late:?}");
    database
        .store
        .finish_request(&heir, &outcome("heir"))
        .unwrap();
    assert_eq!(
        begin(database, "k", b"r", at(61)),
        Begun::Done(outcome("heir"))
    );
}

fn draft(database: &Database, number: u128, now: Instant) -> ChangeSetId {
    let new = NewChangeSet {
        id: ChangeSetId(Uuid::from_u128(number)),
        author: "me".to_owned(),
        reason: "spring".to_owned(),
        changes: "[]".to_owned(),
        base_revision: 0,
    };
    database.store.create_change_set(&new, now).unwrap().id
}

fn edit(changes: &str) -> ChangeSetEdit {
    ChangeSetEdit {
        reason: "summer".to_owned(),
        changes: changes.to_owned(),
        base_revision: 3,
    }
}

fn drafts_change_at_their_version_only(database: &Database) {
    let store = &database.store;
    let (one, two) = (draft(database, 1, at(1)), draft(database, 2, at(2)));
    let changed = store
        .update_change_set(one, 1, &edit("[1]"), at(3))
        .unwrap();
    assert_eq!(
        (changed.version, changed.updated_at, changed.created_at),
        (2, at(3), at(1))
    );
    assert_eq!(store.change_set(one).unwrap(), Some(changed.clone()));
    assert_eq!(changed.changes, "[1]");
    let late = store.update_change_set(one, 1, &edit("[2]"), at(4));
    assert!(
        matches!(late, Err(ChangeSetError::VersionMoved { current: 2 })),
        "{late:?}"
    );
    let gone = store.discard_change_set(two, 1, at(5)).unwrap();
    assert_eq!(gone.state, ChangeSetState::Discarded);
    let over = store.update_change_set(two, 2, &edit("[]"), at(6));
    assert!(matches!(
        over,
        Err(ChangeSetError::NotDraft(ChangeSetState::Discarded))
    ));
    let none = store.discard_change_set(ChangeSetId(Uuid::from_u128(9)), 1, at(6));
    assert!(matches!(none, Err(ChangeSetError::NotFound)));
    let ids = |state| -> Vec<ChangeSetId> {
        let sets = store.change_sets(state, 10).unwrap();
        sets.into_iter().map(|set| set.id).collect()
    };
    assert_eq!(ids(None), [two, one]);
    assert_eq!(ids(Some(ChangeSetState::Draft)), [one]);
    let again = store.create_change_set(
        &NewChangeSet {
            id: one,
            author: String::new(),
            reason: String::new(),
            changes: String::new(),
            base_revision: 0,
        },
        at(7),
    );
    assert!(matches!(again, Err(StorageError::Conflict(_))), "{again:?}");
}

fn a_revision_takes_its_draft_and_its_answer_along(database: &Database) {
    let store = &database.store;
    let id = draft(database, 1, at(1));
    let dead = claimed(begin(database, "k", b"r", at(1)));
    let claim = claimed(begin(database, "k", b"r", at(100)));
    let status = store.head().unwrap();
    let delta = prices(&[price("a", None, 1)]);
    let header = status
        .head
        .next("me", "why", &delta, delta.content_root(), at(2));
    let answer = outcome("revision 1");
    let append = Append {
        expected: &status.head,
        header: &header,
        delta: &delta,
        horizon: status.horizon,
        change_set: Some((id, 1)),
        outcome: Some((&claim, &answer)),
    };
    let lost = store.append(&Append {
        outcome: Some((&dead, &answer)),
        ..append
    });
    assert!(matches!(lost, Err(AppendError::ClaimLost)), "{lost:?}");
    let moved = store.append(&Append {
        change_set: Some((id, 2)),
        ..append
    });
    assert!(
        matches!(
            moved,
            Err(AppendError::ChangeSet(ChangeSetError::VersionMoved {
                current: 1
            }))
        ),
        "{moved:?}"
    );
    // Refused as a whole: draft, request and head are as before.
    assert_eq!(
        store.change_set(id).unwrap().unwrap().state,
        ChangeSetState::Draft
    );
    assert_eq!(begin(database, "k", b"r", at(101)), Begun::InFlight);
    assert_eq!(store.head().unwrap(), status);

    store.append(&append).unwrap();
    let set = store.change_set(id).unwrap().unwrap();
    assert_eq!(
        (set.state, set.revision, set.version),
        (ChangeSetState::Published, Some(1), 2)
    );
    assert_eq!(begin(database, "k", b"r", at(101)), Begun::Done(answer));
}

fn of_two_that_only_looked_one_stores_its_outcome(database: &Database) {
    let store = &database.store;
    let look = |what: &[u8]| {
        store
            .look_up_request("me", "k", &Hash::of(&[what]), at(1), MINUTE)
            .unwrap()
    };
    let (first, second) = (claimed(look(b"r")), claimed(look(b"r")));
    let answer = outcome("revision 1");
    let append = |sku: &str, claim: &Claim| {
        let head = store.head().unwrap();
        let delta = prices(&[price(sku, None, 1)]);
        let root = delta.content_root();
        let header = head.head.next("me", "why", &delta, root, at(2));
        store.append(&Append {
            expected: &head.head,
            header: &header,
            delta: &delta,
            horizon: head.horizon,
            change_set: None,
            outcome: Some((claim, &answer)),
        })
    };
    let appended = append("a", &first).unwrap();
    assert_eq!(
        (appended.revision.header.number, appended.row.sequence),
        (1, 1)
    );
    assert_eq!(store.outbox_after(0, 9).unwrap(), [appended.row]);
    let lost = append("b", &second);
    assert!(matches!(lost, Err(AppendError::ClaimLost)), "{lost:?}");
    let late = store.finish_request(&second, &outcome("late"));
    assert!(matches!(late, Err(StorageError::Conflict(_))), "{late:?}");
    store.abandon_request(&second).unwrap();
    assert_eq!(store.head().unwrap().head.number, 1);
    assert_eq!(database.rows_at(1).len(), 1);
    assert_eq!(look(b"r"), Begun::Done(answer));
    assert_eq!(look(b"other"), Begun::OtherRequest);

    // A request whose claim was written is not new to one who looks.
    let other = |now| {
        store
            .look_up_request("me", "slow", &Hash::of(&[b"r"]), now, MINUTE)
            .unwrap()
    };
    claimed(begin(database, "slow", b"r", at(1)));
    assert_eq!(other(at(2)), Begun::InFlight);
    claimed(other(at(61)));
}
