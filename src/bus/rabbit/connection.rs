//! Connecting, giving up in time, and saying so once.

use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use backon::ExponentialBuilder;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::tcp::{AMQPUriTcpExt, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, ErrorKind};
use tokio::sync::watch;

use super::RabbitConfig;
use crate::broker::BrokerError;

/// Seconds between heartbeats where the address does not say: a silent broker
/// is noticed after two of them.
const HEARTBEAT_S: u16 = 10;

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    uri: AMQPUri,
    name: String,
    connect_timeout: Duration,
    confirm_timeout: Duration,
}

impl Connector {
    pub(super) fn new(mut uri: AMQPUri, config: &RabbitConfig) -> Self {
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        Self {
            uri,
            name: config.connection_name.clone(),
            connect_timeout: config.connect_timeout,
            confirm_timeout: config.confirm_timeout,
        }
    }

    /// Host and port, without the secret.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }

    pub(super) async fn connect(&self) -> Result<Wire, BrokerError> {
        let runtime = lapin::runtime::default_runtime().map_err(|error| broker_error(&error))?;
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        // lapin's thread owns this closure for as long as it works.
        let (thread, ended) = watch::channel(());
        let dial = async move |uri: AMQPUri, runtime| {
            let _alive = &thread;
            let stream = uri
                .connect_with_config_async(OwnedTLSConfig::default().as_ref(), &runtime)
                .await;
            stream.map_err(lapin::Error::from)
        };
        let connecting = Connection::connector(self.uri.clone(), runtime, dial, properties);
        let life = Life {
            confirm_timeout: self.confirm_timeout,
            ended,
        };
        let limit = self.connect_timeout;
        let connection = life.answered("connect", limit, connecting).await?;
        Ok(Wire { connection, life })
    }
}

/// A connection.
pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) life: Life,
}

impl Wire {
    /// Closes it politely, for a short while; dropping it does the rest.
    pub(super) async fn close(self) {
        let ok = lapin::protocol::constants::REPLY_SUCCESS;
        let closing = self.connection.close(ok, "OK".into());
        let _ = tokio::time::timeout(Duration::from_millis(500), closing).await;
    }
}

/// How long a request may still fail by itself, with a better reason, after the
/// thread of its connection ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Knows how long it makes sense to wait for an answer on a connection. lapin
/// itself waits for ever while the broker is silent, and forgets some requests
/// when a connection breaks, above all the one to connect when that breaks off
/// half-way.
#[derive(Clone)]
pub(super) struct Life {
    confirm_timeout: Duration,
    /// Fails when the thread that reads and writes the connection has ended.
    ended: watch::Receiver<()>,
}

impl Life {
    /// Runs a request to the broker within the timeout for requests.
    pub(super) async fn within<T>(
        &self,
        what: &'static str,
        request: impl Future<Output = Result<T, lapin::Error>>,
    ) -> Result<T, BrokerError> {
        self.answered(what, self.confirm_timeout, request).await
    }

    async fn answered<T>(
        &self,
        what: &'static str,
        limit: Duration,
        request: impl Future<Output = Result<T, lapin::Error>>,
    ) -> Result<T, BrokerError> {
        tokio::select! {
            biased;
            result = tokio::time::timeout(limit, request) => match result {
                Ok(result) => result.map_err(|error| broker_error(&error)),
                Err(_) => Err(BrokerError::Timeout {
                    what,
                    timeout_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
                }),
            },
            error = self.over() => Err(error),
        }
    }

    /// Waits until nothing can come any more.
    pub(super) async fn over(&self) -> BrokerError {
        // Nothing is ever sent: this fails once the sender is dropped.
        let _ = self.ended.clone().changed().await;
        tokio::time::sleep(LAST_WORDS).await;
        BrokerError::Away("the connection broke".to_owned())
    }
}

/// What an error of lapin means to us.
pub(super) fn broker_error(error: &lapin::Error) -> BrokerError {
    match error.kind() {
        ErrorKind::ProtocolError(protocol)
            if matches!(
                protocol.kind(),
                AMQPErrorKind::Soft(
                    AMQPSoftError::NOTFOUND
                        | AMQPSoftError::PRECONDITIONFAILED
                        | AMQPSoftError::ACCESSREFUSED
                )
            ) =>
        {
            BrokerError::Topology(protocol.get_message().to_string())
        }
        _ => BrokerError::Away(error.to_string()),
    }
}

/// The pauses between attempts: 200 ms, growing to 5 s, for ever.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
}

const UNKNOWN: u8 = 0;
const UP: u8 = 1;
const DOWN: u8 = 2;

/// Remembers whether a line is up, and logs when that changes.
pub(super) struct Line {
    address: String,
    purpose: String,
    state: AtomicU8,
}

impl Line {
    pub(super) fn new(address: String, purpose: String) -> Self {
        Self {
            address,
            purpose,
            state: AtomicU8::new(UNKNOWN),
        }
    }

    pub(super) fn is_up(&self) {
        if self.state.swap(UP, Ordering::Relaxed) != UP {
            tracing::info!(
                broker = self.address,
                purpose = self.purpose,
                "connected to the broker"
            );
        }
    }

    pub(super) fn is_down(&self, error: &BrokerError) {
        let (broker, purpose) = (self.address.as_str(), self.purpose.as_str());
        if self.state.swap(DOWN, Ordering::Relaxed) == DOWN {
            tracing::debug!(broker, purpose, %error, "the broker is still not usable");
        } else {
            tracing::warn!(broker, purpose, %error, "the broker is not usable, trying again until it is");
        }
    }
}
