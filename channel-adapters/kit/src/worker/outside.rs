//! Delivering, and reading what is really shown.

use std::collections::BTreeMap;

use offercast_contract::claims::ClaimKey;
use offercast_contract::{Channel, Claims, Difference, Field, Sku, View, compare};

use super::{Worker, WorkerError};
use crate::outlet::{DeliveryJob, Observation, ObservedItem, Which};
use crate::state::{StateError, Unobserved};

/// Entries of one delivery; what is more follows in the next.
const DELIVERY_LIMIT: usize = 50_000;
/// Entries that are observed between two looks for a message.
const OBSERVE_SLICE: usize = 256;
/// How often an outside that differs is read again before that is told: it may
/// switch a moment after this clock does.
const READINGS_BEFORE_MISMATCH: u32 = 3;

impl Worker {
    /// Delivers what is pending; returns whether that was tried.
    pub(super) async fn deliver(&mut self) -> Result<bool, WorkerError> {
        if self.delivery_pause.is_waiting() || !self.may_deliver()? {
            return Ok(false);
        }
        let changes = self
            .blocking(|engine| engine.state.pending(DELIVERY_LIMIT))
            .await??;
        let (Some(channel), Some(held)) = (
            self.engine.channel(&self.options.channel)?,
            self.state().held()?,
        ) else {
            return Ok(false);
        };
        if changes.is_empty() {
            self.notes.delivery = None;
            return Ok(false);
        }
        let job = DeliveryJob {
            channel: &channel,
            position: held.position,
            at: self.clock.now(),
            views: &changes,
            content: self.engine.state.clone(),
        };
        match self.outlet.deliver(job).await {
            Ok(delivered) => {
                self.delivery_pause.reset();
                self.notes.delivery = delivered.note;
                self.observe_pause.reset();
                self.disagreements = 0;
                self.blocking(move |engine| engine.state.delivered(&changes))
                    .await??;
            }
            Err(error) => {
                tracing::warn!(channel = %self.options.channel, %error, "delivery failed, it is tried again");
                self.notes.delivery = Some(format!("delivery failed, it is tried again: {error}"));
                self.delivery_pause.failed();
            }
        }
        Ok(true)
    }

    /// At intervals: what differed, or was not taken over yet, is read again.
    pub(super) fn look_again_if_needed(&mut self) -> Result<(), StateError> {
        if self.outlet.lists() {
            self.look_again = true;
        } else {
            self.state().observe_mismatches_again()?;
        }
        Ok(())
    }

    /// Reads a slice of what was delivered; returns whether more can be read.
    pub(super) async fn observe(&mut self) -> Result<bool, WorkerError> {
        if self.observe_pause.is_waiting() || !self.may_deliver()? {
            return Ok(false);
        }
        let Some(channel) = self.engine.channel(&self.options.channel)? else {
            return Ok(false);
        };
        let owed = self.state().owed()?;
        if owed.pending > 0 || owed.dirty > 0 {
            return Ok(false);
        }
        if self.outlet.lists() {
            if owed.unobserved == 0 && !self.look_again {
                return Ok(false);
            }
            self.look_again = false;
            self.observe_views(&channel).await
        } else if owed.unobserved > 0 {
            self.observe_slice(&channel).await
        } else {
            Ok(false)
        }
    }

    async fn observe_views(&mut self, channel: &Channel) -> Result<bool, WorkerError> {
        let Some(held) = self.state().held()? else {
            return Ok(false);
        };
        let (mut all_live, mut notes) = (true, Vec::new());
        for view in &channel.views {
            let observed = self
                .outlet
                .observe(channel, view, Which::All, held.position)
                .await;
            match observed {
                Ok(Observation::Read {
                    items,
                    is_live,
                    note,
                }) => {
                    all_live &= is_live;
                    notes.extend(note);
                    let view = view.clone();
                    self.blocking(move |engine| {
                        let found = compare_all(&engine.state, &view, items)?;
                        engine.state.observed_all(&view, &found)
                    })
                    .await??;
                }
                Ok(Observation::NotObservable) => all_live = false,
                Err(error) => {
                    self.notes.outside = Some(format!("{view} cannot be read: {error}"));
                    self.look_again = true;
                    self.observe_pause.failed();
                    return Ok(false);
                }
            }
        }
        self.observe_pause.reset();
        self.notes.outside = (!notes.is_empty()).then(|| notes.join("; "));
        self.state().set_live(all_live)?;
        Ok(false)
    }

