//! Sessions of people: a token in a cookie that scripts cannot read.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::auth::{self, SESSION_COOKIE};
use crate::problem::{Kind, Problem};
use crate::state::Shared;

const SESSION_DAYS: i64 = 7;

/// What the sign-in form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    /// The page to go on with, on this server.
    #[serde(default)]
    next: Option<String>,
    /// The token.
    token: String,
}

/// Signs in: sets the cookie and goes on. A wrong token leads a person back to
/// the form and gives a machine a problem.
#[utoipa::path(
    post, path = "/login", tag = "session", operation_id = "login",
    summary = "Sign in with a token",
    request_body(content_type = "application/x-www-form-urlencoded", content = inline(crate::api::schemas::LoginFields)),
    responses(
        (status = 303, description = "Signed in: the session's cookie is set", headers(("Set-Cookie" = String), ("Location" = String))),
        (status = 401, description = "Not a valid token", body = inline(crate::problem::ProblemDocument), content_type = "application/problem+json"),
    ),
)]
pub async fn login(
    request: HttpRequest,
    shared: web::Data<Shared>,
    form: Result<web::Form<LoginForm>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let form = form.map_err(|error| Problem::invalid("token", error.to_string()))?;
    let next = form
        .next
        .as_deref()
        .filter(|next| is_local(next))
        .unwrap_or("/");
    let token = form.token.trim();
    let Some(cookie) = cookie_for(&shared, token) else {
        return if accepts_html(&request) {
            Ok(see_other("/login?failed=1").finish())
        } else {
            Err(Problem::new(
                Kind::Unauthorized,
                "The token is not a valid one.",
            ))
        };
    };
    Ok(see_other(next).cookie(cookie).finish())
}

/// Signs out.
#[utoipa::path(
    post, path = "/logout", tag = "session", operation_id = "logout", summary = "Sign out",
    responses((status = 303, description = "Signed out", headers(("Location" = String)))),
)]
pub async fn logout(shared: web::Data<Shared>) -> HttpResponse {
    let cookie = session_cookie("", shared.is_secure(), Duration::ZERO);
    see_other("/").cookie(cookie).finish()
}

/// The cookie that signs in with a token; none for a token that is not valid.
#[must_use]
pub(crate) fn cookie_for<'t>(shared: &Shared, token: &'t str) -> Option<Cookie<'t>> {
    if auth::find(&shared.options.tokens, token).is_none() {
        tracing::warn!("sign-in with a token that is not valid");
        return None;
    }
    Some(session_cookie(
        token,
        shared.is_secure(),
        Duration::days(SESSION_DAYS),
    ))
}

fn session_cookie(token: &str, secure: bool, age: Duration) -> Cookie<'_> {
    Cookie::build(SESSION_COOKIE, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(secure)
        .max_age(age)
        .finish()
}

fn see_other(to: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

/// Whether an address stays on this server; `//host` and `/\host` do not.
pub(crate) fn is_local(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.chars().any(char::is_control)
}

fn accepts_html(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    accept.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_leads_nowhere_else() {
        assert!(is_local("/products/1?zone=a"));
        for foreign in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/\r\nx",
        ] {
            assert!(!is_local(foreign), "{foreign:?}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach() {
        let text = session_cookie("secret", true, Duration::days(1)).to_string();
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
