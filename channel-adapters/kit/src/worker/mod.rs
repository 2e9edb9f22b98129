//! The adapter's process: follow the log, render, deliver, observe, tell.
//!
//! One loop, one task. Each round does one slice of the work that the state
//! says is owed (pull, render, deliver, observe), then looks for a message.
//! A message is acknowledged to its carrier only when what it changed is
//! durable and the answer to it is confirmed.

mod answers;
mod audit;
mod engine;
mod messages;
mod outside;
mod pause;
mod pulling;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use offercast_contract::{Acknowledgement, ChannelId, Instant, Mode};
use tokio::sync::watch;

use self::engine::Engine;
use self::pause::Pause;
use crate::family::Family;
use crate::fold::Pull;
use crate::outlet::Outlet;
use crate::ports::{Carrier, Clock, Source};
use crate::state::{State, StateError};

/// SKUs that are rendered between two looks for a message.
const RENDER_SLICE: usize = 500;
/// What an update changed is delivered and observed so long after it was
/// rendered. The processors that render the same update for other channels are
/// free until then, and a burst of edits is delivered once. Far less than an
/// outside takes to notice: a till looks for its file every few seconds.
const REST: Duration = Duration::from_millis(50);
/// The loop looks at its clock at least so often.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What a worker is given.
pub struct Ports {
    /// Messages in, answers out.
    pub carrier: Box<dyn Carrier>,
    /// Where to pull from.
    pub source: Arc<dyn Source>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where artefacts go.
    pub outlet: Arc<dyn Outlet>,
}

/// Which channel, and where its state is.
#[derive(Debug, Clone)]
pub struct Options {
    /// The channel.
    pub channel: ChannelId,
    /// Names this process in acknowledgements.
    pub instance: String,
    /// The file of the channel's state; made if it does not exist.
    pub state_file: PathBuf,
}

/// Why a worker ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A thread that renders or stores ended early.
    #[error("a step of the adapter was aborted: {0}")]
    Aborted(#[from] tokio::task::JoinError),
}

/// What the operator should know, by who says it.
#[derive(Debug, Default)]
struct Notes {
    carrier: Option<String>,
    message: Option<String>,
    source: Option<String>,
    delivery: Option<String>,
    outside: Option<String>,
}

struct Worker {
    engine: Arc<Engine>,
    carrier: Box<dyn Carrier>,
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    outlet: Arc<dyn Outlet>,
    options: Options,
    notes: Notes,
    wanted: Option<Wanted>,
    /// Beats since the last acknowledgement.
    silent_beats: u32,
    /// The clock in the newest beat, and when it was heard.
    last_beat: Option<(Instant, tokio::time::Instant)>,
    /// What was last told and confirmed.
    told: Option<Acknowledgement>,
    /// When that was.
    told_at: Option<tokio::time::Instant>,
    /// Everything shown is to be read once, because the process just started.
    look_again: bool,
    disagreements: u32,
    pull_pause: Pause,
    delivery_pause: Pause,
    observe_pause: Pause,
    carrier_pause: Pause,
    /// Nothing is delivered or observed before.
    rest_until: Option<tokio::time::Instant>,
}

/// A pull that is to be made.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    pull: Pull,
    force: bool,
}

/// Runs the adapter of one channel until `shutdown` turns true (or its sender
/// is gone), or the state file fails. Everything else (a carrier, source or
/// outlet that is away) is retried, with growing pauses, and told in the
/// acknowledgement's note. Dropping the future is safe at any point.
pub async fn run(
    family: Arc<dyn Family>,
    ports: Ports,
    options: Options,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), WorkerError> {
    let path = options.state_file.clone();
    let state = tokio::task::spawn_blocking(move || State::open(&path)).await??;
    let mut worker = Worker::new(family, ports, options, state);
    worker.acknowledge_if_changed().await?;
    loop {
        let more = worker.work().await?;
        if *shutdown.borrow() {
            return Ok(());
        }
        let pause = worker.until_due()?;
        tokio::select! {
            biased;
            changed = shutdown.changed() => {
                if changed.is_err() || *shutdown.borrow() {
                    return Ok(());
                }
            }
            received = worker.carrier.receive(), if !worker.carrier_pause.is_waiting() => {
                match received {
                    Ok(delivery) => {
                        worker.carrier_pause.reset();
                        worker.notes.carrier = None;
                        worker.handle(delivery).await?;
                    }
                    Err(error) => {
                        tracing::warn!(channel = %worker.options.channel, %error, "no message received");
                        worker.notes.carrier = Some(format!("carrier: {error}"));
                        worker.carrier_pause.failed();
                    }
                }
            }
            () = std::future::ready(()), if more => {}
            () = tokio::time::sleep(pause), if !more => {}
        }
    }
}

