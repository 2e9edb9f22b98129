//! What every broker must do: each test is run against all of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offercast_bus::answers::{self, AnswerSink, SinkError};
use offercast_bus::topology::Bound;
use offercast_bus::{
    AdapterLink, Broker, BrokerError, Incoming, Limits, Outgoing, Queue, Route, Subscription,
};
use offercast_contract::message::{Answer, AuditPage};
use offercast_contract::{ChannelId, Hash, Horizon, Position};
use tokio::time::timeout;

/// Makes brokers to be tested.
#[async_trait]
pub(crate) trait Bench: Send + Sync {
    /// A broker with nothing in it; called once.
    async fn broker(&self, limits: Limits) -> Arc<dyn Broker>;
    /// Breaks every connection of it, as a network does.
    async fn break_connections(&self);
}

/// All tests of the suite for one bench.
macro_rules! suite {
    ($run:path) => {
        crate::suite::suite!(@ $run:
            messages_arrive_in_order_where_they_are_bound,
            what_no_queue_takes_fails_the_batch,
            what_was_not_settled_comes_again,
            at_most_so_many_unsettled_messages_are_handed_out,
            a_full_queue_drops_its_oldest_messages,
            a_full_queue_drops_by_bytes_too,
            rejected_messages_are_kept_apart,
            one_reader_is_served_the_next_takes_over,
            a_reader_may_come_before_the_queue,
            a_broken_connection_is_made_again,
            retired_channels_get_nothing_more,
            answers_are_stored_and_nonsense_is_buried,
        );
        crate::suite::suite!(@relay $run:
            a_batch_that_breaks_off_leaves_no_gap,
            a_relay_survives_broken_connections,
        );
    };
    (@ $run:path: $($test:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            $run(|bench| Box::pin(async move { crate::suite::$test(&*bench).await })).await;
        })*
    };
    (@relay $run:path: $($test:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            $run(|bench| Box::pin(async move { crate::relay_faults::$test(&*bench).await })).await;
        })*
    };
}
pub(crate) use suite;

pub(crate) fn id(text: &str) -> ChannelId {
    ChannelId::parse(text).unwrap()
}

/// The channels that tests use, so that benches can clean up after them.
pub(crate) fn channels() -> Vec<ChannelId> {
    ["site", "till"].map(id).into()
}

pub(crate) fn adapter(text: &str) -> Queue {
    Queue::Adapter(id(text))
}

fn message(route: Route, body: &str) -> Outgoing {
    Outgoing::new(route, body.as_bytes())
}

fn updates(bodies: &[&str]) -> Vec<Outgoing> {
    bodies
        .iter()
        .map(|body| message(Route::Update, body))
        .collect()
}

/// How long a test waits for what must come. Only a failing test waits so
/// long; the machine may be busy, and no request to a broker is given more than
/// a fifth of it (see the benches).
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// The next message, which must come.
pub(crate) async fn next(subscription: &mut dyn Subscription) -> Incoming {
    let next = timeout(PATIENCE, subscription.next());
    next.await.expect("no message came").unwrap()
}

fn text(incoming: &Incoming) -> String {
    String::from_utf8(incoming.body.to_vec()).unwrap()
}

async fn expect(subscription: &mut dyn Subscription, bodies: &[&str]) {
    for body in bodies {
        let incoming = next(subscription).await;
        assert_eq!(text(&incoming), *body);
        incoming.ack().await.unwrap();
    }
}

async fn expect_nothing(subscription: &mut dyn Subscription) {
    let next = timeout(Duration::from_millis(300), subscription.next()).await;
    assert!(next.is_err(), "{next:?}");
}

