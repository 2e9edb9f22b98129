//! The pinned pull: everything that a holder of one position needs to hold
//! another, page by page.

use std::sync::Arc;

use offercast_contract::message::{PullPage, items_sha256};
use offercast_contract::{
    Channel, ChannelId, Horizon, Item, RESOLVER_VERSION, Sku, canonical_bytes,
};

use crate::engine::{Current, Engine, Step};
use crate::error::Unavailable;

/// What an adapter asks for.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// The channel that asks.
    pub channel: ChannelId,
    /// Epoch, revision and horizon held; none asks for a snapshot.
    pub after: Option<(u64, u64, Horizon)>,
    /// Revision and horizon to reach; none asks for what was published last.
    pub at: Option<(u64, Horizon)>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// No such channel.
    #[error("channel {0} is not declared")]
    UnknownChannel(ChannelId),
    /// The position to reach is no longer retained: start the pull again.
    #[error("revision {0} is no longer retained, start the pull again")]
    PinLost(u64),
    /// The position held is not one of our log.
    #[error("revision {0} of this epoch is not in our log")]
    UnknownPosition(u64),
    /// The cursor is not one that a page gave.
    #[error("{0:?} is not a cursor")]
    BadCursor(String),
}

/// Bytes of items that one page holds, roughly.
const PAGE_BYTES: usize = 1 << 20;

/// Folds the log where the request names a revision that this server does not
/// hold yet: another server may be a moment ahead, and only the log can say
/// that a position is unknown.
pub async fn come_to(engine: &Engine, request: &PullRequest) -> Result<(), Unavailable> {
    let held = request.after.map(|(_, revision, _)| revision);
    let wanted = request.at.map(|(revision, _)| revision);
    if held.max(wanted) > Some(engine.current().position.revision) {
        engine.catch_up().await?;
    }
    Ok(())
}

/// One page.
pub fn page(engine: &Engine, request: &PullRequest) -> Result<PullPage, PullError> {
    let (current, step) = pinned(engine, request)?;
    // Asked of the newest book: the pinned one may be older than the channel.
    if engine.current().book.channel(&request.channel).is_none() {
        return Err(PullError::UnknownChannel(request.channel.clone()));
    }
    let cursor = match &request.cursor {
        Some(text) => Some(Sku::parse(text).map_err(|_| PullError::BadCursor(text.clone()))?),
        None => None,
    };
    let changed = changed(engine, request.after, &current, step.as_deref())?;
    let (items, next) = match &changed {
        Some(skus) => {
            let start = cursor
                .as_ref()
                .map_or(0, |cursor| skus.partition_point(|sku| sku <= cursor));
            fill(&current, skus[start..].iter(), false)
        }
        None => fill(&current, current.book.skus_after(cursor.as_ref()), true),
    };
    let channels = if request.cursor.is_none() {
        channels(&current)
    } else {
        Vec::new()
    };
    let state = if next.is_none() {
        current.digests.roots()
    } else {
        Default::default()
    };
    Ok(PullPage {
        at: current.position,
        channels,
        items_sha256: items_sha256(&items),
        items,
        next: next.map(|sku| sku.to_string()),
        resolver: RESOLVER_VERSION,
        snapshot: changed.is_none(),
        state,
    })
}

type Pinned = (Arc<Current>, Option<Arc<Step>>);

/// The snapshot to reach. Without a wish it is the one published last: what
/// the broker has not confirmed is not given out by another door. A holder
/// that is further is not sent back: the broker confirmed what it holds, and
/// this server has not marked it or not heard of the mark yet.
fn pinned(engine: &Engine, request: &PullRequest) -> Result<Pinned, PullError> {
    let (revision, horizon) = request.at.unwrap_or_else(|| {
        let published = engine.published();
        let held = request.after.or_else(|| acknowledged(engine, request));
        match held {
            Some(held) if held > published.order() && is_ours(engine, held) => (held.1, held.2),
            _ => (published.revision, published.horizon),
        }
    });
    if let Some(step) = engine.step_to(revision, horizon) {
        return Ok((Arc::clone(&step.current), Some(step)));
    }
    // What was published before this process started is no step of its own.
    [engine.published_snapshot(), engine.current()]
        .into_iter()
        .find(|held| (held.position.revision, held.position.horizon) == (revision, horizon))
        .map(|held| (held, None))
        .ok_or(PullError::PinLost(revision))
}

type Order = (u64, u64, Horizon);

/// What the channel said last that it holds, unless its hash is not ours.
fn acknowledged(engine: &Engine, request: &PullRequest) -> Option<Order> {
    let word = engine.watchers.channel(&request.channel)?;
    let held = word.acknowledgement.position;
    let step = engine.step_to(held.revision, held.horizon)?;
    (step.current.position == held).then(|| held.order())
}

/// Whether a position is one of the newest of our log.
fn is_ours(engine: &Engine, held: Order) -> bool {
    let (_, revision, horizon) = held;
    let step = engine.step_to(revision, horizon);
    let reached = step.map_or_else(|| engine.current().position, |step| step.current.position);
    reached.order() == held
}

/// The SKUs to send, or none for a snapshot.
fn changed(
    engine: &Engine,
    after: Option<(u64, u64, Horizon)>,
    current: &Current,
    step: Option<&Step>,
) -> Result<Option<Arc<[Sku]>>, PullError> {
    let Some((epoch, revision, horizon)) = after else {
        return Ok(None);
    };
    let at = current.position;
    if epoch > at.epoch || (epoch == at.epoch && revision > at.revision) {
        return Err(PullError::UnknownPosition(revision));
    }
    if epoch != at.epoch {
        return Ok(None);
    }
    if (revision, horizon) == (at.revision, at.horizon) {
        return Ok(Some(Arc::from([])));
    }
    Ok(step.and_then(|step| engine.changed_between((revision, horizon), step)))
}

/// Items up to the size of a page, and the last SKU if there are more.
fn fill<'a>(
    current: &Current,
    skus: impl Iterator<Item = &'a Sku>,
    skip_empty: bool,
) -> (Vec<Item>, Option<Sku>) {
    let views = current.book.views();
    let mut items = Vec::new();
    let mut bytes = 0;
    for sku in skus {
        if bytes >= PAGE_BYTES {
            let last = items.last().map(|item: &Item| item.sku.clone());
            return (items, last);
        }
        let item = current.book.item(sku, views, current.position.horizon);
        if skip_empty && item.facts.is_none() {
            continue;
        }
        bytes += canonical_bytes(&item).len();
        items.push(item);
    }
    (items, None)
}

fn channels(current: &Current) -> Vec<Channel> {
    current
        .book
        .channels()
        .map(|channel| channel.as_ref().clone())
        .collect()
}
