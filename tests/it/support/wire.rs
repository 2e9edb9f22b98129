//! A hand on the wire: hears what the relay publishes, and publishes what it
//! likes.

use lapin::options::{
    BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::Value;

use super::backends::BrokerSpace;

/// A connection to the real broker, past all proxies.
pub(crate) struct Wire {
    _connection: Connection,
    channel: Channel,
    exchange: String,
    /// A queue of our own that gets every update.
    heard: String,
    queue_of: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl Wire {
    /// Connects; updates published from now on are heard.
    pub(crate) async fn tap(space: &BrokerSpace) -> Self {
        let connection = Connection::connect(space.amqp.as_str(), ConnectionProperties::default())
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .unwrap();
        let heard = format!("{}.heard", space.name);
        let own = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..Default::default()
        };
        channel
            .queue_declare(heard.as_str().into(), own, FieldTable::default())
            .await
            .unwrap();
        let exchange = space.exchange();
        let binding = QueueBindOptions::default();
        channel
            .queue_bind(
                heard.as_str().into(),
                exchange.as_str().into(),
                "update".into(),
                binding,
                FieldTable::default(),
            )
            .await
            .unwrap();
        let name = space.name.clone();
        Self {
            _connection: connection,
            channel,
            exchange,
            heard,
            queue_of: Box::new(move |channel| format!("{name}.offercast.adapter.{channel}")),
        }
    }

    /// The updates heard since the last time.
    pub(crate) async fn heard(&self) -> Vec<Value> {
        let mut updates = Vec::new();
        let options = BasicGetOptions { no_ack: true };
        while let Some(message) = self
            .channel
            .basic_get(self.heard.as_str().into(), options)
            .await
            .unwrap()
        {
            updates.push(serde_json::from_slice(&message.delivery.data).unwrap());
        }
        updates
    }

    /// Publishes bytes to the adapter of one channel; returns when the broker
    /// has them.
    pub(crate) async fn tell(&self, channel: &str, bytes: &[u8]) {
        let key = format!("channel.{channel}");
        let confirmation = self
            .channel
            .basic_publish(
                self.exchange.as_str().into(),
                key.as_str().into(),
                BasicPublishOptions {
                    mandatory: true,
                    ..Default::default()
                },
                bytes,
                BasicProperties::default().with_delivery_mode(2),
            )
            .await
            .unwrap()
            .await
            .unwrap();
        assert!(
            confirmation.is_ack() && confirmation.take_message().is_none(),
            "nobody gets {key}"
        );
    }

    /// Loses what waits for the adapter of one channel.
    pub(crate) async fn lose(&self, channel: &str) -> u32 {
        let queue = (self.queue_of)(channel);
        self.channel
            .queue_purge(queue.as_str().into(), QueuePurgeOptions::default())
            .await
            .unwrap()
    }

    /// Messages that wait for the adapter of one channel, unsettled ones not
    /// counted.
    pub(crate) async fn waiting(&self, channel: &str) -> u32 {
        let queue = (self.queue_of)(channel);
        let looking = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let queue = self
            .channel
            .queue_declare(queue.as_str().into(), looking, FieldTable::default())
            .await;
        queue.unwrap().message_count()
    }
}
