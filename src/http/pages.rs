//! Answers in pages, and answers that are true for a position.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use offercast_contract::Position;

use crate::headers::{OFFERCAST_EPOCH, OFFERCAST_REVISION};

/// An answer that must be asked for anew each time, true for `position`.
#[must_use]
pub fn fresh(position: &Position) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((OFFERCAST_REVISION, HeaderValue::from(position.revision)))
        .insert_header((OFFERCAST_EPOCH, HeaderValue::from(position.epoch)));
    response
}

/// The answer with a `Link` to the next page (RFC 8288): the same address with
/// another cursor.
#[must_use]
pub fn linked(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    parameter: &str,
    next: Option<&str>,
) -> HttpResponseBuilder {
    if let Some(next) = next {
        let prefix = format!("{parameter}=");
        let query = request.query_string();
        let others = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with(&prefix));
        let mut pairs: Vec<String> = others.map(str::to_owned).collect();
        pairs.push(format!("{prefix}{next}"));
        let link = format!("<{}?{}>; rel=\"next\"", request.path(), pairs.join("&"));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.insert_header((header::LINK, link));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_next_page_is_the_same_question() {
        let request =
            TestRequest::with_uri("/v1/products?q=caf%C3%A9&cursor=1&limit=2").to_http_request();
        let response = linked(&request, HttpResponse::Ok(), "cursor", Some("9")).finish();
        let link = response.headers().get(header::LINK).unwrap();
        assert_eq!(
            link,
            "</v1/products?q=caf%C3%A9&limit=2&cursor=9>; rel=\"next\""
        );
        let last = linked(&request, HttpResponse::Ok(), "cursor", None).finish();
        assert!(!last.headers().contains_key(header::LINK));
    }
}
