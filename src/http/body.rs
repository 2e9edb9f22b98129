//! JSON bodies: limited, strict, and each error with its place.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use offercast_contract::Hash;
use serde::de::DeserializeOwned;

use crate::problem::{FieldError, Kind, Problem};
use crate::state::Shared;

/// A parsed JSON body.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// Hash of what is asked: method, address and body.
    pub fingerprint: Hash,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_media_type(&request)?;
            let bytes = read(&request, payload).await?;
            Ok(Self {
                value: parse(&bytes)?,
                fingerprint: fingerprint(&request, &bytes),
            })
        })
    }
}

/// A request without a body, or with one that says nothing.
#[derive(Debug)]
pub struct NoBody {
    /// Hash of what is asked: method and address.
    pub fingerprint: Hash,
}

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self {
            fingerprint: fingerprint(request, b""),
        }))
    }
}

/// Hash of a request: method, address with query, and body.
#[must_use]
pub fn fingerprint(request: &HttpRequest, body: &[u8]) -> Hash {
    let method = request.method().as_str().as_bytes();
    let address = request.uri().to_string();
    Hash::of(&[method, b" ", address.as_bytes(), b"\n", body])
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let given = request.headers().get(CONTENT_TYPE);
    let text = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = format!("Content-Type is {text:?}, application/json is taken.");
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    let limit = request
        .app_data::<web::Data<Shared>>()
        .map_or(1 << 20, |shared| shared.options.body_limit_bytes);
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::invalid("body", error.to_string()))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit as u64));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// The problem of a body beyond its limit.
#[must_use]
pub fn too_large(limit_bytes: u64) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!("At most {limit_bytes} bytes are accepted."),
    )
}

/// Parses JSON. Text that is no JSON cannot be understood (400); JSON of
/// another shape has wrong content (422) at a place that is named.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let value = parsed.map_err(|error| {
        let place = error.path().to_string();
        refusal(&place, error.inner())
    })?;
    deserializer.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

fn refusal(place: &str, error: &serde_json::Error) -> Problem {
    let place = if matches!(place, "" | ".") {
        "body"
    } else {
        place
    };
    let kind = if error.is_data() {
        Kind::InvalidContent
    } else {
        Kind::InvalidRequest
    };
    let reason = error.to_string();
    Problem::new(kind, format!("{place}: {reason}"))
        .with_errors(vec![FieldError::field(place, reason)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Batch {
        skus: Vec<offercast_contract::Sku>,
    }

    #[test]
    fn wrong_content_names_its_place() {
        let problem = parse::<Batch>(br#"{"skus":["1","a/b"]}"#).unwrap_err();
        assert_eq!(problem.kind, Kind::InvalidContent);
        assert_eq!(problem.errors[0].field.as_deref(), Some("skus[1]"));
        let problem = parse::<Batch>(br#"{"skus":[],"zone":1}"#).unwrap_err();
        assert!(problem.detail.contains("zone"), "{}", problem.detail);
    }

    #[test]
    fn text_that_is_no_json_is_another_problem() {
        for text in ["", "{", "{\"skus\":[]} x"] {
            let problem = parse::<Batch>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.kind, Kind::InvalidRequest, "{text:?}");
        }
        assert_eq!(parse::<Batch>(b"{\"skus\":[\"1\"]}").unwrap().skus.len(), 1);
    }
}
