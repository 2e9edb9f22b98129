//! The carrier of messages.

use serde::{Deserialize, Deserializer};

use super::secret::Secret;
use super::value::wrong;

/// The broker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    /// Keeps several installations apart on one broker: the names of exchange
    /// and queues begin with it. Default empty.
    #[serde(deserialize_with = "namespace")]
    pub(crate) namespace: String,
    /// `embedded`, or where RabbitMQ is. Default `embedded`.
    pub(crate) url: BrokerUrl,
}

/// Which broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BrokerUrl {
    /// RabbitMQ, at an `amqp://` or `amqps://` address.
    Amqp(Secret),
    /// In this process's memory.
    Embedded,
}

const ADDRESS: &str = "embedded, amqp://… or amqps://…";

impl<'de> Deserialize<'de> for BrokerUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "embedded" {
            return Ok(Self::Embedded);
        }
        let url: url::Url = text.parse().map_err(|_| wrong(&text, ADDRESS))?;
        if matches!(url.scheme(), "amqp" | "amqps") && url.has_host() {
            Ok(Self::Amqp(Secret::new(text)))
        } else {
            Err(wrong(&text, ADDRESS))
        }
    }
}

const NAMESPACE: &str = "nothing, or 1 to 64 of a-z, 0-9, '-' and '_'";

fn namespace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if text.len() <= 64 && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err(wrong(&text, NAMESPACE))
    }
}
