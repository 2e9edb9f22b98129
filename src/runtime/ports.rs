//! Thin coats that make one crate's things fit another's ports.

use std::sync::Arc;

use async_trait::async_trait;
use offercast_bus::{AdapterLink, Broker, BrokerError, Incoming};
use offercast_contract::Instant;
use offercast_contract::message::{Answer, PullPage};
use offercast_kit::{Acker, Carrier, Delivery, PortError, PullRequest, Source};
use offercast_usecases::pull::{self, PullError};
use offercast_usecases::{Clock, Engine, SystemClock};

/// The bus as an adapter's carrier.
pub(crate) struct BusCarrier(pub(crate) AdapterLink<dyn Broker>);

fn port_error(error: &BrokerError) -> PortError {
    match error {
        BrokerError::Closed | BrokerError::Topology(_) => PortError::Refused(error.to_string()),
        _ => PortError::Transient(error.to_string()),
    }
}

struct BusAcker(Incoming);

#[async_trait]
impl Acker for BusAcker {
    async fn ack(self: Box<Self>) -> Result<(), PortError> {
        self.0.ack().await.map_err(|error| port_error(&error))
    }
}

#[async_trait]
impl Carrier for BusCarrier {
    async fn receive(&mut self) -> Result<Delivery, PortError> {
        let incoming = self.0.receive().await.map_err(|error| port_error(&error))?;
        let bytes = incoming.body.to_vec();
        Ok(Delivery::new(bytes, Box::new(BusAcker(incoming))))
    }

    async fn answer(&mut self, answer: &Answer) -> Result<(), PortError> {
        self.0
            .answer(answer)
            .await
            .map_err(|error| port_error(&error))
    }
}

/// The pinned pull without HTTP, for adapters inside the server.
pub(crate) struct EngineSource(pub(crate) Arc<Engine>);

#[async_trait]
impl Source for EngineSource {
    async fn pull(&self, request: &PullRequest) -> Result<PullPage, PortError> {
        let engine = Arc::clone(&self.0);
        let request = pull::PullRequest {
            after: request
                .after
                .map(|held| (held.epoch, held.revision, held.horizon)),
            at: request.at.map(|at| (at.revision, at.horizon)),
            channel: request.channel.clone(),
            cursor: request.cursor.clone(),
        };
        pull::come_to(&engine, &request)
            .await
            .map_err(|error| PortError::Transient(error.to_string()))?;
        let page = tokio::task::spawn_blocking(move || pull::page(&engine, &request));
        let page = page
            .await
            .map_err(|error| PortError::Transient(error.to_string()))?;
        page.map_err(|error| match error {
            PullError::PinLost(_) => PortError::PinLost,
            PullError::UnknownPosition(_) => PortError::UnknownPosition(error.to_string()),
            PullError::BadCursor(_) | PullError::UnknownChannel(_) => {
                PortError::Refused(error.to_string())
            }
        })
    }
}

/// The system's clock, as adapters ask for it.
pub(crate) struct AdapterClock;

impl offercast_kit::Clock for AdapterClock {
    fn now(&self) -> Instant {
        SystemClock.now()
    }
}
