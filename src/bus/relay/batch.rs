//! Makes messages of outbox entries and checks them.

use offercast_contract::message::encode;
use offercast_contract::{ChannelId, Message, Payload, Update, canonical_bytes};

use super::ports::OutboxEntry;
use super::{INLINE_LIMIT_BYTES, MESSAGE_LIMIT_BYTES};
use crate::broker::{Outgoing, Route};

/// Consecutive updates, ready to be published.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<Outgoing>,
    /// The sequence of the last one; 0 while there is none.
    pub(super) last: u64,
    pub(super) bytes: usize,
    /// Channels that these updates declare.
    pub(super) declared: Vec<ChannelId>,
    /// Channels that end with these updates.
    pub(super) ended: Vec<ChannelId>,
}

impl Batch {
    pub(super) fn add(&mut self, entry: &OutboxEntry, update: Update) -> Result<(), BatchError> {
        if (update.after, update.at) != (entry.after, entry.at) {
            return Err(BatchError::Positions(entry.sequence));
        }
        let declared: Vec<ChannelId> = update.channels.iter().map(|c| c.id.clone()).collect();
        let ended = update.ended_channels.clone();
        let inline = inline_bytes(&update.payload);
        if inline > INLINE_LIMIT_BYTES {
            return Err(BatchError::Inline(entry.sequence, inline));
        }
        let body = encode(Message::Update(Box::new(update)));
        if body.len() > MESSAGE_LIMIT_BYTES {
            return Err(BatchError::Message(entry.sequence, body.len()));
        }
        self.bytes += body.len();
        self.last = entry.sequence;
        self.declared.extend(declared);
        self.ended.extend(ended);
        self.messages.push(Outgoing::new(Route::Update, body));
        Ok(())
    }
}

/// What is wrong with the outbox or with what the engine made of it. Trying
/// again may help when the engine is mended, so the relay does, and says so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BatchError {
    /// The outbox has a gap or an order of its own.
    #[error("entry {expected} of the outbox should come next, {found} does")]
    Gap {
        /// What should come.
        expected: u64,
        /// What comes.
        found: u64,
    },
    /// An entry does not follow the one before it.
    #[error("entry {0} of the outbox does not start where the one before it ends")]
    Broken(u64),
    /// The update is not the one of the entry.
    #[error("the update of entry {0} has other positions than the entry")]
    Positions(u64),
    /// It should have been a manifest.
    #[error("the items of entry {0} are {1} bytes, too many to travel inline")]
    Inline(u64, u64),
    /// Even without items it is too long.
    #[error("the message of entry {0} has {1} bytes, more than a broker takes")]
    Message(u64, usize),
}

/// Checks that entries follow each other and the mark. A new epoch may start
/// anywhere: that is what a person opened it for.
pub(super) fn check_order(published: u64, entries: &[OutboxEntry]) -> Result<(), BatchError> {
    for (expected, entry) in (published + 1..).zip(entries) {
        if entry.sequence != expected {
            let found = entry.sequence;
            return Err(BatchError::Gap { expected, found });
        }
    }
    let breaks = |pair: &&[OutboxEntry]| {
        pair[0].at.epoch == pair[1].after.epoch && pair[0].at != pair[1].after
    };
    let broken = entries.windows(2).find(breaks);
    broken.map_or(Ok(()), |pair| Err(BatchError::Broken(pair[1].sequence)))
}

fn inline_bytes(payload: &Payload) -> u64 {
    match payload {
        Payload::Manifest { .. } => 0,
        Payload::Inline { items } => items
            .iter()
            .map(|item| u64::try_from(canonical_bytes(item).len() + 1).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use offercast_contract::{Hash, Horizon, Position};

    use super::*;

    fn position(epoch: u64, revision: u64) -> Position {
        Position {
            epoch,
            hash: Hash::ZERO,
            horizon: Horizon(20_000),
            revision,
        }
    }

    fn entry(sequence: u64, after: Position, at: Position) -> OutboxEntry {
        OutboxEntry {
            sequence,
            after,
            at,
        }
    }

    #[test]
    fn entries_follow_each_other() {
        let first = entry(1, position(1, 0), position(1, 1));
        let second = entry(2, position(1, 1), position(1, 2));
        assert_eq!(check_order(0, &[first, second]), Ok(()));
        assert_eq!(check_order(1, &[second]), Ok(()));
        let gap = BatchError::Gap {
            expected: 1,
            found: 2,
        };
        assert_eq!(check_order(0, &[second]), Err(gap));
        let skips = entry(2, position(1, 2), position(1, 3));
        assert_eq!(check_order(0, &[first, skips]), Err(BatchError::Broken(2)));
        let epoch = entry(2, position(2, 0), position(2, 1));
        assert_eq!(check_order(0, &[first, epoch]), Ok(()));
    }
}
