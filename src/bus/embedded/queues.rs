//! The queues of the embedded broker: a plain data structure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::broker::{Queue, Route};
use crate::topology::{Bound, Limits};

/// A message in a queue.
pub(super) struct Stored {
    pub(super) body: Arc<[u8]>,
    pub(super) redelivered: bool,
}

pub(super) struct Queues {
    limits: Limits,
    queues: BTreeMap<Queue, State>,
    next_id: u64,
}

#[derive(Default)]
struct State {
    /// Somebody declared it; before that it only collects consumers.
    declared: bool,
    bound: bool,
    ready: VecDeque<Stored>,
    ready_bytes: u64,
    /// In the order of arrival: the first is the active one.
    consumers: Vec<Consumer>,
}

struct Consumer {
    id: u64,
    /// By delivery number, which rises, so in the order of delivery.
    unsettled: BTreeMap<u64, Stored>,
}

impl Queues {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: BTreeMap::new(),
            next_id: 0,
        }
    }

    pub(super) fn declare(&mut self, queue: Queue) {
        let state = self.queues.entry(queue).or_default();
        state.declared = true;
        state.bound = true;
    }

    pub(super) fn unbind(&mut self, queue: &Queue) {
        if let Some(state) = self.queues.get_mut(queue) {
            state.bound = false;
        }
    }

    pub(super) fn bound_for(&self, route: &Route) -> Vec<Queue> {
        let takes = |(queue, state): &(&Queue, &State)| state.bound && queue.takes(route);
        let bound = self.queues.iter().filter(takes);
        bound.map(|(queue, _)| queue.clone()).collect()
    }

    /// Appends a message, before the last `places_ahead` that wait.
    pub(super) fn push(&mut self, queue: &Queue, body: &Arc<[u8]>, places_ahead: usize) {
        let bound = self.limits.of(queue);
        if let Some(state) = self.queues.get_mut(queue) {
            let index = state.ready.len().saturating_sub(places_ahead);
            let message = Stored {
                body: Arc::clone(body),
                redelivered: false,
            };
            state.insert(index, message);
            state.drop_head(bound);
        }
    }

    pub(super) fn waiting(&self, queue: &Queue) -> Option<usize> {
        let state = self.queues.get(queue)?;
        state.declared.then_some(state.ready.len())
    }

    pub(super) fn add_consumer(&mut self, queue: Queue) -> u64 {
        self.next_id += 1;
        let state = self.queues.entry(queue).or_default();
        state.consumers.push(Consumer {
            id: self.next_id,
            unsettled: BTreeMap::new(),
        });
        self.next_id
    }

    pub(super) fn remove_consumer(&mut self, queue: &Queue, id: u64) {
        let bound = self.limits.of(queue);
        if let Some(state) = self.queues.get_mut(queue)
            && let Some(index) = state.consumers.iter().position(|c| c.id == id)
        {
            let consumer = state.consumers.remove(index);
            state.give_back(consumer.unsettled, bound);
        }
    }

    /// The next message for a consumer, with the number of its delivery.
    pub(super) fn take(
        &mut self,
        queue: &Queue,
        id: u64,
        prefetch: usize,
    ) -> Option<(u64, Stored)> {
        let state = self.queues.get_mut(queue)?;
        let index = state.consumers.iter().position(|c| c.id == id)?;
        let active = index == 0 || *queue == Queue::Dead;
        if !active || state.consumers[index].unsettled.len() >= prefetch {
            return None;
        }
        let message = state.ready.pop_front()?;
        state.ready_bytes -= size(&message);
        self.next_id += 1;
        let kept = Stored {
            body: Arc::clone(&message.body),
            redelivered: true,
        };
        let unsettled = &mut state.consumers[index].unsettled;
        unsettled.insert(self.next_id, kept);
        Some((self.next_id, message))
    }

    /// Takes a delivery out of the unsettled ones; none if it is not ours.
    pub(super) fn settle(&mut self, queue: &Queue, id: u64, delivery: u64) -> Option<Stored> {
        let state = self.queues.get_mut(queue)?;
        let consumer = state.consumers.iter_mut().find(|c| c.id == id)?;
        consumer.unsettled.remove(&delivery)
    }

    pub(super) fn give_back_all(&mut self) {
        for (queue, state) in &mut self.queues {
            let bound = self.limits.of(queue);
            let mut unsettled = BTreeMap::new();
            for consumer in &mut state.consumers {
                unsettled.append(&mut consumer.unsettled);
            }
            state.give_back(unsettled, bound);
        }
    }

    pub(super) fn wipe(&mut self) {
        for state in self.queues.values_mut() {
            state.ready.clear();
            state.ready_bytes = 0;
            for consumer in &mut state.consumers {
                consumer.unsettled.clear();
            }
        }
    }
}

impl State {
    fn insert(&mut self, index: usize, message: Stored) {
        self.ready_bytes += size(&message);
        self.ready.insert(index, message);
    }

    /// Puts unsettled messages back where they came from: before all others.
    fn give_back(&mut self, unsettled: BTreeMap<u64, Stored>, bound: Bound) {
        for message in unsettled.into_values().rev() {
            self.insert(0, message);
        }
        self.drop_head(bound);
    }

    fn drop_head(&mut self, bound: Bound) {
        let messages = usize::try_from(bound.messages).unwrap_or(usize::MAX);
        while self.ready.len() > messages || self.ready_bytes > bound.bytes {
            let Some(dropped) = self.ready.pop_front() else {
                return;
            };
            self.ready_bytes -= size(&dropped);
        }
    }
}

fn size(message: &Stored) -> u64 {
    u64::try_from(message.body.len()).unwrap_or(u64::MAX)
}
