//! The work of the relay that holds the lease.

use std::collections::BTreeSet;
use std::future::Future;

use offercast_contract::message::encode;
use offercast_contract::{ChannelId, Horizon, Message};
use tokio::time::Instant;

use super::Relay;
use super::batch::{Batch, check_order};
use super::ports::{CursorCheck, Fence, OutboxEntry};
use super::retry::Retry;
use super::status::{RelayState, chain};
use crate::PortError;
use crate::broker::{Outgoing, Route};

/// One tenure: from taking the lease to losing it.
pub(super) struct Lead<'a> {
    relay: &'a Relay,
    fence: Fence,
    /// When the lease was last known to be ours.
    renewed: Instant,
    next_renewal: Instant,
    next_beat: Instant,
    next_declaration: Instant,
    /// Channels whose queues exist.
    declared: BTreeSet<ChannelId>,
    /// Until when answers to the first beat are awaited; none before it.
    answers_until: Option<Instant>,
    checked: bool,
    halted: bool,
    /// The mark; none until it was read.
    published: Option<u64>,
    /// Confirmed by the broker, maybe not marked yet.
    confirmed: u64,
    horizon: Option<Horizon>,
    /// Declaring and beating, which show whether the broker works.
    line: Retry,
    /// Everything else.
    rounds: Retry,
}

/// How a round of publishing ended.
enum Round {
    /// Nothing more to do now.
    Idle,
    /// There may be more at once.
    More,
    /// Another process holds the lease.
    Lost,
}

/// What did not work, for the operator.
struct Trouble {
    what: &'static str,
    error: PortError,
}

/// Says what was being done when it fails.
async fn during<T>(
    what: &'static str,
    work: impl Future<Output = Result<T, PortError>>,
) -> Result<T, Trouble> {
    work.await.map_err(|error| Trouble { what, error })
}

const COMPARE: &str = "compare the adapters' cursors";
const MARK: &str = "raise the mark";
const READ: &str = "read the outbox";

impl<'a> Lead<'a> {
    pub(super) fn new(relay: &'a Relay, fence: Fence) -> Self {
        let now = Instant::now();
        Self {
            relay,
            fence,
            renewed: now,
            next_renewal: now + relay.config.lease_ttl / 3,
            next_beat: now,
            next_declaration: now,
            declared: BTreeSet::new(),
            answers_until: None,
            checked: false,
            halted: false,
            published: None,
            confirmed: 0,
            horizon: None,
            line: Retry::new(now),
            rounds: Retry::new(now),
        }
    }

    /// Works until the lease is lost.
    pub(super) async fn work(&mut self) {
        self.relay.board.set(RelayState::Checking);
        loop {
            if !self.keep_lease().await {
                tracing::warn!(fence = self.fence.0, "this process lost the relay's lease");
                return;
            }
            self.keep_line().await;
            let round = if self.line.failed || !self.rounds.is_due() {
                Round::Idle
            } else {
                self.round().await
            };
            match round {
                Round::More => {}
                Round::Lost => {
                    tracing::warn!(
                        fence = self.fence.0,
                        "the mark was refused, another relay has the lease"
                    );
                    return;
                }
                Round::Idle => self.pause().await,
            }
        }
    }

    async fn pause(&self) {
        tokio::select! {
            () = self.relay.wake.notified() => {}
            () = tokio::time::sleep(self.relay.config.poll_interval) => {}
        }
    }

    /// Renews the lease when it is time; false when it is lost.
    async fn keep_lease(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_renewal {
            return true;
        }
        let (fence, ttl) = (self.fence, self.relay.config.lease_ttl);
        match self.relay.blocking(move |o| o.renew(fence, ttl)).await {
            Ok(true) => {
                self.renewed = now;
                self.next_renewal = now + ttl / 3;
                true
            }
            Ok(false) => false,
            Err(error) => {
                self.relay.board.fail("renew the lease", &*error);
                // Until it runs out nobody else can have it.
                now < self.renewed + ttl
            }
        }
    }

