//! The relay over every broker, with a line that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use offercast_bus::{Broker, BrokerError, Limits, Outgoing, Queue, Route, Subscription};
use offercast_contract::message::{Message, decode};
use offercast_contract::{ChannelId, Position};

use crate::outbox::{World, position};
use crate::suite::{self, Bench};

/// Breaks off some batches of updates after some of their messages.
struct Flaky {
    broker: Arc<dyn Broker>,
    batches: AtomicU32,
}

#[async_trait]
impl Broker for Flaky {
    async fn declare(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        self.broker.declare(channels).await
    }

    async fn retire(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        self.broker.retire(channels).await
    }

    async fn publish(&self, batch: &[Outgoing]) -> Result<(), BrokerError> {
        if batch.iter().any(|message| message.route == Route::Update) {
            let count = self.batches.fetch_add(1, Ordering::Relaxed);
            // Some of the first, none of the second, all of the third, and an
            // error each time; then it works.
            let arrive = [batch.len() / 2, 0, batch.len()]
                .get(count as usize % 4)
                .copied();
            if let Some(arrive) = arrive {
                self.broker.publish(&batch[..arrive]).await?;
                return Err(BrokerError::Away("told to break off".to_owned()));
            }
        }
        self.broker.publish(batch).await
    }

    async fn subscribe(&self, queue: Queue) -> Result<Box<dyn Subscription>, BrokerError> {
        self.broker.subscribe(queue).await
    }
}

/// Receives until the update of this revision came: all positions in the order
/// of arrival. The same position must always be the same bytes.
pub(crate) async fn receive_until(subscription: &mut dyn Subscription, last: u64) -> Vec<u64> {
    let mut bytes: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut seen = Vec::new();
    while !bytes.contains_key(&last) {
        let incoming = suite::next(subscription).await;
        if let Message::Update(update) = decode(&incoming.body).unwrap() {
            let Position { revision, .. } = update.at;
            assert_eq!(update.after, position(revision - 1));
            let first = bytes
                .entry(revision)
                .or_insert_with(|| incoming.body.to_vec());
            assert_eq!(
                first.as_slice(),
                &*incoming.body,
                "another message for {revision}"
            );
            seen.push(revision);
        }
        // A connection may have been broken meanwhile: then it comes again.
        let _ = incoming.ack().await;
    }
    seen
}

/// A revision comes only after all before it came, however often.
pub(crate) fn assert_no_gap(seen: &[u64]) {
    let mut highest = 0;
    for revision in seen {
        assert!(*revision <= highest + 1, "a gap: {seen:?}");
        highest = highest.max(*revision);
    }
}

pub(crate) async fn a_batch_that_breaks_off_leaves_no_gap(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    let world = World::new(&suite::channels());
    let flaky = Arc::new(Flaky {
        broker: Arc::clone(&broker),
        batches: AtomicU32::new(0),
    });
    world.commit(150);
    let mut relay = world.start(flaky);
    let mut site = broker.subscribe(suite::adapter("site")).await.unwrap();
    relay.until_published(150).await;
    relay.stop().await;

    let seen = receive_until(&mut *site, 150).await;
    assert_no_gap(&seen);
    assert!(seen.len() > 150, "the broken batches came again");
    // The mark is raised only after a whole batch was confirmed.
    assert_eq!(world.with(|state| state.marks.clone()), [64, 128, 150]);
}

pub(crate) async fn a_relay_survives_broken_connections(bench: &dyn Bench) {
    let broker = bench.broker(Limits::default()).await;
    let world = World::new(&suite::channels());
    let mut relay = world.start(Arc::clone(&broker));
    let mut site = broker.subscribe(suite::adapter("site")).await.unwrap();
    for round in 1..=5_u64 {
        world.commit(40);
        tokio::time::sleep(Duration::from_millis(23 * round)).await;
        bench.break_connections().await;
    }
    let seen = receive_until(&mut *site, 200).await;
    assert_no_gap(&seen);
    relay.until_published(200).await;
    relay.stop().await;
    assert!(world.with(|state| state.marks.is_sorted()));
}
