//! Rendered bodies, kept until they are no longer true.
//!
//! Nothing is invalidated: an entry says from which step of the log it was
//! rendered and until when its terms hold, and the reader looks whether that
//! is still current.

use std::cell::{Cell, RefCell};
use std::hash::BuildHasher;
use std::sync::{Arc, Weak};

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use hashbrown::DefaultHashBuilder;
use moka::sync::Cache;
use offercast_contract::Instant;

/// Which body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyKey<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The SKU.
    pub sku: &'a str,
    /// The zone as asked for.
    pub zone: Option<&'a str>,
}

/// A body with the headers that go with it.
#[derive(Debug)]
pub struct Rendered {
    /// The bytes.
    pub body: Bytes,
    /// Their media type.
    pub content_type: HeaderValue,
    /// Their strong entity tag.
    pub etag: HeaderValue,
    /// The step of the log that it was rendered from.
    pub sequence: u64,
    /// Keys for caches in front.
    pub surrogate_key: HeaderValue,
    /// When it stops being true, exclusive.
    pub until: Instant,
    names: Bytes,
    channel_len: usize,
    sku_len: usize,
}

impl Rendered {
    /// A body of what is named by `key`.
    #[must_use]
    pub fn new(
        key: BodyKey<'_>,
        body: Bytes,
        content_type: HeaderValue,
        sequence: u64,
        until: Instant,
    ) -> Self {
        let tag = crate::headers::entity_tag(&body);
        let names = [key.channel, key.sku, key.zone.unwrap_or("")].concat();
        let surrogate = format!("channel/{} sku/{}", key.channel, key.sku);
        // One behind the other in one piece: a body that was not asked for of
        // late is far from the processor, and each piece would be a journey.
        let piece = Bytes::from(
            [
                names.as_bytes(),
                tag.as_bytes(),
                surrogate.as_bytes(),
                &body,
            ]
            .concat(),
        );
        let (tag_at, surrogate_at) = (names.len(), names.len() + tag.len());
        let body_at = surrogate_at + surrogate.len();
        // Hexadecimal digits, identifiers: always fit for a header.
        let header = |bytes: Bytes| {
            HeaderValue::from_maybe_shared(bytes).unwrap_or(HeaderValue::from_static("\"\""))
        };
        Self {
            body: piece.slice(body_at..),
            content_type,
            etag: header(piece.slice(tag_at..surrogate_at)),
            sequence,
            surrogate_key: header(piece.slice(surrogate_at..body_at)),
            until,
            names: piece.slice(..tag_at),
            channel_len: key.channel.len(),
            sku_len: key.sku.len(),
        }
    }

    /// Whether the body is what `key` names: keys are hashed, and hashes meet.
    fn is_of(&self, key: BodyKey<'_>) -> bool {
        let (channel, rest) = self.names.split_at(self.channel_len);
        let (sku, zone) = rest.split_at(self.sku_len);
        // An empty zone is no identifier, so it stands for none.
        channel == key.channel.as_bytes()
            && sku == key.sku.as_bytes()
            && zone == key.zone.unwrap_or("").as_bytes()
    }

    fn weight(&self) -> u32 {
        let overhead = size_of::<Self>() + 160;
        u32::try_from(self.body.len() + self.names.len() + overhead).unwrap_or(u32::MAX)
    }
}

/// See the module.
pub struct BodyCache {
    bodies: Cache<u64, Arc<Rendered>, DefaultHashBuilder>,
    hasher: DefaultHashBuilder,
}

impl BodyCache {
    /// A cache that keeps at most so many bytes.
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        let bodies = Cache::builder()
            .max_capacity(capacity_bytes)
            .weigher(|_, rendered: &Arc<Rendered>| rendered.weight())
            .build_with_hasher(DefaultHashBuilder::default());
        Self {
            bodies,
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// The last body that was rendered for `key`, whether still true or not.
    #[must_use]
    pub fn get(&self, key: BodyKey<'_>) -> Option<Arc<Rendered>> {
        let rendered = self.bodies.get(&self.hasher.hash_one(key))?;
        rendered.is_of(key).then_some(rendered)
    }

    /// The same, first by what one worker answered of late.
    #[must_use]
    pub fn get_near(&self, key: BodyKey<'_>, near: &Near) -> Option<Arc<Rendered>> {
        let hash = self.hasher.hash_one(key);
        if let Some(rendered) = near.get(hash).filter(|rendered| rendered.is_of(key)) {
            return Some(rendered);
        }
        let rendered = self.bodies.get(&hash)?;
        near.put(hash, &rendered);
        rendered.is_of(key).then_some(rendered)
    }

    /// Keeps a body.
    pub fn put(&self, key: BodyKey<'_>, rendered: Arc<Rendered>) {
        self.bodies.insert(self.hasher.hash_one(key), rendered);
    }

    /// Number of bodies kept, as far as counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bodies.entry_count()
    }

