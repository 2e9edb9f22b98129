//! State digests, down to the SKU that differs.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use offercast_contract::digest::{bucket, facts_hash, item_hash};
use offercast_contract::{Digest, Hash, Sku, View};
use offercast_usecases::engine::Current;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::schemas;
use crate::auth::Reader;
use crate::params::Params;
use crate::problem::{Problem, ProblemDocument};
use crate::state::Shared;

/// The digests of all views.
#[utoipa::path(
    get, path = "/v1/digests", tag = "proof", operation_id = "digests", summary = "The state digests of all views",
    responses(
        (status = 200, description = "Digest per view, at one position", body = schemas::Digests),
        (status = 401, description = "unauthorized", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn list(
    _: Reader,
    shared: web::Data<Shared>,
    params: Params,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let current = shared.engine.current();
    Ok(crate::pages::fresh(&current.position)
        .json(json!({ "position": current.position, "views": current.digests.roots() })))
}

/// The digest of a view, and the parts it is the sum of.
#[derive(Debug, Serialize, ToSchema)]
pub struct DigestParts {
    /// The digest of the whole view.
    #[schema(value_type = String)]
    digest: Digest,
    /// The sums of the parts that are not empty, by their prefix (two or four
    /// hexadecimal digits of the SHA-256 of the SKU).
    #[schema(value_type = BTreeMap<String, String>)]
    parts: BTreeMap<String, Digest>,
    /// The position that they are of.
    #[schema(value_type = schemas::Position)]
    position: offercast_contract::Position,
    /// The elements of one bucket, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    skus: Option<BTreeMap<Sku, Hash>>,
}

/// The parts of a view's digest.
#[utoipa::path(
    get, path = "/v1/digests/{market}/{zone}/{audience}/{mode}", tag = "proof", operation_id = "digest", summary = "The digest of a view and its parts",
    description = "Two holders that differ compare the digest, then the parts, then the parts `within` the one that differs (two digits), then the SKUs of that bucket (four digits).",
    params(
        ("market" = String, Path, description = "The market"),
        ("zone" = String, Path, description = "The zone, or - for the whole market"),
        ("audience" = String, Path, description = "The audience"),
        ("mode" = String, Path, description = "The sales mode"),
        ("within" = Option<String>, Query, description = "Two or four hexadecimal digits")),
    responses(
        (status = 200, description = "The parts", body = DigestParts),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    shared: web::Data<Shared>,
    path: web::Path<(String, String, String, String)>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let within: Option<String> = params.take("within")?;
    params.finish()?;
    let (market, zone, audience, mode) = path.into_inner();
    let view: View = format!("{market}/{zone}/{audience}/{mode}")
        .parse()
        .map_err(|error| Problem::not_found(format!("{error}")))?;
    let current = shared.engine.current();
    let position = current.position;
    let parts = web::block(move || parts(&current, &view, within.as_deref()))
        .await
        .map_err(|error| Problem::internal(&error))??;
    Ok(crate::pages::fresh(&position).json(parts))
}

fn parts(current: &Current, view: &View, within: Option<&str>) -> Result<DigestParts, Problem> {
    let digest = current
        .digests
        .get(view)
        .ok_or_else(|| Problem::not_found(format!("No channel stands in the view {view}.")))?;
    let wrong = || Problem::invalid("within", "is two or four hexadecimal digits");
    let first = |text: &str| u8::from_str_radix(text, 16).map_err(|_| wrong());
    let (parts, skus) = match within {
        None => {
            let sums = digest.by_first_byte().into_iter();
            (
                sums.map(|(byte, sum)| (format!("{byte:02x}"), sum))
                    .collect(),
                None,
            )
        }
        Some(text) if text.len() == 2 => {
            let sums = digest.within(first(text)?).into_iter();
            (
                sums.map(|(bucket, sum)| (format!("{bucket:04x}"), sum))
                    .collect(),
                None,
            )
        }
        Some(text) if text.len() == 4 => {
            let wanted = u16::from_str_radix(text, 16).map_err(|_| wrong())?;
            (BTreeMap::new(), Some(elements(current, view, wanted)))
        }
        Some(_) => return Err(wrong()),
    };
    Ok(DigestParts {
        digest: digest.root(),
        parts,
        position: current.position,
        skus,
    })
}

/// The elements of one bucket. There is no index by bucket: this is asked for
/// when something differs, and looks at every SKU.
fn elements(current: &Current, view: &View, wanted: u16) -> BTreeMap<Sku, Hash> {
    let mut elements = BTreeMap::new();
    for sku in current.book.skus().filter(|sku| bucket(sku) == wanted) {
        let timeline = current.book.timeline(sku, view, current.position.horizon);
        if let Some(facts) = current.book.facts(sku).filter(|_| !timeline.is_empty()) {
            elements.insert(sku.clone(), item_hash(sku, &facts_hash(&facts), &timeline));
        }
    }
    elements
}
