//! The OpenAPI document and the page to browse it.

use std::sync::OnceLock;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::api::schemas::{NAMES, SCHEMAS};
use crate::headers;
use crate::problem::{FieldError, ProblemDocument};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Offercast",
        description = "Edit an offer once; every channel shows the same terms, and proves it.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        super::items::item,
        super::terms::get,
        super::terms::batch,
        super::quotes::create,
        super::markets::list,
        super::products::list,
        super::products::get,
        super::channels::list,
        super::channels::get,
        super::channels::items,
        super::channels::history,
        super::events::get,
        super::updates::get,
        super::revisions::list,
        super::revisions::get,
        super::revisions::revert,
        super::changes::publish_now,
        super::changes::preview_now,
        super::changes::list,
        super::changes::create,
        super::changes::get,
        super::changes::update,
        super::changes::discard,
        super::changes::preview,
        super::changes::publish,
        super::imports::create,
        super::audits::start,
        super::audits::get,
        super::digests::list,
        super::digests::get,
        super::control::resync,
        super::control::freeze,
        super::control::resume,
        super::control::open_epoch,
        super::health::live,
        super::health::ready,
        super::metrics::get,
        document,
        page,
        crate::session::login,
        crate::session::logout,
    ),
    components(schemas(ProblemDocument, FieldError))
)]
struct Api;

/// The OpenAPI document.
#[must_use]
pub fn value() -> Value {
    let mut api = Api::openapi();
    api.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = api.components.get_or_insert_default();
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token with the scope that the operation names: read, write, adapter or admin.",
        ))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let mut document = serde_json::to_value(&api).unwrap_or_default();
    let shapes: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap_or_default();
    if let Some(known) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        known.retain(|name, _| !NAMES.contains(&name.as_str()));
        known.extend(shapes);
    }
    each_operation(&mut document, |operation| {
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for response in responses.into_iter().flat_map(Map::values_mut) {
            refer_to_problem(response);
        }
    });
    document
}

fn each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for path in paths.into_iter().flat_map(Map::values_mut) {
        path.as_object_mut()
            .into_iter()
            .flat_map(Map::values_mut)
            .for_each(&mut change);
    }
}

/// Problem documents all have one shape, so it is written once.
fn refer_to_problem(response: &mut Value) {
    if let Some(problem) = response.pointer_mut("/content/application~1problem+json/schema") {
        *problem = json!({ "$ref": "#/components/schemas/Problem" });
    }
}

fn text() -> &'static Bytes {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    TEXT.get_or_init(|| Bytes::from(value().to_string()))
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation", operation_id = "openapi", summary = "This document",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub async fn document(request: HttpRequest) -> HttpResponse {
    stable(&request, "application/json", text())
}

/// A page to browse the document with. It needs nothing from elsewhere.
#[utoipa::path(
    get, path = "/docs", tag = "operation", operation_id = "docs", summary = "A page to browse this document",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
pub async fn page(request: HttpRequest) -> HttpResponse {
    stable(
        &request,
        "text/html; charset=utf-8",
        &Bytes::from_static(include_bytes!("docs.html")),
    )
}

/// An answer that changes only with the program.
fn stable(request: &HttpRequest, media_type: &str, body: &Bytes) -> HttpResponse {
    let tag = headers::entity_tag(body);
    let held = header::HeaderValue::from_str(&tag)
        .is_ok_and(|tag| headers::is_not_modified(request.headers(), &tag));
    let mut response = if held {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    if held {
        response.finish()
    } else {
        response.content_type(media_type).body(body.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = value();
        assert!(
            document["openapi"].as_str().unwrap().starts_with("3.1"),
            "{}",
            document["openapi"]
        );
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 30, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for name in NAMES {
            let shape = &document["components"]["schemas"][name];
            assert!(
                shape.get("properties").or(shape.get("oneOf")).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_write_names_its_key_and_its_scope() {
        let document = value();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(
                    operation["summary"].is_string() && operation["operationId"].is_string(),
                    "{method} {path}"
                );
                let reads = [
                    "/v1/markets/{market}/terms:batch",
                    "/v1/quotes",
                    "/v1/changes:preview",
                    "/login",
                    "/logout",
                ];
                if method == "get" || reads.contains(&path.as_str()) {
                    continue;
                }
                assert!(operation["security"].is_array(), "{method} {path}");
                let parameters = operation["parameters"].as_array().unwrap();
                let has_key = parameters
                    .iter()
                    .any(|parameter| parameter["name"] == "Idempotency-Key");
                assert!(has_key, "{method} {path}");
            }
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = include_str!("docs.html");
        assert!(page.contains("/openapi.json"));
        assert!(!page.contains("http://") && !page.contains("https://"));
    }
}