    async fn observe_slice(&mut self, channel: &Channel) -> Result<bool, WorkerError> {
        let Some(held) = self.state().held()? else {
            return Ok(false);
        };
        let mut by_view: BTreeMap<View, Vec<Sku>> = BTreeMap::new();
        for entry in self.state().unobserved(OBSERVE_SLICE)? {
            by_view.entry(entry.view).or_default().push(entry.sku);
        }
        let (mut settled, mut differing, mut all_live) = (Vec::new(), Vec::new(), true);
        for (view, skus) in by_view {
            let observed = self
                .outlet
                .observe(channel, &view, Which::Only(&skus), held.position)
                .await;
            match observed {
                Ok(Observation::Read {
                    items,
                    is_live,
                    note,
                }) => {
                    all_live &= is_live;
                    self.notes.outside = note;
                    for item in items {
                        let is_ahead = item
                            .revision
                            .is_some_and(|revision| revision > held.position.revision);
                        let sku = item.sku.clone();
                        let expected = self.state().shown_claims(&view, &sku)?;
                        let differences = differences(expected.as_ref(), &item);
                        let entry = Unobserved {
                            view: view.clone(),
                            sku,
                        };
                        if differences.is_empty() {
                            settled.push((entry, differences));
                        } else if !is_ahead {
                            differing.push((entry, differences));
                        }
                    }
                }
                Ok(Observation::NotObservable) => {
                    self.state().forget_unobserved()?;
                    return Ok(false);
                }
                Err(error) => {
                    self.notes.outside = Some(format!("{view} cannot be read: {error}"));
                    self.observe_pause.failed();
                    return Ok(false);
                }
            }
        }
        self.settle(settled, differing, all_live).await
    }

    /// Records what agrees at once, and what differs when it did so repeatedly.
    async fn settle(
        &mut self,
        mut settled: Vec<(Unobserved, Vec<Difference>)>,
        differing: Vec<(Unobserved, Vec<Difference>)>,
        all_live: bool,
    ) -> Result<bool, WorkerError> {
        if !differing.is_empty() && self.disagreements + 1 < READINGS_BEFORE_MISMATCH {
            self.disagreements += 1;
            self.observe_pause.failed();
        } else {
            settled.extend(differing);
            self.disagreements = 0;
        }
        let progress = !settled.is_empty();
        if progress {
            // Before the entries are settled: whoever is stopped in between
            // observes them again.
            self.state().set_live(all_live)?;
            self.blocking(move |engine| engine.state.observed(&settled))
                .await??;
        } else {
            // The outside is ahead of this adapter, whose update is on its way.
            self.observe_pause.failed();
        }
        Ok(progress)
    }
}

/// Compares everything that a view shows with what it is to show.
fn compare_all(
    state: &crate::state::State,
    view: &View,
    items: Vec<ObservedItem>,
) -> Result<Vec<(Sku, Vec<Difference>)>, StateError> {
    let mut outside: BTreeMap<Sku, ObservedItem> = BTreeMap::new();
    let mut found = Vec::new();
    for item in items {
        if let Some(twice) = outside.insert(item.sku.clone(), item) {
            found.push((twice.sku.clone(), vec![surplus("shown twice")]));
        }
    }
    state.for_each_claims(view, &mut |sku, expected| {
        let differences = match outside.remove(&sku) {
            Some(item) => differences(Some(&expected), &item),
            None => vec![missing(&sku)],
        };
        if !differences.is_empty() {
            found.push((sku, differences));
        }
    })?;
    for (sku, item) in outside {
        let differences = differences(None, &item);
        if !differences.is_empty() {
            found.push((sku, differences));
        }
    }
    Ok(found)
}

/// How what is shown of an item differs from what is to be shown.
fn differences(expected: Option<&Claims>, item: &ObservedItem) -> Vec<Difference> {
    match (expected, &item.reading) {
        (Some(expected), Ok(Some(reading))) => compare(expected, reading),
        (None, Ok(None)) => Vec::new(),
        (None, Ok(Some(_))) => vec![surplus(item.sku.as_str())],
        (Some(_), Ok(None)) => vec![missing(&item.sku)],
        (_, Err(unreadable)) => vec![Difference {
            expected: Some(item.sku.as_str().to_owned()),
            field: ClaimKey::from(Field::Sku),
            shown: Some(unreadable.to_string()),
        }],
    }
}

fn missing(sku: &Sku) -> Difference {
    Difference {
        expected: Some(sku.as_str().to_owned()),
        field: ClaimKey::from(Field::Sku),
        shown: None,
    }
}

fn surplus(shown: &str) -> Difference {
    Difference {
        expected: None,
        field: ClaimKey::from(Field::Sku),
        shown: Some(shown.to_owned()),
    }
}
