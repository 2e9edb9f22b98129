//! Edits: in one step, or as a change set that is looked at first.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use offercast_contract::Instant;
use offercast_domain::change::{Change, ErrorCode, Guard};
use offercast_usecases::change_sets;
use offercast_usecases::publish::{self, Publish};
use offercast_usecases::records::{ChangeSet, ChangeSetId, ChangeSetState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::schemas;
use crate::auth::{Actor, Insider, Writer};
use crate::body::{Body, NoBody};
use crate::options::Scope;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;
use crate::write::{self, WriteKey, expected_version, version_tag};

/// Edits, published at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChanges {
    /// The revision that the edits were made against. Where it is not the
    /// head, they go through unless something between touched the same rows.
    #[serde(default)]
    pub base_revision: Option<u64>,
    /// The edits, in order.
    #[schema(value_type = Vec<schemas::Change>)]
    pub changes: Vec<Change>,
    /// Why, for those who read the log.
    pub reason: String,
}

/// Edits of a change set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edits {
    /// The edits, in order.
    #[schema(value_type = Vec<schemas::Change>)]
    pub changes: Vec<Change>,
    /// Why, for those who read the log.
    pub reason: String,
}

/// Edits to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Imagined {
    /// The edits, in order.
    #[schema(value_type = Vec<schemas::Change>)]
    pub changes: Vec<Change>,
}

/// A change set.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeSetView {
    /// Who made it.
    author: String,
    /// The revision it was made against.
    base_revision: u64,
    /// The edits, in order.
    #[schema(value_type = Vec<schemas::Change>)]
    changes: Vec<Change>,
    /// When it was made.
    #[schema(value_type = String)]
    created_at: Instant,
    /// Where it is.
    href: String,
    /// Its id.
    id: String,
    /// Why.
    reason: String,
    /// The revision that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// draft, published or discarded.
    status: &'static str,
    /// When it was changed last.
    #[schema(value_type = String)]
    updated_at: Instant,
    /// Its version: the ETag.
    version: u64,
}

impl ChangeSetView {
    fn new(set: &ChangeSet) -> Result<Self, Problem> {
        Ok(Self {
            author: set.author.clone(),
            base_revision: set.base_revision,
            changes: change_sets::edits(set)?,
            created_at: set.created_at,
            href: format!("/v1/change-sets/{}", set.id),
            id: set.id.to_string(),
            reason: set.reason.clone(),
            revision: set.revision,
            status: match set.state {
                ChangeSetState::Draft => "draft",
                ChangeSetState::Published => "published",
                ChangeSetState::Discarded => "discarded",
            },
            updated_at: set.updated_at,
            version: set.version,
        })
    }

    /// Without what those may not see who may not edit.
    fn seen_by(mut self, actor: &Actor) -> Self {
        if !actor.may(Scope::Write) {
            self.changes.retain(|change| !change.is_confidential());
        }
        self
    }
}

