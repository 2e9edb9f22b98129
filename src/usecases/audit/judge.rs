//! Comparing the readings of one channel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offercast_contract::compare::judge;
use offercast_contract::message::{AuditPage, AuditReading};
use offercast_contract::{
    Channel, Claims, Difference, Instant, ItemState, Sku, View, compare, project,
};

use super::{AuditChannel, AuditStatus, Finding};
use crate::engine::Current;

/// Findings kept per channel; the counts are always complete.
const MAX_FINDINGS: usize = 1_000;

/// What readings are compared with. They were made some time between the
/// question and the answer, and meanwhile prices change by the clock and by
/// edits: what held at any moment of it was rightly shown.
pub(crate) struct Basis {
    /// The instant that was asked for.
    pub from: Instant,
    /// Until when the readings were made.
    pub until: Instant,
    /// The snapshot that the audit was pinned to, and the newest; none where
    /// the adapter holds neither that position nor a later one.
    pub snapshots: Vec<Arc<Current>>,
}

/// The audit of one channel while its pages come in.
#[derive(Default)]
pub(crate) struct Running {
    findings: Vec<Finding>,
    items_read: u64,
    next_page: u32,
    seen: BTreeSet<(View, Sku)>,
    states: BTreeMap<ItemState, u64>,
}

impl Running {
    /// Takes a page; the last one gives the result. A page that comes twice is
    /// taken once.
    pub(crate) fn take(&mut self, page: &AuditPage, basis: &Basis) -> Option<AuditChannel> {
        if page.page != self.next_page {
            return None;
        }
        self.next_page += 1;
        let channel = basis.channel(page);
        for reading in &page.readings {
            self.items_read += 1;
            self.seen
                .insert((reading.view.clone(), reading.sku.clone()));
            match &channel {
                Err(reason) => self.count(finding(reading, ItemState::Behind, Some(reason))),
                Ok(channel) => self.judge(basis, channel, reading),
            }
        }
        if !page.last {
            return None;
        }
        match &channel {
            Ok(channel) => self.find_missing(basis, channel),
            Err(_) => self.count_behind(page),
        }
        Some(AuditChannel {
            channel: page.channel.clone(),
            findings: std::mem::take(&mut self.findings),
            items_read: self.items_read,
            observed: page.observed,
            states: std::mem::take(&mut self.states),
            status: AuditStatus::Done,
        })
    }

    fn count(&mut self, finding: Finding) {
        *self.states.entry(finding.state).or_default() += 1;
        if !finding.state.counts_as_shown() && self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// An adapter at another revision is behind even if it shows nothing.
    fn count_behind(&mut self, page: &AuditPage) {
        if page.readings.is_empty() && self.states.is_empty() {
            self.states.insert(ItemState::Behind, 1);
        }
    }

    fn judge(&mut self, basis: &Basis, channel: &Channel, reading: &AuditReading) {
        // What can be read is shown, whatever the adapter says it holds back.
        let Some(claims) = &reading.claims else {
            let state = if reading.held {
                ItemState::Held
            } else {
                ItemState::Unreadable
            };
            self.count(finding(reading, state, reading.reason.as_deref()));
            return;
        };
        let mut found: Option<(ItemState, Vec<Difference>)> = None;
        for (at, expected) in basis.expected(channel, &reading.view, &reading.sku) {
            let differences = compare(&expected.unwrap_or_default(), claims);
            let state = judge(channel, &reading.sku, at, &differences);
            // What differs is told as of the instant that was asked for.
            if found.is_none() || state.counts_as_shown() {
                found = Some((state, differences));
            }
            if state.counts_as_shown() {
                break;
            }
        }
        let (state, differences) = found.unwrap_or((ItemState::Mismatch, Vec::new()));
        self.count(Finding {
            differences,
            ..finding(reading, state, None)
        });
    }

    /// What should have been shown all the time and was not read.
    fn find_missing(&mut self, basis: &Basis, channel: &Channel) {
        let Some(pinned) = basis.snapshots.first() else {
            return;
        };
        for view in &channel.views {
            for sku in pinned.book.skus() {
                if self.seen.contains(&(view.clone(), sku.clone())) {
                    continue;
                }
                let expected = basis.expected(channel, view, sku);
                let Some((_, Some(first))) = expected.first() else {
                    continue;
                };
                if expected.iter().all(|(_, claims)| claims.is_some()) {
                    self.count(Finding {
                        differences: compare(first, &Claims::default()),
                        reason: Some("it is not shown at all".to_owned()),
                        sku: sku.clone(),
                        state: ItemState::Mismatch,
                        view: view.clone(),
                    });
                }
            }
        }
    }
}

impl Basis {
    /// The channel as declared, or why its readings cannot be compared.
    fn channel(&self, page: &AuditPage) -> Result<Arc<Channel>, &'static str> {
        let pinned = self
            .snapshots
            .first()
            .ok_or("the adapter holds another revision")?;
        if self.from >= pinned.position.horizon.until() {
            return Err("terms are unknown beyond the horizon, and nothing has moved it");
        }
        pinned
            .book
            .channel(&page.channel)
            .ok_or("the channel is not declared there")
    }

    /// What was to be shown, in the order of time; none where nothing was. The
    /// first is as of the position and instant that were asked for.
    fn expected(
        &self,
        channel: &Channel,
        view: &View,
        sku: &Sku,
    ) -> Vec<(Instant, Option<Claims>)> {
        let mut all = Vec::new();
        for current in &self.snapshots {
            let facts = current.book.facts(sku).filter(|facts| {
                channel.views.contains(view) && channel.assortment.carries(sku, facts)
            });
            let Some(facts) = facts else {
                all.push((self.from, None));
                continue;
            };
            let timeline = current.book.timeline(sku, view, current.position.horizon);
            let mut at = self.from;
            loop {
                let segment = timeline.at(at);
                let terms = segment
                    .and_then(|segment| Some((segment, segment.terms.as_ref()?)))
                    .filter(|(_, terms)| terms.visible_in(channel));
                let claims = terms
                    .map(|(segment, terms)| project(channel, sku, &facts, terms, segment.until));
                all.push((at, claims));
                match segment.and_then(|segment| segment.until) {
                    Some(next) if next <= self.until && next > at => at = next,
                    _ => break,
                }
            }
        }
        all
    }
}

fn finding(reading: &AuditReading, state: ItemState, reason: Option<&str>) -> Finding {
    Finding {
        differences: Vec::new(),
        reason: reason.map(str::to_owned),
        sku: reading.sku.clone(),
        state,
        view: reading.view.clone(),
    }
}
