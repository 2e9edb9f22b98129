//! Markets and their zones.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::api::schemas;
use crate::auth::Reader;
use crate::pages;
use crate::params::Params;
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// All markets with their zones.
#[utoipa::path(
    get, path = "/v1/markets", tag = "reading", operation_id = "markets", summary = "All markets with their zones",
    responses(
        (status = 200, description = "The markets", body = schemas::Markets),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn list(
    _: Reader,
    shared: web::Data<Shared>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let current = shared.engine.current();
    let zones: Vec<_> = current.book.zones().collect();
    let markets: Vec<Value> = current
        .book
        .markets()
        .map(|market| {
            let own: Vec<_> = zones
                .iter()
                .filter(|zone| zone.market == market.id)
                .collect();
            json!({ "market": market.as_ref(), "zones": own })
        })
        .collect();
    Ok(pages::fresh(&current.position).json(json!({ "markets": markets })))
}