    /// Whether none is kept, as far as counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Slots of [`Near`]; a power of two.
const NEAR_SLOTS: usize = 1 << 18;
/// Every so many answers the cache itself is asked, so that it knows what is in
/// use when it has to give something up.
const NEAR_TURNS: u32 = 32;

/// One worker's shortcut to bodies in the cache, without the book-keeping that
/// the cache does on each look. It keeps none of them alive. One that was
/// replaced may be found a little longer; whoever looks finds it out of date,
/// as with any kept body.
pub struct Near {
    slots: RefCell<Vec<Weak<Rendered>>>,
    turn: Cell<u32>,
}

impl Default for Near {
    fn default() -> Self {
        Self {
            slots: RefCell::new((0..NEAR_SLOTS).map(|_| Weak::new()).collect()),
            turn: Cell::new(0),
        }
    }
}

impl Near {
    fn slot(hash: u64) -> usize {
        // The remainder is below the number of slots.
        usize::try_from(hash % NEAR_SLOTS as u64).unwrap_or(0)
    }

    fn get(&self, hash: u64) -> Option<Arc<Rendered>> {
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        if turn.is_multiple_of(NEAR_TURNS) {
            return None;
        }
        self.slots.borrow().get(Self::slot(hash))?.upgrade()
    }

    fn put(&self, hash: u64, rendered: &Arc<Rendered>) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(Self::slot(hash)) {
            *slot = Arc::downgrade(rendered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(sku: &'a str, zone: Option<&'a str>) -> BodyKey<'a> {
        BodyKey {
            channel: "site-hr",
            sku,
            zone,
        }
    }

    fn body(key: BodyKey<'_>, text: &'static str) -> Arc<Rendered> {
        let media = HeaderValue::from_static("text/html; charset=utf-8");
        let until = Instant::from_micros(0);
        Arc::new(Rendered::new(
            key,
            Bytes::from_static(text.as_bytes()),
            media,
            1,
            until,
        ))
    }

    #[test]
    fn a_body_is_found_by_all_its_names() {
        let cache = BodyCache::new(1 << 20);
        cache.put(key("1", Some("0204")), body(key("1", Some("0204")), "a"));
        assert_eq!(cache.get(key("1", Some("0204"))).unwrap().body, "a");
        assert!(cache.get(key("1", None)).is_none());
        assert!(cache.get(key("10", Some("204"))).is_none());
    }

    #[test]
    fn a_worker_finds_what_the_cache_holds_and_nothing_else() {
        let (cache, near) = (BodyCache::new(1 << 20), Near::default());
        let one = key("1", None);
        assert!(cache.get_near(one, &near).is_none());
        for text in ["a", "b"] {
            cache.put(one, body(one, text));
            // The cache itself is asked in one of these turns.
            for _ in 0..NEAR_TURNS {
                assert!(cache.get_near(one, &near).is_some());
            }
            assert_eq!(cache.get_near(one, &near).unwrap().body, text);
            assert!(cache.get_near(key("2", None), &near).is_none());
        }
    }

    #[test]
    fn what_goes_with_a_body_is_its_own() {
        let one = body(key("1.5_a", Some("0204")), "text");
        assert_eq!(one.body, "text");
        assert_eq!(one.etag, crate::headers::entity_tag(b"text").as_str());
        assert_eq!(one.surrogate_key, "channel/site-hr sku/1.5_a");
    }

    #[test]
    fn names_that_run_together_stay_apart() {
        let one = body(key("10", Some("204")), "a");
        assert!(one.is_of(key("10", Some("204"))));
        assert!(!one.is_of(key("1", Some("0204"))));
        assert!(!one.is_of(key("10204", None)));
    }
}
