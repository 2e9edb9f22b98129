//! Following the log: what this or another server recorded is folded here.

use std::sync::Arc;
use std::time::Duration;

use offercast_contract::{Horizon, Position};
use offercast_storage::{AppendError, HeadStatus, OutboxRow, Pruned, StorageError, Store};

use super::step::{Move, Recorded, step, touches_everything};
use super::{Current, Engine, Step};
use crate::error::Unavailable;
use crate::events::Event;

/// How often the log is looked at for what other processes recorded.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// Every so many looks, what channels answered to other servers is read too.
const CHANNELS_EVERY: u32 = 5;
/// Every so many looks, about an hour, old idempotency keys are forgotten, and
/// what [`Store::prune`] names.
const FORGET_EVERY: u32 = 18_000;
/// A key is kept for so long, in microseconds: seven days.
const KEYS_KEPT_MICROS: i64 = 7 * 86_400 * 1_000_000;
/// Rows of the outbox read at once.
const ROWS: u32 = 64;

impl Engine {
    /// Folds everything that the log holds beyond the current snapshot.
    pub async fn catch_up(&self) -> Result<(), Unavailable> {
        let _writer = self.write_lock.lock().await;
        self.catch_up_locked().await
    }

    /// The same, for a caller who holds the write lock.
    pub(crate) async fn catch_up_locked(&self) -> Result<(), Unavailable> {
        self.catch_up_knowing(None).await
    }

