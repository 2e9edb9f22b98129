//! The embedded broker.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use offercast_bus::embedded::{EmbeddedBroker, Faults};
use offercast_bus::{Broker, BrokerError, Limits, Outgoing, Route};

use crate::suite::{self, Bench};

#[derive(Default)]
struct EmbeddedBench(OnceLock<Arc<EmbeddedBroker>>);

#[async_trait]
impl Bench for EmbeddedBench {
    async fn broker(&self, limits: Limits) -> Arc<dyn Broker> {
        let make = || Arc::new(EmbeddedBroker::new(limits));
        self.0.get_or_init(make).clone()
    }

    async fn break_connections(&self) {
        if let Some(broker) = self.0.get() {
            broker.disconnect();
        }
    }
}

type Test = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn run(test: impl FnOnce(Arc<dyn Bench>) -> Test) {
    // Nothing here waits for the outside: time may be skipped.
    tokio::time::pause();
    test(Arc::new(EmbeddedBench::default())).await;
}

suite::suite!(run);

fn numbered(numbers: std::ops::Range<u32>) -> Vec<Outgoing> {
    let bodies = numbers.map(|n| n.to_be_bytes().to_vec());
    bodies
        .map(|body| Outgoing::new(Route::Update, body))
        .collect()
}

async fn received(faults: Faults) -> Vec<u32> {
    let broker = EmbeddedBroker::default();
    broker.declare(&suite::channels()).await.unwrap();
    broker.set_faults(faults);
    for message in numbered(0..1000) {
        broker.publish(&[message]).await.unwrap();
    }
    let count = broker.waiting(&suite::adapter("site")).unwrap();
    let mut subscription = broker.subscribe(suite::adapter("site")).await.unwrap();
    let mut numbers = Vec::new();
    for _ in 0..count {
        let incoming = suite::next(&mut *subscription).await;
        numbers.push(u32::from_be_bytes(
            incoming.body.as_ref().try_into().unwrap(),
        ));
        incoming.ack().await.unwrap();
    }
    numbers
}

#[tokio::test]
async fn faults_are_what_they_say_and_repeatable() {
    let all: Vec<u32> = (0..1000).collect();
    assert_eq!(received(Faults::default()).await, all);

    let lossy = Faults {
        lose_permille: 100,
        seed: 7,
        ..Faults::default()
    };
    let lost = received(lossy).await;
    assert!((850..950).contains(&lost.len()) && lost.is_sorted());
    assert_eq!(received(lossy).await, lost);
    assert_ne!(received(Faults { seed: 8, ..lossy }).await, lost);

    let doubling = Faults {
        duplicate_permille: 100,
        ..Faults::default()
    };
    let mut doubled = received(doubling).await;
    assert!((1050..1150).contains(&doubled.len()));
    doubled.dedup();
    assert_eq!(doubled, all);

    let shuffling = Faults {
        reorder_permille: 100,
        ..Faults::default()
    };
    let mut shuffled = received(shuffling).await;
    assert!(!shuffled.is_sorted());
    shuffled.sort_unstable();
    assert_eq!(shuffled, all);
}

#[tokio::test(start_paused = true)]
async fn batches_break_off_or_stay_unconfirmed_on_demand() {
    let broker = EmbeddedBroker::default();
    broker.declare(&suite::channels()).await.unwrap();
    let site = suite::adapter("site");
    broker.set_faults(Faults {
        cut_permille: 1000,
        seed: 3,
        ..Faults::default()
    });
    let result = broker.publish(&numbered(0..100)).await;
    assert!(matches!(result, Err(BrokerError::Away(_))));
    let arrived = broker.waiting(&site).unwrap();
    assert!(arrived < 100);

    broker.set_faults(Faults {
        unconfirmed_permille: 1000,
        ..Faults::default()
    });
    let result = broker.publish(&numbered(0..10)).await;
    assert!(matches!(result, Err(BrokerError::Timeout { .. })));
    assert_eq!(broker.waiting(&site), Some(arrived + 10));

    broker.wipe();
    assert_eq!(broker.waiting(&site), Some(0));
    broker.close();
    let result = broker.publish(&numbered(0..1)).await;
    assert_eq!(result, Err(BrokerError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_away_gives_back_what_it_handed_out() {
    let broker = EmbeddedBroker::default();
    broker.declare(&suite::channels()).await.unwrap();
    broker.publish(&numbered(0..1)).await.unwrap();
    let mut site = broker.subscribe(suite::adapter("site")).await.unwrap();
    let held = suite::next(&mut *site).await;
    let away = Faults {
        away: true,
        ..Faults::default()
    };
    broker.set_faults(away);
    assert!(matches!(held.ack().await, Err(BrokerError::Away(_))));
    assert!(broker.publish(&numbered(1..2)).await.is_err());
    broker.set_faults(Faults::default());
    let again = suite::next(&mut *site).await;
    assert!(again.redelivered);
    again.ack().await.unwrap();
}
