//! One item as a channel shows it: the route that customers' eyes hang on.
//!
//! A kept body costs a look-up and nothing else here: no span, no request id, no
//! route pattern; the path is taken apart by hand, and the plainest requests
//! are answered by [`Kept`] before they come to the routes.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::guard::GuardContext;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use futures_util::future::{Either, Ready, ready};
use offercast_contract::{Channel, ChannelId, Instant, Sku};
use offercast_kit::Presented;
use offercast_usecases::engine::{Current, Engine};
use offercast_usecases::present;

use crate::auth;
use crate::cache::{BodyKey, Near, Rendered};
use crate::headers::{self, OFFERCAST_STATE, SURROGATE_KEY};
use crate::metrics::Tally;
use crate::params::{Params, path_part};
use crate::problem::{Kind, Problem};
use crate::state::Shared;

/// What every path of this module begins with.
pub const PREFIX: &str = "/v1/channels";

/// Whether the path is `/v1/channels/{channel}/items/{sku}`.
pub fn is_item(context: &GuardContext<'_>) -> bool {
    split(context.head().uri.path()).is_some()
}

fn split(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(PREFIX)?.strip_prefix('/')?;
    // Bytes: a search for a character takes several times as long on so little.
    let slash = |text: &str| text.bytes().position(|byte| byte == b'/');
    let (channel, rest) = rest.split_at(slash(rest)?);
    let sku = rest.strip_prefix("/items/")?;
    (!channel.is_empty() && !sku.is_empty() && slash(sku).is_none()).then_some((channel, sku))
}

/// One item as the channel shows it.
#[utoipa::path(
    get, path = "/v1/channels/{channel}/items/{sku}", tag = "reading", operation_id = "item",
    summary = "One item as a channel shows it",
    description = "The artefact of the channel's adapter, rendered from the newest revision, read back, and equal to the projection of the terms; an item that cannot be shown truly is held back (404).",
    params(
        ("channel" = String, Path, description = "The channel"),
        ("sku" = String, Path, description = "The SKU"),
        ("zone" = Option<String>, Query, description = "The zone; may be left out where the channel has one view"),
        ("Offercast-Min-Revision" = Option<u64>, Header, description = "Wait up to 500 ms for this revision"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags that the reader holds"),
    ),
    responses(
        (status = 200, description = "The artefact, in the format of the channel's family", content(
            (String = "text/html; charset=utf-8"), (serde_json::Value = "application/json"), (String = "text/plain; charset=utf-8")),
         headers(
            ("ETag" = String, description = "Strong, of the body"),
            ("Cache-Control" = String, description = "max-age: to the end of the terms, at most the policy"),
            ("Offercast-Revision" = u64, description = "The revision that the answer is true for"),
            ("Offercast-Epoch" = u64, description = "Its epoch"),
            ("Surrogate-Key" = String, description = "Keys by which a cache in front may purge"))),
        (status = 304, description = "What the reader holds is still shown"),
        (status = 404, description = "not-sold, not-carried, hidden, held, not-found", body = inline(crate::problem::ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "behind", body = inline(crate::problem::ProblemDocument), content_type = "application/problem+json"),
    ),
)]
pub async fn item(request: HttpRequest) -> HttpResponse {
    match answer(&request).await {
        Ok(response) => response,
        Err(problem) => problem.error_response(),
    }
}

/// Answers what needs no more than a kept body, in front of all routes: two
/// thirds of what the framework does for a request is to find its handler.
/// Everything else goes on to [`item`], which knows all the rules.
#[derive(Clone)]
pub struct Kept(pub web::Data<Shared>);

impl<S> Transform<S, ServiceRequest> for Kept
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = KeptFirst<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, routes: S) -> Self::Future {
        // Counted by this worker alone, or all would wait for one another.
        let freshness = HeaderValue::from_bytes(self.0.usual_freshness.as_bytes());
        ready(freshness.map_err(|_| ()).map(|freshness| KeptFirst {
            freshness,
            hits: self.0.metrics.item_hits_tally(),
            near: Near::default(),
            routes,
            shared: self.0.clone(),
        }))
    }
}

/// See [`Kept`].
pub struct KeptFirst<S> {
    freshness: HeaderValue,
    hits: Arc<Tally>,
    near: Near,
    routes: S,
    shared: web::Data<Shared>,
}

