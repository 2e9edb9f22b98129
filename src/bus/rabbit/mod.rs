//! RabbitMQ 3.10 or later, over AMQP 0-9-1 (`amqp://`, or `amqps://` by rustls).
//!
//! lapin can recover connections by itself; that is not used. Its retries give
//! up after minutes, and a recovered channel restarts delivery tags, so that a
//! late acknowledgement could settle somebody else's message. Here every
//! failure throws the connection away with everything that belonged to it.

mod connection;
mod declare;
mod publisher;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::uri::AMQPUri;
use offercast_contract::ChannelId;

use crate::broker::{Broker, BrokerError, Outgoing, Queue, Subscription};
use crate::topology::{Limits, Namespace};
use connection::{Connector, Life};
use publisher::{Parcel, Publisher};
use subscription::RabbitSubscription;

/// How to reach RabbitMQ, and how patient to be.
#[derive(Clone)]
pub struct RabbitConfig {
    /// `amqp://user:password@host:port/vhost`, or `amqps://…`. It holds a
    /// secret and is never logged.
    pub uri: String,
    /// Begins every name.
    pub namespace: Namespace,
    /// The bounds of queues, by default [`Limits::default`].
    pub limits: Limits,
    /// Names the connections, for the operator; by default `offercast`.
    pub connection_name: String,
    /// How long connecting may take, by default 5 s.
    pub connect_timeout: Duration,
    /// How long a whole batch may take until its last confirmation, and any
    /// other single request (to make a queue, say) until its answer; by default
    /// 5 s.
    pub confirm_timeout: Duration,
    /// How many unsettled messages a subscription holds, 1 or more; by
    /// default 16.
    pub prefetch: u16,
}

impl RabbitConfig {
    /// The defaults, with this address.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            namespace: Namespace::default(),
            limits: Limits::default(),
            connection_name: "offercast".to_owned(),
            connect_timeout: Duration::from_secs(5),
            confirm_timeout: Duration::from_secs(5),
            prefetch: 16,
        }
    }
}

/// The address is not one of a RabbitMQ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the broker's address is not an amqp:// or amqps:// URI: {0}")]
pub struct RabbitAddressError(String);

/// RabbitMQ as a broker. Connects when it is first used, from within a tokio
/// runtime.
pub struct RabbitBroker {
    inner: Arc<Inner>,
}

struct Inner {
    connector: Connector,
    namespace: Namespace,
    limits: Limits,
    prefetch: u16,
    publisher: Publisher,
}

impl RabbitBroker {
    /// A broker at this address; checks the address only.
    pub fn new(config: RabbitConfig) -> Result<Self, RabbitAddressError> {
        // The parser's words do not repeat the address, which holds a secret.
        let uri: AMQPUri = config.uri.parse().map_err(RabbitAddressError)?;
        let connector = Connector::new(uri, &config);
        let inner = Inner {
            publisher: Publisher::new(connector.clone()),
            connector,
            namespace: config.namespace,
            limits: config.limits,
            prefetch: config.prefetch.max(1),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Deletes the queues of these channels, of answers and of dead letters,
    /// and the exchanges: what an installation leaves when it goes.
    pub async fn delete_everything(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        let inner = &self.inner;
        inner
            .on_channel(async |life, channel| {
                declare::delete(life, channel, &inner.namespace, channels).await
            })
            .await
    }
}

impl Inner {
    /// Runs requests on a channel of its own, each within the timeout: a busy
    /// broker takes its time to make many queues. An error of the protocol
    /// closes a channel, so none is used twice.
    async fn on_channel<T>(
        &self,
        requests: impl AsyncFnOnce(&Life, &lapin::Channel) -> Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        let wire = self.connector.connect().await?;
        let opening = wire.connection.create_channel();
        let result = match wire.life.within("open a channel", opening).await {
            Ok(channel) => requests(&wire.life, &channel).await,
            Err(error) => Err(error),
        };
        wire.close().await;
        result
    }
}

#[async_trait]
impl Broker for RabbitBroker {
    async fn declare(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        let inner = &self.inner;
        inner
            .on_channel(async |life, channel| {
                declare::declare(life, channel, &inner.namespace, &inner.limits, channels).await
            })
            .await
    }

    async fn retire(&self, channels: &[ChannelId]) -> Result<(), BrokerError> {
        let inner = &self.inner;
        inner
            .on_channel(async |life, channel| {
                declare::unbind(life, channel, &inner.namespace, channels).await
            })
            .await
    }

    async fn publish(&self, batch: &[Outgoing]) -> Result<(), BrokerError> {
        let exchange = self.inner.namespace.exchange();
        let parcels = batch.iter().map(|message| Parcel {
            exchange: exchange.clone(),
            key: message.route.key(),
            body: Arc::clone(&message.body),
            reason: None,
        });
        self.inner
            .publisher
            .publish(&parcels.collect::<Vec<_>>())
            .await
    }

    async fn subscribe(&self, queue: Queue) -> Result<Box<dyn Subscription>, BrokerError> {
        Ok(Box::new(RabbitSubscription::start(
            Arc::clone(&self.inner),
            &queue,
        )))
    }
}
