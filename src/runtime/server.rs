//! A server: engine, relay, answers, HTTP, and adapters inside if wanted.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use offercast_bus::relay::{Relay, RelayConfig, RelayPorts};
use offercast_bus::{Broker, answers};
use offercast_contract::ChannelId;
use offercast_http::{HttpOptions, Running, Scope as HttpScope, Token as HttpToken};
use offercast_kit::Source;
use offercast_storage::Store;
use offercast_usecases::relay_ports::RelayOutbox;
use offercast_usecases::{Clock as _, Engine, EngineOptions, Families, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::adapters;
use super::ports::EngineSource;
use crate::cli::Failure;
use crate::config::{Config, Scope};

/// Which channels' adapters run inside the server.
#[derive(Debug, Clone, Default)]
pub(crate) enum Inside {
    /// All, also those that are declared later.
    All,
    /// None.
    #[default]
    None,
    /// These.
    Only(BTreeSet<ChannelId>),
}

impl Inside {
    fn wants(&self, channel: &ChannelId) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(channels) => channels.contains(channel),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) engine: Arc<Engine>,
    http: Running,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// An engine on a store, for a command that records something and ends.
pub(crate) async fn start_recording_engine(
    store: Store,
    broker: Arc<dyn Broker>,
) -> Result<Arc<Engine>, Failure> {
    Ok(Engine::start_to_record(engine_options(store, broker)).await?)
}

/// An engine's parts, with this program's families.
fn engine_options(store: Store, broker: Arc<dyn Broker>) -> EngineOptions {
    EngineOptions {
        broker,
        clock: Arc::new(SystemClock),
        families: Families::new(super::families()),
        store,
    }
}

impl Server {
    /// Starts everything; returns when requests are answered.
    pub(crate) async fn start(
        config: Arc<Config>,
        store: Store,
        inside: Inside,
    ) -> Result<Self, Failure> {
        let broker = super::open_broker(&config, "offercast server")?;
        let engine = Engine::start(engine_options(store, Arc::clone(&broker))).await?;
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(until(stopping.clone(), Arc::clone(&engine).follow()));
        spawn_relay(&mut tasks, &config, &engine, &broker, &stopping);
        spawn_answers(&mut tasks, &engine, &broker, &stopping);
        let listen = [config.http.listen.to_string()];
        let http =
            offercast_http::serve(&listen, Arc::clone(&engine), http_options(&config)).await?;
        let address = http
            .addresses()
            .first()
            .copied()
            .unwrap_or(config.http.listen);
        let own_url = format!("http://{}", reachable(address));
        let supervisor = Supervisor {
            broker,
            config,
            engine: Arc::clone(&engine),
            inside,
            own_url,
            stopping,
        };
        tasks.spawn(supervisor.run());
        Ok(Self {
            address,
            engine,
            http,
            stop,
            tasks,
        })
    }

    /// Lets requests finish, gives the lease back, ends.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = self.http.stop().await {
            tracing::error!(%error, "the HTTP server did not end as it should");
        }
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Where this machine reaches an address that listens on all interfaces.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

async fn until(stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = super::stopped(stop) => {}
    }
}

fn spawn_relay(
    tasks: &mut JoinSet<()>,
    config: &Config,
    engine: &Arc<Engine>,
    broker: &Arc<dyn Broker>,
    stop: &watch::Receiver<bool>,
) {
    let ports = RelayPorts {
        cursors: Arc::clone(engine) as _,
        horizon: Arc::clone(engine) as _,
        outbox: Arc::new(RelayOutbox::new(Arc::clone(engine))),
        updates: Arc::clone(engine) as _,
    };
    let pace = RelayConfig {
        beat_interval: Duration::from_millis(config.relay.beat_ms),
        lease_ttl: Duration::from_millis(config.relay.lease_ms),
        poll_interval: Duration::from_millis(config.relay.poll_ms),
        ..RelayConfig::new(adapters::instance_name())
    };
    let relay = Relay::new(
        Arc::clone(broker),
        ports,
        Arc::new(|| SystemClock.now()),
        pace,
    );
    let (committed, wake) = (engine.committed(), relay.wake());
    tasks.spawn(until(stop.clone(), async move {
        loop {
            committed.notified().await;
            wake.notify_one();
        }
    }));
    tasks.spawn(relay.run(super::stopped(stop.clone())));
}

fn spawn_answers(
    tasks: &mut JoinSet<()>,
    engine: &Arc<Engine>,
    broker: &Arc<dyn Broker>,
    stop: &watch::Receiver<bool>,
) {
    let (engine, broker, stop) = (Arc::clone(engine), Arc::clone(broker), stop.clone());
    tasks.spawn(async move {
        // The queue is read once it is there; a broker that is away is waited
        // for below.
        let current = engine.current();
        let channels: Vec<ChannelId> = current.book.channels().map(|it| it.id.clone()).collect();
        if let Err(error) = broker.declare(&channels).await {
            tracing::debug!(%error, "the topology could not be declared yet");
        }
        let ended = answers::run(broker, engine, super::stopped(stop)).await;
        if let Err(error) = ended {
            tracing::error!(%error, "answers of adapters can no longer be received");
        }
    });
}

fn http_options(config: &Config) -> HttpOptions {
    let scope = |scope: &Scope| match scope {
        Scope::Adapter => HttpScope::Adapter,
        Scope::Admin => HttpScope::Admin,
        Scope::Read => HttpScope::Read,
        Scope::Write => HttpScope::Write,
    };
    let token = |token: &crate::config::Token| HttpToken {
        name: token.name.clone(),
        scopes: token.scopes.iter().map(scope).collect(),
        sha256: token.sha256,
    };
    HttpOptions {
        max_age_s: u32::try_from(config.http.max_age_s).unwrap_or(u32::MAX),
        public_reads: config.http.public_reads,
        public_url: Some(config.http.public_url.clone()),
        tokens: config.tokens.iter().map(token).collect(),
        ..HttpOptions::default()
    }
}

/// Starts the adapters of channels as they are declared.
struct Supervisor {
    broker: Arc<dyn Broker>,
    config: Arc<Config>,
    engine: Arc<Engine>,
    inside: Inside,
    own_url: String,
    stopping: watch::Receiver<bool>,
}

impl Supervisor {
    async fn run(self) {
        let source: Arc<dyn Source> = Arc::new(EngineSource(Arc::clone(&self.engine)));
        let mut running = BTreeSet::new();
        let mut workers = JoinSet::new();
        let mut events = self.engine.events();
        loop {
            for channel in self.engine.current().book.channels() {
                if self.inside.wants(&channel.id) && running.insert(channel.id.clone()) {
                    let task =
                        adapters::task(&self.config, channel, &self.own_url, &self.broker, &source);
                    workers.spawn(adapters::run(
                        Arc::clone(&self.config),
                        task,
                        self.stopping.clone(),
                    ));
                }
            }
            tokio::select! {
                // Missed events do not matter: all channels are looked at anew.
                _ = events.recv() => {}
                () = super::stopped(self.stopping.clone()) => break,
            }
        }
        while workers.join_next().await.is_some() {}
    }
}
