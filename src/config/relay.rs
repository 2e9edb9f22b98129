//! From the log to the broker.

use serde::{Deserialize, Deserializer};

use super::value;

/// How the relay works. What travels in a message is not a setting: all
/// servers must make the same bytes of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relay {
    /// Between two head beats, in milliseconds. 100 to 60000, default 2000.
    #[serde(deserialize_with = "beat_ms")]
    pub(crate) beat_ms: u64,
    /// How long a relay that no longer answers keeps the others from taking
    /// over, in milliseconds. 1000 to 600000, default 30000.
    #[serde(deserialize_with = "lease_ms")]
    pub(crate) lease_ms: u64,
    /// Between two looks at the outbox when nobody wakes the relay, in
    /// milliseconds. 10 to 60000, default 200.
    #[serde(deserialize_with = "poll_ms")]
    pub(crate) poll_ms: u64,
}

fn beat_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    value::within(deserializer, 100..=60_000, "milliseconds, 100 to 60000")
}

fn lease_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    value::within(deserializer, 1000..=600_000, "milliseconds, 1000 to 600000")
}

fn poll_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    value::within(deserializer, 10..=60_000, "milliseconds, 10 to 60000")
}
