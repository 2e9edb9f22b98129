//! Audits: everything that is shown, read again, in pages.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use offercast_contract::message::{Answer, AuditPage, AuditReading};
use offercast_contract::{Channel, HeldItem, Mode, Position, Sku, View};

use super::{Worker, WorkerError};
use crate::fold::Pull;
use crate::outlet::{Observation, ObservationError, ObservedItem, Which};
use crate::ports::PortError;

/// Readings of one page, in bytes of JSON; the envelope stays below 512 KiB.
const PAGE_BYTES: usize = 480 * 1024;
/// Entries that are read at a time.
const AUDIT_SLICE: usize = 512;
/// How often an outside that does not answer is asked, over 3 s in all.
const LOOKS: usize = 5;
/// Steps of owed work that are done before reading, at most.
const STEPS_BEFORE_READING: u32 = 10_000;

/// Collects readings into pages and sends them.
struct Pages {
    page: AuditPage,
    bytes: usize,
    confirmed: bool,
}

impl Worker {
    /// Answers an audit; returns whether all pages are confirmed. If not, the
    /// request comes again and is answered again.
    pub(super) async fn audit(
        &mut self,
        id: &str,
        position: &Position,
    ) -> Result<bool, WorkerError> {
        self.come_to(position).await?;
        let (Some(channel), Some(held)) = (
            self.engine.channel(&self.options.channel)?,
            self.state().held()?,
        ) else {
            // Without any state there is nothing to read; the board says so.
            return Ok(true);
        };
        let mut pages = Pages {
            page: AuditPage {
                channel: channel.id.clone(),
                id: id.to_owned(),
                last: false,
                observed: false,
                page: 0,
                position: held.position,
                readings: Vec::new(),
            },
            bytes: 0,
            confirmed: true,
        };
        // A shadow has no outside; what it would show is what it rendered.
        let is_outside_ours = channel.mode != Mode::Shadow;
        if is_outside_ours && self.outlet.lists() {
            self.audit_lists(&channel, &mut pages).await?;
        } else {
            self.audit_items(&channel, is_outside_ours, &mut pages)
                .await?;
        }
        pages.page.last = true;
        self.send(&mut pages).await;
        Ok(pages.confirmed)
    }

    /// Does the work that is owed up to the position, as far as it can be done.
    async fn come_to(&mut self, position: &Position) -> Result<(), WorkerError> {
        let behind = match self.state().held()? {
            Some(held) => held.position.order() < position.order(),
            None => true,
        };
        if behind && self.state().stopped()?.is_none() {
            self.want(Pull::Following(None), false);
            self.pull_pause.reset();
        }
        for _ in 0..STEPS_BEFORE_READING {
            if !self.work().await? {
                break;
            }
        }
        Ok(())
    }

    async fn audit_lists(
        &mut self,
        channel: &Channel,
        pages: &mut Pages,
    ) -> Result<(), WorkerError> {
        for view in &channel.views {
            let observed = self
                .look(channel, view, Which::All, pages.page.position)
                .await?;
            match observed {
                Ok(Observation::Read { items, .. }) => {
                    pages.page.observed = true;
                    for item in items {
                        let reading = reading_of(item, view, None);
                        self.push(pages, reading).await?;
                    }
                }
                Ok(Observation::NotObservable) => {
                    self.audit_artefacts(channel, Some(view), pages).await?;
                }
                Err(error) => {
                    // Nothing of this view could be read: each item says why.
                    let reason = error.to_string();
                    self.audit_unreadable(view, &reason, pages).await?;
                }
            }
        }
        self.audit_held(None, pages).await
    }

    async fn audit_items(
        &mut self,
        channel: &Channel,
        is_outside_ours: bool,
        pages: &mut Pages,
    ) -> Result<(), WorkerError> {
        let mut after: Option<(View, Sku)> = None;
        let mut observable = is_outside_ours;
        while observable {
            let place = after.as_ref().map(|(view, sku)| (view, sku));
            let slice = self.state().content_after(place, AUDIT_SLICE)?;
            let Some((view, last, ..)) = slice.last() else {
                break;
            };
            after = Some((view.clone(), last.clone()));
            let entries = slice.into_iter().map(|(view, sku, ..)| (view, sku, None));
            observable = self.audit_slice(channel, entries.collect(), pages).await?;
        }
        if observable {
            return self.audit_held(Some(channel), pages).await;
        }
        self.audit_artefacts(channel, None, pages).await?;
        self.audit_held(None, pages).await
    }

    /// Reads outside, again where it does not answer: somebody waits for the
    /// audit, and one answer that was late would make many items unreadable.
    async fn look(
        &mut self,
        channel: &Channel,
        view: &View,
        which: Which<'_>,
        position: Position,
    ) -> Result<Result<Observation, ObservationError>, WorkerError> {
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_times(LOOKS - 1)
            .build();
        loop {
            let observed = self.outlet.observe(channel, view, which, position).await;
            match (observed, pauses.next()) {
                (Err(error), Some(pause)) => {
                    tracing::debug!(channel = %channel.id, %view, %error, "read again for an audit");
                    tokio::time::sleep(pause).await;
                    self.tell_of_life().await?;
                }
                (observed, _) => return Ok(observed),
            }
        }
    }

