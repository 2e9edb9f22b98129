//! What adapters answer: kept, shown on the board, and compared with our log.

use async_trait::async_trait;
use offercast_bus::PortError;
use offercast_bus::answers::{AnswerSink, SinkError};
use offercast_bus::relay::{CursorCheck, Cursors};
use offercast_contract::message::Answer;
use offercast_contract::{Acknowledgement, Hash, Mode, Position};
use offercast_domain::revision::Head;
use offercast_storage::{StorageError, Store};

use crate::audit;
use crate::engine::Engine;
use crate::error::Unavailable;
use crate::events::Event;

#[async_trait]
impl AnswerSink for Engine {
    async fn store(&self, answer: &Answer) -> Result<(), SinkError> {
        let stored = match answer {
            Answer::Acknowledgement(acknowledgement) => self.acknowledge(acknowledgement).await,
            Answer::AuditPage(page) => audit::accept(self, page).await,
        };
        stored.map_err(|error| SinkError::Retry(Box::new(error)))
    }
}

impl Engine {
    async fn acknowledge(&self, acknowledgement: &Acknowledgement) -> Result<(), Unavailable> {
        let received_at = self.now();
        let word = acknowledgement.clone();
        let status = self
            .blocking(move |store| {
                let held = word.position;
                let (mut status, recorded) = store.head_and_hash(held.revision)?;
                // Halted in the store: the relay may be another server's.
                if let Some(how) = differs(&status.head, recorded, &held) {
                    let reason = format!("channel {}: {how}", word.channel);
                    // Not when a person opened an epoch meanwhile: that is the
                    // answer to what this would ask.
                    if store.halt(status.head.epoch, &reason)? {
                        tracing::error!(reason, "an adapter holds what the log does not have");
                    }
                    status = store.head()?;
                }
                store.acknowledge(&word, received_at)?;
                Ok::<_, StorageError>(status)
            })
            .await??;
        self.learn_switches(status);
        let channel = &acknowledgement.channel;
        if self
            .watchers
            .heard(acknowledgement.clone(), received_at, true)
        {
            self.emit(Event::Channel(channel.clone()));
        }
        Ok(())
    }

    /// Reads what channels answered to other servers.
    pub(crate) async fn reload_channels(&self) -> Result<(), Unavailable> {
        let states = self.blocking(Store::channel_states).await??;
        for state in states {
            let channel = state.acknowledgement.channel.clone();
            if self
                .watchers
                .heard(state.acknowledgement, state.received_at, false)
            {
                self.emit(Event::Channel(channel));
            }
        }
        Ok(())
    }
}

/// How a position that an adapter holds contradicts our log, if it does;
/// `recorded` is the hash of the revision of that number.
fn differs(head: &Head, recorded: Option<Hash>, held: &Position) -> Option<String> {
    if held.epoch < head.epoch || held.revision == 0 {
        // Left behind by a person's decision, or empty: it takes a snapshot.
        return None;
    }
    let ours = format!(
        "our log ends at revision {} of epoch {}",
        head.number, head.epoch
    );
    if held.epoch > head.epoch || held.revision > head.number {
        let theirs = format!(
            "it holds revision {} of epoch {}",
            held.revision, held.epoch
        );
        return Some(format!(
            "{theirs}, {ours}: was the database restored from a backup?"
        ));
    }
    (recorded != Some(held.hash)).then(|| {
        format!(
            "its revision {} has another hash than ours; {ours}",
            held.revision
        )
    })
}

#[async_trait]
impl Cursors for Engine {
    async fn cursors_agree(&self) -> Result<CursorCheck, PortError> {
        if let Some(reason) = self.watchers.halted() {
            return Ok(CursorCheck::Differ(reason));
        }
        let current = self.current();
        let silent = current
            .book
            .channels()
            .filter(|channel| channel.mode != Mode::Paused)
            .any(|channel| {
                !self
                    .watchers
                    .channel(&channel.id)
                    .is_some_and(|word| word.heard_here)
            });
        Ok(if silent {
            CursorCheck::Waiting
        } else {
            CursorCheck::Agree
        })
    }
}