/// Publishes edits in one step.
#[utoipa::path(
    post, path = "/v1/changes", tag = "editing", operation_id = "publishChanges", summary = "Publish edits in one step",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = NewChanges,
    responses(
        (status = 201, description = "The revision", body = schemas::Published, headers(("Location" = String), ("Idempotency-Replayed" = String))),
        (status = 200, description = "Nothing differs: no revision", body = schemas::Published),
        (status = 400, description = "idempotency-key-missing, invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 403, description = "forbidden, cross-site", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "base-moved, idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content, idempotency-mismatch", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn publish_now(
    actor: Writer,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<NewChanges>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let request = Publish {
        base_revision: body.value.base_revision,
        change_set: None,
        changes: body.value.changes,
        guard: Guard::Enforced,
        idempotency: Some(key.of(&actor.0, body.fingerprint)),
        author: actor.0.name,
        reason: body.value.reason,
    };
    Ok(write::published(
        &publish::run(&shared.engine, request).await?,
    ))
}

/// What edits would do, without recording anything.
#[utoipa::path(
    post, path = "/v1/changes:preview", tag = "editing", operation_id = "previewChanges", summary = "What edits would do",
    request_body = Imagined,
    responses(
        (status = 200, description = "Errors, warnings, terms before and after, items that channels would hold", body = schemas::Preview),
        (status = 422, description = "invalid-content", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn preview_now(
    _: Writer,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<Imagined>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    preview_of(&shared, body.value.changes, true).await
}

async fn preview_of(
    shared: &Shared,
    changes: Vec<Change>,
    is_writer: bool,
) -> Result<HttpResponse, Problem> {
    let engine = shared.engine.clone();
    let mut preview = web::block(move || change_sets::preview(&engine, &changes))
        .await
        .map_err(|error| Problem::internal(&error))?;
    for error in &mut preview.errors {
        if error.code == ErrorCode::BelowFloor && !is_writer {
            "is below its floor".clone_into(&mut error.reason);
        }
    }
    Ok(crate::pages::fresh(&shared.engine.current().position).json(preview))
}

/// Change sets, newest first.
#[utoipa::path(
    get, path = "/v1/change-sets", tag = "editing", operation_id = "changeSets", summary = "Change sets, newest first",
    params(
        ("status" = Option<String>, Query, description = "draft, published or discarded"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50")),
    responses(
        (status = 200, description = "Change sets", body = schemas::ChangeSets),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["read"])),
)]
pub async fn list(
    insider: Insider,
    shared: web::Data<Shared>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let state = match params.take::<String>("status")?.as_deref() {
        None => None,
        Some("draft") => Some(ChangeSetState::Draft),
        Some("published") => Some(ChangeSetState::Published),
        Some("discarded") => Some(ChangeSetState::Discarded),
        Some(_) => {
            return Err(Problem::invalid(
                "status",
                "is draft, published or discarded",
            ));
        }
    };
    let limit = params.take_limit(50, 500)?;
    params.finish()?;
    let sets = change_sets::list(&shared.engine, state, limit).await?;
    let views = sets
        .iter()
        .map(|set| Ok::<_, Problem>(ChangeSetView::new(set)?.seen_by(&insider.0)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(
        crate::pages::fresh(&shared.engine.current().position)
            .json(json!({ "change_sets": views })),
    )
}

/// Records a draft.
#[utoipa::path(
    post, path = "/v1/change-sets", tag = "editing", operation_id = "createChangeSet", summary = "Record a draft",
    params(("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = Edits,
    responses(
        (status = 201, description = "The change set", body = ChangeSetView, headers(("Location" = String), ("ETag" = String), ("Idempotency-Replayed" = String))),
        (status = 400, description = "idempotency-key-missing, invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content, idempotency-mismatch", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn create(
    actor: Writer,
    key: WriteKey,
    shared: web::Data<Shared>,
    params: Params,
    body: Body<Edits>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let edits = body.value;
    let engine = &shared.engine;
    write::once(
        engine,
        key.of(&actor.0, body.fingerprint),
        StatusCode::CREATED,
        async {
            let set =
                change_sets::create(engine, &actor.0.name, &edits.reason, &edits.changes).await?;
            ChangeSetView::new(&set)
        },
    )
    .await
}

async fn found(shared: &Shared, id: &str) -> Result<ChangeSet, Problem> {
    let id: ChangeSetId = path_part("id", id)?;
    let set = change_sets::get(&shared.engine, id).await?;
    set.ok_or_else(|| Problem::not_found(format!("There is no change set {id}.")))
}

/// One change set.
#[utoipa::path(
    get, path = "/v1/change-sets/{id}", tag = "editing", operation_id = "changeSet", summary = "One change set",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The change set", body = ChangeSetView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["read"])),
)]
pub async fn get(
    insider: Insider,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let view = ChangeSetView::new(&found(&shared, &path).await?)?.seen_by(&insider.0);
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(view.version)))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(view))
}

/// Replaces the edits of a draft.
#[utoipa::path(
    put, path = "/v1/change-sets/{id}", tag = "editing", operation_id = "updateChangeSet", summary = "Replace the edits of a draft",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The ETag that was read"),
        ("Idempotency-Key" = String, Header, description = "The same for each try")),
    request_body = Edits,
    responses(
        (status = 200, description = "The change set", body = ChangeSetView, headers(("ETag" = String), ("Idempotency-Replayed" = String))),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "not-draft, idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 412, description = "precondition-failed", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content, idempotency-mismatch", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 428, description = "precondition-required", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn update(
    actor: Writer,
    key: WriteKey,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    body: Body<Edits>,
) -> Result<HttpResponse, Problem> {
    let version = expected_version(&request)?;
    let id: ChangeSetId = path_part("id", &path)?;
    let edits = body.value;
    let engine = &shared.engine;
    write::once(
        engine,
        key.of(&actor.0, body.fingerprint),
        StatusCode::OK,
        async {
            let set =
                change_sets::update(engine, id, version, &edits.reason, &edits.changes).await?;
            ChangeSetView::new(&set)
        },
    )
    .await
}

/// Gives a draft up.
#[utoipa::path(
    delete, path = "/v1/change-sets/{id}", tag = "editing", operation_id = "discardChangeSet", summary = "Give a draft up",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The ETag that was read"),
        ("Idempotency-Key" = String, Header, description = "The same for each try")),
    responses(
        (status = 200, description = "The change set, discarded", body = ChangeSetView),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "not-draft, idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 412, description = "precondition-failed", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 428, description = "precondition-required", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn discard(
    actor: Writer,
    key: WriteKey,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    nothing: NoBody,
) -> Result<HttpResponse, Problem> {
    let version = expected_version(&request)?;
    let id: ChangeSetId = path_part("id", &path)?;
    let engine = &shared.engine;
    write::once(
        engine,
        key.of(&actor.0, nothing.fingerprint),
        StatusCode::OK,
        async { ChangeSetView::new(&change_sets::discard(engine, id, version).await?) },
    )
    .await
}

/// What a change set would do.
#[utoipa::path(
    get, path = "/v1/change-sets/{id}/preview", tag = "editing", operation_id = "previewChangeSet", summary = "What a change set would do",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "Errors, warnings, terms before and after, items that channels would hold", body = schemas::Preview),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["read"])),
)]
pub async fn preview(
    insider: Insider,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let set = found(&shared, &path).await?;
    let is_writer = insider.0.may(Scope::Write);
    preview_of(&shared, change_sets::edits(&set)?, is_writer).await
}

/// Publishes a draft.
#[utoipa::path(
    post, path = "/v1/change-sets/{id}/publish", tag = "editing", operation_id = "publishChangeSet", summary = "Publish a draft",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The ETag that was read"),
        ("Idempotency-Key" = String, Header, description = "The same for each try")),
    responses(
        (status = 201, description = "The revision", body = schemas::Published, headers(("Location" = String), ("Idempotency-Replayed" = String))),
        (status = 200, description = "Nothing differs: no revision", body = schemas::Published),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 409, description = "base-moved, not-draft, idempotency-in-flight", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 412, description = "precondition-failed", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content, idempotency-mismatch", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 428, description = "precondition-required", body = inline(ProblemDocument), content_type = "application/problem+json")),
    security(("token" = ["write"])),
)]
pub async fn publish(
    actor: Writer,
    key: WriteKey,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    nothing: NoBody,
) -> Result<HttpResponse, Problem> {
    let version = expected_version(&request)?;
    let id: ChangeSetId = path_part("id", &path)?;
    let key = key.of(&actor.0, nothing.fingerprint);
    let published =
        change_sets::publish(&shared.engine, id, version, &actor.0.name, Some(key)).await?;
    Ok(write::published(&published))
}
