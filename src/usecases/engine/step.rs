//! One row of the outbox, folded: a pure function of the snapshot before it,
//! the row, and the revision's delta.

use std::sync::Arc;

use offercast_contract::canonical::Hasher;
use offercast_contract::{
    Channel, ChannelId, Hash, Instant, Item, Payload, RESOLVER_VERSION, Update, canonical_bytes,
};
use offercast_domain::revision::{Delta, Head, Revision};
use offercast_domain::source::{Document, DocumentKind};
use offercast_pricebook::Folded;
use offercast_pricebook::fold;
use offercast_storage::OutboxRow;

use super::{Current, Step};

/// Items travel inside the message up to this many canonical bytes.
pub(super) const INLINE_LIMIT_BYTES: u64 = 1 << 20;

/// A revision with what it changed.
#[derive(Clone)]
pub(crate) struct Recorded {
    revision: Box<Revision>,
    delta: Arc<Delta>,
    /// Its row in the outbox, where that is known.
    row: Option<OutboxRow>,
}

impl Recorded {
    pub(crate) fn new(revision: Revision, delta: Arc<Delta>, row: Option<OutboxRow>) -> Self {
        Self {
            revision: Box::new(revision),
            delta,
            row,
        }
    }

    /// Its row in the outbox, if that is known to be the one after `current`.
    pub(super) fn row_after(&self, current: &Current) -> Option<&OutboxRow> {
        let follows = |row: &&OutboxRow| {
            row.sequence == current.sequence + 1 && row.after == current.position
        };
        self.row.as_ref().filter(follows)
    }

    /// Whether a row of the outbox stands for this revision.
    pub(super) fn is(&self, row: &OutboxRow) -> bool {
        row.at.epoch == row.after.epoch
            && row.at.revision == row.after.revision + 1
            && row.at.hash == self.revision.hash
    }
}

/// What kind of step a row of the outbox is.
pub(super) enum Move {
    /// A revision.
    Revision(Recorded),
    /// The horizon moved.
    Horizon,
    /// A person opened an epoch; nothing else changed.
    Epoch,
}

/// Folds one row.
pub(super) fn step(before: &Current, row: &OutboxRow, what: Move) -> Step {
    match what {
        Move::Revision(revision) => {
            let Recorded {
                revision, delta, ..
            } = &revision;
            // Only the first revision of all moves the horizon as well, from
            // none; nothing was sold before it, so all digests are empty.
            let horizon = row.at.horizon;
            let digests = before.digests.clone();
            let folded = fold::fold(&before.book, revision, delta, horizon, digests);
            let recorded_at = revision.header.recorded_at;
            finish(row, folded, recorded_at, changed_channels(delta))
        }
        Move::Horizon => {
            let (from, to) = (before.position.horizon, row.at.horizon);
            let folded = fold::move_horizon(&before.book, from, to, before.digests.clone());
            finish(row, folded, before.recorded_at, Changed::default())
        }
        Move::Epoch => {
            let folded = Folded {
                book: before.book.clone(),
                changed: Vec::new(),
                digests: before.digests.clone(),
                horizon: before.position.horizon,
            };
            finish(row, folded, before.recorded_at, Changed::default())
        }
    }
}

/// Channel declarations that a revision opened and ended.
type Changed = (Vec<Channel>, Vec<ChannelId>);

fn finish(
    row: &OutboxRow,
    folded: Folded,
    recorded_at: Instant,
    (channels, ended_channels): Changed,
) -> Step {
    let (items_sha256, payload) = payload(folded.items());
    let head = Head {
        epoch: row.at.epoch,
        hash: row.at.hash,
        number: row.at.revision,
        recorded_at,
    };
    let current = Current {
        book: folded.book.with_head(head),
        digests: folded.digests,
        position: row.at,
        recorded_at,
        sequence: row.sequence,
    };
    let update = Update {
        after: row.after,
        at: row.at,
        channels,
        ended_channels,
        items_sha256,
        payload,
        recorded_at,
        resolver: RESOLVER_VERSION,
        state: current.digests.roots(),
    };
    Step {
        after: row.after,
        current: Arc::new(current),
        skus: folded.changed.into(),
        update: Arc::new(update),
    }
}

/// Hashes all items, and keeps them while they are small enough to travel.
fn payload(all: impl Iterator<Item = Item>) -> (Hash, Payload) {
    let mut hasher = Hasher::default();
    let mut kept = Vec::new();
    let (mut bytes, mut count) = (0_u64, 0_u64);
    for item in all {
        let line = canonical_bytes(&item);
        hasher.add(&line);
        hasher.add(b"\n");
        bytes += line.len() as u64 + 1;
        count += 1;
        if bytes <= INLINE_LIMIT_BYTES {
            kept.push(item);
        } else {
            kept = Vec::new();
        }
    }
    let payload = if bytes <= INLINE_LIMIT_BYTES {
        Payload::Inline { items: kept }
    } else {
        Payload::Manifest {
            bytes,
            items: count,
        }
    };
    (hasher.finish(), payload)
}

fn changed_channels(delta: &Delta) -> Changed {
    // Sorted: rows come in any order, and a message has the same bytes each
    // time.
    let mut opened: Vec<Channel> = delta
        .opened_documents
        .iter()
        .filter_map(|document| match document {
            Document::Channel(channel) => Some((**channel).clone()),
            _ => None,
        })
        .collect();
    opened.sort_by(|a, b| a.id.cmp(&b.id));
    let mut ended: Vec<ChannelId> = delta
        .closed_documents
        .iter()
        .filter(|key| key.kind == DocumentKind::Channel)
        .filter(|key| !opened.iter().any(|channel| channel.id.as_str() == key.id))
        .filter_map(|key| key.id.parse().ok())
        .collect();
    ended.sort();
    (opened, ended)
}

/// Whether a delta can change how any SKU is rendered, beyond the SKUs whose
/// items differ: a channel's settings or template.
pub(super) fn touches_everything(update: &Update) -> bool {
    !update.channels.is_empty() || !update.ended_channels.is_empty()
}
