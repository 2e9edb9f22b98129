//! Configuration: one file per concern.
//!
//! Later sources win: defaults, the file named by `--config` or
//! `OFFERCAST_CONFIG`, environment variables `OFFERCAST_…` (two underscores
//! nest: `OFFERCAST_DATABASE__URL`), command line flags. Everything is checked
//! when it is loaded; a mistake is one line that names the key, the value,
//! where it was given and what is expected. Secrets are never printed.
//!
//! Deliberately absent: anything that channels show. Prices, channels and
//! policy are part of the log, not of a file on one server.

mod adapters;
mod broker;
mod database;
mod error;
mod http;
mod logging;
mod relay;
mod secret;
mod sources;
#[cfg(test)]
mod tests;
mod tokens;
mod value;

use std::path::PathBuf;

use offercast_contract::ChannelId;
use serde::Deserialize;

pub(crate) use adapters::Adapters;
pub(crate) use broker::{Broker, BrokerUrl};
pub(crate) use database::Database;
pub(crate) use error::ConfigError;
pub(crate) use http::Http;
pub(crate) use logging::{LogFormat, Logging};
pub(crate) use relay::Relay;
pub(crate) use secret::Secret;
pub(crate) use sources::Sources;
pub(crate) use tokens::{Scope, Token};

/// All settings, checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What adapters that run on this machine need beside their channel's
    /// declaration, by channel.
    pub(crate) adapters: Adapters,
    /// The carrier of messages.
    pub(crate) broker: Broker,
    /// Where everything lives that is kept on this machine. Default `data`.
    #[serde(deserialize_with = "value::path")]
    pub(crate) data_dir: PathBuf,
    /// The source of truth.
    pub(crate) database: Database,
    /// The HTTP server.
    pub(crate) http: Http,
    /// Logs.
    pub(crate) logging: Logging,
    /// From the log to the broker.
    pub(crate) relay: Relay,
    /// With what adapters and the command line identify themselves to the
    /// server at `server_url`.
    #[serde(default)]
    pub(crate) server_token: Option<Secret>,
    /// Where adapters and the command line find a server, without a slash at
    /// the end. Default `http://127.0.0.1:8080`.
    #[serde(deserialize_with = "value::http_url")]
    pub(crate) server_url: String,
    /// Who may do what over HTTP.
    #[serde(deserialize_with = "tokens::tokens")]
    pub(crate) tokens: Vec<Token>,
}

impl Config {
    /// Reads and checks all sources.
    ///
    /// # Errors
    ///
    /// The first mistake found, as one line.
    pub(crate) fn load(sources: &Sources) -> Result<Self, ConfigError> {
        sources.extract()
    }

    /// Where the adapter of a channel keeps its own state.
    #[must_use]
    pub(crate) fn state_dir(&self, channel: &ChannelId) -> PathBuf {
        self.adapters
            .get(channel)
            .and_then(|adapter| adapter.state_dir.clone())
            .unwrap_or_else(|| self.data_dir.join("adapters").join(channel.as_str()))
    }
}
