//! The messages between the server and adapters.
//!
//! Down: [`Message`], from the relay to adapters. Up: [`Answer`], from
//! adapters to the server. All are JSON objects with `type` and `version`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compare::Difference;
use crate::{Channel, ChannelId, Claims, Digest, Hash, Horizon, Instant, Item, Sku, View};

/// A point in the sequence of updates: a revision, resolved over a horizon.
/// Positions of one epoch are ordered by revision, then horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The epoch; it rises when a person declares a restored database current.
    pub epoch: u64,
    /// Hash of the revision's header.
    pub hash: Hash,
    /// The horizon.
    pub horizon: Horizon,
    /// The revision's number; 0 is the empty source of truth.
    pub revision: u64,
}

impl Position {
    /// The sort key within all epochs.
    #[must_use]
    pub fn order(&self) -> (u64, u64, Horizon) {
        (self.epoch, self.revision, self.horizon)
    }
}

/// The items of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Payload {
    /// They are here, sorted by SKU.
    Inline {
        /// The items.
        items: Vec<Item>,
    },
    /// They are too big to travel: pull them, pinned to this update.
    Manifest {
        /// Bytes of all canonical items, each with a line feed.
        bytes: u64,
        /// Number of items.
        items: u64,
    },
}

/// One revision (or one move of the horizon) on its way to adapters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The position that this update follows.
    pub after: Position,
    /// The position that a holder has when it has applied this update.
    pub at: Position,
    /// Channel declarations that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// Channels that ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended_channels: Vec<ChannelId>,
    /// SHA-256 over the canonical bytes of all items, each followed by a line
    /// feed, sorted by SKU.
    pub items_sha256: Hash,
    /// The items.
    pub payload: Payload,
    /// When the revision was recorded.
    pub recorded_at: Instant,
    /// The resolver's version, see [`crate::RESOLVER_VERSION`].
    pub resolver: u32,
    /// State digests of all views after this update.
    pub state: BTreeMap<View, Digest>,
}

/// The head beat, every two seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The server's clock.
    pub at: Instant,
    /// Whether a person stopped all egress: deliver nothing.
    pub frozen: bool,
    /// The last published position.
    pub head: Position,
    /// The resolver's version.
    pub resolver: u32,
    /// State digests of all views at the head.
    pub state: BTreeMap<View, Digest>,
}

/// From the server to adapters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// A revision or a move of the horizon.
    Update(Box<Update>),
    /// The head beat.
    Beat(Beat),
    /// Render, read back and deliver again, without a new revision.
    Resync {
        /// Which channel.
        channel: ChannelId,
        /// Which SKU; none for all, fetched anew as a snapshot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sku: Option<Sku>,
    },
    /// Read again everything that the channel shows and answer with pages.
    Audit {
        /// The instant whose terms are asked for.
        at: Instant,
        /// Which channel.
        channel: ChannelId,
        /// Names the audit.
        id: String,
        /// The position to be held before reading.
        position: Position,
    },
}

/// A message with its contract version, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The body.
    #[serde(flatten)]
    pub body: T,
    /// The contract's version, see [`crate::CONTRACT_VERSION`].
    pub version: u32,
}

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not a JSON object of a known shape.
    #[error("malformed message: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A version of the contract that this build does not speak.
    #[error("contract version {0} is not spoken here")]
    Version(u32),
}

/// The bytes of a message, canonical like all others.
#[must_use]
pub fn encode<T: Serialize>(body: T) -> Vec<u8> {
    let envelope = Envelope {
        body,
        version: crate::CONTRACT_VERSION,
    };
    // Serde writes the tag of a message before its fields, wherever its name
    // would stand among theirs.
    let sorted: BTreeMap<String, serde_json::Value> = match serde_json::to_value(&envelope) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().collect(),
        // Messages are objects, and writing them into memory cannot fail.
        _ => BTreeMap::new(),
    };
    crate::canonical_bytes(&sorted)
}

/// Parses the bytes of a message; the version is checked before the shape.
pub fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, MessageError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_slice(bytes)?;
    if version != crate::CONTRACT_VERSION {
        return Err(MessageError::Version(version));
    }
    Ok(serde_json::from_slice::<Envelope<T>>(bytes)?.body)
}

