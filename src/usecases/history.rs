//! The past: revisions, and what channels showed.

use offercast_contract::{ChannelId, Instant};
use offercast_domain::revision::{Delta, Revision};
use offercast_storage::AcknowledgementRecord;

use crate::engine::Engine;
use crate::error::Unavailable;

/// Revisions before `before` (none: the newest), newest first.
pub async fn revisions(
    engine: &Engine,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Revision>, Unavailable> {
    Ok(engine
        .blocking(move |store| store.revisions(before, limit))
        .await??)
}

/// One revision with what it changed.
pub async fn revision(
    engine: &Engine,
    number: u64,
) -> Result<Option<(Revision, Delta)>, Unavailable> {
    Ok(engine.blocking(move |store| store.delta(number)).await??)
}

/// What a channel last said at or before `at`: the proof of what it showed.
pub async fn shown_at(
    engine: &Engine,
    channel: &ChannelId,
    at: Instant,
) -> Result<Option<AcknowledgementRecord>, Unavailable> {
    let channel = channel.clone();
    Ok(engine
        .blocking(move |store| store.shown_at(&channel, at))
        .await??)
}

/// What a channel said, newest first.
pub async fn acknowledgements(
    engine: &Engine,
    channel: &ChannelId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<AcknowledgementRecord>, Unavailable> {
    let channel = channel.clone();
    Ok(engine
        .blocking(move |store| store.acknowledgements(&channel, before, limit))
        .await??)
}