impl Worker {
    fn new(family: Arc<dyn Family>, ports: Ports, options: Options, state: State) -> Self {
        let pause = |shortest_ms, longest_ms| {
            Pause::new(
                Duration::from_millis(shortest_ms),
                Duration::from_millis(longest_ms),
            )
        };
        Self {
            engine: Arc::new(Engine::new(family, Arc::new(state))),
            carrier: ports.carrier,
            source: ports.source,
            clock: ports.clock,
            outlet: ports.outlet,
            options,
            notes: Notes::default(),
            wanted: None,
            silent_beats: 0,
            last_beat: None,
            told: None,
            told_at: None,
            look_again: true,
            disagreements: 0,
            pull_pause: pause(200, 10_000),
            delivery_pause: pause(500, 30_000),
            observe_pause: pause(250, 5_000),
            carrier_pause: pause(200, 5_000),
            rest_until: None,
        }
    }

    fn state(&self) -> &State {
        &self.engine.state
    }

    /// Runs a step that reads or writes much where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, WorkerError> {
        let engine = Arc::clone(&self.engine);
        Ok(tokio::task::spawn_blocking(move || step(&engine)).await?)
    }

    /// One slice of what is owed; returns whether more can be done at once.
    async fn work(&mut self) -> Result<bool, WorkerError> {
        if self.pull_if_wanted().await? {
            self.acknowledge_if_changed().await?;
            return Ok(true);
        }
        let rendered = self.render().await?;
        if rendered > 0 {
            // A whole slice is not the last one, or the next round tells.
            if rendered < RENDER_SLICE || self.has_been_silent() {
                self.acknowledge_if_changed().await?;
            }
            return Ok(true);
        }
        // What is delivered and can be read at once is told once.
        let acted = self.rest().is_none() && self.deliver().await? | self.observe().await?;
        self.acknowledge_if_changed().await?;
        Ok(acted)
    }

    /// How long nothing is to be delivered or observed yet.
    fn rest(&self) -> Option<Duration> {
        let left = self
            .rest_until?
            .checked_duration_since(tokio::time::Instant::now())?;
        (!left.is_zero()).then_some(left)
    }

    /// Rests, unless it does so already: under steady edits, too, everything is
    /// delivered in time.
    fn begin_rest(&mut self) {
        if self.rest().is_none() {
            self.rest_until = Some(tokio::time::Instant::now() + REST);
        }
    }

    /// Renders a slice; returns how many SKUs there were to render.
    async fn render(&self) -> Result<usize, WorkerError> {
        let now = self.clock.now();
        let rendered = self
            .blocking(move |engine| {
                engine.state.pass_boundaries(now)?;
                engine.render_slice(now, RENDER_SLICE)
            })
            .await??;
        Ok(rendered)
    }

    /// Whether deliveries may be made now.
    fn may_deliver(&self) -> Result<bool, StateError> {
        let live = self
            .engine
            .channel(&self.options.channel)?
            .is_some_and(|channel| channel.mode == Mode::Live);
        Ok(live && !self.state().is_frozen()?)
    }

    /// How long to sleep when nothing is to be done: until the next boundary,
    /// or the end of a rest.
    fn until_due(&self) -> Result<Duration, StateError> {
        let longest = self.rest().unwrap_or(LONGEST_SLEEP);
        let Some(at) = self.state().next_boundary()? else {
            return Ok(longest);
        };
        let micros = at.micros_since(self.clock.now()).max(1_000);
        Ok(Duration::from_micros(micros.unsigned_abs()).min(longest))
    }
}
