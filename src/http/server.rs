//! Listening, serving, going down.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use offercast_usecases::engine::Engine;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::items;
use crate::options::HttpOptions;
use crate::router;
use crate::state::Shared;
use crate::ui;

/// Why nothing is served. Each is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// As configured.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// A setting that no server can have.
    #[error("cannot serve: {0}")]
    Setting(String),
    /// The server ended by itself.
    #[error("the HTTP server ended: {0}")]
    Ended(std::io::Error),
}

/// A server at work. Dropping it leaves it at work.
pub struct Running {
    addresses: Vec<SocketAddr>,
    handle: ServerHandle,
    stopping: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// The addresses it listens on, with the ports it was given for port 0.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Goes down: takes no more requests, ends endless answers, and waits for
    /// open ones as long as the options say.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.stopping.send_replace(true);
        self.handle.stop(true).await;
        self.ended().await
    }

    /// Waits until the server ended by itself.
    pub async fn ended(self) -> Result<(), ServeError> {
        match self.task.await {
            Ok(ended) => ended.map_err(ServeError::Ended),
            Err(error) => Err(ServeError::Ended(std::io::Error::other(error))),
        }
    }
}

/// Serves an engine on these addresses (`127.0.0.1:8080`; port 0 for any free
/// one). Returns when it listens. Signals are the caller's business.
pub async fn serve(
    listen: &[String],
    engine: Arc<Engine>,
    options: HttpOptions,
) -> Result<Running, ServeError> {
    let (stopping, watching) = watch::channel(false);
    let shutdown_timeout_s = options.shutdown_timeout_s;
    let workers = options.workers;
    let shared = Shared::new(Arc::clone(&engine), options, watching)
        .map_err(|error| ServeError::Setting(error.to_string()))?;
    let shared = web::Data::new(shared);
    let engine = web::Data::from(engine);
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(engine.clone())
            .wrap(items::Kept(shared.clone()))
            .configure(router::configure)
            .configure(ui::configure)
            .default_service(web::to(ui::nothing_here))
    })
    .disable_signals()
    .shutdown_timeout(shutdown_timeout_s);
    if let Some(workers) = workers {
        server = server.workers(workers.max(1));
    }
    for address in listen {
        server = server
            .bind(address.as_str())
            .map_err(|source| ServeError::Bind {
                address: address.clone(),
                source,
            })?;
    }
    let addresses = server.addrs();
    if addresses.is_empty() {
        return Err(ServeError::Setting(
            "no address to listen on is configured".to_owned(),
        ));
    }
    let server = server.run();
    let handle = server.handle();
    let task = tokio::spawn(server);
    Ok(Running {
        addresses,
        handle,
        stopping,
        task,
    })
}