/// How far a revision has come in a channel. The order is the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// In the log.
    Recorded,
    /// Confirmed by the broker.
    Published,
    /// In the adapter's state.
    Folded,
    /// Rendered and read back equal.
    Rendered,
    /// Given to the channel.
    Delivered,
    /// Read where the customer reads it, and equal.
    Observed,
}

/// An item that is not shown because it could not be shown truly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldItem {
    /// Why, in words for the board.
    pub reason: String,
    /// Which SKU.
    pub sku: Sku,
    /// In which view.
    pub view: View,
}

/// A difference found between what a channel shows and the terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mismatch {
    /// What differs.
    pub difference: Difference,
    /// Which SKU.
    pub sku: Sku,
    /// In which view.
    pub view: View,
}

/// At most so many held items and mismatches are listed in an acknowledgement;
/// the counts are always complete.
pub const LISTED_ITEMS: usize = 100;

/// Where an adapter stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Which channel.
    pub channel: ChannelId,
    /// The adapter's clock when it wrote this.
    pub clock: Instant,
    /// Number of held items.
    pub held: u64,
    /// The first held items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_items: Vec<HeldItem>,
    /// Names the process, so that two adapters of one channel are noticed.
    pub instance: String,
    /// Number of items shown, over all views.
    pub items: u64,
    /// The last boundary of terms that the channel was switched at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_boundary: Option<Instant>,
    /// Number of mismatches.
    pub mismatches: u64,
    /// The first mismatches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatch_items: Vec<Mismatch>,
    /// Something the operator should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The position held.
    pub position: Position,
    /// The resolver's version that the state was made with.
    pub resolver: u32,
    /// The rung reached by that position.
    pub rung: Rung,
    /// The digest over all readings of the channel.
    pub shown: Digest,
    /// State digests of the channel's views.
    pub state: BTreeMap<View, Digest>,
    /// Whether the adapter refuses to go on until a person acts (another hash
    /// for a number it holds, a head that went back).
    pub stopped: bool,
}

/// What an audit read of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditReading {
    /// The claims read; absent where nothing can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// The adapter holds the item back deliberately.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Why nothing could be read or why it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which SKU.
    pub sku: Sku,
    /// In which view.
    pub view: View,
}

/// A page of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// Which channel.
    pub channel: ChannelId,
    /// Names the audit.
    pub id: String,
    /// Whether it is the last page.
    pub last: bool,
    /// Whether the channel's outside was read (true), or only the artefact
    /// that was delivered, because the channel cannot be read (false).
    pub observed: bool,
    /// Number of the page, from 0.
    pub page: u32,
    /// The position held while reading.
    pub position: Position,
    /// The readings: every item that the channel shows, and every held one.
    pub readings: Vec<AuditReading>,
}

/// From adapters to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Answer {
    /// Where the adapter stands.
    Acknowledgement(Box<Acknowledgement>),
    /// A page of an audit.
    AuditPage(AuditPage),
}

/// A page of the pinned pull.
///
/// `GET /v1/channels/{channel}/updates?epoch=&after=&after_horizon=&until=&horizon=&cursor=`:
/// everything that a holder of `after` needs to hold `at`. Without `until` the
/// server pins the head; later pages name what the first page was pinned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullPage {
    /// The position that the items lead to.
    pub at: Position,
    /// All channel declarations that concern the asking adapter, on the first page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// The items of this page, sorted by SKU over all pages.
    pub items: Vec<Item>,
    /// SHA-256 over the canonical bytes of this page's items, each followed by
    /// a line feed.
    pub items_sha256: Hash,
    /// The cursor of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The resolver's version.
    pub resolver: u32,
    /// Whether this is a snapshot: what the holder has and the pages do not
    /// name is gone.
    pub snapshot: bool,
    /// State digests of all views at `at`, on the last page.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub state: BTreeMap<View, Digest>,
}

/// SHA-256 over canonical items, each followed by a line feed.
#[must_use]
pub fn items_sha256<'a>(items: impl IntoIterator<Item = &'a Item>) -> Hash {
    let mut hasher = crate::canonical::Hasher::default();
    for item in items {
        hasher.add(&crate::canonical_bytes(item));
        hasher.add(b"\n");
    }
    hasher.finish()
}
