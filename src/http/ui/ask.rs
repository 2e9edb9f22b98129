//! Who asks for a page, in which language, and the answer.

use std::future::{Ready, ready};

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::words::Lang;
use super::{assets, errors, render};
use crate::auth::{self, Actor};
use crate::options::Scope;
use crate::params::Params;
use crate::problem::{Kind, Problem};
use crate::state::Shared;

const LANG_COOKIE: &str = "offercast_lang";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page on its way.
pub(super) struct Page {
    pub(super) body: Value,
    /// What the scripts keep up to date: `board`, `always`, or nothing.
    pub(super) live: &'static str,
    pub(super) status: StatusCode,
    pub(super) template: &'static str,
    pub(super) title: String,
}

impl Page {
    pub(super) fn new(template: &'static str, title: String, body: Value) -> Self {
        Self {
            body,
            live: "",
            status: StatusCode::OK,
            template,
            title,
        }
    }

    pub(super) fn live(mut self, live: &'static str) -> Self {
        self.live = live;
        self
    }
}

/// A request for a page.
pub(super) struct Ask {
    pub(super) actor: Option<Actor>,
    chosen: bool,
    pub(super) lang: Lang,
    path: String,
    public_reads: bool,
    query: String,
    secure: bool,
}

impl Ask {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let shared = request.app_data::<web::Data<Shared>>();
        let query = request.query_string().to_owned();
        let mut params = Params::parse(&query).unwrap_or_default();
        let wanted = params.take::<String>("lang").ok().flatten();
        let wanted = wanted.and_then(|code| Lang::parse(&code));
        let kept = || {
            request
                .cookie(LANG_COOKIE)
                .and_then(|cookie| Lang::parse(cookie.value()))
        };
        let accepted = || {
            let header = request.headers().get(header::ACCEPT_LANGUAGE)?;
            Some(Lang::accepted(header.to_str().ok()?))
        };
        Self {
            actor: auth::identify(request).ok().flatten(),
            chosen: wanted.is_some(),
            lang: wanted.or_else(kept).or_else(accepted).unwrap_or(Lang::En),
            path: request.path().to_owned(),
            public_reads: shared.is_some_and(|shared| shared.options.public_reads),
            query,
            secure: shared.is_some_and(|shared| shared.is_secure()),
        }
    }

    pub(super) fn may(&self, scope: Scope) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.may(scope))
    }

    /// Refuses a reader who is not signed in where reading is not public.
    pub(super) fn may_read(&self) -> Result<(), Problem> {
        if self.public_reads || self.may(Scope::Read) {
            return Ok(());
        }
        Err(Problem::new(Kind::Unauthorized, ""))
    }

    /// A parameter of the address; an empty one counts as absent.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        Params::parse(&self.query).ok()?.take::<String>(name).ok()?
    }

    /// The answer: the page, or the one that says what went wrong.
    pub(super) fn answer(&self, page: Result<Page, Problem>) -> HttpResponse {
        match page.and_then(|page| self.whole(page)) {
            Ok(response) => response,
            Err(problem) if problem.kind == Kind::Unauthorized => {
                let next = encode(&self.here());
                HttpResponse::SeeOther()
                    .insert_header((header::LOCATION, format!("/login?next={next}")))
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .finish()
            }
            Err(problem) => self
                .whole(errors::page(self.lang, &problem))
                .unwrap_or_else(|_| HttpResponse::InternalServerError().body("500")),
        }
    }

    fn here(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    fn whole(&self, page: Page) -> Result<HttpResponse, Problem> {
        let html = self.html(&page)?;
        let mut response = HttpResponse::build(page.status);
        response
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .insert_header((header::VARY, "Accept-Language, Cookie"))
            .insert_header((header::CONTENT_LANGUAGE, self.lang.code()))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "same-origin"));
        if self.chosen {
            let kept = Cookie::build(LANG_COOKIE, self.lang.code())
                .path("/")
                .same_site(SameSite::Lax)
                .secure(self.secure)
                .max_age(Duration::days(365))
                .finish();
            response.cookie(kept);
        }
        Ok(response.body(html))
    }

    pub(super) fn html(&self, page: &Page) -> Result<String, Problem> {
        let body = render::render(self.lang, page.template, &page.body)?;
        let nav = [
            ("/", "nav.board"),
            ("/products", "nav.products"),
            ("/versions", "nav.versions"),
            ("/verify", "nav.verify"),
        ];
        let nav = nav.map(|(href, key)| {
            let inside = href != "/" && self.path.starts_with(href);
            json!({ "href": href, "label": self.lang.t(key), "current": inside || self.path == href })
        });
        let others = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let others: Vec<&str> = others.collect();
        let languages = Lang::ALL.map(|lang| {
            let own = format!("lang={}", lang.code());
            let query = others.iter().copied().chain([own.as_str()]).collect::<Vec<_>>().join("&");
            json!({ "code": lang.code(), "name": lang.name(), "query": query, "current": lang == self.lang })
        });
        let layout = json!({
            "actor": self.actor.as_ref().map(|actor| &actor.name),
            "body": body,
            "css": assets::address("app.css"),
            "icon": assets::address("icon.svg"),
            "lang": self.lang.code(),
            "languages": languages,
            "live": page.live,
            "morph": assets::address("morph.js"),
            "nav": nav,
            "next": encode(&self.here()),
            "script": assets::address("app.js"),
            "title": page.title,
        });
        render::render(self.lang, "layout", &layout)
    }
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// A text as the value of a query parameter.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
