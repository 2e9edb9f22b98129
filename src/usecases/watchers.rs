//! What is known beside the log: where channels stand, and the two switches.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use offercast_contract::{Acknowledgement, ChannelId, Instant};
use uuid::Uuid;

use crate::audit::{AuditChannel, Running};

/// The last word of a channel.
#[derive(Debug, Clone)]
pub(crate) struct LastWord {
    /// What it said.
    pub acknowledgement: Acknowledgement,
    /// When it was heard, by the server's clock.
    pub received_at: Instant,
    /// Whether this process heard it itself, since it started.
    pub heard_here: bool,
}

#[derive(Default)]
struct Switches {
    frozen: Option<String>,
    halted: Option<String>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Watchers {
    channels: RwLock<BTreeMap<ChannelId, LastWord>>,
    switches: RwLock<Switches>,
    audits: RwLock<BTreeMap<(Uuid, ChannelId), Running>>,
}

/// Audits of single channels that can be under way at once.
const MAX_RUNNING_AUDITS: usize = 1_000;

macro_rules! read {
    ($lock:expr) => {
        $lock.read().unwrap_or_else(PoisonError::into_inner)
    };
}

macro_rules! write {
    ($lock:expr) => {
        $lock.write().unwrap_or_else(PoisonError::into_inner)
    };
}

impl Watchers {
    /// Why egress is frozen, if it is.
    pub(crate) fn frozen(&self) -> Option<String> {
        read!(self.switches).frozen.clone()
    }

    /// Why the relay publishes nothing, if it does not.
    pub(crate) fn halted(&self) -> Option<String> {
        read!(self.switches).halted.clone()
    }

    /// Sets both switches; true if either changed.
    pub(crate) fn set_switches(&self, frozen: Option<String>, halted: Option<String>) -> bool {
        let mut switches = write!(self.switches);
        let changed = switches.frozen != frozen || switches.halted != halted;
        *switches = Switches { frozen, halted };
        changed
    }

    /// Keeps a channel's word unless a later one is known; true if it is news.
    pub(crate) fn heard(
        &self,
        acknowledgement: Acknowledgement,
        received_at: Instant,
        heard_here: bool,
    ) -> bool {
        let mut channels = write!(self.channels);
        let known = channels.get(&acknowledgement.channel);
        if known.is_some_and(|known| known.received_at >= received_at) {
            return false;
        }
        let heard_here = heard_here || known.is_some_and(|known| known.heard_here);
        let word = LastWord {
            received_at,
            heard_here,
            acknowledgement,
        };
        channels.insert(word.acknowledgement.channel.clone(), word);
        true
    }

    /// A channel's last word.
    pub(crate) fn channel(&self, id: &ChannelId) -> Option<LastWord> {
        read!(self.channels).get(id).cloned()
    }

    /// Works on the running audit of one channel, and forgets it when it ends.
    pub(crate) fn with_audit(
        &self,
        key: (Uuid, ChannelId),
        work: impl FnOnce(&mut Running) -> Option<AuditChannel>,
    ) -> Option<AuditChannel> {
        let mut audits = write!(self.audits);
        // Ids rise with time: the first is the oldest, of an adapter that died.
        while audits.len() >= MAX_RUNNING_AUDITS && !audits.contains_key(&key) {
            audits.pop_first();
        }
        let finished = work(audits.entry(key.clone()).or_default());
        if finished.is_some() {
            audits.remove(&key);
        }
        finished
    }
}
