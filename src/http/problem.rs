//! Problem documents (RFC 9457): the one shape of everything that went wrong.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::trace;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($name:ident, $slug:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong; each has a stable `type` URI, a status and a title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the title, beside each name below, says it")]
        pub enum Kind { $($name,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The last part of its URI.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The status it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// Its title: the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

kinds! {
    BaseMoved, "base-moved", CONFLICT, "Somebody else has changed the same things since";
    Behind, "behind", SERVICE_UNAVAILABLE, "This server does not hold that revision yet";
    CrossSite, "cross-site", FORBIDDEN, "A page of another site may not write with a session";
    Forbidden, "forbidden", FORBIDDEN, "The token does not allow this";
    Frozen, "frozen", SERVICE_UNAVAILABLE, "Egress is frozen";
    Held, "held", NOT_FOUND, "The item is held back: it cannot be shown truly";
    IdempotencyInFlight, "idempotency-in-flight", CONFLICT, "The first request with this key is still at work";
    IdempotencyKeyMissing, "idempotency-key-missing", BAD_REQUEST, "A write needs an Idempotency-Key";
    IdempotencyMismatch, "idempotency-mismatch", UNPROCESSABLE_ENTITY, "The key was used for another request";
    Internal, "internal", INTERNAL_SERVER_ERROR, "Something went wrong on the server";
    InvalidContent, "invalid-content", UNPROCESSABLE_ENTITY, "The content breaks rules";
    InvalidRequest, "invalid-request", BAD_REQUEST, "The request cannot be understood";
    InvalidRows, "invalid-rows", UNPROCESSABLE_ENTITY, "Rows of the price list cannot be taken";
    MethodNotAllowed, "method-not-allowed", METHOD_NOT_ALLOWED, "The resource does not have that method";
    NotCarried, "not-carried", NOT_FOUND, "The channel does not carry the product";
    Hidden, "hidden", NOT_FOUND, "The law does not let the channel show the product";
    NotDraft, "not-draft", CONFLICT, "The change set is no longer a draft";
    NotFound, "not-found", NOT_FOUND, "There is no such thing";
    NotSold, "not-sold", NOT_FOUND, "The product is not sold here and now";
    PinLost, "pin-lost", GONE, "The pinned position is no longer served: start the pull again";
    PreconditionFailed, "precondition-failed", PRECONDITION_FAILED, "It has changed since it was read";
    PreconditionRequired, "precondition-required", PRECONDITION_REQUIRED, "The change needs an If-Match";
    TooLarge, "too-large", PAYLOAD_TOO_LARGE, "The body is larger than is accepted";
    Unauthorized, "unauthorized", UNAUTHORIZED, "A valid token is needed";
    Unavailable, "unavailable", SERVICE_UNAVAILABLE, "Something that the server needs does not answer";
    UnknownPosition, "unknown-position", CONFLICT, "The position held is not one of this log";
    UnsupportedMediaType, "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body's media type is not taken here";
}

impl Kind {
    /// The `type` of the problem document. It names the kind and is never
    /// fetched, so it is the same on every installation.
    #[must_use]
    pub fn uri(self) -> String {
        format!("urn:offercast:problem:{}", self.slug())
    }
}

/// One thing that is wrong with the content of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A stable word for the reason, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The column of a price list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Where in the request: a path such as `changes[3].amount_minor`, the
    /// name of a query parameter, or of a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The line of a price list, from 1 for its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

impl FieldError {
    /// An error of a field, parameter or header.
    #[must_use]
    pub fn field(field: &str, reason: impl Into<String>) -> Self {
        Self {
            code: None,
            column: None,
            field: Some(field.to_owned()),
            reason: reason.into(),
            row: None,
        }
    }
}

/// A problem on its way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What went wrong.
    pub kind: Kind,
    /// What went wrong this time, in words for the caller.
    pub detail: String,
    /// What is wrong with the content, item by item.
    pub errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    request_id: String,
}

/// The document as it is written.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// The kind's URI: `urn:offercast:problem:…`.
    #[serde(rename = "type")]
    pub uri: String,
    /// The same text for every problem of the kind.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub detail: &'a str,
    /// What is wrong with the content, item by item.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldError],
    /// Names the request in the server's log.
    pub request_id: &'a str,
}

impl Problem {
    /// A problem of this kind, belonging to the request at work.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            request_id: trace::request_id(),
        }
    }

    /// The same with what is wrong, item by item.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same with a header. A value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// A request that names a thing that does not exist.
    #[must_use]
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, what)
    }

    /// A part of the request that cannot be understood.
    #[must_use]
    pub fn invalid(field: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::new(Kind::InvalidRequest, format!("{field}: {reason}"))
            .with_errors(vec![FieldError::field(field, reason)])
    }

    /// Something unforeseen: logged here with its chain, answered opaquely.
    #[must_use]
    pub fn internal(error: &dyn std::error::Error) -> Self {
        let problem = Self::new(
            Kind::Internal,
            "The server's log has more under this request's id.",
        );
        tracing::error!(request_id = %problem.request_id, error = %chain(error), "request failed");
        problem
    }

    /// Something outside does not answer: logged here with its chain.
    #[must_use]
    pub fn unavailable(error: &dyn std::error::Error) -> Self {
        let problem = Self::new(Kind::Unavailable, format!("{error}; try again."))
            .with_header(header::RETRY_AFTER, "1");
        tracing::warn!(request_id = %problem.request_id, error = %chain(error), "request could not be served");
        problem
    }

    /// Names the request in the log.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> ProblemDocument<'_> {
        ProblemDocument {
            uri: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            errors: &self.errors,
            request_id: &self.request_id,
        }
    }
}

/// An error and everything that caused it, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.title(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        response
            .content_type(MEDIA_TYPE)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((trace::REQUEST_ID, self.request_id.as_str()));
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(offercast_contract::canonical_bytes(&self.document()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_fit_a_uri() {
        let mut slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Kind::ALL.len());
        let fits = |slug: &&str| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(slugs.iter().all(fits));
    }

    #[test]
    fn a_document_says_what_and_where() {
        let problem = Problem::invalid("zone", "\"A/B\" is not a zone");
        let value = serde_json::to_value(problem.document()).unwrap();
        assert_eq!(value["type"], "urn:offercast:problem:invalid-request");
        assert_eq!(value["status"], 400);
        assert_eq!(value["errors"][0]["field"], "zone");
        assert!(value["errors"][0].get("row").is_none());
        assert_eq!(value["request_id"], problem.request_id());
    }

    #[test]
    fn internal_errors_stay_inside() {
        let secret = std::io::Error::other("password=hunter2");
        let problem = Problem::internal(&secret);
        let text = serde_json::to_string(&problem.document()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(problem.error_response().status(), 500);
    }
}