impl<S> Service<ServiceRequest> for KeptFirst<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Either<Ready<Result<ServiceResponse, Error>>, S::Future>;

    forward_ready!(routes);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match self.kept(request.request()) {
            Some(response) => Either::Left(ready(Ok(request.into_response(response)))),
            None => Either::Right(self.routes.call(request)),
        }
    }
}

impl<S> KeptFirst<S> {
    /// The answer to a plain request for an item whose body is kept and current.
    fn kept(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let shared = &self.shared;
        let is_plain = *request.method() == Method::GET
            && shared.options.public_reads
            && !request
                .headers()
                .contains_key(&headers::OFFERCAST_MIN_REVISION);
        if !is_plain {
            return None;
        }
        // Undecoded: nothing is kept under a name that holds a percent sign.
        let (channel, sku) = split(request.uri().path())?;
        let zone = plain_zone(request.query_string())?;
        let engine = &shared.engine;
        engine.with_shown(|shown| {
            let now = engine.now();
            let key = BodyKey { channel, sku, zone };
            let rendered = shared.cache.get_near(key, &self.near)?;
            if !is_current(&rendered, engine, shown, sku, now) {
                return None;
            }
            self.hits.inc();
            let freshness = &self.freshness;
            Some(respond(request, shared, shown, &rendered, now, freshness))
        })
    }
}

async fn answer(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let shared = request
        .app_data::<web::Data<Shared>>()
        .ok_or_else(|| Problem::not_found("This server has no engine."))?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let detail = format!("{} is not one of its methods.", request.method());
        return Err(
            Problem::new(Kind::MethodNotAllowed, detail).with_header(header::ALLOW, "GET, HEAD")
        );
    }
    if !shared.options.public_reads {
        auth::may_read(request)?;
    }
    // As the client meant it: `%62` is `b`.
    let (channel, sku) = split(request.match_info().as_str())
        .ok_or_else(|| Problem::not_found("There is no such resource."))?;
    let query = request.query_string();
    let zone_text;
    let zone = match plain_zone(query) {
        Some(zone) => zone,
        None => {
            let mut params = Params::parse(query)?;
            zone_text = params.take::<String>("zone")?;
            params.finish()?;
            zone_text.as_deref()
        }
    };
    let shown = snapshot(request, &shared.engine).await?;
    let now = shared.engine.now();
    let key = BodyKey { channel, sku, zone };
    let rendered = match shared
        .cache
        .get(key)
        .filter(|kept| is_current(kept, &shared.engine, &shown, sku, now))
    {
        Some(kept) => {
            shared.metrics.item_hits.inc();
            kept
        }
        None => {
            shared.metrics.item_misses.inc();
            let rendered = Arc::new(render(&shared.engine, &shown, key, now)?);
            shared.cache.put(key, Arc::clone(&rendered));
            rendered
        }
    };
    let freshness = &shared.usual_freshness;
    Ok(respond(request, shared, &shown, &rendered, now, freshness))
}

/// The zone of a query that needs no decoding: nothing, or just `zone=…`.
fn plain_zone(query: &str) -> Option<Option<&str>> {
    if query.is_empty() {
        return Some(None);
    }
    let zone = query.strip_prefix("zone=")?;
    let plain = !zone.is_empty()
        && !zone
            .bytes()
            .any(|byte| matches!(byte, b'&' | b'%' | b'+' | b';'));
    plain.then_some(Some(zone))
}

/// What is shown now, at least as new as the reader wants it.
pub async fn snapshot(request: &HttpRequest, engine: &Engine) -> Result<Arc<Current>, Problem> {
    let Some(wanted) = request.headers().get(&headers::OFFERCAST_MIN_REVISION) else {
        return Ok(engine.shown());
    };
    let wanted: u64 = wanted
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Problem::invalid("Offercast-Min-Revision", "is the number of a revision"))?;
    // Also when the snapshot is there already: this returns when its marks are
    // set too, so that no kept body from before it passes for current.
    engine.at_least(wanted).await?;
    let shown = engine.shown();
    if shown.position.revision < wanted {
        let detail = format!(
            "Channels show revision {} until egress is resumed.",
            shown.position.revision
        );
        return Err(Problem::new(Kind::Frozen, detail).with_header(header::RETRY_AFTER, "30"));
    }
    Ok(shown)
}

