//! The engine as the relay sees it: messages made out of the log.

use async_trait::async_trait;
use offercast_bus::PortError;
use offercast_bus::relay::{HorizonMover, OutboxEntry, Updates};
use offercast_contract::{Beat, ChannelId, Horizon, RESOLVER_VERSION, Update};
use offercast_storage::{OutboxRow, StorageError};

use super::{Engine, catch_up, start, step};

#[async_trait]
impl Updates for Engine {
    async fn update(&self, entry: &OutboxEntry) -> Result<Update, PortError> {
        if let Some(step) = self.with_ring(|ring| ring.by_sequence(entry.sequence)) {
            return Ok(step.update.as_ref().clone());
        }
        self.catch_up().await?;
        if let Some(step) = self.with_ring(|ring| ring.by_sequence(entry.sequence)) {
            return Ok(step.update.as_ref().clone());
        }
        // Long ago: made anew from the log, the same bytes.
        let row = OutboxRow {
            sequence: entry.sequence,
            after: entry.after,
            at: entry.at,
            created_at: self.now(),
            published_at: None,
        };
        let update = self
            .blocking(move |store| {
                let before = start::snapshot_before(store, &row)?;
                let what = catch_up::what(store, &row)?;
                Ok::<_, StorageError>(step::step(&before, &row, what).update)
            })
            .await??;
        Ok(update.as_ref().clone())
    }

    async fn beat(&self) -> Result<Beat, PortError> {
        let published = self.published.load();
        Ok(Beat {
            at: self.now(),
            frozen: self.watchers.frozen().is_some(),
            head: published.position,
            resolver: RESOLVER_VERSION,
            state: published.digests.roots(),
        })
    }

    async fn channels(&self) -> Result<Vec<ChannelId>, PortError> {
        let current = self.current();
        Ok(current
            .book
            .channels()
            .map(|channel| channel.id.clone())
            .collect())
    }
}

#[async_trait]
impl HorizonMover for Engine {
    async fn move_horizon(&self, to: Horizon) -> Result<(), PortError> {
        Ok(Self::move_horizon(self, to).await?)
    }
}
