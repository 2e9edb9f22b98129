//! Products: finding them, and what they are.

use actix_web::{HttpRequest, HttpResponse, web};
use offercast_contract::Sku;
use offercast_usecases::search::ProductQuery;
use serde_json::json;

use crate::api::schemas;
use crate::auth::{self, Reader};
use crate::pages;
use crate::params::{Params, path_part};
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// Products by words, by category.
#[utoipa::path(
    get, path = "/v1/products", tag = "reading", operation_id = "products", summary = "Find products",
    params(
        ("q" = Option<String>, Query, description = "Words of the name, the SKU, the GTIN, the brand"),
        ("category" = Option<String>, Query, description = "A category path; it and all below it"),
        ("cursor" = Option<String>, Query, description = "Of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 50")),
    responses(
        (status = 200, description = "A page, by SKU; Link names the next one (RFC 8288)", body = schemas::Products),
        (status = 400, description = "invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn list(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let limit = params.take_limit(50, 500)? as usize;
    let query = ProductQuery {
        text: params.take("q")?,
        category: params.take("category")?,
        after: params.take::<Sku>("cursor")?,
        // One more than is shown tells whether there is a next page.
        limit: limit + 1,
    };
    params.finish()?;
    let current = shared.engine.current();
    let position = current.position;
    let mut found = web::block(move || current.book.products(&query))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = more
        .then(|| found.last().map(|last| last.sku.to_string()))
        .flatten();
    Ok(
        pages::linked(&request, pages::fresh(&position), "cursor", next.as_deref())
            .json(json!({ "next": next, "products": found })),
    )
}

/// One product with its prices.
#[utoipa::path(
    get, path = "/v1/products/{sku}", tag = "reading", operation_id = "product", summary = "One product with all its current prices; costs, floors and personal prices for the scope write only",
    params(("sku" = String, Path, description = "The SKU")),
    responses(
        (status = 200, description = "The product", body = schemas::ProductWithPrices),
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
    let sku: Sku = path_part("sku", &path)?;
    let current = shared.engine.current();
    let product = current.book.product(&sku);
    let product =
        product.ok_or_else(|| Problem::not_found(format!("There is no product {sku}.")))?;
    let mut prices = current.book.prices(&sku);
    if !auth::may_write(&request) {
        prices.retain(|row| !row.key.is_confidential());
    }
    Ok(pages::fresh(&current.position).json(json!({ "prices": prices, "product": product })))
}
