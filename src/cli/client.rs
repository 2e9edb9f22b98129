//! The command line as a client of a server.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Failure;
use crate::config::Config;
use crate::runtime::adapters::http_client;

/// Where the demo keeps the token that it printed, in its data directory.
pub(super) const TOKEN_FILE: &str = "token";

/// A server, as a command asks it.
pub(super) struct Client {
    base: String,
    http: reqwest::Client,
    token: String,
}

/// What a server says when it refuses (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    errors: Vec<Value>,
}

enum Refusal {
    Away(Failure),
    Final(Failure),
}

impl Client {
    /// A client with the configured token, else the one of the demo in the
    /// data directory.
    pub(super) fn new(config: &Config) -> Result<Self, Failure> {
        let of_demo = || std::fs::read_to_string(config.data_dir.join(TOKEN_FILE)).ok();
        let token = config
            .server_token
            .as_ref()
            .map(|token| token.expose().to_owned());
        Ok(Self {
            base: config.server_url.clone(),
            http: http_client()?,
            token: token.or_else(of_demo).unwrap_or_default().trim().to_owned(),
        })
    }

    /// The token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Asks for a resource.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, None)
            .await
            .map_err(Refusal::into_failure)
    }

    /// Asks for a resource for as long as the server is away.
    pub(super) async fn get_patiently<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Failure> {
        let patience = ExponentialBuilder::default()
            .with_max_delay(Duration::from_secs(5))
            .without_max_times();
        (|| self.ask(Method::GET, path, None))
            .retry(patience)
            .when(|refusal| matches!(refusal, Refusal::Away(_)))
            .notify(|refusal, _| {
                if let Refusal::Away(failure) = refusal {
                    tracing::warn!(%failure, "waiting for the server");
                }
            })
            .await
            .map_err(Refusal::into_failure)
    }

    /// Sends a write, with an idempotency key of its own.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, Failure> {
        self.ask(Method::POST, path, Some(body))
            .await
            .map_err(Refusal::into_failure)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Refusal> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request
                .header("Idempotency-Key", uuid::Uuid::now_v7().to_string())
                .json(body);
        }
        let away = |error: reqwest::Error| {
            let failure = Failure::of(&error.without_url());
            Refusal::Away(Failure::new(format!(
                "the server at {} does not answer: {failure}",
                self.base
            )))
        };
        let response = request.send().await.map_err(away)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(away)?;
        if !status.is_success() {
            return Err(refusal(status, &bytes));
        }
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(|error| {
            Refusal::Final(Failure::new(format!(
                "the server's answer is not understood: {error}"
            )))
        })
    }
}

impl Refusal {
    fn into_failure(self) -> Failure {
        match self {
            Self::Away(failure) | Self::Final(failure) => failure,
        }
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let text = problem.map_or_else(
        || status.to_string(),
        |problem| {
            let first = problem
                .errors
                .first()
                .map(|error| format!(" (first error: {error})"));
            let words = problem
                .detail
                .or(problem.title)
                .unwrap_or_else(|| status.to_string());
            format!("{words}{}", first.unwrap_or_default())
        },
    );
    let failure = Failure::new(format!("{text} [{}]", status.as_u16()));
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::BAD_GATEWAY {
        Refusal::Away(failure)
    } else {
        Refusal::Final(failure)
    }
}
