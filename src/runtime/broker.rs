//! The broker that the configuration names.

use std::sync::Arc;

use offercast_bus::embedded::EmbeddedBroker;
use offercast_bus::rabbit::{RabbitBroker, RabbitConfig};
use offercast_bus::{Broker, Limits, Namespace};

use crate::cli::Failure;
use crate::config::{BrokerUrl, Config};

/// Opens the broker; RabbitMQ is connected to when it is first used.
pub(crate) fn open_broker(
    config: &Config,
    connection_name: &str,
) -> Result<Arc<dyn Broker>, Failure> {
    match &config.broker.url {
        BrokerUrl::Embedded => Ok(Arc::new(EmbeddedBroker::new(Limits::default()))),
        BrokerUrl::Amqp(url) => {
            let mut rabbit = RabbitConfig::new(url.expose());
            if !config.broker.namespace.is_empty() {
                rabbit.namespace = Namespace::parse(&config.broker.namespace)?;
            }
            connection_name.clone_into(&mut rabbit.connection_name);
            Ok(Arc::new(RabbitBroker::new(rabbit)?))
        }
    }
}
