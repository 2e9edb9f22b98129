//! The topology on a real broker.

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use offercast_contract::ChannelId;

use super::connection::Life;
use crate::broker::{BrokerError, Queue};
use crate::topology::{Bound, Limits, Namespace};

/// Declares what [`crate::Broker::declare`] says.
///
/// Queues have no dead-letter exchange of their own: RabbitMQ would also move
/// there what a full queue drops, and bury the letters that nobody could read.
/// [`crate::Incoming::reject_to_dead_letter`] publishes there instead.
pub(super) async fn declare(
    life: &Life,
    channel: &Channel,
    namespace: &Namespace,
    limits: &Limits,
    channels: &[ChannelId],
) -> Result<(), BrokerError> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    for (name, kind) in [
        (namespace.exchange(), ExchangeKind::Topic),
        (namespace.dead(), ExchangeKind::Fanout),
    ] {
        let arguments = FieldTable::default();
        let declaring = channel.exchange_declare(name.as_str().into(), kind, durable, arguments);
        life.within("declare an exchange", declaring).await?;
    }
    let adapters = channels.iter().cloned().map(Queue::Adapter);
    for queue in [Queue::Dead, Queue::Answers].into_iter().chain(adapters) {
        declare_queue(life, channel, namespace, limits, &queue).await?;
    }
    Ok(())
}

async fn declare_queue(
    life: &Life,
    channel: &Channel,
    namespace: &Namespace,
    limits: &Limits,
    queue: &Queue,
) -> Result<(), BrokerError> {
    let name = namespace.queue(queue);
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let arguments = arguments(limits.of(queue), *queue != Queue::Dead);
    let declaring = channel.queue_declare(name.as_str().into(), options, arguments);
    life.within("declare a queue", declaring).await?;
    let bindings = match queue {
        Queue::Dead => vec![(namespace.dead(), String::new())],
        _ => bindings(namespace, queue),
    };
    for (exchange, key) in bindings {
        let binding = channel.queue_bind(
            name.as_str().into(),
            exchange.as_str().into(),
            key.as_str().into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        life.within("bind a queue", binding).await?;
    }
    Ok(())
}

fn bindings(namespace: &Namespace, queue: &Queue) -> Vec<(String, String)> {
    let keys = queue.bindings().into_iter();
    keys.map(|key| (namespace.exchange(), key)).collect()
}

fn arguments(bound: Bound, single_active_consumer: bool) -> FieldTable {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let bytes = i64::try_from(bound.bytes).unwrap_or(i64::MAX);
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    table.insert("x-overflow".into(), text("drop-head"));
    table.insert(
        "x-max-length".into(),
        AMQPValue::LongLongInt(bound.messages.into()),
    );
    table.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(bytes));
    if single_active_consumer {
        table.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    }
    table
}

/// Unbinds the queues of channels that ended.
pub(super) async fn unbind(
    life: &Life,
    channel: &Channel,
    namespace: &Namespace,
    channels: &[ChannelId],
) -> Result<(), BrokerError> {
    for queue in channels.iter().cloned().map(Queue::Adapter) {
        for (exchange, key) in bindings(namespace, &queue) {
            let unbinding = channel.queue_unbind(
                namespace.queue(&queue).as_str().into(),
                exchange.as_str().into(),
                key.as_str().into(),
                FieldTable::default(),
            );
            life.within("unbind a queue", unbinding).await?;
        }
    }
    Ok(())
}

/// Deletes all that [`declare`] made.
pub(super) async fn delete(
    life: &Life,
    channel: &Channel,
    namespace: &Namespace,
    channels: &[ChannelId],
) -> Result<(), BrokerError> {
    let adapters = channels.iter().cloned().map(Queue::Adapter);
    for queue in [Queue::Dead, Queue::Answers].into_iter().chain(adapters) {
        let name = namespace.queue(&queue);
        let deleting = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default());
        life.within("delete a queue", deleting).await?;
    }
    for name in [namespace.exchange(), namespace.dead()] {
        let options = ExchangeDeleteOptions::default();
        let deleting = channel.exchange_delete(name.as_str().into(), options);
        life.within("delete an exchange", deleting).await?;
    }
    Ok(())
}
