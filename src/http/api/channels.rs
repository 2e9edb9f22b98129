//! Channels: what they are, what they carry, what they showed.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use offercast_contract::{Channel, ChannelId, Instant, Sku, Terms, View};
use offercast_usecases::engine::Current;
use offercast_usecases::{board, history};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::items::snapshot;
use crate::api::schemas;
use crate::auth::Reader;
use crate::pages;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// The declaration of a channel.
pub fn declared(current: &Current, id: &ChannelId) -> Result<Arc<Channel>, Problem> {
    let channel = current.book.channel(id);
    channel.ok_or_else(|| Problem::not_found(format!("Channel {id} is not declared.")))
}

/// Where every channel stands.
#[utoipa::path(
    get, path = "/v1/channels", tag = "reading", operation_id = "channels", summary = "Where every channel stands",
    description = "The board: each channel with revision, rung, lag, digests, held items and mismatches, and how many of the live ones show the head.",
    responses(
        (status = 200, description = "The board", body = schemas::Board),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn list(
    _: Reader,
    shared: web::Data<Shared>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    Ok(pages::fresh(&shared.engine.current().position).json(board::snapshot(&shared.engine)))
}

/// A channel's declaration.
#[utoipa::path(
    get, path = "/v1/channels/{channel}", tag = "reading", operation_id = "channel", summary = "The declaration of a channel",
    params(("channel" = String, Path, description = "The channel")),
    responses(
        (status = 200, description = "The declaration", body = schemas::Channel),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let current = shared.engine.current();
    let channel = declared(&current, &path_part("channel", &path)?)?;
    Ok(pages::fresh(&current.position).json(channel.as_ref()))
}

/// An item that a channel carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct Carried {
    /// Where it is rendered.
    href: String,
    /// Its name in the channel's locale.
    name: Option<String>,
    /// The SKU.
    #[schema(value_type = String)]
    sku: Sku,
    /// Its terms now.
    #[schema(value_type = schemas::Terms)]
    terms: Terms,
    /// Until when they hold, exclusive, where that is known.
    #[schema(value_type = Option<String>)]
    until: Option<Instant>,
}

/// A page of what a channel carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct CarriedPage {
    /// The items, by SKU.
    items: Vec<Carried>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// In which view.
    #[schema(value_type = String)]
    view: View,
}

/// What a channel carries and sells now.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/items", tag = "reading", operation_id = "items", summary = "What a channel carries and sells now",
    params(
        ("channel" = String, Path, description = "The channel"),
        ("zone" = Option<String>, Query, description = "The zone; may be left out where the channel has one view"),
        ("cursor" = Option<String>, Query, description = "Of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 1000, default 100"),
        ("Offercast-Min-Revision" = Option<u64>, Header, description = "Wait up to 500 ms for this revision")),
    responses(
        (status = 200, description = "A page; Link names the next one (RFC 8288)", body = CarriedPage),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn items(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let zone: Option<String> = params.take("zone")?;
    let cursor: Option<Sku> = params.take("cursor")?;
    let limit = params.take_limit(100, 1000)?;
    params.finish()?;
    let shown = snapshot(&request, &shared.engine).await?;
    let channel = declared(&shown, &path_part("channel", &path)?)?;
    let view = channel
        .view(zone.as_deref())
        .map_err(|error| Problem::not_found(error.to_string()))?
        .clone();
    let now = shared.engine.now();
    let position = shown.position;
    // A channel that carries little of a big catalogue makes us look at all of it.
    let page = web::block(move || carried(&shown, &channel, view, now, cursor, limit as usize))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let next = page.next.clone();
    Ok(pages::linked(&request, pages::fresh(&position), "cursor", next.as_deref()).json(page))
}

fn carried(
    current: &Current,
    channel: &Channel,
    view: View,
    now: Instant,
    cursor: Option<Sku>,
    limit: usize,
) -> CarriedPage {
    let mut items: Vec<Carried> = Vec::new();
    let mut next = None;
    for sku in current.book.skus_after(cursor.as_ref()) {
        let Some(facts) = current
            .book
            .facts(sku)
            .filter(|facts| channel.assortment.carries(sku, facts))
        else {
            continue;
        };
        let segment = current
            .book
            .terms(sku, &view, now, current.position.horizon);
        let Some((terms, until)) =
            segment.and_then(|segment| Some((segment.terms?, segment.until)))
        else {
            continue;
        };
        if !terms.visible_in(channel) {
            continue;
        }
        if items.len() == limit {
            next = items.last().map(|last| last.sku.to_string());
            break;
        }
        let zone = view
            .zone
            .as_ref()
            .map_or(String::new(), |zone| format!("?zone={zone}"));
        items.push(Carried {
            href: format!("/v1/channels/{}/items/{sku}{zone}", channel.id),
            name: facts
                .content_in(&channel.locale)
                .map(|(_, content)| content.name.clone()),
            sku: sku.clone(),
            terms,
            until,
        });
    }
    CarriedPage { items, next, view }
}

/// What a channel said, and so what it showed.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/history", tag = "reading", operation_id = "history", summary = "What a channel showed",
    description = "Its acknowledgements, newest first; with `at`, the one that held then: which revision the channel showed, how far up the ladder, and the digest over its readings.",
    params(
        ("channel" = String, Path, description = "The channel"),
        ("at" = Option<String>, Query, description = "The instant (RFC 3339)"),
        ("cursor" = Option<u64>, Query, description = "Of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50")),
    responses(
        (status = 200, description = "Acknowledgements", body = schemas::History),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn history(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let at: Option<Instant> = params.take("at")?;
    let before: Option<u64> = params.take("cursor")?;
    let limit = params.take_limit(50, 500)?;
    params.finish()?;
    let id: ChannelId = path_part("channel", &path)?;
    let engine = &shared.engine;
    let records = match at {
        Some(at) => history::shown_at(engine, &id, at)
            .await?
            .into_iter()
            .collect(),
        None => history::acknowledgements(engine, &id, before, limit).await?,
    };
    if records.is_empty() && engine.current().book.channel(&id).is_none() {
        // A channel that ended still has a past; one that never was has none.
        return Err(Problem::not_found(format!(
            "Channel {id} is not declared and never was."
        )));
    }
    let next = (at.is_none() && records.len() == limit as usize)
        .then(|| records.last().map(|record| record.number.to_string()))
        .flatten();
    let entries: Vec<_> = records
        .iter()
        .map(|record| {
            json!({
                "acknowledgement": record.acknowledgement,
                "number": record.number,
                "received_at": record.received_at,
            })
        })
        .collect();
    let position = engine.current().position;
    Ok(
        pages::linked(&request, pages::fresh(&position), "cursor", next.as_deref())
            .json(json!({ "entries": entries, "next": next })),
    )
}
