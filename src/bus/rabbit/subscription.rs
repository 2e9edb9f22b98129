//! Reading a queue for ever.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::Retryable;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use lapin::{Acker, Consumer};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Inner;
use super::connection::{Life, Line, Wire, backoff, broker_error};
use super::publisher::Parcel;
use crate::broker::{BrokerError, Incoming, Queue, Settlement, Subscription};

/// The reading end. A task of its own keeps the connection, so that a reader
/// who looks only now and then (or gives up waiting) does not start connecting
/// from the beginning each time.
pub(super) struct RabbitSubscription {
    incoming: mpsc::Receiver<(Acker, Incoming)>,
    task: AbortHandle,
}

impl RabbitSubscription {
    pub(super) fn start(inner: Arc<Inner>, queue: &Queue) -> Self {
        // One waits here, the others in lapin, bounded by the prefetch.
        let (sender, incoming) = mpsc::channel(1);
        let name = inner.namespace.queue(queue);
        let task = tokio::spawn(read_for_ever(inner, name, sender)).abort_handle();
        Self { incoming, task }
    }
}

#[async_trait]
impl Subscription for RabbitSubscription {
    async fn next(&mut self) -> Result<Incoming, BrokerError> {
        loop {
            let received = self.incoming.recv().await;
            let (acker, incoming) = received.ok_or(BrokerError::Closed)?;
            // What waited here when its connection was lost comes again on the
            // next one, and in the right order.
            if acker.usable() {
                return Ok(incoming);
            }
        }
    }
}

impl Drop for RabbitSubscription {
    fn drop(&mut self) {
        // Drops the connection: the broker gives back what is unsettled.
        self.task.abort();
    }
}

async fn read_for_ever(inner: Arc<Inner>, queue: String, sender: mpsc::Sender<(Acker, Incoming)>) {
    let line = Line::new(inner.connector.address(), format!("read {queue}"));
    loop {
        let opened = (|| open(&inner, &queue))
            .retry(backoff())
            .notify(|error, _| line.is_down(error))
            .await;
        // The retries never end, so there is no other case.
        let Ok((wire, mut consumer)) = opened else {
            continue;
        };
        line.is_up();
        let error = loop {
            let next = tokio::select! {
                biased;
                next = consumer.next() => next,
                error = wire.life.over() => break error,
            };
            match next {
                Some(Ok(delivery)) => {
                    let acker = delivery.acker.clone();
                    let settlement = RabbitSettlement {
                        inner: Arc::clone(&inner),
                        life: wire.life.clone(),
                        acker: delivery.acker,
                        body: delivery.data.into(),
                    };
                    let body = Arc::clone(&settlement.body);
                    let incoming = Incoming::new(body, delivery.redelivered, Box::new(settlement));
                    if sender.send((acker, incoming)).await.is_err() {
                        return;
                    }
                }
                Some(Err(error)) => break broker_error(&error),
                None => break BrokerError::Away("the broker cancelled the reader".to_owned()),
            }
        };
        line.is_down(&error);
        // A broker that takes connections only to end them is not hammered.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A queue that does not exist is an error to be retried as well: the server
/// declares it, and an adapter may be started first.
async fn open(inner: &Inner, queue: &str) -> Result<(Wire, Consumer), BrokerError> {
    let wire = inner.connector.connect().await?;
    let opening = async {
        let channel = wire.connection.create_channel().await?;
        channel
            .basic_qos(inner.prefetch, BasicQosOptions::default())
            .await?;
        channel
            .basic_consume(
                queue.into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
    };
    let consumer = wire.life.within("start reading a queue", opening).await?;
    Ok((wire, consumer))
}

struct RabbitSettlement {
    inner: Arc<Inner>,
    life: Life,
    acker: Acker,
    body: Arc<[u8]>,
}

#[async_trait]
impl Settlement for RabbitSettlement {
    async fn ack(self: Box<Self>) -> Result<(), BrokerError> {
        let acking = self.acker.ack(BasicAckOptions::default());
        match self.life.within("take an acknowledgement", acking).await? {
            true => Ok(()),
            // The channel that delivered it is gone.
            false => Err(BrokerError::Stale),
        }
    }

    async fn reject_to_dead_letter(self: Box<Self>, reason: &str) -> Result<(), BrokerError> {
        let parcel = Parcel {
            exchange: self.inner.namespace.dead(),
            key: String::new(),
            body: Arc::clone(&self.body),
            reason: Some(reason.to_owned()),
        };
        if let Err(error) = self.inner.publisher.publish(&[parcel]).await {
            // Given back at once: unsettled it would stay with us for as long
            // as the connection lives.
            let requeue = BasicRejectOptions { requeue: true };
            let giving_back = self.acker.reject(requeue);
            self.life.within("take a message back", giving_back).await?;
            return Err(error);
        }
        self.ack().await
    }
}
