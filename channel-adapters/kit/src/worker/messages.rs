//! What each message does.

use std::time::Duration;

use offercast_contract::message::decode;
use offercast_contract::{Beat, Message, Payload, Position, Update};

use super::{Wanted, Worker, WorkerError};
use crate::fold::{Pull, Step, check_update, on_beat, on_update};
use crate::ports::Delivery;
use crate::state::{Rejected, StateError};

/// Every so many beats the adapter tells where it stands, changed or not, so
/// that the board sees that it lives.
const BEATS_PER_ACKNOWLEDGEMENT: u32 = 5;
/// Beats that are older than the newest are left out for so long at the most.
const OLD_BEATS_FOR: Duration = Duration::from_secs(10);

impl Worker {
    /// Deals with a message; acknowledges it to the carrier when what it
    /// changed is durable and the answer is confirmed.
    pub(super) async fn handle(&mut self, delivery: Delivery) -> Result<(), WorkerError> {
        let answered = match decode::<Message>(&delivery.bytes) {
            Ok(message) => self.act(message).await?,
            Err(error) => {
                tracing::warn!(channel = %self.options.channel, %error, "malformed message left out");
                self.notes.message = Some(format!("a message was left out: {error}"));
                self.acknowledge_if_changed().await?
            }
        };
        if answered && let Err(error) = delivery.ack().await {
            // It comes again and changes nothing.
            tracing::warn!(channel = %self.options.channel, %error, "message not acknowledged");
        }
        Ok(())
    }

    /// Returns whether the answer is confirmed.
    async fn act(&mut self, message: Message) -> Result<bool, WorkerError> {
        match message {
            Message::Update(update) => self.update(*update).await,
            Message::Beat(beat) => self.beat(&beat).await,
            Message::Resync { channel, sku } => {
                if channel == self.options.channel {
                    match sku {
                        Some(sku) => {
                            self.blocking(move |engine| engine.state.mark(Some(&sku)))
                                .await??;
                        }
                        None => {
                            self.state().set_stopped(None)?;
                            self.want(Pull::Snapshot, true);
                        }
                    }
                }
                Ok(true)
            }
            Message::Audit {
                at: _,
                channel,
                id,
                position,
            } => {
                if channel == self.options.channel {
                    self.audit(&id, &position).await
                } else {
                    Ok(true)
                }
            }
        }
    }

    async fn update(&mut self, update: Update) -> Result<bool, WorkerError> {
        if let Err(reason) = check_update(&update) {
            let revision = update.at.revision;
            tracing::warn!(channel = %self.options.channel, revision, reason, "malformed update left out");
            self.notes.message = Some(format!(
                "update to revision {revision} was left out: {reason}"
            ));
            // What it should have brought is fetched instead.
            self.want(Pull::Following(None), false);
            return self.acknowledge_if_changed().await;
        }
        let held = self.state().held()?;
        if self.is_stopped_for(&update.at)? {
            return self.acknowledge_if_changed().await;
        }
        let epoch = update.at.epoch;
        let step = on_update(held.as_ref(), &update, |revision| {
            self.state().passed(epoch, revision).ok().flatten()
        });
        match step {
            Step::Apply => self.apply(update).await?,
            Step::Known => {}
            Step::Pull(pull) => self.want(pull, false),
            Step::Confirm => self.want(Pull::Following(None), false),
            Step::Stop(reason) => self.stop(&reason)?,
        }
        self.acknowledge_if_changed().await
    }

    async fn apply(&mut self, update: Update) -> Result<(), WorkerError> {
        let result = self
            .blocking(move |engine| match &update.payload {
                Payload::Inline { items } => engine.state.apply(&update, items),
                Payload::Manifest { .. } => Ok(()),
            })
            .await?;
        match result {
            Ok(()) => {
                self.notes.message = None;
                self.flush_and_render().await?;
                self.begin_rest();
                Ok(())
            }
            Err(Rejected::State(error)) => Err(error.into()),
            Err(reason) => {
                tracing::warn!(channel = %self.options.channel, %reason, "update not applied, fetching a snapshot");
                self.want(Pull::Snapshot, false);
                Ok(())
            }
        }
    }

    /// Waits for the disk and renders at the same time. Only when both are done
    /// is there something to tell.
    async fn flush_and_render(&self) -> Result<(), WorkerError> {
        let (flushed, rendered) =
            tokio::join!(self.blocking(|engine| engine.state.flush()), self.render());
        flushed??;
        rendered.map(drop)
    }

    async fn beat(&mut self, beat: &Beat) -> Result<bool, WorkerError> {
        self.silent_beats += 1;
        // An old beat that arrives late says nothing about the head. But where
        // none was new for a while, the clock of those who beat was set back,
        // or the relay moved to a server whose clock is behind.
        let heard = tokio::time::Instant::now();
        let is_new = self
            .last_beat
            .is_none_or(|(at, since)| beat.at > at || heard - since > OLD_BEATS_FOR);
        if is_new {
            self.last_beat = Some((beat.at, heard));
            if beat.frozen != self.state().is_frozen()? {
                self.state().set_frozen(beat.frozen)?;
            }
            if !self.is_stopped_for(&beat.head)? {
                let held = self.state().held()?;
                match on_beat(held.as_ref(), beat, &self.state().digests()?) {
                    Step::Known | Step::Apply => {}
                    Step::Pull(pull) => self.want(pull, false),
                    Step::Confirm => self.want(Pull::Following(None), false),
                    Step::Stop(reason) => self.stop(&reason)?,
                }
            }
        }
        if self.silent_beats >= BEATS_PER_ACKNOWLEDGEMENT {
            self.look_again_if_needed()?;
            return self.acknowledge().await;
        }
        self.acknowledge_if_changed().await
    }

    /// A stopped adapter follows nothing but a higher epoch.
    fn is_stopped_for(&self, position: &Position) -> Result<bool, StateError> {
        if self.state().stopped()?.is_none() {
            return Ok(false);
        }
        let held = self.state().held()?;
        Ok(held.is_none_or(|held| position.epoch <= held.position.epoch))
    }

    /// Asks for a pull; a snapshot beats an increment, a forced one stays so.
    pub(super) fn want(&mut self, pull: Pull, force: bool) {
        self.wanted = Some(match self.wanted {
            Some(Wanted {
                pull: Pull::Snapshot,
                force: forced,
            }) => Wanted {
                pull: Pull::Snapshot,
                force: force || forced,
            },
            _ => Wanted { pull, force },
        });
    }

    pub(super) fn stop(&mut self, reason: &str) -> Result<(), StateError> {
        tracing::error!(channel = %self.options.channel, reason, "adapter stopped until a person acts");
        self.wanted = None;
        self.state().set_stopped(Some(reason))
    }
}
