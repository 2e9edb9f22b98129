//! Names and bounds of exchanges and queues, the same for every broker.

use std::fmt;

use crate::broker::{Queue, Route};

/// Keeps several installations (or tests) apart on one broker: every name
/// begins with it. The default is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Namespace(String);

/// Why a text is not a namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a namespace: empty, or 1 to 64 of a-z, 0-9, '-' and '_'")]
pub struct NamespaceError(String);

impl Namespace {
    /// Parses a namespace: empty, or 1 to 64 of a-z, 0-9, '-' and '_'.
    pub fn parse(text: &str) -> Result<Self, NamespaceError> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NamespaceError(text.to_owned()))
        }
    }

    /// The topic exchange that everything is published to.
    #[must_use]
    pub fn exchange(&self) -> String {
        self.name("offercast")
    }

    /// The exchange (and queue) of messages that nobody could read.
    #[must_use]
    pub fn dead(&self) -> String {
        self.name("offercast.dead")
    }

    /// The name of a queue.
    #[must_use]
    pub fn queue(&self, queue: &Queue) -> String {
        match queue {
            Queue::Adapter(channel) => self.name(&format!("offercast.adapter.{channel}")),
            Queue::Answers => self.name("offercast.answers"),
            Queue::Dead => self.dead(),
        }
    }

    fn name(&self, name: &str) -> String {
        if self.0.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.0)
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Route {
    /// The routing key. Channel ids hold no dots, so a key has one reading.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Update => "update".to_owned(),
            Self::Beat => "beat".to_owned(),
            Self::Channel(channel) => format!("channel.{channel}"),
            Self::Answer(channel) => format!("answer.{channel}"),
        }
    }
}

impl Queue {
    /// The keys that this queue is bound to on the topic exchange.
    #[must_use]
    pub fn bindings(&self) -> Vec<String> {
        match self {
            Self::Adapter(channel) => vec![
                Route::Update.key(),
                Route::Beat.key(),
                Route::Channel(channel.clone()).key(),
            ],
            Self::Answers => vec!["answer.#".to_owned()],
            Self::Dead => Vec::new(),
        }
    }

    /// Whether the queue takes a message of this route.
    #[must_use]
    pub fn takes(&self, route: &Route) -> bool {
        match (self, route) {
            (Self::Adapter(_), Route::Update | Route::Beat) | (Self::Answers, Route::Answer(_)) => {
                true
            }
            (Self::Adapter(channel), Route::Channel(wanted)) => channel == wanted,
            _ => false,
        }
    }
}

/// How much a queue holds before it drops its oldest messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Messages, at least 1.
    pub messages: u32,
    /// Bytes of message bodies, at least 1.
    pub bytes: u64,
}

/// The bounds of all queues. A broker keeps the bounds a queue was declared
/// with: to change them, delete the queue first (nothing is lost for good,
/// adapters pull what they miss).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Each adapter's queue. By default 10,000 messages, which are five hours
    /// of beats, and 64 MiB.
    pub adapter: Bound,
    /// The queue of answers. By default 100,000 messages and 256 MiB.
    pub answers: Bound,
    /// The dead-letter queue. By default 1,000 messages and 64 MiB.
    pub dead: Bound,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        let bound = |messages, bytes| Bound { messages, bytes };
        Self {
            adapter: bound(10_000, 64 * MIB),
            answers: bound(100_000, 256 * MIB),
            dead: bound(1_000, 64 * MIB),
        }
    }
}

impl Limits {
    /// The bound of a queue.
    #[must_use]
    pub fn of(&self, queue: &Queue) -> Bound {
        match queue {
            Queue::Adapter(_) => self.adapter,
            Queue::Answers => self.answers,
            Queue::Dead => self.dead,
        }
    }
}

#[cfg(test)]
mod tests {
    use offercast_contract::ChannelId;

    use super::*;

    #[test]
    fn names_are_those_of_the_documentation() {
        let site = Queue::Adapter(ChannelId::parse("site").unwrap());
        let none = Namespace::default();
        assert_eq!(none.exchange(), "offercast");
        assert_eq!(none.queue(&site), "offercast.adapter.site");
        assert_eq!(none.queue(&Queue::Answers), "offercast.answers");
        let test = Namespace::parse("t-1").unwrap();
        assert_eq!(test.queue(&Queue::Dead), "t-1.offercast.dead");
        assert!(Namespace::parse("a.b").is_err());
        assert_eq!(site.bindings(), ["update", "beat", "channel.site"]);
    }

    #[test]
    fn bindings_and_takes_agree() {
        let ids: Vec<ChannelId> = ["a", "b"].map(|id| ChannelId::parse(id).unwrap()).into();
        let routes = [
            Route::Update,
            Route::Beat,
            Route::Channel(ids[0].clone()),
            Route::Answer(ids[0].clone()),
        ];
        let queues = [
            Queue::Adapter(ids[0].clone()),
            Queue::Adapter(ids[1].clone()),
            Queue::Answers,
            Queue::Dead,
        ];
        for (queue, route) in queues
            .iter()
            .flat_map(|q| routes.iter().map(move |r| (q, r)))
        {
            let key = route.key();
            let bound = queue
                .bindings()
                .iter()
                .any(|b| *b == key || b.strip_suffix('#').is_some_and(|p| key.starts_with(p)));
            assert_eq!(queue.takes(route), bound, "{queue:?} {key}");
        }
    }
}
