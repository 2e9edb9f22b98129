//! Writes: each with a key, so that a client that heard no answer asks again
//! and nothing happens twice.

use std::future::{Future, Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use offercast_contract::Hash;
use offercast_usecases::engine::Engine;
use offercast_usecases::idempotency::{self, IdempotencyKey, Start};
use offercast_usecases::publish::Published;
use offercast_usecases::records::Outcome;
use serde::Serialize;
use serde_json::Value;

use crate::auth::Actor;
use crate::headers::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, OFFERCAST_REVISION};
use crate::problem::{FieldError, Kind, Problem};

/// The key of a write, chosen by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteKey(String);

const MAX_KEY_BYTES: usize = 200;

impl WriteKey {
    /// Parses a key: 1 to 200 visible ASCII characters, with or without quotes
    /// around them.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let quoted = text.trim();
        let key = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(quoted);
        if (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(key.to_owned()))
        } else {
            Err(Problem::invalid(
                "Idempotency-Key",
                "is 1 to 200 visible ASCII characters",
            ))
        }
    }

    /// The key as the use cases know it.
    #[must_use]
    pub fn of(self, actor: &Actor, fingerprint: Hash) -> IdempotencyKey {
        IdempotencyKey {
            actor: actor.name.clone(),
            key: self.0,
            fingerprint,
        }
    }
}

impl FromRequest for WriteKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.headers().get(&IDEMPOTENCY_KEY) {
            Some(value) => Self::parse(value.to_str().unwrap_or("")),
            None => {
                let reason = "is missing; send the same one when you try again";
                Err(Problem::new(
                    Kind::IdempotencyKeyMissing,
                    format!("Idempotency-Key {reason}."),
                )
                .with_errors(vec![FieldError::field("Idempotency-Key", reason)]))
            }
        })
    }
}

/// Answers with what was published. A recorded revision is a new resource.
#[must_use]
pub fn published(published: &Published) -> HttpResponse {
    let mut response = match published.revision {
        Some(_) => HttpResponse::Created(),
        None => HttpResponse::Ok(),
    };
    if let Some(number) = published.revision {
        response.insert_header((header::LOCATION, format!("/v1/revisions/{number}")));
        response.insert_header((OFFERCAST_REVISION, HeaderValue::from(number)));
    }
    mark_replayed(&mut response, published.replayed);
    response.json(published)
}

fn mark_replayed(response: &mut HttpResponseBuilder, replayed: bool) {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
}

/// Does `work` unless it was done before under the same key, and answers with
/// its outcome. For writes that record nothing in the log; those that do keep
/// their outcome in the transaction of the revision.
pub async fn once<T: Serialize>(
    engine: &Engine,
    key: IdempotencyKey,
    status: StatusCode,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<HttpResponse, Problem> {
    let claim = match idempotency::begin(engine, &key).await? {
        Start::New(claim) => claim,
        Start::Done(outcome) => return replay(&outcome),
    };
    let value = match work.await {
        Ok(value) => value,
        Err(problem) => {
            // A refusal is no outcome: the corrected request may use the key.
            idempotency::abandon(engine, claim).await;
            return Err(problem);
        }
    };
    let value = serde_json::to_value(value).map_err(|error| Problem::internal(&error))?;
    let outcome = Outcome {
        status: status.as_u16(),
        body: value.to_string(),
    };
    idempotency::finish(engine, claim, outcome).await?;
    Ok(respond(status, &value, false))
}

fn replay(outcome: &Outcome) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(outcome.status).map_err(|error| Problem::internal(&error))?;
    let value = serde_json::from_str(&outcome.body).map_err(|error| Problem::internal(&error))?;
    Ok(respond(status, &value, true))
}

/// A change set has its version as its entity tag and, when new, an address;
/// both follow from the body, so a replayed answer has them too.
fn respond(status: StatusCode, value: &Value, replayed: bool) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    if let Some(version) = value.get("version").and_then(Value::as_u64) {
        response.insert_header((header::ETAG, version_tag(version)));
    }
    if let Some(location) = value.get("href").and_then(Value::as_str) {
        response.insert_header((header::LOCATION, location));
    }
    mark_replayed(&mut response, replayed);
    response.json(value)
}

/// The entity tag of a version.
#[must_use]
pub fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The version that `If-Match` names. A change must say what it changes (428);
/// a tag that cannot be one of ours never matches (412).
pub fn expected_version(request: &HttpRequest) -> Result<u64, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        let detail = "Send If-Match with the ETag that you read.";
        return Err(Problem::new(Kind::PreconditionRequired, detail)
            .with_errors(vec![FieldError::field("If-Match", "is missing")]));
    };
    let text = value.to_str().unwrap_or("").trim();
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| {
            Problem::new(
                Kind::PreconditionFailed,
                format!("If-Match: {text} is no version of it."),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn keys_are_bounded_text() {
        assert_eq!(
            WriteKey::parse("\"a-1\"").unwrap(),
            WriteKey::parse("a-1").unwrap()
        );
        for wrong in ["", "\"\"", "a b", "ключ", &"x".repeat(201)] {
            assert!(WriteKey::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_change_says_what_it_changes() {
        let version = |value: Option<&'static str>| {
            let mut request = TestRequest::default();
            if let Some(value) = value {
                request = request.insert_header((header::IF_MATCH, value));
            }
            expected_version(&request.to_http_request()).map_err(|problem| problem.kind)
        };
        assert_eq!(version(Some("\"7\"")), Ok(7));
        assert_eq!(version(None), Err(Kind::PreconditionRequired));
        assert_eq!(version(Some("W/\"7\"")), Err(Kind::PreconditionFailed));
        assert_eq!(version(Some("\"x\"")), Err(Kind::PreconditionFailed));
    }

    #[test]
    fn a_replayed_answer_has_the_same_headers() {
        let value = serde_json::json!({"href": "/v1/change-sets/1", "version": 2});
        let (first, again) = (
            respond(StatusCode::CREATED, &value, false),
            respond(StatusCode::CREATED, &value, true),
        );
        assert_eq!(
            first.headers().get(header::ETAG),
            again.headers().get(header::ETAG)
        );
        assert_eq!(
            again.headers().get(header::LOCATION).unwrap(),
            "/v1/change-sets/1"
        );
        assert_eq!(again.headers().get(&IDEMPOTENCY_REPLAYED).unwrap(), "true");
        assert!(!first.headers().contains_key(&IDEMPOTENCY_REPLAYED));
    }
}
