//! Revisions: atomic, numbered, immutable, chained by hash.

use offercast_contract::{Hash, Instant, canonical_bytes};
use serde::{Deserialize, Serialize};

use crate::source::{Document, DocumentKey, PriceKey, PriceRow};

/// What a revision does to the current rows: closes versions and opens new
/// ones. A replaced row is closed and opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Documents whose current version ends.
    pub closed_documents: Vec<DocumentKey>,
    /// Prices whose current version ends.
    pub closed_prices: Vec<PriceKey>,
    /// New versions of documents.
    pub opened_documents: Vec<Document>,
    /// New versions of prices.
    pub opened_prices: Vec<PriceRow>,
}

impl Delta {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Number of rows closed and opened.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.closed_documents.len()
            + self.closed_prices.len()
            + self.opened_documents.len()
            + self.opened_prices.len()
    }

    /// The part of it that those may see who may not change prices. It has
    /// another content root.
    #[must_use]
    pub fn for_readers(mut self) -> Self {
        self.closed_prices.retain(|key| !key.is_confidential());
        self.opened_prices.retain(|row| !row.key.is_confidential());
        self.opened_documents.retain(|document| match document {
            Document::Offer(offer) => !offer.audience.is_personal(),
            _ => true,
        });
        self
    }

    /// The content root: SHA-256 over one line per row, sorted bytewise, each
    /// followed by a line feed. A line is `close` or `open`, a space, and the
    /// canonical JSON of the key or the row.
    #[must_use]
    pub fn content_root(&self) -> Hash {
        crate::content_root::content_root(self)
    }
}

/// The header of a revision. Fields stand in alphabetical order, so serde
/// writes canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Who made it: the name of a token, never of a customer.
    pub author: String,
    /// See [`Delta::content_root`].
    pub content_root: Hash,
    /// The epoch in which it was recorded.
    pub epoch: u64,
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// Hash of the revision before; [`Hash::ZERO`] for the first.
    pub previous_hash: Hash,
    /// Why, in the author's words.
    pub reason: String,
    /// When; later than that of the revision before.
    pub recorded_at: Instant,
    /// Number of rows closed and opened.
    pub rows: u64,
}

impl Header {
    /// `SHA-256(previous hash ‖ canonical header)`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&[self.previous_hash.as_bytes(), &canonical_bytes(self)])
    }
}

/// A recorded revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// Its hash.
    pub hash: Hash,
    /// Its header.
    pub header: Header,
}

/// The last revision, as the writer's lock sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The current epoch, from 1.
    pub epoch: u64,
    /// Hash of the last revision.
    pub hash: Hash,
    /// Its number; 0 before the first.
    pub number: u64,
    /// When it was recorded; the Unix epoch before the first.
    pub recorded_at: Instant,
}

impl Head {
    /// The header of the revision that would follow. Time strictly rises: a
    /// clock that stands or goes back is answered with one microsecond more.
    #[must_use]
    pub fn next(
        &self,
        author: &str,
        reason: &str,
        delta: &Delta,
        content_root: Hash,
        now: Instant,
    ) -> Header {
        Header {
            author: author.to_owned(),
            content_root,
            epoch: self.epoch,
            number: self.number + 1,
            previous_hash: self.hash,
            reason: reason.to_owned(),
            recorded_at: now.max(self.recorded_at.plus_micros(1)),
            rows: delta.rows() as u64,
        }
    }
}
