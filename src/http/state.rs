//! What every worker shares.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use offercast_usecases::engine::Engine;
use tokio::sync::{Semaphore, watch};

use crate::cache::BodyCache;
use crate::headers::cache_control;
use crate::metrics::Metrics;
use crate::options::HttpOptions;

/// One for the whole server.
pub struct Shared {
    /// Rendered bodies.
    pub cache: BodyCache,
    /// The engine.
    pub engine: Arc<Engine>,
    /// Places for listeners to the board.
    pub listeners: Arc<Semaphore>,
    /// Counters.
    pub metrics: Metrics,
    /// How to serve.
    pub options: HttpOptions,
    /// Becomes true when the server goes down: endless answers end then.
    pub stopping: watch::Receiver<bool>,
    /// `Cache-Control` of terms that do not end soon.
    pub usual_freshness: HeaderValue,
}

impl Shared {
    /// The state of a server that is about to start.
    pub fn new(
        engine: Arc<Engine>,
        options: HttpOptions,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, prometheus::Error> {
        Ok(Self {
            cache: BodyCache::new(options.cache_bytes),
            engine,
            listeners: Arc::new(Semaphore::new(options.event_listeners)),
            metrics: Metrics::new()?,
            stopping,
            usual_freshness: cache_control(options.max_age_s, options.public_reads),
            options,
        })
    }

    /// Whether sessions may only travel over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        let url = self.options.public_url.as_deref();
        url.is_some_and(|url| url.starts_with("https:"))
    }
}
