//! What operators do: freeze, resume, resync, revert, open an epoch.

use std::sync::Arc;

use offercast_bus::{Outgoing, Route};
use offercast_contract::message::encode;
use offercast_contract::{ChannelId, Message, Sku};
use offercast_domain::change::revert as plan_revert;
use offercast_storage::Store;

use crate::engine::{Current, Engine};
use crate::error::Unavailable;
use crate::idempotency::IdempotencyKey;
use crate::publish::{Frame, PublishError, Published, record};

/// Stops all egress at once: nothing is published, adapters deliver nothing,
/// pulled channels show what they showed. Edits are still recorded.
pub async fn freeze(engine: &Engine, by: &str, reason: &str) -> Result<(), Unavailable> {
    let why = format!("{by}: {reason}");
    tracing::warn!(by, reason, "egress is frozen");
    switch(engine, move |store| store.freeze(&why)).await
}

/// Lets egress go on.
pub async fn resume(engine: &Engine, by: &str) -> Result<(), Unavailable> {
    tracing::warn!(by, "egress goes on");
    switch(engine, Store::unfreeze).await?;
    engine.committed().notify_one();
    Ok(())
}

async fn switch(
    engine: &Engine,
    set: impl FnOnce(&Store) -> Result<(), offercast_storage::StorageError> + Send + 'static,
) -> Result<(), Unavailable> {
    let status = engine
        .blocking(move |store| {
            set(store)?;
            store.head()
        })
        .await??;
    engine.learn_switches(status);
    Ok(())
}

/// Declares the database current, after a restore that left adapters ahead of
/// it. Numbers go on; adapters follow the new epoch by a snapshot.
pub async fn open_epoch(engine: &Engine, by: &str, reason: &str) -> Result<u64, Unavailable> {
    let _writer = engine.write_lock.lock().await;
    let (by, reason, now) = (by.to_owned(), reason.to_owned(), engine.now());
    tracing::warn!(by, reason, "a new epoch is opened");
    let epoch = engine
        .blocking(move |store| store.open_epoch(&by, &reason, now))
        .await??;
    let status = engine.blocking(Store::head).await??;
    engine.catch_up_locked().await?;
    engine.learn_switches(status);
    engine.committed().notify_one();
    Ok(epoch)
}

/// Why a resync was not asked for.
#[derive(Debug, thiserror::Error)]
pub enum ResyncError {
    /// No such channel.
    #[error("channel {0} is not declared")]
    UnknownChannel(ChannelId),
    /// The broker does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Asks a channel's adapter to render, read back and deliver again.
pub async fn resync(
    engine: &Engine,
    channel: &ChannelId,
    sku: Option<Sku>,
) -> Result<(), ResyncError> {
    if engine.current().book.channel(channel).is_none() {
        return Err(ResyncError::UnknownChannel(channel.clone()));
    }
    let message = Message::Resync {
        channel: channel.clone(),
        sku,
    };
    Ok(tell(engine, channel, &message).await?)
}

/// Sends a message to one channel's adapter.
pub(crate) async fn tell(
    engine: &Engine,
    channel: &ChannelId,
    message: &Message,
) -> Result<(), Unavailable> {
    let outgoing = Outgoing::new(Route::Channel(channel.clone()), encode(message));
    Ok(engine.broker.publish(&[outgoing]).await?)
}

/// Undoes a revision by a new one. Refused where later revisions changed the
/// same rows: which of the two should hold is a person's decision.
pub async fn revert(
    engine: &Engine,
    number: u64,
    by: &str,
    reason: &str,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Option<Published>, PublishError> {
    let made = engine
        .blocking(move |store| {
            Ok::<_, offercast_storage::StorageError>((
                store.delta(number)?,
                store.closed_rows(number)?,
            ))
        })
        .await?
        .map_err(Unavailable::from)?;
    let (Some((_, delta)), closed) = made else {
        return Ok(None);
    };
    let frame = Frame {
        author: by,
        change_set: None,
        idempotency,
        reason,
    };
    let make = move |current: &Current| {
        let delta = plan_revert(&delta, &closed, &current.book).map_err(PublishError::Conflicts)?;
        Ok((delta, Vec::new()))
    };
    record(engine, frame, None, Arc::new(make)).await.map(Some)
}