    /// Reads some items outside; false if the channel cannot be read.
    async fn audit_slice(
        &mut self,
        channel: &Channel,
        entries: Vec<(View, Sku, Option<String>)>,
        pages: &mut Pages,
    ) -> Result<bool, WorkerError> {
        for group in entries.chunk_by(|a, b| a.0 == b.0) {
            let view = &group[0].0;
            let skus: Vec<Sku> = group.iter().map(|(_, sku, _)| sku.clone()).collect();
            let observed = self
                .look(channel, view, Which::Only(&skus), pages.page.position)
                .await?;
            let held = |sku: &Sku| {
                let entry = group.iter().find(|(_, of, _)| of == sku);
                entry.and_then(|(_, _, reason)| reason.clone())
            };
            match observed {
                Ok(Observation::Read { items, .. }) => {
                    pages.page.observed = true;
                    for item in items {
                        let reason = held(&item.sku);
                        // What is rightly absent needs no reading.
                        if item.reading == Ok(None) && reason.is_none() {
                            continue;
                        }
                        let reading = reading_of(item, view, reason);
                        self.push(pages, reading).await?;
                    }
                }
                Ok(Observation::NotObservable) => return Ok(false),
                Err(error) => {
                    for sku in skus {
                        let reading = unreadable(view, sku, &error.to_string());
                        self.push(pages, reading).await?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// Reads back the delivered artefacts, where the outside cannot be read.
    async fn audit_artefacts(
        &mut self,
        channel: &Channel,
        only: Option<&View>,
        pages: &mut Pages,
    ) -> Result<(), WorkerError> {
        let mut after: Option<(View, Sku)> = None;
        loop {
            let place = after.as_ref().map(|(view, sku)| (view, sku));
            let slice = self.state().content_after(place, AUDIT_SLICE)?;
            let Some((view, last, ..)) = slice.last() else {
                return Ok(());
            };
            after = Some((view.clone(), last.clone()));
            for (view, sku, artefact, _) in slice {
                if only.is_some_and(|only| *only != view) {
                    continue;
                }
                let read = self.engine.family.read_back(channel, &view, &artefact);
                let item = ObservedItem {
                    sku,
                    revision: None,
                    reading: read.map(Some),
                };
                self.push(pages, reading_of(item, &view, None)).await?;
            }
        }
    }

    async fn audit_unreadable(
        &mut self,
        view: &View,
        reason: &str,
        pages: &mut Pages,
    ) -> Result<(), WorkerError> {
        let mut skus = Vec::new();
        self.state()
            .for_each_claims(view, &mut |sku, _| skus.push(sku))?;
        for sku in skus {
            self.push(pages, unreadable(view, sku, reason)).await?;
        }
        Ok(())
    }

    /// Lists held items; where `channel` is given, the outside is asked whether
    /// they are really not shown.
    async fn audit_held(
        &mut self,
        channel: Option<&Channel>,
        pages: &mut Pages,
    ) -> Result<(), WorkerError> {
        let mut after: Option<(View, Sku)> = None;
        loop {
            let place = after.as_ref().map(|(view, sku)| (view, sku));
            let mut slice = self.state().held_items(place, AUDIT_SLICE)?;
            let Some(last) = slice.last() else {
                return Ok(());
            };
            after = Some((last.view.clone(), last.sku.clone()));
            let mut absent = Vec::new();
            for item in slice.drain(..) {
                // What is still shown, because it equals the terms, was read.
                if self.state().shown_claims(&item.view, &item.sku)?.is_none() {
                    absent.push(item);
                }
            }
            match channel {
                Some(channel) => {
                    let entries = absent
                        .into_iter()
                        .map(|item| (item.view, item.sku, Some(item.reason)))
                        .collect();
                    self.audit_slice(channel, entries, pages).await?;
                }
                None => {
                    for item in absent {
                        self.push(pages, held(item)).await?;
                    }
                }
            }
        }
    }

    async fn push(&mut self, pages: &mut Pages, reading: AuditReading) -> Result<(), WorkerError> {
        let bytes = offercast_contract::canonical_bytes(&reading).len() + 1;
        if pages.bytes + bytes > PAGE_BYTES && !pages.page.readings.is_empty() {
            self.send(pages).await;
        }
        pages.bytes += bytes;
        pages.page.readings.push(reading);
        Ok(())
    }

    async fn send(&mut self, pages: &mut Pages) {
        let sent: Result<(), PortError> = self
            .carrier
            .answer(&Answer::AuditPage(pages.page.clone()))
            .await;
        if let Err(error) = sent {
            tracing::warn!(channel = %self.options.channel, %error, "audit page not confirmed");
            pages.confirmed = false;
        }
        pages.page.page += 1;
        pages.page.readings.clear();
        pages.bytes = 0;
    }
}

fn reading_of(item: ObservedItem, view: &View, held: Option<String>) -> AuditReading {
    let (claims, unreadable) = match item.reading {
        Ok(claims) => (claims, None),
        Err(error) => (None, Some(error.to_string())),
    };
    AuditReading {
        claims,
        // An outside that cannot be read may show anything.
        held: held.is_some() && unreadable.is_none(),
        reason: unreadable.or(held),
        sku: item.sku,
        view: view.clone(),
    }
}

fn unreadable(view: &View, sku: Sku, reason: &str) -> AuditReading {
    AuditReading {
        claims: None,
        held: false,
        reason: Some(reason.to_owned()),
        sku,
        view: view.clone(),
    }
}

fn held(item: HeldItem) -> AuditReading {
    AuditReading {
        claims: None,
        held: true,
        reason: Some(item.reason),
        sku: item.sku,
        view: item.view,
    }
}
