//! Whether this server lives, and whether it should be given requests.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use offercast_usecases::health;
use serde_json::json;

use crate::api::schemas;
use crate::state::Shared;

/// The process answers.
#[utoipa::path(
    get, path = "/health/live", tag = "operation", operation_id = "live", summary = "The process answers",
    responses((status = 200, description = "It does", body = schemas::Health)),
)]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(json!({ "status": "ok" }))
}

/// Database, broker, and the log folded to its head.
#[utoipa::path(
    get, path = "/health/ready", tag = "operation", operation_id = "ready", summary = "Database, broker, and the log folded to its head",
    responses(
        (status = 200, description = "Ready", body = schemas::Health),
        (status = 503, description = "Not ready: which part does not answer", body = schemas::Health)),
)]
pub async fn ready(shared: web::Data<Shared>) -> HttpResponse {
    let checks = health::check(&shared.engine).await;
    let failing = checks.iter().any(|check| check.problem.is_some());
    let (status, word) = if failing {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    } else {
        (StatusCode::OK, "ok")
    };
    let parts: serde_json::Map<_, _> = checks
        .iter()
        .map(|check| {
            (
                check.part.to_owned(),
                json!(check.problem.as_deref().unwrap_or("ok")),
            )
        })
        .collect();
    HttpResponseBuilder::new(status)
        .insert_header(("cache-control", "no-store"))
        .json(json!({ "parts": parts, "status": word }))
}