/// Publishes until it works, as the relay and adapters do.
pub(crate) async fn publish_until_confirmed(broker: &dyn Broker, batch: &[Outgoing]) {
    let publishing = async {
        while broker.publish(batch).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let confirmed = timeout(PATIENCE, publishing).await;
    confirmed.expect("the broker never confirmed");
}

pub(crate) async fn messages_arrive_in_order_where_they_are_bound(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    broker.declare(&channels()).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    let mut till = broker.subscribe(adapter("till")).await.unwrap();
    let mut answers = broker.subscribe(Queue::Answers).await.unwrap();

    let mut batch = updates(&["1", "2"]);
    batch.push(message(Route::Channel(id("till")), "for the till"));
    batch.push(message(Route::Beat, "beat"));
    batch.push(message(Route::Answer(id("site")), "answer"));
    broker.publish(&batch).await.unwrap();

    expect(&mut *site, &["1", "2", "beat"]).await;
    expect(&mut *till, &["1", "2", "for the till", "beat"]).await;
    expect(&mut *answers, &["answer"]).await;
    expect_nothing(&mut *site).await;
}

pub(crate) async fn what_no_queue_takes_fails_the_batch(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&[]).await.unwrap();
    let nobody = || message(Route::Channel(id("nobody")), "x");
    let result = broker.publish(&updates(&["1"])).await;
    assert_eq!(result, Err(BrokerError::Unroutable(1)));

    broker.declare(&channels()).await.unwrap();
    let mut batch = updates(&["1", "2", "3"]);
    batch.insert(1, nobody());
    batch.push(nobody());
    let result = broker.publish(&batch).await;
    assert_eq!(result, Err(BrokerError::Unroutable(2)));
    // The next batch does not suffer for it.
    broker.publish(&updates(&["4"])).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    expect(&mut *site, &["1", "2", "3", "4"]).await;
}

pub(crate) async fn what_was_not_settled_comes_again(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    broker.publish(&updates(&["1", "2", "3"])).await.unwrap();

    let mut first = broker.subscribe(adapter("site")).await.unwrap();
    let acked = next(&mut *first).await;
    assert!(!acked.redelivered);
    acked.ack().await.unwrap();
    let kept = next(&mut *first).await;
    assert_eq!(text(&kept), "2");
    drop(first);

    let mut second = broker.subscribe(adapter("site")).await.unwrap();
    let again = next(&mut *second).await;
    assert_eq!((text(&again).as_str(), again.redelivered), ("2", true));
    // The first delivery is no longer ours to settle.
    assert!(kept.ack().await.is_err());
    again.ack().await.unwrap();
    expect(&mut *second, &["3"]).await;
    expect_nothing(&mut *second).await;
}

pub(crate) async fn at_most_so_many_unsettled_messages_are_handed_out(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    let bodies: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    broker.publish(&updates(&bodies)).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(next(&mut *site).await);
    }
    expect_nothing(&mut *site).await;
    held.remove(0).ack().await.unwrap();
    assert_eq!(text(&next(&mut *site).await), "16");
}

fn bounded(messages: u32, bytes: u64) -> Limits {
    Limits {
        adapter: Bound { messages, bytes },
        ..Limits::default()
    }
}

pub(crate) async fn a_full_queue_drops_its_oldest_messages(bench: &dyn Bench) {
    let broker = bench.broker(bounded(3, 1_000_000)).await;
    broker.declare(&channels()).await.unwrap();
    broker
        .publish(&updates(&["1", "2", "3", "4", "5"]))
        .await
        .unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    expect(&mut *site, &["3", "4", "5"]).await;
    expect_nothing(&mut *site).await;
    // What was dropped is gone: it is no letter that somebody could not read.
    let mut dead = broker.subscribe(Queue::Dead).await.unwrap();
    expect_nothing(&mut *dead).await;
}

pub(crate) async fn a_full_queue_drops_by_bytes_too(bench: &dyn Bench) {
    let broker = bench.broker(bounded(100, 2_500)).await;
    broker.declare(&channels()).await.unwrap();
    let long: Vec<String> = (0..4).map(|n| format!("{n:0>1000}")).collect();
    let bodies: Vec<&str> = long.iter().map(String::as_str).collect();
    broker.publish(&updates(&bodies)).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    expect(&mut *site, &bodies[2..]).await;
}

pub(crate) async fn rejected_messages_are_kept_apart(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    broker.publish(&updates(&["good", "bad"])).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    expect(&mut *site, &["good"]).await;
    let bad = next(&mut *site).await;
    bad.reject_to_dead_letter("it makes no sense")
        .await
        .unwrap();
    expect_nothing(&mut *site).await;
    let mut dead = broker.subscribe(Queue::Dead).await.unwrap();
    expect(&mut *dead, &["bad"]).await;
}

pub(crate) async fn one_reader_is_served_the_next_takes_over(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    let mut first = broker.subscribe(adapter("site")).await.unwrap();
    broker.publish(&updates(&["1"])).await.unwrap();
    expect(&mut *first, &["1"]).await;
    let mut second = broker.subscribe(adapter("site")).await.unwrap();
    broker.publish(&updates(&["2", "3"])).await.unwrap();
    expect_nothing(&mut *second).await;
    expect(&mut *first, &["2"]).await;
    drop(first);
    expect(&mut *second, &["3"]).await;
}