    /// The same, for a writer who has just recorded a revision and need not
    /// read it back.
    pub(crate) async fn catch_up_knowing(
        &self,
        known: Option<Recorded>,
    ) -> Result<(), Unavailable> {
        loop {
            let (before, known) = (self.current(), known.clone());
            let folded = self
                .blocking(move |store| fold_next(store, &before, known.as_ref()))
                .await??;
            let is_last = folded.len() < ROWS as usize;
            for step in folded {
                self.accept(step);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn accept(&self, step: Step) {
        let current = Arc::clone(&step.current);
        let skus = Arc::clone(&step.skus);
        let everything = touches_everything(&step.update);
        self.with_ring(|ring| ring.push(step));
        // Before the snapshot is given out: from here on, a body that was
        // rendered from an older one is refused.
        if everything {
            self.touched.mark_all(current.sequence);
        } else {
            self.touched.mark(current.sequence, skus.iter());
        }
        self.current.store(Arc::clone(&current));
        self.head.send_replace(current.position.revision);
        self.emit(Event::Head(current.position));
    }

    /// Follows the log until the process ends. Errors are logged when they
    /// begin and when they end.
    pub async fn follow(self: Arc<Self>) {
        let mut healthy = true;
        let mut turn: u32 = 0;
        loop {
            tokio::time::sleep(FOLLOW_EVERY).await;
            turn = turn.wrapping_add(1);
            let mut looked = self.look(turn.is_multiple_of(CHANNELS_EVERY)).await;
            if looked.is_ok() && turn.is_multiple_of(FORGET_EVERY) {
                looked = self.forget().await;
            }
            match (&looked, healthy) {
                (Err(error), true) => {
                    tracing::error!(
                        error = error as &dyn std::error::Error,
                        "the log cannot be followed, trying again"
                    );
                }
                (Ok(()), false) => tracing::info!("the log can be followed again"),
                _ => {}
            }
            healthy = looked.is_ok();
        }
    }

    async fn forget(&self) -> Result<(), Unavailable> {
        let now = self.now();
        let before = now.plus_micros(-KEYS_KEPT_MICROS);
        let forget = self.blocking(move |store| {
            store.forget_requests(before)?;
            store.prune(now)
        });
        let pruned = forget.await??;
        if pruned != Pruned::default() {
            tracing::info!(
                acknowledgements = pruned.acknowledgements,
                audits = pruned.audits,
                outbox = pruned.outbox,
                "old rows are forgotten"
            );
        }
        Ok(())
    }

    async fn look(&self, channels_too: bool) -> Result<(), Unavailable> {
        let (status, tail, published) = self
            .blocking(|store| {
                let status = store.head()?;
                let tail = store.outbox_tail()?;
                Ok::<_, StorageError>((status, tail, store.last_published_row()?))
            })
            .await??;
        if tail > self.current().sequence {
            self.catch_up().await?;
        }
        if let Some(row) = published {
            self.note_published(&row.at);
        }
        self.learn_switches(status);
        if channels_too {
            self.reload_channels().await?;
        }
        Ok(())
    }

    /// Learns how the switches stand. While egress is frozen or halted, pulled
    /// channels are served from the snapshot of the moment it stopped.
    pub(crate) fn learn_switches(&self, status: HeadStatus) {
        let stopped = status.frozen.is_some() || status.halted.is_some();
        if self.watchers.set_switches(status.frozen, status.halted) {
            self.pin(stopped);
            self.emit(Event::Control);
        }
    }

    fn pin(&self, stopped: bool) {
        match (stopped, self.frozen_at.load().is_some()) {
            (true, false) => self.frozen_at.store(Some(self.current())),
            (false, true) => {
                self.frozen_at.store(None);
                self.touched.mark_all(self.current().sequence);
            }
            _ => {}
        }
    }

    /// Learns that the broker confirmed a position.
    pub(crate) fn note_published(&self, at: &Position) {
        if self.published.load().position.order() >= at.order() {
            return;
        }
        let known = match self.step_to(at.revision, at.horizon) {
            Some(step) => Arc::clone(&step.current),
            None => self.current(),
        };
        if known.position == *at {
            // The relay and the follower may come here at once; never back.
            self.published.rcu(|held| {
                if held.position.order() < at.order() {
                    Arc::clone(&known)
                } else {
                    Arc::clone(held)
                }
            });
            self.emit(Event::Head(self.current().position));
        }
    }

    /// Records that the horizon moves, and folds the move.
    pub async fn move_horizon(&self, to: Horizon) -> Result<(), Unavailable> {
        let _writer = self.write_lock.lock().await;
        self.catch_up_locked().await?;
        let current = self.current();
        if current.position.horizon >= to {
            return Ok(());
        }
        let (head, now) = (current.head(), self.now());
        let moved = self
            .blocking(move |store| store.move_horizon(&head, to, now))
            .await?;
        match moved {
            // Somebody recorded a revision meanwhile; the next beat asks again.
            Ok(_) | Err(AppendError::HeadMoved(_)) => self.catch_up_locked().await,
            Err(AppendError::Storage(error)) => Err(error.into()),
            Err(error) => Err(StorageError::Corrupt(error.to_string()).into()),
        }
    }
}

fn fold_next(
    store: &Store,
    before: &Arc<Current>,
    known: Option<&Recorded>,
) -> Result<Vec<Step>, StorageError> {
    if let Some(recorded) = known
        && let Some(row) = recorded.row_after(before)
    {
        return Ok(vec![step(before, row, Move::Revision(recorded.clone()))]);
    }
    let mut before = Arc::clone(before);
    let mut steps = Vec::new();
    for row in store.outbox_after(before.sequence, ROWS)? {
        let what = match known {
            Some(recorded) if recorded.is(&row) => Move::Revision(recorded.clone()),
            _ => what(store, &row)?,
        };
        let step = step(&before, &row, what);
        before = Arc::clone(&step.current);
        steps.push(step);
    }
    Ok(steps)
}

/// Reads what a row stands for.
pub(super) fn what(store: &Store, row: &OutboxRow) -> Result<Move, StorageError> {
    if row.at.epoch != row.after.epoch {
        return Ok(Move::Epoch);
    }
    if row.at.revision == row.after.revision {
        return Ok(Move::Horizon);
    }
    let number = row.at.revision;
    let delta = store.delta(number)?;
    let missing = || {
        StorageError::Corrupt(format!(
            "the outbox names revision {number}, the log has none"
        ))
    };
    let (revision, delta) = delta.ok_or_else(missing)?;
    Ok(Move::Revision(Recorded::new(
        revision,
        Arc::new(delta),
        Some(row.clone()),
    )))
}