/// Whether a kept body is what would be rendered from `shown` at `now`: nothing
/// touched the SKU since, its terms have not ended, and it is not from a
/// revision that egress is frozen before.
fn is_current(kept: &Rendered, engine: &Engine, shown: &Current, sku: &str, now: Instant) -> bool {
    kept.sequence <= shown.sequence && engine.touched(sku) <= kept.sequence && now < kept.until
}

fn render(
    engine: &Engine,
    shown: &Current,
    key: BodyKey<'_>,
    now: Instant,
) -> Result<Rendered, Problem> {
    let id: ChannelId = path_part("channel", key.channel)?;
    let sku: Sku = path_part("sku", key.sku)?;
    let channel: Arc<Channel> = super::channels::declared(shown, &id)?;
    let view = channel
        .view(key.zone)
        .map_err(|error| Problem::not_found(error.to_string()))?;
    let horizon = shown.position.horizon;
    if now >= horizon.until() {
        return Err(held(
            "terms are unknown beyond the horizon, and nothing has moved it",
        ));
    }
    let (artefact, until) = match present::item(engine, shown, &channel, view, &sku, now) {
        Presented::Shown {
            artefact, until, ..
        } => (artefact, until),
        Presented::NotSold => {
            let detail = format!("{sku} has no terms in {view} at {now}.");
            return Err(
                Problem::new(Kind::NotSold, detail).with_header(OFFERCAST_STATE, "not-sold")
            );
        }
        Presented::NotCarried => {
            let detail = format!("The assortment of {id} leaves {sku} out.");
            return Err(
                Problem::new(Kind::NotCarried, detail).with_header(OFFERCAST_STATE, "not-carried")
            );
        }
        Presented::Hidden { restriction } => {
            let detail = format!("{id} may not show {sku}: restriction {restriction}.");
            return Err(Problem::new(Kind::Hidden, detail).with_header(OFFERCAST_STATE, "hidden"));
        }
        Presented::Held { reason } => return Err(held(&reason)),
    };
    let media_type = engine
        .families()
        .get(&channel.family)
        .map_or("application/octet-stream", |family| family.media_type());
    let until = until.unwrap_or(horizon.until()).min(horizon.until());
    let content_type = HeaderValue::from_static(media_type);
    Ok(Rendered::new(
        key,
        Bytes::from(artefact.body),
        content_type,
        shown.sequence,
        until,
    ))
}

fn held(reason: &str) -> Problem {
    Problem::new(Kind::Held, reason).with_header(OFFERCAST_STATE, "held")
}

fn respond(
    request: &HttpRequest,
    shared: &Shared,
    shown: &Current,
    rendered: &Rendered,
    now: Instant,
    usual_freshness: &HeaderValue,
) -> HttpResponse<BoxBody> {
    let unchanged = request.headers().contains_key(header::IF_NONE_MATCH)
        && headers::is_not_modified(request.headers(), &rendered.etag);
    let mut response = if unchanged {
        HttpResponse::new(StatusCode::NOT_MODIFIED)
    } else {
        let mut response =
            HttpResponse::with_body(StatusCode::OK, BoxBody::new(rendered.body.clone()));
        response
            .headers_mut()
            .append(header::CONTENT_TYPE, rendered.content_type.clone());
        response
    };
    let policy_s = shared.options.max_age_s;
    let max_age_s = headers::max_age_s(now, Some(rendered.until), policy_s);
    let freshness = if max_age_s == policy_s {
        usual_freshness.clone()
    } else {
        headers::cache_control(max_age_s, shared.options.public_reads)
    };
    // None of them is there yet, so nothing has to be replaced.
    let written = response.headers_mut();
    written.append(header::CACHE_CONTROL, freshness);
    written.append(header::ETAG, rendered.etag.clone());
    written.append(SURROGATE_KEY, rendered.surrogate_key.clone());
    headers::append_position(written, &shown.position);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(
            split("/v1/channels/site-hr/items/1.5_a"),
            Some(("site-hr", "1.5_a"))
        );
        for other in [
            "/v1/channels/site-hr/items",
            "/v1/channels/site-hr/items/",
            "/v1/channels//items/1",
            "/v1/channels/site-hr/items/1/2",
            "/v1/channelsx/site/items/1",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn plain_queries_need_no_decoding() {
        assert_eq!(plain_zone(""), Some(None));
        assert_eq!(plain_zone("zone=0204"), Some(Some("0204")));
        for other in ["zone=a%20", "zone=", "zone=1&zone=2", "at=1", "zone"] {
            assert_eq!(plain_zone(other), None, "{other}");
        }
    }
}