pub(crate) async fn a_reader_may_come_before_the_queue(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    expect_nothing(&mut *site).await;
    broker.declare(&channels()).await.unwrap();
    broker.publish(&updates(&["1"])).await.unwrap();
    expect(&mut *site, &["1"]).await;
}

pub(crate) async fn a_broken_connection_is_made_again(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    let mut site = broker.subscribe(adapter("site")).await.unwrap();
    broker.publish(&updates(&["1", "2"])).await.unwrap();
    expect(&mut *site, &["1"]).await;
    let held = next(&mut *site).await;

    for round in ["a", "b", "c"] {
        bench.break_connections().await;
        publish_until_confirmed(&*broker, &updates(&[round])).await;
        // Others may have been on their way before we noticed the break.
        let again = loop {
            let incoming = next(&mut *site).await;
            if text(&incoming) == "2" {
                break incoming;
            }
        };
        assert!(again.redelivered);
    }
    let late = held.ack().await;
    assert!(late.is_err(), "settled by a connection that is gone");
    bench.break_connections().await;
    // Nothing is lost; what was acknowledged into a broken line comes twice.
    let mut seen = BTreeSet::from(["1".to_owned()]);
    while seen.len() < 5 {
        let incoming = next(&mut *site).await;
        seen.insert(text(&incoming));
        let _ = incoming.ack().await;
    }
    assert!(seen.iter().eq(["1", "2", "a", "b", "c"]), "{seen:?}");
}

pub(crate) async fn retired_channels_get_nothing_more(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    broker.publish(&updates(&["last"])).await.unwrap();
    broker.retire(&[id("till")]).await.unwrap();
    broker.publish(&updates(&["later"])).await.unwrap();
    let mut till = broker.subscribe(adapter("till")).await.unwrap();
    expect(&mut *till, &["last"]).await;
    expect_nothing(&mut *till).await;
    broker.declare(&channels()).await.unwrap();
    broker.publish(&updates(&["back"])).await.unwrap();
    expect(&mut *till, &["back"]).await;
}

/// Fails once to store, refuses the audit called `refused`.
#[derive(Default)]
struct Sink {
    failed: Mutex<bool>,
    stored: Mutex<Vec<Answer>>,
}

#[async_trait]
impl AnswerSink for Sink {
    async fn store(&self, answer: &Answer) -> Result<(), SinkError> {
        if !std::mem::replace(&mut self.failed.lock().unwrap(), true) {
            return Err(SinkError::Retry("the database is away".into()));
        }
        if matches!(answer, Answer::AuditPage(page) if page.id == "refused") {
            return Err(SinkError::Reject("nobody asked".to_owned()));
        }
        self.stored.lock().unwrap().push(answer.clone());
        Ok(())
    }
}

fn page(id: &str, page: u32) -> Answer {
    Answer::AuditPage(AuditPage {
        channel: self::id("site"),
        id: id.to_owned(),
        last: false,
        observed: true,
        page,
        position: Position {
            epoch: 1,
            hash: Hash::ZERO,
            horizon: Horizon(20_000),
            revision: 0,
        },
        readings: Vec::new(),
    })
}

pub(crate) async fn answers_are_stored_and_nonsense_is_buried(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    broker.declare(&channels()).await.unwrap();
    let sink = Arc::new(Sink::default());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let consumer = answers::run(Arc::clone(&broker), sink.clone(), stopped);
    let consumer = tokio::spawn(consumer);

    let mut link = AdapterLink::open(Arc::clone(&broker), id("site"))
        .await
        .unwrap();
    link.answer(&page("a", 0)).await.unwrap();
    let nonsense = message(Route::Answer(id("site")), r#"{"version":99}"#);
    broker.publish(&[nonsense]).await.unwrap();
    link.answer(&page("refused", 0)).await.unwrap();
    link.answer(&page("a", 1)).await.unwrap();
    broker.publish(&updates(&["to the adapter"])).await.unwrap();
    let received = timeout(PATIENCE, link.receive()).await;
    let received = received.unwrap().unwrap();
    assert_eq!(text(&received), "to the adapter");
    received.ack().await.unwrap();

    let mut dead = broker.subscribe(Queue::Dead).await.unwrap();
    expect(&mut *dead, &[r#"{"version":99}"#]).await;
    let refused = next(&mut *dead).await;
    assert!(text(&refused).contains("refused"));
    let stored = async {
        while sink.stored.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, stored).await.expect("both are stored");
    assert_eq!(*sink.stored.lock().unwrap(), [page("a", 0), page("a", 1)]);
    stop.send(()).unwrap();
    consumer.await.unwrap().unwrap();
}
