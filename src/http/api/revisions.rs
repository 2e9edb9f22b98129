//! The log.

use actix_web::{HttpRequest, HttpResponse, web};
use offercast_usecases::{control, history};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::schemas;
use crate::auth::{self, Admin, Reader};
use crate::body::Body;
use crate::pages;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;
use crate::write::{self, WriteKey};

/// Revisions, newest first.
#[utoipa::path(
    get, path = "/v1/revisions", tag = "log", operation_id = "revisions", summary = "Revisions, newest first",
    params(
        ("before" = Option<u64>, Query, description = "Only revisions before this one"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50")),
    responses(
        (status = 200, description = "Headers with their hashes; Link names the next page (RFC 8288)", body = schemas::Revisions),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn list(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let before: Option<u64> = params.take("before")?;
    let limit = params.take_limit(50, 500)?;
    params.finish()?;
    let revisions = history::revisions(&shared.engine, before, limit).await?;
    let last = revisions.last().map(|revision| revision.header.number);
    let next = last
        .filter(|number| *number > 1 && revisions.len() == limit as usize)
        .map(|number| number.to_string());
    let position = shared.engine.current().position;
    Ok(
        pages::linked(&request, pages::fresh(&position), "before", next.as_deref())
            .json(json!({ "next": next, "revisions": revisions })),
    )
}

/// One revision with what it closed and opened.
#[utoipa::path(
    get, path = "/v1/revisions/{number}", tag = "log", operation_id = "revision", summary = "One revision with what it closed and opened",
    params(("number" = u64, Path, description = "The number")),
    responses(
        (status = 200, description = "The revision; it never changes", body = schemas::RevisionWithDelta),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let number = path_part("number", &path)?;
    let found = history::revision(&shared.engine, number).await?;
    let (revision, mut delta) = found.ok_or_else(|| unknown(number))?;
    if !auth::may_write(&request) {
        delta = delta.for_readers();
    }
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-cache"))
        .json(json!({
            "closed_documents": delta.closed_documents,
            "closed_prices": delta.closed_prices,
            "opened_documents": delta.opened_documents,
            "opened_prices": delta.opened_prices,
            "revision": revision,
        })))
}

fn unknown(number: u64) -> Problem {
    Problem::not_found(format!("There is no revision {number}."))
}

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, for those who read the log.
    pub reason: String,
}

/// Undoes a revision by a new one.
#[utoipa::path(
    post, path = "/v1/revisions/{number}:revert", tag = "switches", operation_id = "revert", summary = "Undo a revision by a new one",
    params(
        ("number" = u64, Path, description = "The number"),
        ("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = Reason,
    responses(
        (status = 201, description = "The new revision", body = schemas::Published),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "base-moved: later revisions changed the same rows", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["admin"])),
)]
pub async fn revert(
    actor: Admin,
    key: WriteKey,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    body: Body<Reason>,
) -> Result<HttpResponse, Problem> {
    let number = path_part("number", &path)?;
    let key = key.of(&actor.0, body.fingerprint);
    let reverted = control::revert(
        &shared.engine,
        number,
        &actor.0.name,
        &body.value.reason,
        Some(&key),
    )
    .await?;
    let reverted = reverted.ok_or_else(|| unknown(number))?;
    Ok(write::published(&reverted))
}
