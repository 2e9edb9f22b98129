//! The steps that are still at hand: for the relay, and for adapters that are
//! a little behind.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use offercast_contract::{Horizon, Position, Sku, Update};

use super::Current;

/// One row of the outbox, folded.
pub struct Step {
    /// The position before.
    pub after: Position,
    /// The snapshot after.
    pub current: Arc<Current>,
    /// The SKUs whose items differ, sorted.
    pub skus: Arc<[Sku]>,
    /// The message.
    pub update: Arc<Update>,
}

impl Step {
    fn key(&self) -> (u64, Horizon) {
        let at = self.current.position;
        (at.revision, at.horizon)
    }
}

/// Steps kept at the most.
const MAX_STEPS: usize = 512;
/// SKUs that all kept steps may name; a step holds its items or its snapshot's
/// pages, so this bounds the memory.
const MAX_SKUS: usize = 1_500_000;

/// Unions kept: of so many pulls from different positions at once.
const MAX_UNIONS: usize = 4;

/// See the module.
#[derive(Default)]
pub(super) struct Ring {
    steps: VecDeque<Arc<Step>>,
    skus: usize,
    /// What several steps changed together, the newest question last: each page
    /// of a pull asks the same.
    unions: VecDeque<Union>,
}

/// What changed after a position, up to and including another.
struct Union {
    after: (u64, Horizon),
    at: Position,
    skus: Arc<[Sku]>,
}

impl Ring {
    pub(super) fn push(&mut self, step: Step) {
        self.skus += step.skus.len();
        self.steps.push_back(Arc::new(step));
        while self.steps.len() > 1 && (self.steps.len() > MAX_STEPS || self.skus > MAX_SKUS) {
            if let Some(gone) = self.steps.pop_front() {
                self.skus -= gone.skus.len();
            }
        }
    }

    pub(super) fn to(&self, revision: u64, horizon: Horizon) -> Option<Arc<Step>> {
        let wanted = (revision, horizon);
        self.steps
            .iter()
            .rev()
            .find(|step| step.key() == wanted)
            .cloned()
    }

    pub(super) fn by_sequence(&self, sequence: u64) -> Option<Arc<Step>> {
        let found = self
            .steps
            .iter()
            .rev()
            .find(|step| step.current.sequence == sequence);
        found.cloned()
    }

    pub(super) fn changed_between(
        &mut self,
        after: (u64, Horizon),
        until: &Step,
    ) -> Option<Arc<[Sku]>> {
        let at = until.current.position;
        let known = |union: &&Union| union.after == after && union.at == at;
        if let Some(union) = self.unions.iter().find(known) {
            return Some(Arc::clone(&union.skus));
        }
        let first = self
            .steps
            .iter()
            .position(|step| (step.after.revision, step.after.horizon) == after)?;
        let wanted = |step: &&Arc<Step>| step.key() <= until.key();
        let steps: Vec<_> = self.steps.iter().skip(first).take_while(wanted).collect();
        if steps
            .iter()
            .any(|step| step.after.epoch != until.current.position.epoch)
        {
            return None;
        }
        match steps.as_slice() {
            [] => None,
            [only] => Some(Arc::clone(&only.skus)),
            several => {
                let all: BTreeSet<&Sku> =
                    several.iter().flat_map(|step| step.skus.iter()).collect();
                let skus: Arc<[Sku]> = all.into_iter().cloned().collect();
                self.unions.push_back(Union {
                    after,
                    at,
                    skus: Arc::clone(&skus),
                });
                if self.unions.len() > MAX_UNIONS {
                    self.unions.pop_front();
                }
                Some(skus)
            }
        }
    }
}
