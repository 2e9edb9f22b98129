//! Request ids, spans and durations, for everything but the hot route.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Instrument;
use uuid::Uuid;

use crate::state::Shared;

/// Names a request in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request at work; a new one where none was given yet, as on
/// the hot route, which needs an id only when something goes wrong.
#[must_use]
pub fn request_id() -> String {
    CURRENT
        .try_with(Clone::clone)
        .unwrap_or_else(|_| Uuid::now_v7().to_string())
}

/// Gives each request an id and a span, and counts it.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let shared = request.app_data::<web::Data<Shared>>().cloned();
    let span = tracing::info_span!("request", request_id = %id, %method, path = request.path());
    let header = HeaderValue::from_str(&id);
    let started = Instant::now();
    let answered = CURRENT
        .scope(id, next.call(request).instrument(span.clone()))
        .await;
    let elapsed = started.elapsed();
    let mut response = answered?;
    let status = response.status();
    let pattern = response.request().match_pattern();
    let route = pattern.as_deref().unwrap_or("(none)");
    if let Some(shared) = &shared {
        shared.metrics.observe(&method, route, status, elapsed);
    }
    span.in_scope(|| {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        if method.is_safe() {
            tracing::debug!(
                status = status.as_u16(),
                elapsed_us = micros,
                "request answered"
            );
        } else {
            tracing::info!(
                status = status.as_u16(),
                elapsed_us = micros,
                "request answered"
            );
        }
    });
    if let Ok(header) = header {
        response.headers_mut().insert(REQUEST_ID, header);
    }
    Ok(response)
}
