//! The relay over the embedded broker, in skipped time.

use std::sync::Arc;
use std::time::Duration;

use offercast_bus::embedded::{EmbeddedBroker, Faults};
use offercast_bus::relay::{CursorCheck, RelayConfig, RelayState};
use offercast_bus::{Broker, Queue, Subscription};
use offercast_contract::message::{Message, decode};
use offercast_contract::{Horizon, Item, Payload, Sku};
use tokio::time::{Instant, sleep};

use crate::outbox::{Running, World};
use crate::relay_faults::{assert_no_gap, receive_until};
use crate::suite::{self, adapter, channels, id};

async fn setting() -> (Arc<EmbeddedBroker>, Arc<World>) {
    (Arc::new(EmbeddedBroker::default()), World::new(&channels()))
}

async fn site(broker: &EmbeddedBroker) -> Box<dyn Subscription> {
    broker.subscribe(adapter("site")).await.unwrap()
}

/// Takes what waits: (beats, revisions).
async fn drain(broker: &EmbeddedBroker, queue: Queue) -> (usize, Vec<u64>) {
    let waiting = broker.waiting(&queue).unwrap();
    let mut subscription = broker.subscribe(queue).await.unwrap();
    let (mut beats, mut revisions) = (0, Vec::new());
    for _ in 0..waiting {
        let incoming = suite::next(&mut *subscription).await;
        match decode(&incoming.body).unwrap() {
            Message::Beat(_) => beats += 1,
            Message::Update(update) => revisions.push(update.at.revision),
            other => panic!("{other:?}"),
        }
        incoming.ack().await.unwrap();
    }
    (beats, revisions)
}

#[tokio::test(start_paused = true)]
async fn it_beats_first_then_publishes_then_beats_on() {
    let (broker, world) = setting().await;
    world.commit(3);
    let mut relay = world.start(broker.clone());
    let mut site = site(&broker).await;
    let first = suite::next(&mut *site).await;
    let Message::Beat(beat) = decode(&first.body).unwrap() else {
        panic!("the first message is no beat");
    };
    assert_eq!(beat.head.revision, 0);
    first.ack().await.unwrap();
    assert_eq!(receive_until(&mut *site, 3).await, [1, 2, 3]);
    drop(site);
    relay.until_published(3).await;
    sleep(Duration::from_secs(20)).await;
    let (beats, revisions) = drain(&broker, adapter("site")).await;
    assert!((9..=11).contains(&beats), "{beats} beats in 20 s");
    assert_eq!(revisions, [] as [u64; 0]);
    assert_eq!(relay.state(), RelayState::Publishing);
    relay.stop().await;
    assert!(!world.with(|state| state.held), "the lease was given back");
}

