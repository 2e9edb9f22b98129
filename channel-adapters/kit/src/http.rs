//! The ports over HTTP: the pinned pull, and reading a pulled channel.

use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use futures_util::{StreamExt, TryStreamExt, stream};
use offercast_contract::message::PullPage;
use offercast_contract::{Channel, Position, Sku, View};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::sync::Arc;

use crate::family::{Artefact, Family, Unreadable};
use crate::outlet::{
    Delivered, DeliveryError, DeliveryJob, Observation, ObservationError, ObservedItem, Outlet,
    Which,
};
use crate::ports::{PortError, PullRequest, Source};

/// Limit for one page of a pull.
const PULL_TIMEOUT: Duration = Duration::from_secs(60);
/// Limit for reading one item, where both ends may be busy.
const OBSERVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Items that are read at the same time.
const OBSERVE_CONCURRENCY: usize = 16;
/// Attempts for one page before the worker pauses.
const PULL_ATTEMPTS: usize = 3;
/// A problem's text is cut here.
const PROBLEM_CHARS: usize = 300;

/// The source of truth behind its HTTP API.
pub struct HttpSource {
    client: Client,
    base: String,
    token: String,
}

impl HttpSource {
    /// A source at `base` (`https://offercast.example`, without `/v1`), asked
    /// with a bearer token that may read the channel's updates.
    #[must_use]
    pub fn new(client: Client, base: &str, token: &str) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        }
    }

    fn build(&self, request: &PullRequest) -> RequestBuilder {
        let url = format!("{}/v1/channels/{}/updates", self.base, request.channel);
        let mut query: Vec<(&str, String)> = Vec::new();
        if let Some(epoch) = request.after.or(request.at).map(|position| position.epoch) {
            query.push(("epoch", epoch.to_string()));
        }
        if let Some(after) = &request.after {
            query.push(("after", after.revision.to_string()));
            query.push(("after_horizon", after.horizon.0.to_string()));
        }
        if let Some(at) = &request.at {
            query.push(("until", at.revision.to_string()));
            query.push(("horizon", at.horizon.0.to_string()));
        }
        if let Some(cursor) = &request.cursor {
            query.push(("cursor", cursor.clone()));
        }
        self.client
            .get(url)
            .query(&query)
            .bearer_auth(&self.token)
            .timeout(PULL_TIMEOUT)
    }

    async fn attempt(&self, request: &PullRequest) -> Result<PullPage, PortError> {
        let sent = self.build(request).send().await;
        let response = sent.map_err(|error| PortError::Transient(describe(&error)))?;
        match response.status() {
            StatusCode::OK => {
                let bytes = response.bytes().await;
                let bytes = bytes.map_err(|error| PortError::Transient(describe(&error)))?;
                serde_json::from_slice(&bytes)
                    .map_err(|error| PortError::Transient(format!("malformed page: {error}")))
            }
            StatusCode::GONE => Err(PortError::PinLost),
            StatusCode::CONFLICT => Err(PortError::UnknownPosition(problem(response).await)),
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                Err(PortError::Refused(problem(response).await))
            }
            _ => Err(PortError::Transient(problem(response).await)),
        }
    }
}

#[async_trait]
impl Source for HttpSource {
    async fn pull(&self, request: &PullRequest) -> Result<PullPage, PortError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(100))
            .with_max_times(PULL_ATTEMPTS - 1);
        (|| self.attempt(request))
            .retry(pauses)
            .when(|error| matches!(error, PortError::Transient(_)))
            .await
    }
}

/// The outside of a pulled channel: what the server answers to its customers.
pub struct HttpOutlet {
    client: Client,
    base: String,
    family: Arc<dyn Family>,
    token: Option<String>,
}

impl HttpOutlet {
    /// The outside at `base` (`https://offercast.example`, without `/v1`).
    #[must_use]
    pub fn new(client: Client, base: &str, family: Arc<dyn Family>) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            family,
            token: None,
        }
    }

    /// The same outside, read with a bearer token: for a server whose terms
    /// are not public.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    async fn read(
        &self,
        channel: &Channel,
        view: &View,
        sku: Sku,
        position: Position,
    ) -> Result<ObservedItem, ObservationError> {
        let url = format!("{}/v1/channels/{}/items/{sku}", self.base, channel.id);
        let mut request = self
            .client
            .get(url)
            .header("Offercast-Min-Revision", position.revision.to_string())
            .timeout(OBSERVE_TIMEOUT);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(zone) = &view.zone {
            request = request.query(&[("zone", zone.as_str())]);
        }
        let failed = |error: reqwest::Error| ObservationError(describe(&error));
        let response = request.send().await.map_err(failed)?;
        let revision = response
            .headers()
            .get("Offercast-Revision")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let reading: Result<_, Unreadable> = match response.status() {
            StatusCode::OK => {
                let body = response.bytes().await.map_err(failed)?.to_vec();
                self.family
                    .read_back(channel, view, &Artefact { body })
                    .map(Some)
            }
            StatusCode::NOT_FOUND => Ok(None),
            _ => return Err(ObservationError(problem(response).await)),
        };
        Ok(ObservedItem {
            sku,
            revision,
            reading,
        })
    }
}

#[async_trait]
impl Outlet for HttpOutlet {
    /// Customers pull: there is nothing to deliver.
    async fn deliver(&self, _job: DeliveryJob<'_>) -> Result<Delivered, DeliveryError> {
        Ok(Delivered::default())
    }

    async fn observe(
        &self,
        channel: &Channel,
        view: &View,
        which: Which<'_>,
        position: Position,
    ) -> Result<Observation, ObservationError> {
        let Which::Only(skus) = which else {
            return Ok(Observation::NotObservable);
        };
        let reads = skus
            .iter()
            .map(|sku| self.read(channel, view, sku.clone(), position));
        let items = stream::iter(reads.collect::<Vec<_>>())
            .buffered(OBSERVE_CONCURRENCY)
            .try_collect()
            .await?;
        Ok(Observation::Read {
            items,
            is_live: true,
            note: None,
        })
    }
}

/// An error with its causes, without the address, which may hold a cursor.
fn describe(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "time limit passed".to_owned()
    } else {
        "no answer".to_owned()
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

async fn problem(response: Response) -> String {
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<serde_json::Value>(&body)
        .ok()
        .and_then(|problem| {
            let text = problem.get("detail").or_else(|| problem.get("title"))?;
            text.as_str().map(str::to_owned)
        })
        .unwrap_or(body);
    let detail: String = detail.chars().take(PROBLEM_CHARS).collect();
    format!("{status}: {detail}")
}
