//! The switches of operators.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use offercast_contract::{ChannelId, Sku};
use offercast_usecases::control;
use serde_json::json;

use crate::api::revisions::Reason;
use crate::api::schemas;
use crate::auth::{Admin, Writer};
use crate::body::{Body, NoBody};
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;
use crate::write::{self, WriteKey};

/// Asks a channel's adapter to render, read back and deliver again.
#[utoipa::path(
    post, path = "/v1/channels/{channel}:resync", tag = "switches", operation_id = "resync", summary = "Render, read back and deliver again",
    params(
        ("channel" = String, Path, description = "The channel"),
        ("sku" = Option<String>, Query, description = "Only this SKU"),
        ("Idempotency-Key" = String, Header, description = "The same for each try")),
    responses(
        (status = 202, description = "The adapter is asked", body = schemas::Asked),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn resync(
    actor: Writer,
    key: WriteKey,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut params: Params,
    nothing: NoBody,
) -> Result<HttpResponse, Problem> {
    let sku: Option<Sku> = params.take("sku")?;
    params.finish()?;
    let channel: ChannelId = path_part("channel", &path)?;
    let engine = &shared.engine;
    write::once(
        engine,
        key.of(&actor.0, nothing.fingerprint),
        StatusCode::ACCEPTED,
        async {
            control::resync(engine, &channel, sku.clone()).await?;
            Ok(json!({ "channel": channel, "sku": sku }))
        },
    )
    .await
}

/// Stops all egress at once.
#[utoipa::path(
    post, path = "/v1/freeze", tag = "switches", operation_id = "freeze", summary = "Stop all egress at once",
    description = "Nothing is published, adapters deliver nothing, pulled channels show what they showed. Edits are still recorded.",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = Reason,
    responses(
        (status = 200, description = "Frozen", body = schemas::Switched),
        (status = 403, description = "forbidden", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["admin"])),
)]
pub async fn freeze(
    actor: Admin,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<Reason>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let engine = &shared.engine;
    let (by, reason) = (&actor.0.name, &body.value.reason);
    write::once(
        engine,
        key.of(&actor.0, body.fingerprint),
        StatusCode::OK,
        async {
            control::freeze(engine, by, reason).await?;
            Ok(json!({ "frozen": true }))
        },
    )
    .await
}

/// Lets egress go on.
#[utoipa::path(
    post, path = "/v1/resume", tag = "switches", operation_id = "resume", summary = "Let egress go on",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    responses(
        (status = 200, description = "Egress goes on", body = schemas::Switched),
        (status = 403, description = "forbidden", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["admin"])),
)]
pub async fn resume(
    actor: Admin,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    nothing: NoBody,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let engine = &shared.engine;
    let by = &actor.0.name;
    write::once(
        engine,
        key.of(&actor.0, nothing.fingerprint),
        StatusCode::OK,
        async {
            control::resume(engine, by).await?;
            Ok(json!({ "frozen": false }))
        },
    )
    .await
}

/// Declares the database current after a restore.
#[utoipa::path(
    post, path = "/v1/epochs", tag = "switches", operation_id = "openEpoch", summary = "Declare the database current after a restore",
    description = "Numbers go on; adapters follow the new epoch by a snapshot.",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = Reason,
    responses(
        (status = 201, description = "The new epoch", body = schemas::Epoch),
        (status = 403, description = "forbidden", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["admin"])),
)]
pub async fn open_epoch(
    actor: Admin,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<Reason>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let engine = &shared.engine;
    let (by, reason) = (&actor.0.name, &body.value.reason);
    write::once(
        engine,
        key.of(&actor.0, body.fingerprint),
        StatusCode::CREATED,
        async {
            let epoch = control::open_epoch(engine, by, reason).await?;
            Ok(json!({ "epoch": epoch }))
        },
    )
    .await
}
