//! What a person sees when something went wrong.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::ask::{Ask, Page};
use super::words::Lang;
use crate::problem::Problem;

/// The page that says what went wrong.
pub(super) fn page(lang: Lang, problem: &Problem) -> Page {
    let status = problem.kind.status();
    let words = match status {
        StatusCode::NOT_FOUND => "error.not_found",
        StatusCode::FORBIDDEN => "error.forbidden",
        status if status.is_client_error() => "error.bad_request",
        _ => "error.server",
    };
    let heading = lang.t(words);
    let body = json!({
        "detail": problem.detail,
        "heading": heading,
        "request_id": status.is_server_error().then(|| problem.request_id()),
        "status": status.as_u16(),
        "text": lang.t(&format!("{words}_text")),
    });
    Page {
        status,
        ..Page::new("error", heading, body)
    }
}

pub(super) fn missing(ask: &Ask, address: &str) -> HttpResponse {
    ask.answer(Err(Problem::not_found(format!(
        "There is nothing at {address}."
    ))))
}

/// The answer where nothing is: a page for people, a problem for programs.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    let accept = request.headers().get(header::ACCEPT);
    let reads_html =
        accept.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    let is_page = request.method() == Method::GET && !request.path().starts_with("/v1/");
    if reads_html && is_page {
        return missing(&Ask::of(&request), request.path());
    }
    crate::router::nothing_here(request).await
}