    /// Declares and beats when it is time.
    async fn keep_line(&mut self) {
        if !self.line.is_due() {
            return;
        }
        match self.try_keep_line().await {
            Ok(()) => self.line.succeeded(),
            Err(trouble) => {
                self.failed(&trouble);
                self.line.fail();
                // Both at once then: a queue may be what is missing.
                self.next_declaration = self.line.at;
                self.next_beat = self.line.at;
            }
        }
    }

    async fn try_keep_line(&mut self) -> Result<(), Trouble> {
        let now = Instant::now();
        if now >= self.next_declaration {
            during("declare the queues", self.declare()).await?;
            self.next_declaration = now + self.relay.config.declare_interval;
        }
        if now >= self.next_beat {
            during("beat", self.beat()).await?;
            self.next_beat = now + self.relay.config.beat_interval;
            let wait = self.relay.config.answers_wait;
            self.answers_until.get_or_insert(now + wait);
            if self.checked {
                during(COMPARE, self.check_cursors()).await?;
            }
        }
        Ok(())
    }

    async fn declare(&mut self) -> Result<(), PortError> {
        let channels = self.relay.ports.updates.channels().await?;
        self.relay.broker.declare(&channels).await?;
        self.declared = channels.into_iter().collect();
        Ok(())
    }

    async fn beat(&self) -> Result<(), PortError> {
        let beat = self.relay.ports.updates.beat().await?;
        // Without a channel there is no queue, and the beat would come back.
        if !self.declared.is_empty() {
            let body = encode(Message::Beat(beat));
            let message = Outgoing::new(Route::Beat, body);
            self.relay.broker.publish(&[message]).await?;
        }
        Ok(())
    }

    /// One look at the outbox, at most one batch.
    async fn round(&mut self) -> Round {
        match self.try_round().await {
            Ok(round) => round,
            Err(trouble) => {
                self.failed(&trouble);
                self.rounds.fail();
                // A person may have opened an epoch, which moves the mark.
                self.published = None;
                // In case a queue is what is missing.
                self.next_declaration = Instant::now();
                Round::Idle
            }
        }
    }

    async fn try_round(&mut self) -> Result<Round, Trouble> {
        let published = match self.published {
            Some(published) => published,
            None => during(READ, self.read_mark()).await?,
        };
        if self.confirmed > published {
            return during(MARK, self.mark()).await;
        }
        if !self.checked && !during(COMPARE, self.first_check()).await? {
            return Ok(Round::Idle);
        }
        if !self.halted {
            during("move the horizon", self.follow_the_day()).await?;
        }
        let entries = during(READ, self.pending(published)).await?;
        if entries.is_empty() {
            self.recovered();
            return Ok(Round::Idle);
        }
        if !during(COMPARE, self.check_cursors()).await? {
            return Ok(Round::Idle);
        }
        let (batch, trouble) = self.encode(&entries).await;
        if !batch.messages.is_empty() {
            during("publish", self.publish(batch)).await?;
            if matches!(during(MARK, self.mark()).await?, Round::Lost) {
                return Ok(Round::Lost);
            }
        }
        if let Some(error) = trouble {
            let what = "make an update";
            return Err(Trouble { what, error });
        }
        self.recovered();
        // What was committed since rings, so there is no need to look.
        let was_all = entries.len() < self.batch_entries() as usize
            && entries.last().map(|entry| entry.sequence) == self.published;
        Ok(if was_all { Round::Idle } else { Round::More })
    }

    /// The entries after the mark, in order and without a gap.
    async fn pending(&self, published: u64) -> Result<Vec<OutboxEntry>, PortError> {
        let limit = self.batch_entries();
        let reading = self.relay.blocking(move |o| o.pending(published, limit));
        let entries = reading.await?;
        check_order(published, &entries)?;
        Ok(entries)
    }

    fn batch_entries(&self) -> u32 {
        self.relay.config.batch_entries.max(1)
    }

    async fn read_mark(&mut self) -> Result<u64, PortError> {
        let published = self.relay.blocking(|o| o.published()).await?;
        self.published = Some(published);
        self.relay.board.published(published);
        Ok(published)
    }

    /// Raises the mark to what was confirmed.
    async fn mark(&mut self) -> Result<Round, PortError> {
        let (fence, sequence) = (self.fence, self.confirmed);
        let marking = self
            .relay
            .blocking(move |o| o.mark_published(fence, sequence));
        if !marking.await? {
            return Ok(Round::Lost);
        }
        self.published = Some(sequence);
        self.relay.board.published(sequence);
        Ok(Round::More)
    }

