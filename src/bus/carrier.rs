//! The adapter's end of the line.

use std::sync::Arc;

use offercast_contract::ChannelId;
use offercast_contract::message::{Answer, encode};

use crate::broker::{Broker, BrokerError, Incoming, Outgoing, Queue, Route, Subscription};

/// What an adapter's process uses: its queue, and a way to answer.
pub struct AdapterLink<B: ?Sized> {
    broker: Arc<B>,
    channel: ChannelId,
    subscription: Box<dyn Subscription>,
}

impl<B: Broker + ?Sized> AdapterLink<B> {
    /// Opens the line of a channel. Of several processes that open the same
    /// line one is served, the others wait.
    pub async fn open(broker: Arc<B>, channel: ChannelId) -> Result<Self, BrokerError> {
        let subscription = broker.subscribe(Queue::Adapter(channel.clone())).await?;
        Ok(Self {
            broker,
            channel,
            subscription,
        })
    }

    /// The next message, see [`Subscription::next`]. Settle each.
    pub async fn receive(&mut self) -> Result<Incoming, BrokerError> {
        self.subscription.next().await
    }

    /// Sends an answer to the server; Ok when the broker confirmed it. Does not
    /// retry.
    pub async fn answer(&self, answer: &Answer) -> Result<(), BrokerError> {
        let route = Route::Answer(self.channel.clone());
        self.broker
            .publish(&[Outgoing::new(route, encode(answer))])
            .await
    }
}
