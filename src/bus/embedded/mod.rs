//! The embedded broker: in memory, inside the server's process.
//!
//! The same semantics as RabbitMQ as far as this product uses it: topic
//! routing, bounded queues that drop their oldest messages, one active reader
//! a queue, at-least-once delivery. What it holds is gone with the process;
//! adapters notice by the beat and pull what they miss, as they do after any
//! other loss. For tests and simulation it can be told to misbehave, see
//! [`Faults`].

mod faults;
mod queues;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use offercast_contract::ChannelId;
use tokio::sync::Notify;

use crate::broker::{
    Broker, BrokerError, Incoming, Outgoing, Queue, Route, Settlement, Subscription,
};
use crate::topology::Limits;
use faults::Dice;
pub use faults::Faults;
use queues::Queues;

/// A subscription hands out at most so many unsettled messages.
pub const PREFETCH: usize = 16;

/// The embedded broker.
pub struct EmbeddedBroker {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    closed: bool,
    dice: Dice,
    queues: Queues,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is made whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_waiters();
        result
    }
}

impl EmbeddedBroker {
    /// An empty broker with these bounds of queues.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let state = State {
            closed: false,
            dice: Dice::new(Faults::default()),
            queues: Queues::new(limits),
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// From now on misbehaves like this. The random numbers start anew from
    /// the seed.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.change(|state| {
            state.dice = Dice::new(faults);
            if faults.away {
                state.queues.give_back_all();
            }
        });
    }

    /// Breaks every connection: what was handed out and not settled is
    /// delivered again. Subscriptions go on by themselves, as they do with any
    /// broker.
    pub fn disconnect(&self) {
        self.shared.change(|state| state.queues.give_back_all());
    }

    /// Loses every message, as a restart of the process does; what was handed
    /// out is no longer ours. The topology stays.
    pub fn wipe(&self) {
        self.shared.change(|state| state.queues.wipe());
    }

    /// Shuts the broker down: everything fails with [`BrokerError::Closed`].
    pub fn close(&self) {
        self.shared.change(|state| state.closed = true);
    }

    /// How many messages wait in a queue, those handed out and not settled not
    /// counted; none if the queue was not declared.
    #[must_use]
    pub fn waiting(&self, queue: &Queue) -> Option<usize> {
        self.shared.lock().queues.waiting(queue)
    }
}

impl Default for EmbeddedBroker {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

#[async_trait]
impl Broker for EmbeddedBroker {
    async fn declare(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        self.shared.change(|state| {
            state.reachable()?;
            state.queues.declare(Queue::Answers);
            state.queues.declare(Queue::Dead);
            for channel in channels {
                state.queues.declare(Queue::Adapter(channel.clone()));
            }
            Ok(())
        })
    }

    async fn retire(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        self.shared.change(|state| {
            state.reachable()?;
            for channel in channels {
                state.queues.unbind(&Queue::Adapter(channel.clone()));
            }
            Ok(())
        })
    }

    async fn publish(&self, batch: &[Outgoing]) -> Result<(), BrokerError> {
        self.shared.change(|state| state.publish(batch))
    }

    async fn subscribe(&self, queue: Queue) -> Result<Box<dyn Subscription>, BrokerError> {
        let consumer = self.shared.change(|state| {
            if state.closed {
                return Err(BrokerError::Closed);
            }
            Ok(state.queues.add_consumer(queue.clone()))
        })?;
        Ok(Box::new(EmbeddedSubscription {
            shared: Arc::clone(&self.shared),
            queue,
            consumer,
        }))
    }
}

impl State {
    fn reachable(&self) -> Result<(), BrokerError> {
        if self.closed {
            return Err(BrokerError::Closed);
        }
        if self.dice.faults().away {
            return Err(BrokerError::Away("told to be away".to_owned()));
        }
        Ok(())
    }

    fn publish(&mut self, batch: &[Outgoing]) -> Result<(), BrokerError> {
        self.reachable()?;
        let cut = self.dice.cut(batch.len());
        let mut unroutable = 0;
        for message in batch.iter().take(cut.unwrap_or(batch.len())) {
            if !self.route(&message.route, &message.body) {
                unroutable += 1;
            }
        }
        if cut.is_some() {
            return Err(BrokerError::Away("told to break off".to_owned()));
        }
        if unroutable > 0 {
            return Err(BrokerError::Unroutable(unroutable));
        }
        if self.dice.unconfirmed() {
            return Err(BrokerError::Timeout {
                what: "confirm a batch",
                timeout_ms: 0,
            });
        }
        Ok(())
    }

    /// Puts a message into every queue bound for it; false if there is none.
    fn route(&mut self, route: &Route, body: &Arc<[u8]>) -> bool {
        let bound = self.queues.bound_for(route);
        for queue in &bound {
            for _ in 0..self.dice.copies() {
                self.queues.push(queue, body, self.dice.places_ahead());
            }
        }
        !bound.is_empty()
    }
}

struct EmbeddedSubscription {
    shared: Arc<Shared>,
    queue: Queue,
    consumer: u64,
}

#[async_trait]
impl Subscription for EmbeddedSubscription {
    async fn next(&mut self) -> Result<Incoming, BrokerError> {
        loop {
            // Armed before looking, so that no change in between is missed.
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(incoming) = self.take()? {
                return Ok(incoming);
            }
            changed.await;
        }
    }
}

impl EmbeddedSubscription {
    fn take(&self) -> Result<Option<Incoming>, BrokerError> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(BrokerError::Closed);
        }
        if state.dice.faults().away {
            return Ok(None);
        }
        let taken = state.queues.take(&self.queue, self.consumer, PREFETCH);
        Ok(taken.map(|(delivery, message)| {
            let settlement = EmbeddedSettlement {
                shared: Arc::clone(&self.shared),
                queue: self.queue.clone(),
                consumer: self.consumer,
                delivery,
            };
            Incoming::new(message.body, message.redelivered, Box::new(settlement))
        }))
    }
}

impl Drop for EmbeddedSubscription {
    fn drop(&mut self) {
        self.shared
            .change(|state| state.queues.remove_consumer(&self.queue, self.consumer));
    }
}

struct EmbeddedSettlement {
    shared: Arc<Shared>,
    queue: Queue,
    consumer: u64,
    delivery: u64,
}

#[async_trait]
impl Settlement for EmbeddedSettlement {
    async fn ack(self: Box<Self>) -> Result<(), BrokerError> {
        self.shared.change(|state| {
            state.reachable()?;
            let settled = state
                .queues
                .settle(&self.queue, self.consumer, self.delivery);
            settled.map(drop).ok_or(BrokerError::Stale)
        })
    }

    async fn reject_to_dead_letter(self: Box<Self>, _reason: &str) -> Result<(), BrokerError> {
        self.shared.change(|state| {
            state.reachable()?;
            let settled = state
                .queues
                .settle(&self.queue, self.consumer, self.delivery);
            let message = settled.ok_or(BrokerError::Stale)?;
            state.queues.declare(Queue::Dead);
            state.queues.push(&Queue::Dead, &message.body, 0);
            Ok(())
        })
    }
}