    /// Before the first publication: true when it may go on.
    async fn first_check(&mut self) -> Result<bool, PortError> {
        let Some(until) = self.answers_until else {
            return Ok(false);
        };
        match self.relay.ports.cursors.cursors_agree().await? {
            CursorCheck::Agree => {}
            CursorCheck::Waiting if Instant::now() < until => {
                self.relay.board.set(RelayState::Checking);
                return Ok(false);
            }
            CursorCheck::Waiting => {
                tracing::info!("not all adapters answered, publishing without them");
            }
            CursorCheck::Differ(reason) => {
                self.halt(reason);
                return Ok(false);
            }
        }
        self.checked = true;
        self.go_on();
        Ok(true)
    }

    /// False while cursors differ: nothing may be published.
    async fn check_cursors(&mut self) -> Result<bool, PortError> {
        match self.relay.ports.cursors.cursors_agree().await? {
            CursorCheck::Differ(reason) => {
                self.halt(reason);
                Ok(false)
            }
            CursorCheck::Agree | CursorCheck::Waiting => {
                self.go_on();
                Ok(true)
            }
        }
    }

    async fn follow_the_day(&mut self) -> Result<(), PortError> {
        let today = Horizon::containing((self.relay.clock)());
        if self.horizon.is_none_or(|horizon| horizon < today) {
            self.relay.ports.horizon.move_horizon(today).await?;
            self.horizon = Some(today);
        }
        Ok(())
    }

    /// The longest run of entries that fits a batch, and what ended it early.
    async fn encode(&self, entries: &[OutboxEntry]) -> (Batch, Option<PortError>) {
        let mut batch = Batch::default();
        for entry in entries {
            if batch.bytes >= self.relay.config.batch_bytes {
                break;
            }
            let update = match self.relay.ports.updates.update(entry).await {
                Ok(update) => update,
                Err(error) => return (batch, Some(error)),
            };
            if let Err(error) = batch.add(entry, update) {
                return (batch, Some(error.into()));
            }
        }
        (batch, None)
    }

    /// Publishes a batch; declares the queues of new channels before.
    async fn publish(&mut self, batch: Batch) -> Result<(), PortError> {
        let unknown = |id: &&ChannelId| !self.declared.contains(*id);
        let new: Vec<ChannelId> = batch.declared.iter().filter(unknown).cloned().collect();
        if !new.is_empty() {
            self.relay.broker.declare(&new).await?;
            self.declared.extend(new);
        }
        // Without any channel there is nobody to tell and no queue to tell it.
        if !self.declared.is_empty() {
            self.relay.broker.publish(&batch.messages).await?;
        }
        self.confirmed = batch.last;
        if !batch.ended.is_empty() {
            self.retire(&batch.ended).await;
        }
        Ok(())
    }

    /// Stops the routing to channels that ended, after they were told.
    async fn retire(&mut self, ended: &[ChannelId]) {
        // A channel that ended and came back within one batch is declared anew.
        self.next_declaration = Instant::now();
        self.declared.retain(|id| !ended.contains(id));
        if let Err(error) = self.relay.broker.retire(ended).await {
            let error = chain(&error);
            tracing::warn!(
                error,
                "queues of ended channels stay bound, they are bounded"
            );
        }
    }

    fn halt(&mut self, reason: String) {
        self.halted = true;
        self.relay.board.set(RelayState::Halted(reason));
    }

    fn go_on(&mut self) {
        if std::mem::take(&mut self.halted) {
            self.published = None;
            tracing::info!("the adapters' cursors agree again");
            self.relay.board.set(RelayState::Publishing);
        }
    }

    fn failed(&self, trouble: &Trouble) {
        let Trouble { what, error } = trouble;
        if self.halted {
            tracing::debug!(what, error = chain(&**error), "failed while halted");
        } else {
            self.relay.board.fail(what, &**error);
        }
    }

    fn recovered(&mut self) {
        if !self.halted {
            self.relay.board.set(RelayState::Publishing);
        }
        self.rounds.succeeded();
    }
}
