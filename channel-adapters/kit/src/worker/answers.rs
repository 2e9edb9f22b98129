//! Telling the server where the channel stands.

use std::time::Duration;

use offercast_contract::message::{Answer, LISTED_ITEMS};
use offercast_contract::{Acknowledgement, Hash, Horizon, Mode, Position, Rung};

use super::{Worker, WorkerError};
use crate::state::{Owed, StateError};

/// Beats without an answer after which a long step tells that it goes on.
const LIFE_SIGN_SECONDS: i64 = 10;

/// Time between two acknowledgements while many items are rendered. A discount
/// on a whole catalogue has hundreds of slices; the board shows one a second.
const BETWEEN_WORDS: Duration = Duration::from_secs(1);

impl Worker {
    /// Where the channel stands, by what the state says.
    fn standing(&self) -> Result<Acknowledgement, StateError> {
        let state = self.state();
        let held = state.held()?;
        let owed = state.owed()?;
        let stopped = state.stopped()?;
        let nowhere = Position {
            epoch: 0,
            hash: Hash::ZERO,
            horizon: Horizon(0),
            revision: 0,
        };
        Ok(Acknowledgement {
            channel: self.options.channel.clone(),
            clock: self.clock.now(),
            held: owed.held,
            held_items: state.held_items(None, LISTED_ITEMS)?,
            instance: self.options.instance.clone(),
            items: owed.items,
            last_boundary: state.last_boundary()?,
            mismatches: owed.mismatches,
            mismatch_items: state.mismatches(LISTED_ITEMS)?,
            note: self.note(stopped.as_deref()),
            position: held.map_or(nowhere, |held| held.position),
            resolver: held.map_or(offercast_contract::RESOLVER_VERSION, |held| held.resolver),
            rung: self.rung(held.is_some(), &owed)?,
            shown: state.shown()?,
            state: state.digests()?,
            stopped: stopped.is_some(),
        })
    }

    /// The rung reached is what nothing is owed below of.
    fn rung(&self, holds: bool, owed: &Owed) -> Result<Rung, StateError> {
        let mode = self
            .engine
            .channel(&self.options.channel)?
            .map(|channel| channel.mode)
            .unwrap_or_default();
        Ok(if !holds {
            Rung::Recorded
        } else if owed.dirty > 0 || mode == Mode::Paused {
            Rung::Folded
        } else if owed.pending > 0 || mode == Mode::Shadow {
            Rung::Rendered
        } else if owed.unobserved > 0 || owed.mismatches > 0 || !self.state().is_live()? {
            Rung::Delivered
        } else {
            Rung::Observed
        })
    }

    fn note(&self, stopped: Option<&str>) -> Option<String> {
        let notes = &self.notes;
        let parts: Vec<&str> = [
            stopped,
            notes.delivery.as_deref(),
            notes.outside.as_deref(),
            notes.source.as_deref(),
            notes.message.as_deref(),
            notes.carrier.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Acknowledges if anything but the clock changed since the last time;
    /// returns whether the server knows where the channel stands.
    pub(super) async fn acknowledge_if_changed(&mut self) -> Result<bool, WorkerError> {
        let standing = self.standing()?;
        if standing.rung == Rung::Recorded && standing.note.is_none() {
            return Ok(true);
        }
        let known = self.told.as_ref().is_some_and(|told| {
            let mut same_clock = standing.clone();
            same_clock.clock = told.clock;
            same_clock == *told
        });
        if known {
            return Ok(true);
        }
        self.tell(standing).await
    }

    /// Whether it is time for another word of how far a long step has come.
    pub(super) fn has_been_silent(&self) -> bool {
        self.told_at
            .is_none_or(|told_at| told_at.elapsed() >= BETWEEN_WORDS)
    }

    /// Acknowledges, changed or not.
    pub(super) async fn acknowledge(&mut self) -> Result<bool, WorkerError> {
        let standing = self.standing()?;
        self.tell(standing).await
    }

    /// Acknowledges during a long step, so that the board sees life.
    pub(super) async fn tell_of_life(&mut self) -> Result<(), WorkerError> {
        let long_ago = self.told.as_ref().is_some_and(|told| {
            self.clock.now().micros_since(told.clock) >= LIFE_SIGN_SECONDS * 1_000_000
        });
        if long_ago {
            self.acknowledge().await?;
        }
        Ok(())
    }

    async fn tell(&mut self, standing: Acknowledgement) -> Result<bool, WorkerError> {
        let answer = Answer::Acknowledgement(Box::new(standing.clone()));
        match self.carrier.answer(&answer).await {
            Ok(()) => {
                self.told = Some(standing);
                self.told_at = Some(tokio::time::Instant::now());
                self.silent_beats = 0;
                Ok(true)
            }
            Err(error) => {
                // Told again at the next change or beat.
                tracing::warn!(channel = %self.options.channel, %error, "acknowledgement not confirmed");
                self.told = None;
                Ok(false)
            }
        }
    }
}
