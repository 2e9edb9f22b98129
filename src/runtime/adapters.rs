//! Running adapters: inside the server, or as processes of their own.

use std::sync::Arc;
use std::time::Duration;

use offercast_bus::{AdapterLink, Broker};
use offercast_contract::{Channel, ChannelId, Family};
use offercast_kit::{HttpOutlet, HttpSource, NoOutlet, Options, Outlet, Ports, Source};
use offercast_pos::{TillConfig, TillOutlet};
use tokio::sync::watch;

use super::ports::{AdapterClock, BusCarrier};
use crate::cli::Failure;
use crate::config::Config;

/// One channel's adapter, about to run.
pub(crate) struct AdapterTask {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) channel: ChannelId,
    pub(crate) family: Family,
    /// Where a pulled channel is read as its customers read it.
    pub(crate) observe_url: String,
    pub(crate) source: Arc<dyn Source>,
}

/// How long to wait before an adapter that failed is started again.
const RESTART_AFTER: Duration = Duration::from_secs(5);

/// Runs an adapter until `stop`; one that fails is started again, and the log
/// says why.
pub(crate) async fn run(config: Arc<Config>, task: AdapterTask, stop: watch::Receiver<bool>) {
    let channel = task.channel.clone();
    loop {
        match run_once(&config, &task, stop.clone()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%channel, %error, "the adapter ended, it is started again")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART_AFTER) => {}
            () = super::stopped(stop.clone()) => return,
        }
    }
}

async fn run_once(
    config: &Config,
    task: &AdapterTask,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let family = super::families()
        .into_iter()
        .find(|family| family.name() == task.family)
        .ok_or_else(|| {
            Failure::new(format!(
                "family {:?} is not one of this program",
                task.family
            ))
        })?;
    let directory = config.state_dir(&task.channel);
    std::fs::create_dir_all(&directory)
        .map_err(|error| Failure::new(format!("{}: {error}", directory.display())))?;
    let outlet: Arc<dyn Outlet> = match task.family.as_str() {
        "till" => Arc::new(TillOutlet::new(TillConfig {
            directory: till_directory(config, &task.channel),
        })),
        "site" | "app" => {
            let outlet = HttpOutlet::new(http_client()?, &task.observe_url, Arc::clone(&family));
            Arc::new(outlet.with_token(observe_token(config, &task.channel)))
        }
        _ => Arc::new(NoOutlet),
    };
    let link = AdapterLink::open(Arc::clone(&task.broker), task.channel.clone()).await?;
    let ports = Ports {
        carrier: Box::new(BusCarrier(link)),
        clock: Arc::new(AdapterClock),
        outlet,
        source: Arc::clone(&task.source),
    };
    let options = Options {
        channel: task.channel.clone(),
        instance: instance_name(),
        state_file: directory.join("state.redb"),
    };
    Ok(offercast_kit::run(family, ports, options, stop).await?)
}

/// The server is asked with our token, a shop's own address never.
fn observe_token(config: &Config, channel: &ChannelId) -> Option<String> {
    let adapter = config.adapters.get(channel);
    if adapter.is_some_and(|adapter| adapter.observe_url.is_some()) {
        return None;
    }
    config
        .server_token
        .as_ref()
        .map(|token| token.expose().to_owned())
}

/// Where a till's exchange files are, unless the configuration says otherwise.
fn till_directory(config: &Config, channel: &ChannelId) -> std::path::PathBuf {
    let configured = config
        .adapters
        .get(channel)
        .and_then(|adapter| adapter.directory.clone());
    configured.unwrap_or_else(|| config.data_dir.join("tills").join(channel.as_str()))
}

/// Host and process: tells two adapters of one channel apart.
pub(crate) fn instance_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!(
        "{}/{}",
        if host.is_empty() { "localhost" } else { host },
        std::process::id()
    )
}

/// A client for calls to the server and to channels' outsides.
pub(crate) fn http_client() -> Result<reqwest::Client, Failure> {
    // The provider may be installed already; either way there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        // Sooner than a server closes it: a request that is sent while that
        // happens gets no answer.
        .pool_idle_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(60))
        .build()?)
}

/// The pinned pull over HTTP, for adapters outside the server.
pub(crate) fn http_source(config: &Config, token: &str) -> Result<Arc<dyn Source>, Failure> {
    Ok(Arc::new(HttpSource::new(
        http_client()?,
        &config.server_url,
        token,
    )))
}

/// Where a channel is observed: as configured for it, else at the server.
pub(crate) fn observe_url(config: &Config, channel: &ChannelId, server: &str) -> String {
    let configured = config
        .adapters
        .get(channel)
        .and_then(|adapter| adapter.observe_url.clone());
    configured.unwrap_or_else(|| server.to_owned())
}

/// The task of a declared channel.
pub(crate) fn task(
    config: &Config,
    channel: &Channel,
    server: &str,
    broker: &Arc<dyn Broker>,
    source: &Arc<dyn Source>,
) -> AdapterTask {
    AdapterTask {
        broker: Arc::clone(broker),
        channel: channel.id.clone(),
        family: channel.family.clone(),
        observe_url: observe_url(config, &channel.id, server),
        source: Arc::clone(source),
    }
}
