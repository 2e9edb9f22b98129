//! Validators and freshness, as RFC 9110 and RFC 9111 have them, and the
//! headers of our own.

use std::cell::RefCell;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use offercast_contract::{Hash, Instant, Position};

/// The epoch that an answer was made in.
pub const OFFERCAST_EPOCH: HeaderName = HeaderName::from_static("offercast-epoch");
/// The oldest revision that a reader accepts.
pub const OFFERCAST_MIN_REVISION: HeaderName = HeaderName::from_static("offercast-min-revision");
/// The revision that an answer is true for.
pub const OFFERCAST_REVISION: HeaderName = HeaderName::from_static("offercast-revision");
/// The reason why a held item is not shown, for machines that read no body.
pub const OFFERCAST_STATE: HeaderName = HeaderName::from_static("offercast-state");
/// Keys by which a cache in front may purge.
pub const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
/// Chosen by the client, the same for each try of one write.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The answer is the stored one of an earlier try.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The strong entity tag of a body: half of its SHA-256.
#[must_use]
pub fn entity_tag(body: &[u8]) -> String {
    let hash = Hash::of(&[body]).to_string();
    format!("\"{}\"", &hash[..32])
}

/// Whether a list of entity tags (`If-None-Match`) names `tag`, by the weak
/// comparison that RFC 9110, 13.1.2 asks for.
#[must_use]
pub fn names_weakly(list: &str, tag: &str) -> bool {
    let opaque = |text: &str| text.strip_prefix("W/").unwrap_or(text).to_owned();
    list.trim() == "*" || entity_tags(list).any(|given| opaque(given) == opaque(tag))
}

/// Whether a list of entity tags (`If-Match`) names `tag`, by the strong
/// comparison that RFC 9110, 13.1.1 asks for.
#[must_use]
pub fn names_strongly(list: &str, tag: &str) -> bool {
    list.trim() == "*" || entity_tags(list).any(|given| !given.starts_with("W/") && given == tag)
}

/// The entity tags of a list; a comma inside a tag does not end it.
fn entity_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let start = rest.find('"')?;
        let end = start + 1 + rest[start + 1..].find('"')?;
        let tag = &rest[..=end];
        rest = &rest[end + 1..];
        Some(tag)
    })
}

/// Whether any `If-None-Match` of a request names the tag.
#[must_use]
pub fn is_not_modified(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    headers
        .get_all(actix_web::http::header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        // A client that revalidates sends back just the tag it was given.
        .any(|list| list == tag || names_weakly(list, tag))
}

/// Seconds that a cache may keep terms: to their end, rounded down, but no
/// longer than policy allows.
#[must_use]
pub fn max_age_s(now: Instant, until: Option<Instant>, policy_s: u32) -> u32 {
    let left = until.map_or(i64::MAX, |until| {
        until.micros_since(now).max(0) / MICROS_PER_SECOND
    });
    u32::try_from(left).unwrap_or(u32::MAX).min(policy_s)
}

/// `Cache-Control` for terms. A shared cache may keep them only where anybody
/// may read them.
#[must_use]
pub fn cache_control(max_age_s: u32, public: bool) -> HeaderValue {
    let who = if public { "" } else { "private, " };
    // Digits and known words always fit a header.
    HeaderValue::from_str(&format!("{who}max-age={max_age_s}, must-revalidate"))
        .unwrap_or(HeaderValue::from_static("no-store"))
}

/// Both values of a position, as headers.
struct PositionValues {
    epoch: (u64, HeaderValue),
    revision: (u64, HeaderValue),
}

impl PositionValues {
    fn of(position: &Position) -> Self {
        Self {
            epoch: (position.epoch, HeaderValue::from(position.epoch)),
            revision: (position.revision, HeaderValue::from(position.revision)),
        }
    }
}

thread_local! {
    static LAST: RefCell<Option<PositionValues>> = const { RefCell::new(None) };
}

/// The values change rarely and are wanted by every answer, so each thread
/// keeps the last ones.
fn with_position<T>(position: &Position, write: impl FnOnce(&PositionValues) -> T) -> T {
    LAST.with_borrow_mut(|last| match last {
        Some(known) if (known.revision.0, known.epoch.0) == (position.revision, position.epoch) => {
            write(known)
        }
        _ => write(last.insert(PositionValues::of(position))),
    })
}

/// Writes `Offercast-Revision` and `Offercast-Epoch`.
pub fn write_position(headers: &mut HeaderMap, position: &Position) {
    with_position(position, |values| {
        headers.insert(OFFERCAST_REVISION, values.revision.1.clone());
        headers.insert(OFFERCAST_EPOCH, values.epoch.1.clone());
    });
}

/// The same for headers that hold neither yet.
pub fn append_position(headers: &mut HeaderMap, position: &Position) {
    with_position(position, |values| {
        headers.append(OFFERCAST_REVISION, values.revision.1.clone());
        headers.append(OFFERCAST_EPOCH, values.epoch.1.clone());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn entity_tags_are_compared_as_rfc_9110_says() {
        // The table of RFC 9110, 8.8.3.2.
        assert!(names_weakly("W/\"1\"", "W/\"1\"") && !names_strongly("W/\"1\"", "W/\"1\""));
        assert!(!names_weakly("W/\"1\"", "W/\"2\""));
        assert!(names_weakly("W/\"1\"", "\"1\"") && !names_strongly("W/\"1\"", "\"1\""));
        assert!(names_weakly("\"1\"", "\"1\"") && names_strongly("\"1\"", "\"1\""));
        assert!(names_weakly("\"a,b\" ,W/\"c\"", "\"c\""));
        assert!(!names_weakly("\"a,b\"", "\"b\""));
        assert!(names_weakly(" * ", "\"c\"") && names_strongly("*", "\"c\""));
        assert!(!names_weakly("", "\"c\"") && !names_weakly("c", "\"c\""));
    }

    #[test]
    fn tags_differ_with_the_body() {
        assert_ne!(entity_tag(b"1.99"), entity_tag(b"2.99"));
        assert_eq!(entity_tag(b"").len(), 34);
    }

    #[test]
    fn no_cache_keeps_terms_beyond_their_end() {
        let now = at("2026-11-20T00:00:00Z");
        assert_eq!(max_age_s(now, None, 5), 5);
        assert_eq!(max_age_s(now, Some(at("2026-11-20T01:00:00Z")), 5), 5);
        assert_eq!(max_age_s(now, Some(at("2026-11-20T00:00:02.9Z")), 5), 2);
        assert_eq!(max_age_s(now, Some(at("2026-11-19T00:00:00Z")), 5), 0);
    }

    #[test]
    fn the_position_follows_the_last_revision() {
        let mut headers = HeaderMap::new();
        for revision in [7, 7, 8] {
            let position = Position {
                epoch: 1,
                hash: Hash::ZERO,
                horizon: offercast_contract::Horizon(20_000),
                revision,
            };
            write_position(&mut headers, &position);
            assert_eq!(
                headers.get(OFFERCAST_REVISION).unwrap(),
                &HeaderValue::from(revision)
            );
        }
    }
}
