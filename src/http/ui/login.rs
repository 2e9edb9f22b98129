//! Sign-in: a form for the token, and the link that the demo prints.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::ask::{Ask, Page};
use crate::session;
use crate::state::Shared;

pub(super) async fn page(ask: Ask, shared: web::Data<Shared>) -> HttpResponse {
    let next = ask.param("next").filter(|next| session::is_local(next));
    let next = next.unwrap_or_else(|| "/".to_owned());
    if let Some(token) = ask.param("token") {
        return match session::cookie_for(&shared, token.trim()) {
            // To a clean address: a token does not belong in the history.
            Some(cookie) => see_other(&next).cookie(cookie).finish(),
            None => see_other("/login?failed=1").finish(),
        };
    }
    let body = json!({ "failed": ask.param("failed").is_some(), "next": next });
    ask.answer(Ok(Page::new("login", ask.lang.t("account.login"), body)))
}

fn see_other(to: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    response
}
