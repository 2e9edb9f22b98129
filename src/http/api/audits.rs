//! Audits: what channels really show, read again and compared.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use offercast_contract::ChannelId;
use offercast_usecases::audit;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::channels::declared;
use crate::api::schemas;
use crate::auth::{Reader, Writer};
use crate::body::Body;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;
use crate::write::{self, WriteKey};

/// What to read again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAudit {
    /// The channels; all that are not paused if left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<ChannelId>>,
}

/// Starts an audit.
#[utoipa::path(
    post, path = "/v1/audits", tag = "proof", operation_id = "startAudit", summary = "Read again what channels show, and compare",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = NewAudit,
    responses(
        (status = 202, description = "It runs; Location says where to look", body = schemas::Started, headers(("Location" = String), ("Idempotency-Replayed" = String))),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn start(
    actor: Writer,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<NewAudit>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let engine = &shared.engine;
    let channels = body.value.channels;
    for channel in channels.iter().flatten() {
        declared(&engine.current(), channel)?;
    }
    write::once(
        engine,
        key.of(&actor.0, body.fingerprint),
        StatusCode::ACCEPTED,
        async {
            let id = audit::start(engine, channels).await?;
            Ok(json!({ "href": format!("/v1/audits/{id}"), "id": id.to_string() }))
        },
    )
    .await
}

/// An audit, as far as it is.
#[utoipa::path(
    get, path = "/v1/audits/{id}", tag = "proof", operation_id = "audit", summary = "An audit, as far as it is",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The audit", body = schemas::Audit),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let id: Uuid = path_part("id", &path)?;
    let audit = audit::get(&shared.engine, id).await?;
    let audit = audit.ok_or_else(|| Problem::not_found(format!("There is no audit {id}.")))?;
    Ok(crate::pages::fresh(&shared.engine.current().position).json(audit))
}
