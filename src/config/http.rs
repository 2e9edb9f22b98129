//! The HTTP server.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer};

use super::value;

/// What the server listens on and says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// Address and port; port 0 takes a free one. Default `127.0.0.1:8080`.
    #[serde(deserialize_with = "listen")]
    pub(crate) listen: SocketAddr,
    /// The longest time, in seconds, that a cache may keep terms without
    /// asking again; they never outlive their end. 0 to 3600, default 5.
    #[serde(deserialize_with = "max_age_s")]
    pub(crate) max_age_s: u64,
    /// Whether terms, items, the board and the log can be read without a
    /// token. Default true.
    #[serde(deserialize_with = "value::yes_or_no")]
    pub(crate) public_reads: bool,
    /// The address that others reach the server by, without a slash at the
    /// end. Default `http://` and `listen`.
    #[serde(deserialize_with = "value::http_url")]
    pub(crate) public_url: String,
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    value::parsed(deserializer, "an address and port such as 127.0.0.1:8080")
}

fn max_age_s<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    value::within(deserializer, 0..=3600, "whole seconds, 0 to 3600")
}
