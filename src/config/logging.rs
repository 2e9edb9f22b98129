//! Logs.

use serde::{Deserialize, Deserializer};
use tracing_subscriber::EnvFilter;

use super::value::wrong;

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logging {
    /// Directives of tracing's `EnvFilter`, such as
    /// `info,offercast_bus=debug`. Default `info`.
    #[serde(deserialize_with = "filter")]
    pub(crate) filter: String,
    /// Default `text`.
    pub(crate) format: LogFormat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match EnvFilter::builder().parse(&text) {
        Ok(_) if !text.trim().is_empty() => Ok(text),
        _ => Err(wrong(
            &text,
            "filter directives such as info or info,offercast_bus=debug",
        )),
    }
}