#[tokio::test(start_paused = true)]
async fn a_commit_wakes_it() {
    let (broker, world) = setting().await;
    let mut config = RelayConfig::new("test");
    config.poll_interval = Duration::from_secs(3600);
    config.lease_ttl = Duration::from_secs(36_000);
    let relay = world.relay(broker, config);
    let wake = relay.wake();
    let mut relay = Running::start(relay);
    sleep(Duration::from_secs(10)).await;
    world.commit(1);
    let committed = Instant::now();
    wake.notify_one();
    relay.until_published(1).await;
    assert!(committed.elapsed() < Duration::from_millis(100));
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn it_resumes_from_the_mark() {
    let (broker, world) = setting().await;
    world.commit(2);
    let mut first = world.start(broker.clone());
    first.until_published(2).await;
    first.stop().await;
    world.commit(2);
    let mut second = world.start(broker.clone());
    second.until_published(4).await;
    second.stop().await;
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_answers_but_not_for_ever() {
    let (broker, world) = setting().await;
    world.commit(1);
    world.with(|state| state.agree = CursorCheck::Waiting);
    let mut relay = world.start(broker.clone());
    sleep(Duration::from_millis(4_500)).await;
    assert_eq!(relay.state(), RelayState::Checking);
    let (beats, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!((beats, revisions.len()), (3, 0));
    sleep(Duration::from_secs(1)).await;
    relay.until_published(1).await;
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restored_database_stops_it_until_a_person_acts() {
    let (broker, world) = setting().await;
    world.commit(1);
    let differ = || CursorCheck::Differ("site holds 1:7, we have 1:5".to_owned());
    world.with(|state| state.agree = differ());
    let mut relay = world.start(broker.clone());
    sleep(Duration::from_secs(60)).await;
    assert!(matches!(relay.state(), RelayState::Halted(reason) if reason.contains("1:7")));
    let (beats, revisions) = drain(&broker, adapter("site")).await;
    assert!(beats >= 29 && revisions.is_empty(), "{beats} {revisions:?}");
    assert!(world.with(|state| state.moves.is_empty()));

    world.with(|state| state.agree = CursorCheck::Agree);
    relay.until_published(1).await;
    assert_eq!(relay.state(), RelayState::Publishing);

    // Noticed while running as well.
    world.with(|state| state.agree = differ());
    sleep(Duration::from_secs(3)).await;
    assert!(matches!(relay.state(), RelayState::Halted(_)));
    world.commit(1);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(world.published(), 1);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_relay_changes_nothing() {
    let (broker, world) = setting().await;
    world.with(|state| state.steal = true);
    world.commit(2);
    let mut relay = world.start(broker.clone());
    relay
        .until(|status| {
            status.state == RelayState::Publishing || status.state == RelayState::Standby
        })
        .await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.published(), 0, "the mark of a stale relay is refused");
    assert_eq!(relay.state(), RelayState::Standby);

    // The other process ends; this one goes on, and what it sent comes twice.
    world.with(|state| state.held = false);
    relay.until_published(2).await;
    relay.stop().await;
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [1, 2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_cannot_renew_stands_by() {
    let (broker, world) = setting().await;
    let mut relay = world.start(broker.clone());
    relay
        .until(|status| status.state == RelayState::Publishing)
        .await;
    world.with(|state| state.fence += 1);
    relay
        .until(|status| status.state == RelayState::Standby)
        .await;
    drain(&broker, adapter("site")).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        broker.waiting(&adapter("site")),
        Some(0),
        "it does not beat"
    );
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_fails_is_raised_later_without_publishing_again() {
    let (broker, world) = setting().await;
    world.with(|state| state.fail_marks = 3);
    world.commit(2);
    let mut relay = world.start(broker.clone());
    relay
        .until(|status| matches!(status.state, RelayState::Failing(_)))
        .await;
    relay.until_published(2).await;
    relay.stop().await;
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_away_for_a_minute_loses_nothing() {
    let (broker, world) = setting().await;
    let mut relay = world.start(broker.clone());
    relay
        .until(|status| status.state == RelayState::Publishing)
        .await;
    broker.set_faults(Faults {
        away: true,
        ..Faults::default()
    });
    for _ in 0..60 {
        world.commit(1);
        sleep(Duration::from_secs(1)).await;
    }
    assert!(matches!(relay.state(), RelayState::Failing(_)));
    assert_eq!(world.published(), 0);
    broker.set_faults(Faults::default());
    let back = Instant::now();
    relay.until_published(60).await;
    assert!(
        back.elapsed() < Duration::from_secs(5),
        "{:?}",
        back.elapsed()
    );
    relay.stop().await;
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, (1..=60).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn whatever_the_line_does_all_arrives_in_order_of_first_arrival() {
    for seed in 0..20 {
        let (broker, world) = setting().await;
        broker.declare(&channels()).await.unwrap();
        broker.set_faults(Faults {
            cut_permille: 300,
            duplicate_permille: 100,
            unconfirmed_permille: 300,
            seed,
            ..Faults::default()
        });
        world.commit(100);
        let mut config = RelayConfig::new("test");
        config.batch_entries = 7;
        let mut relay = Running::start(world.relay(broker.clone(), config));
        relay.until_published(100).await;
        relay.stop().await;
        broker.set_faults(Faults::default());
        let seen = receive_until(&mut *site(&broker).await, 100).await;
        assert_no_gap(&seen);
        assert!(world.with(|state| state.marks.is_sorted()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_horizon_moves_at_midnight_once() {
    let (broker, world) = setting().await;
    let mut relay = world.start(broker);
    relay
        .until(|status| status.state == RelayState::Publishing)
        .await;
    sleep(Duration::from_secs(5)).await;
    let day = Horizon::containing(world.with(|state| state.now));
    assert_eq!(world.with(|state| state.moves.clone()), [day]);
    world.with(|state| state.now = state.now.plus_micros(2_000_000));
    sleep(Duration::from_secs(5)).await;
    let next = Horizon(day.0 + 1);
    assert_eq!(world.with(|state| state.moves.clone()), [day, next]);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn new_channels_get_their_queue_before_their_first_update() {
    let broker = Arc::new(EmbeddedBroker::default());
    let world = World::new(&[]);
    world.commit(4);
    world.with(|state| {
        state.declares.insert(3, id("site"));
    });
    let mut relay = world.start(broker.clone());
    relay.until_published(4).await;
    // Entries of the same batch come with it.
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [1, 2, 3, 4]);

    world.with(|state| {
        state.channels = vec![id("till")];
        state.ends.insert(5, id("site"));
    });
    world.commit(1);
    relay.until_published(5).await;
    sleep(Duration::from_secs(3)).await;
    world.commit(1);
    relay.until_published(6).await;
    relay.stop().await;
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [5], "told that it ends, and nothing after");
    let (_, revisions) = drain(&broker, adapter("till")).await;
    assert_eq!(revisions, [6]);
}

#[tokio::test(start_paused = true)]
async fn without_channels_there_is_nothing_to_wait_for() {
    let broker = Arc::new(EmbeddedBroker::default());
    let world = World::new(&[]);
    world.commit(2);
    let mut relay = world.start(broker);
    relay.until_published(2).await;
    assert_eq!(relay.state(), RelayState::Publishing);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_engine_cannot_make_yet_holds_up_what_follows() {
    let (broker, world) = setting().await;
    world.commit(5);
    world.with(|state| state.unready.insert(4));
    let mut relay = world.start(broker.clone());
    relay.until_published(3).await;
    sleep(Duration::from_secs(10)).await;
    assert!(matches!(relay.state(), RelayState::Failing(reason) if reason.contains("behind")));
    world.with(|state| state.unready.clear());
    relay.until_published(5).await;
    relay.stop().await;
    let (beats, revisions) = drain(&broker, adapter("site")).await;
    assert_eq!(revisions, [1, 2, 3, 4, 5]);
    assert!(beats >= 5, "it beats meanwhile: {beats}");
}

#[tokio::test(start_paused = true)]
async fn too_many_items_are_not_sent_inline() {
    let (broker, world) = setting().await;
    world.commit(2);
    let sku = |n: u32| Sku::parse(&format!("{n:0>60}")).unwrap();
    let items: Vec<_> = (0..20_000)
        .map(|n| Item::new(sku(n), None, Vec::new()))
        .collect();
    let manifest = Payload::Manifest {
        bytes: 9_999_999,
        items: 20_000,
    };
    world.with(|state| {
        state.payloads.insert(1, manifest);
        state.payloads.insert(2, Payload::Inline { items });
    });
    let mut relay = world.start(broker.clone());
    relay.until_published(1).await;
    sleep(Duration::from_secs(5)).await;
    assert!(matches!(relay.state(), RelayState::Failing(reason) if reason.contains("inline")));
    assert_eq!(world.published(), 1);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_outbox_with_a_gap_is_not_published() {
    let (broker, world) = setting().await;
    world.commit(4);
    world.with(|state| state.entries.remove(1));
    let mut relay = world.start(broker.clone());
    sleep(Duration::from_secs(5)).await;
    assert!(matches!(relay.state(), RelayState::Failing(reason) if reason.contains("next")));
    assert_eq!(world.published(), 0);
    let (_, revisions) = drain(&broker, adapter("site")).await;
    assert!(revisions.is_empty());
    relay.until(|_| true).await;
    relay.stop().await;
}
