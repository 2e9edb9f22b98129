//! Wiring: the only place where storage, bus, use cases, adapters and HTTP
//! meet. Everything is built from the configuration and handed its ports.

pub(crate) mod adapters;
mod broker;
mod logging;
mod ports;
pub(crate) mod server;

pub(crate) use broker::open_broker;
pub(crate) use logging::start_logging;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use offercast_kit::Family;
use offercast_storage::{Options, Store};
use tokio::sync::watch;

use crate::cli::Failure;
use crate::config::Config;

/// The channel families that this binary serves.
pub(crate) fn families() -> Vec<Arc<dyn Family>> {
    vec![
        Arc::new(offercast_site::Site::new()),
        Arc::new(offercast_app::App::new()),
        Arc::new(offercast_pos::Till),
    ]
}

/// Opens the database. A directory for SQLite's file is made.
pub(crate) fn open_store(config: &Config) -> Result<Store, Failure> {
    let url = config.database.url.expose();
    if let Some(parent) = url
        .strip_prefix("sqlite:")
        .and_then(|path| Path::new(path).parent())
    {
        std::fs::create_dir_all(parent)
            .map_err(|error| Failure::new(format!("{}: {error}", parent.display())))?;
    }
    Ok(Store::open(url, &Options::default())?)
}

/// Refuses a database whose schema is older than this program.
pub(crate) fn require_schema(store: &Store) -> Result<(), Failure> {
    match store.pending_migrations()?.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Failure::new(format!(
            "the database's schema is older than this program (the first missing migration is {first}): run `offercast migrate`"
        ))),
    }
}

/// Runs a command on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

/// Resolves when `stop` turns true, or when nobody is left who could turn it.
pub(crate) async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Resolves when the process is asked to end: Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
