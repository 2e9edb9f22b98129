//! Pulling: pages into staging, then one switch.

use offercast_contract::Position;
use offercast_contract::message::PullPage;

use super::{Wanted, Worker, WorkerError};
use crate::fold::{Held, Pull, check_items, on_pulled};
use crate::ports::{PortError, PullRequest};
use crate::state::{Rejected, Staging};

/// How a pull ended short of its goal.
enum Trouble {
    /// Try again later.
    Later(String),
    /// Begin again, with a snapshot.
    Snapshot(String),
    /// Stop until a person acts.
    Stop(String),
    /// The worker itself is broken.
    Broken(WorkerError),
}

impl<E: Into<WorkerError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl Worker {
    /// Makes the pull that is wanted, if its time has come; returns whether
    /// something was done.
    pub(super) async fn pull_if_wanted(&mut self) -> Result<bool, WorkerError> {
        let Some(wanted) = self.wanted else {
            return Ok(false);
        };
        if self.pull_pause.is_waiting() {
            return Ok(false);
        }
        match self.pull(wanted).await {
            Ok(()) => {
                self.wanted = None;
                self.pull_pause.reset();
                self.notes.source = None;
                self.notes.message = None;
                if self.state().stopped()?.is_some() {
                    self.state().set_stopped(None)?;
                }
            }
            Err(Trouble::Later(reason)) => {
                tracing::warn!(channel = %self.options.channel, reason, "pull failed, it is tried again");
                self.notes.source = Some(format!("pull: {reason}"));
                self.pull_pause.failed();
            }
            Err(Trouble::Snapshot(reason)) => {
                tracing::warn!(channel = %self.options.channel, reason, "fetching a snapshot");
                self.state().drop_staging()?;
                self.wanted = Some(Wanted {
                    pull: Pull::Snapshot,
                    force: wanted.force,
                });
            }
            Err(Trouble::Stop(reason)) => {
                self.state().drop_staging()?;
                self.stop(&reason)?;
            }
            Err(Trouble::Broken(error)) => return Err(error),
        }
        Ok(true)
    }

    async fn pull(&mut self, wanted: Wanted) -> Result<(), Trouble> {
        let held = self.state().held()?;
        let mut staging = self.resumable(wanted, held.as_ref())?;
        loop {
            let request = self.request(wanted, held.as_ref(), staging.as_ref());
            let asked = self.source.pull(&request).await;
            let page = asked.map_err(|error| self.trouble(error, &request))?;
            // The source answers again; what it failed at before is over.
            self.notes.source = None;
            let mut progress = match staging.take() {
                Some(progress) if progress.at == page.at => progress,
                Some(_) => return self.start_again("the pin moved under the pull"),
                None => match self.begin(wanted, held.as_ref(), &page)? {
                    Some(progress) => progress,
                    None => return Ok(()),
                },
            };
            check_items(&page.items, &page.items_sha256, page.at.horizon)
                .map_err(Trouble::Later)?;
            progress = self.stage(progress, page).await?;
            if progress.cursor.is_none() {
                return Ok(());
            }
            staging = Some(progress);
            self.tell_of_life().await?;
        }
    }

    /// A pull that was under way and still leads where it should.
    fn resumable(&self, wanted: Wanted, held: Option<&Held>) -> Result<Option<Staging>, Trouble> {
        let Some(staging) = self.state().staging()? else {
            return Ok(None);
        };
        let fits = staging.cursor.is_some()
            && staging.force == wanted.force
            && match wanted.pull {
                Pull::Snapshot => staging.snapshot,
                Pull::Following(_) => staging.after == held.map(|held| held.position),
            };
        if fits {
            return Ok(Some(staging));
        }
        self.state().drop_staging()?;
        Ok(None)
    }

    fn request(
        &self,
        wanted: Wanted,
        held: Option<&Held>,
        staging: Option<&Staging>,
    ) -> PullRequest {
        let (after, at) = match (staging, wanted.pull) {
            (Some(staging), _) => (staging.after, Some(staging.at)),
            (None, Pull::Following(at)) => (held.map(|held| held.position), at),
            (None, Pull::Snapshot) => (None, None),
        };
        PullRequest {
            channel: self.options.channel.clone(),
            after,
            at,
            cursor: staging.and_then(|staging| staging.cursor.clone()),
        }
    }

    fn trouble(&self, error: PortError, request: &PullRequest) -> Trouble {
        match error {
            PortError::PinLost => match self.state().drop_staging() {
                Ok(()) => Trouble::Later("the pinned pull is no longer served".to_owned()),
                Err(error) => error.into(),
            },
            // What the source's head is then is found out by a snapshot.
            PortError::UnknownPosition(reason) if request.after.is_some() => {
                Trouble::Snapshot(reason)
            }
            error => Trouble::Later(error.to_string()),
        }
    }

    fn start_again(&self, reason: &str) -> Result<(), Trouble> {
        self.state().drop_staging()?;
        Err(Trouble::Later(reason.to_owned()))
    }

    /// Judges the first page; none where it leads nowhere new.
    fn begin(
        &self,
        wanted: Wanted,
        held: Option<&Held>,
        page: &PullPage,
    ) -> Result<Option<Staging>, Trouble> {
        on_pulled(held, &page.at).map_err(Trouble::Stop)?;
        let declared = page
            .channels
            .iter()
            .find(|channel| channel.id == self.options.channel)
            .cloned();
        let channel = match declared {
            Some(channel) => Some(channel),
            None => self.engine.channel(&self.options.channel)?,
        };
        let Some(channel) = channel else {
            return Err(Trouble::Later(format!(
                "the source does not declare channel {}",
                self.options.channel
            )));
        };
        let after: Option<Position> = match page.snapshot {
            true => None,
            false => held.map(|held| held.position),
        };
        if !page.snapshot {
            let Some(held) = held.filter(|_| wanted.pull != Pull::Snapshot) else {
                return Err(Trouble::Later("asked for a snapshot, got less".to_owned()));
            };
            if held.resolver != page.resolver || self.state().stands_elsewhere(&channel)? {
                return Err(Trouble::Snapshot(
                    "the resolver or the views changed".to_owned(),
                ));
            }
            if held.position == page.at && page.items.is_empty() && page.next.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(Staging {
            after,
            at: page.at,
            channel,
            cursor: None,
            digests: Default::default(),
            force: wanted.force,
            resolver: page.resolver,
            snapshot: page.snapshot,
        }))
    }

    /// Stages a page; the last one switches.
    async fn stage(&mut self, mut staging: Staging, page: PullPage) -> Result<Staging, Trouble> {
        let snapshot = staging.snapshot;
        let result = self
            .blocking(move |engine| {
                engine.state.stage(&mut staging, &page)?;
                if staging.cursor.is_none() {
                    engine.state.commit_pull(&staging, &page.state)?;
                }
                Ok::<_, Rejected>(staging)
            })
            .await?;
        match result {
            Ok(staging) => Ok(staging),
            Err(Rejected::State(error)) => Err(error.into()),
            Err(rejected) if snapshot => Err(Trouble::Stop(format!(
                "a snapshot does not have the digest that its source names: {rejected}"
            ))),
            Err(rejected) => Err(Trouble::Snapshot(rejected.to_string())),
        }
    }
}
