//! Publishing with confirmation.

use std::sync::Arc;

use futures_util::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::Mutex;

use super::connection::{Connector, Line, Wire};
use crate::broker::BrokerError;

/// AMQP's delivery mode of messages that survive the broker.
const PERSISTENT: u8 = 2;

/// A message as RabbitMQ takes it.
pub(super) struct Parcel {
    pub(super) exchange: String,
    pub(super) key: String,
    pub(super) body: Arc<[u8]>,
    /// Why it goes to the dead letters.
    pub(super) reason: Option<String>,
}

/// Publishes batches, one at a time, on a connection of its own.
///
/// One batch at a time, because lapin hands a returned message to whichever
/// confirmation comes next: within a batch that is of no matter, any return
/// fails the whole batch, and after the last confirmation none is left over.
pub(super) struct Publisher {
    connector: Connector,
    line: Line,
    session: Mutex<Option<Session>>,
}

struct Session {
    channel: Channel,
    wire: Wire,
}

impl Publisher {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            line: Line::new(connector.address(), "publish".to_owned()),
            connector,
            session: Mutex::new(None),
        }
    }

    /// Publishes; Ok when all were confirmed and none came back.
    pub(super) async fn publish(&self, parcels: &[Parcel]) -> Result<(), BrokerError> {
        let mut slot = self.session.lock().await;
        // Taken out and put back only when every confirmation came: whatever
        // happens between, also this future being dropped, throws away the
        // session and with it the confirmations it still awaits.
        let session = match slot.take().filter(Session::is_usable) {
            Some(session) => session,
            None => self
                .open()
                .await
                .inspect_err(|error| self.line.is_down(error))?,
        };
        let sending = send(&session.channel, parcels);
        let confirmations = session.wire.life.within("confirm a batch", sending).await;
        let confirmations = confirmations.inspect_err(|error| self.line.is_down(error))?;
        self.line.is_up();
        *slot = Some(session);
        verdict(confirmations)
    }

    async fn open(&self) -> Result<Session, BrokerError> {
        let wire = self.connector.connect().await?;
        let opening = async {
            let channel = wire.connection.create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            Ok(channel)
        };
        let channel = wire.life.within("open a channel", opening).await?;
        Ok(Session { channel, wire })
    }
}

impl Session {
    fn is_usable(&self) -> bool {
        self.wire.connection.status().connected() && self.channel.status().connected()
    }
}

async fn send(channel: &Channel, parcels: &[Parcel]) -> lapin::Result<Vec<Confirmation>> {
    let mut confirmations = Vec::with_capacity(parcels.len());
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    for parcel in parcels {
        let confirmation = channel
            .basic_publish(
                parcel.exchange.as_str().into(),
                parcel.key.as_str().into(),
                options,
                &parcel.body,
                properties(parcel),
            )
            .await?;
        confirmations.push(confirmation);
    }
    try_join_all(confirmations).await
}

fn properties(parcel: &Parcel) -> BasicProperties {
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into());
    match &parcel.reason {
        None => properties,
        Some(reason) => {
            let mut headers = FieldTable::default();
            // Headers must fit a frame; a reason may quote what was wrong.
            let reason: String = reason.chars().take(500).collect();
            let reason = AMQPValue::LongString(reason.into());
            headers.insert("x-offercast-reason".into(), reason);
            properties.with_headers(headers)
        }
    }
}

fn verdict(confirmations: Vec<Confirmation>) -> Result<(), BrokerError> {
    let mut refused = 0;
    let mut returned = 0;
    for confirmation in confirmations {
        if !confirmation.is_ack() {
            refused += 1;
        }
        if confirmation.take_message().is_some() {
            returned += 1;
        }
    }
    match (refused, returned) {
        (0, 0) => Ok(()),
        (0, returned) => Err(BrokerError::Unroutable(returned)),
        (refused, _) => Err(BrokerError::Refused(refused)),
    }
}
