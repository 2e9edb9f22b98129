//! The store as the relay sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use offercast_bus::PortError;
use offercast_bus::relay::{Fence, Outbox, OutboxEntry};
use offercast_storage::{Lease, RELAY_LEASE, StorageError};

use crate::engine::Engine;

/// The outbox and the lease on it.
pub struct RelayOutbox {
    engine: Arc<Engine>,
    lease: Mutex<Option<Lease>>,
}

impl RelayOutbox {
    /// The outbox of an engine's store.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            lease: Mutex::default(),
        }
    }

    fn held(&self, fence: Fence) -> Option<Lease> {
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        lease.clone().filter(|lease| lease.fence == fence.0)
    }

    fn keep(&self, lease: Option<Lease>) -> Option<Fence> {
        let fence = lease.as_ref().map(|lease| Fence(lease.fence));
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = lease;
        fence
    }
}

fn micros(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX)
}

impl Outbox for RelayOutbox {
    fn acquire(&self, holder: &str, ttl: Duration) -> Result<Option<Fence>, PortError> {
        let now = self.engine.now();
        let lease = self
            .engine
            .store()
            .acquire_lease(RELAY_LEASE, holder, now, micros(ttl))?;
        Ok(self.keep(lease))
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Result<bool, PortError> {
        let Some(lease) = self.held(fence) else {
            return Ok(false);
        };
        let renewed = self
            .engine
            .store()
            .renew_lease(&lease, self.engine.now(), micros(ttl))?;
        Ok(self.keep(renewed).is_some())
    }

    fn release(&self, fence: Fence) -> Result<(), PortError> {
        if let Some(lease) = self.held(fence) {
            self.engine.store().release_lease(&lease)?;
            self.keep(None);
        }
        Ok(())
    }

    fn published(&self) -> Result<u64, PortError> {
        Ok(self.engine.store().relayed()?)
    }

    fn pending(&self, after: u64, limit: u32) -> Result<Vec<OutboxEntry>, PortError> {
        // Frozen: what was recorded waits in the outbox until a person resumes.
        // The switch itself is asked, it may have been thrown at another server.
        let status = self.engine.store().head()?;
        if status.frozen.is_some() || status.halted.is_some() {
            return Ok(Vec::new());
        }
        let mut rows = self.engine.store().outbox_after(after, limit)?;
        // What an ended epoch had not published never is; the relay sees the
        // gap and reads the mark again, which lies behind those rows.
        rows.retain(|row| row.at.epoch == status.head.epoch);
        let entry = |row: &offercast_storage::OutboxRow| OutboxEntry {
            sequence: row.sequence,
            after: row.after,
            at: row.at,
        };
        Ok(rows.iter().map(entry).collect())
    }

    fn mark_published(&self, fence: Fence, sequence: u64) -> Result<bool, PortError> {
        let Some(lease) = self.held(fence) else {
            return Ok(false);
        };
        match self
            .engine
            .store()
            .mark_published(&lease, sequence, self.engine.now())
        {
            Ok(()) => {}
            Err(StorageError::Fenced) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let at = match self.engine.position_of(sequence) {
            Some(at) => Some(at),
            None => self.engine.store().last_published_row()?.map(|row| row.at),
        };
        if let Some(at) = at {
            self.engine.note_published(&at);
        }
        Ok(true)
    }
}
