//! Whatever order messages come in, and whichever are lost: the same state.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use offercast_contract::{Item, Payload, Update};
use offercast_kit::PullRequest;
use offercast_kit::fold::{Pull, Step, check_update, on_beat, on_pulled, on_update};
use offercast_kit::state::{Staging, State};
use proptest::prelude::*;
use support::{World, item, tombstone};

/// A revision as a list of (SKU number, price or none).
type Edit = Vec<(u8, Option<u8>)>;

fn items(edit: &Edit) -> Vec<Item> {
    let mut items: Vec<Item> = edit
        .iter()
        .map(|(number, price)| match price {
            Some(price) => item(&format!("S{number}"), &[(None, &format!("{price}.00"))]),
            None => tombstone(&format!("S{number}")),
        })
        .collect();
    items.sort_by(|a, b| a.sku.cmp(&b.sku));
    items.dedup_by(|a, b| a.sku == b.sku);
    items
}

fn pull(state: &State, world: &World, pull: Pull) {
    let held = state.held().unwrap();
    let mut request = PullRequest {
        channel: world.channel.id.clone(),
        after: match pull {
            Pull::Following(_) => held.map(|held| held.position),
            Pull::Snapshot => None,
        },
        at: None,
        cursor: None,
    };
    let mut page = world.page(&request);
    on_pulled(held.as_ref(), &page.at).unwrap();
    let mut staging = Staging {
        after: request.after,
        at: page.at,
        channel: world.channel.clone(),
        cursor: None,
        digests: Default::default(),
        force: false,
        resolver: 1,
        snapshot: page.snapshot,
    };
    request.at = Some(page.at);
    loop {
        state.stage(&mut staging, &page).unwrap();
        let Some(cursor) = page.next else {
            return state.commit_pull(&staging, &page.state).unwrap();
        };
        request.cursor = Some(cursor);
        page = world.page(&request);
    }
}

fn receive(state: &State, world: &World, update: &Update) {
    check_update(update).unwrap();
    let passed = |revision| state.passed(1, revision).unwrap();
    match on_update(state.held().unwrap().as_ref(), update, passed) {
        Step::Apply => {
            let Payload::Inline { items } = &update.payload else {
                panic!("only inline updates are applied");
            };
            state.apply(update, items).unwrap();
        }
        Step::Pull(how) => pull(state, world, how),
        Step::Known => {}
        step => panic!("{step:?}"),
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop::collection::vec((0_u8..8, prop::option::of(1_u8..4)), 0..5);
    prop::collection::vec(edit, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_order_duplicates_and_gaps_lead_to_the_same_state(
        edits in edits(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        pages in 1_usize..5,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let open = |name: &str| State::open(&directory.path().join(name)).unwrap();
        let (in_order, shuffled) = (open("in_order"), open("shuffled"));
        let mut world = World::new();
        world.page_items = pages;
        pull(&in_order, &world, Pull::Snapshot);
        let mut updates = Vec::new();
        for edit in &edits {
            let update = world.publish(items(edit));
            receive(&in_order, &world, &update);
            updates.push(update);
        }
        for index in order {
            let update = index.get(&updates);
            receive(&shuffled, &world, update);
            // A step back in the log never steps back in the state.
            prop_assert!(shuffled.held().unwrap().unwrap().position.revision >= update.at.revision);
        }
        let beat = world.beat(1);
        let held = shuffled.held().unwrap();
        if let Step::Pull(how) = on_beat(held.as_ref(), &beat, &shuffled.digests().unwrap()) {
            pull(&shuffled, &world, how);
        }
        let head = world.head();
        prop_assert_eq!(shuffled.held().unwrap().unwrap().position, head);
        prop_assert_eq!(in_order.held().unwrap().unwrap().position, head);
        prop_assert_eq!(shuffled.digests().unwrap(), world.digests(head.revision));
        prop_assert_eq!(in_order.digests().unwrap(), world.digests(head.revision));
        prop_assert_eq!(in_order.skus().unwrap(), shuffled.skus().unwrap());
        for sku in in_order.skus().unwrap() {
            prop_assert_eq!(in_order.item(&sku).unwrap(), shuffled.item(&sku).unwrap());
        }
    }
}

#[test]
fn a_number_with_another_hash_stops_it_wherever_it_is_met() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::open(&directory.path().join("state")).unwrap();
    let mut world = World::new();
    pull(&state, &world, Pull::Snapshot);
    for price in 1..4 {
        let update = world.publish(items(&vec![(1, Some(price))]));
        receive(&state, &world, &update);
    }
    let held = state.held().unwrap();
    let passed = |revision| state.passed(1, revision).unwrap();
    world.restore(1);
    world.other_history();
    let second = world.publish(items(&vec![(1, Some(9))]));
    let third = world.publish(items(&vec![(1, Some(8))]));
    let fourth = world.publish(items(&vec![(1, Some(7))]));
    for update in [second, third, fourth] {
        let step = on_update(held.as_ref(), &update, passed);
        assert!(matches!(step, Step::Stop(_)), "{step:?}");
    }
    world.epoch = 2;
    let update = world.publish(items(&vec![(1, Some(6))]));
    let step = on_update(held.as_ref(), &update, passed);
    assert_eq!(
        step,
        Step::Pull(Pull::Snapshot),
        "a higher epoch is followed"
    );
}

#[test]
fn an_update_is_applied_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let state = State::open(&path).unwrap();
    let mut world = World::new();
    pull(&state, &world, Pull::Snapshot);
    let before = (state.held().unwrap(), state.digests().unwrap());
    world.lie_about_state = true;
    let update = world.publish(items(&vec![(1, Some(1)), (2, Some(2))]));
    let Payload::Inline { items } = &update.payload else {
        panic!("inline");
    };
    let error = state.apply(&update, items).unwrap_err().to_string();
    assert!(error.contains("state digest"), "{error}");
    drop(state);
    let state = State::open(&path).unwrap();
    assert_eq!((state.held().unwrap(), state.digests().unwrap()), before);
    assert_eq!(state.skus().unwrap(), vec![]);
    assert_eq!(state.owed().unwrap().dirty, 0);
}

#[test]
fn forms_that_are_not_canonical_are_refused_by_name() {
    let mut world = World::new();
    let good = world.publish(items(&vec![(1, Some(1)), (2, Some(2))]));
    check_update(&good).unwrap();
    type Spoil = fn(&mut Vec<Item>);
    let spoils: [(Spoil, &str); 4] = [
        (|items| items.reverse(), "order"),
        (|items| items[0].facts = None, "without facts"),
        (|items| items[1].timelines[0].views.clear(), "empty list"),
        (
            |items| {
                let again = items[0].timelines[0].clone();
                items[0].timelines.push(again);
            },
            "named twice",
        ),
    ];
    for (spoil, reason) in spoils {
        let mut update = good.clone();
        let Payload::Inline { items } = &mut update.payload else {
            panic!("inline");
        };
        spoil(items);
        update.items_sha256 = offercast_contract::message::items_sha256(&*items);
        let error = check_update(&update).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    let mut forged = good;
    forged.items_sha256 = offercast_contract::Hash::ZERO;
    assert!(check_update(&forged).unwrap_err().contains("items_sha256"));
}
