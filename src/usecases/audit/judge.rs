//! Comparing the readings of one channel.

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::compare::judge;
use offercast_contract::message::{AuditPage, AuditReading};
use offercast_contract::{Channel, Claims, Instant, ItemState, Sku, View, compare, project};

use super::{AuditChannel, AuditStatus, Finding};
use crate::engine::Current;

/// Findings kept per channel; the counts are always complete.
const MAX_FINDINGS: usize = 1_000;

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
    /// Takes a page; the last one gives the result. `current` is the snapshot
    /// that the audit was pinned to, none where the adapter does not hold it.
    /// A page that comes twice is taken once.
    pub(crate) fn take(
        &mut self,
        page: &AuditPage,
        current: Option<&Current>,
        at: Instant,
    ) -> Option<AuditChannel> {
        if page.page != self.next_page {
            return None;
        }
        self.next_page += 1;
        let declared =
            current.and_then(|current| Some((current, current.book.channel(&page.channel)?)));
        for reading in &page.readings {
            self.items_read += 1;
            self.seen
                .insert((reading.view.clone(), reading.sku.clone()));
            match &declared {
                None => self.count(finding(
                    reading,
                    ItemState::Behind,
                    Some("the adapter holds another revision"),
                )),
                Some((current, channel)) => self.judge(current, channel, reading, at),
            }
        }
        if !page.last {
            return None;
        }
        match &declared {
            Some((current, channel)) => self.find_missing(current, channel, at),
            None => self.count_behind(page),
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

    fn judge(&mut self, current: &Current, channel: &Channel, reading: &AuditReading, at: Instant) {
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
        let expected =
            expected(current, channel, &reading.view, &reading.sku, at).unwrap_or_default();
        let differences = compare(&expected, claims);
        let state = judge(channel, &reading.sku, at, &differences);
        self.count(Finding {
            differences,
            ..finding(reading, state, None)
        });
    }

    /// What should be shown and was not read.
    fn find_missing(&mut self, current: &Current, channel: &Channel, at: Instant) {
        for view in &channel.views {
            for sku in current.book.skus() {
                let Some(expected) = expected(current, channel, view, sku, at) else {
                    continue;
                };
                if !self.seen.contains(&(view.clone(), sku.clone())) {
                    self.count(Finding {
                        differences: compare(&expected, &Claims::default()),
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

fn finding(reading: &AuditReading, state: ItemState, reason: Option<&str>) -> Finding {
    Finding {
        differences: Vec::new(),
        reason: reason.map(str::to_owned),
        sku: reading.sku.clone(),
        state,
        view: reading.view.clone(),
    }
}

/// The projection of the terms at `at`; none where nothing is to be shown.
fn expected(
    current: &Current,
    channel: &Channel,
    view: &View,
    sku: &Sku,
    at: Instant,
) -> Option<Claims> {
    let facts = current.book.facts(sku)?;
    if !channel.views.contains(view) || !channel.assortment.carries(sku, &facts) {
        return None;
    }
    let timeline = current.book.timeline(sku, view, current.position.horizon);
    let segment = timeline.at(at)?;
    let terms = segment.terms.as_ref()?;
    if !terms.visible_in(channel) {
        return None;
    }
    Some(project(channel, sku, &facts, terms, segment.until))
}
