//! Terms: the answer for a SKU, a view and an instant.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use offercast_contract::{Audience, Facts, Instant, MarketId, SalesMode, Sku, Terms, View, ZoneId};
use offercast_domain::resolve::for_readers;
use offercast_usecases::engine::Current;
use offercast_usecases::quote::window;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::items::snapshot;
use crate::api::schemas;
use crate::auth::{self, Reader};
use crate::body::Body;
use crate::headers;
use crate::params::{Params, path_part};
use crate::problem::{FieldError, Kind, Problem, ProblemDocument};
use crate::state::Shared;
use crate::ui::explain::{Explainer, language};

/// The most SKUs that one question may name.
pub const MAX_BATCH: usize = 1000;

/// Terms with the interval in which exactly these hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct TermsAnswer {
    /// The instant asked for, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    at: Option<Instant>,
    /// Why the price is what it is, where asked for: every rule that was
    /// considered, with a sentence in the reader's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    explained: Option<Vec<Value>>,
    /// What the product is.
    #[schema(value_type = schemas::Facts)]
    facts: Facts,
    /// Since when they hold, where that lies within the window.
    #[schema(value_type = Option<String>)]
    from: Option<Instant>,
    /// The SKU.
    #[schema(value_type = String)]
    sku: Sku,
    /// The terms.
    #[schema(value_type = schemas::Terms)]
    terms: Terms,
    /// Until when they hold, exclusive, where that lies within the window.
    #[schema(value_type = Option<String>)]
    until: Option<Instant>,
    /// The view.
    #[schema(value_type = String)]
    view: View,
}

fn take_mode(text: Option<&str>) -> Result<SalesMode, Problem> {
    [SalesMode::Store, SalesMode::Pickup, SalesMode::Delivery]
        .into_iter()
        .find(|mode| text.is_none_or(|text| mode.as_str() == text))
        .ok_or_else(|| Problem::invalid("mode", "is store, pickup or delivery"))
}

/// The terms of one SKU.
#[utoipa::path(
    get, path = "/v1/markets/{market}/terms/{sku}", tag = "reading", operation_id = "terms", summary = "The terms of one SKU",
    params(
        ("market" = String, Path, description = "The market"),
        ("sku" = String, Path, description = "The SKU"),
        ("zone" = Option<String>, Query, description = "The zone; the whole market if left out"),
        ("audience" = Option<String>, Query, description = "The audience, default everyone"),
        ("mode" = Option<String>, Query, description = "store (default), pickup or delivery"),
        ("at" = Option<String>, Query, description = "The instant (RFC 3339), default now"),
        ("explain" = Option<bool>, Query, description = "Say why the price is what it is"),
        ("lang" = Option<String>, Query, description = "The language of the reasons: en, ru or pl; default Accept-Language"),
        ("Offercast-Min-Revision" = Option<u64>, Header, description = "Wait up to 500 ms for this revision"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags that the reader holds")),
    responses(
        (status = 200, description = "The terms", body = TermsAnswer),
        (status = 304, description = "What the reader holds is still true"),
        (status = 400, description = "invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 404, description = "not-found, not-sold", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "behind", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn get(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    mut params: Params,
) -> Result<HttpResponse, Problem> {
    let (market, sku): (MarketId, Sku) =
        (path_part("market", &path.0)?, path_part("sku", &path.1)?);
    let zone: Option<ZoneId> = params.take("zone")?;
    let audience = params.take("audience")?.unwrap_or_else(Audience::everyone);
    let mode = take_mode(params.take::<String>("mode")?.as_deref())?;
    let asked_at: Option<Instant> = params.take("at")?;
    let explain = params.take_switch("explain")?;
    let lang: Option<String> = params.take("lang")?;
    let lang = language(&request, lang.as_deref())?;
    params.finish()?;
    let shown = snapshot(&request, &shared.engine).await?;
    let view = View {
        market,
        zone,
        audience,
        mode,
    };
    let now = shared.engine.now();
    let at = asked_at.unwrap_or(now);
    check_place(&shown, &view)?;
    let facts = shown
        .book
        .facts(&sku)
        .ok_or_else(|| Problem::not_found(format!("There is no product {sku}.")))?;
    let segment = shown.book.terms(&sku, &view, at, window(&shown, at));
    let not_sold = || {
        Problem::new(
            Kind::NotSold,
            format!("{sku} has no terms in {view} at {at}."),
        )
    };
    let segment = segment.ok_or_else(not_sold)?;
    let market = shown.book.market(&view.market).filter(|_| explain);
    let explained = market.and_then(|market| {
        let considered = shown.book.explain(&sku, &view, at)?;
        let considered = if auth::may_write(&request) {
            considered
        } else {
            for_readers(considered)
        };
        Some(Explainer::new(lang, &shown, &market).terms(&considered))
    });
    let answer = TermsAnswer {
        at: asked_at,
        explained,
        facts,
        from: segment.from,
        terms: segment.terms.ok_or_else(not_sold)?,
        until: segment.until,
        sku,
        view,
    };
    let until = segment.until.unwrap_or(shown.position.horizon.until());
    // Terms of a named instant change with the log only.
    let until = asked_at.is_none().then_some(until);
    let max_age_s = headers::max_age_s(now, until, shared.options.max_age_s);
    // What is explained depends on who asks; what is for one person is theirs.
    let is_shared = !explain && !answer.view.audience.is_personal();
    let mut response = respond(&request, &shared, &shown, &answer, max_age_s, is_shared)?;
    if explain {
        let by_language = HeaderValue::from_static("Accept-Language");
        response.headers_mut().append(header::VARY, by_language);
    }
    Ok(response)
}

fn check_place(current: &Current, view: &View) -> Result<(), Problem> {
    if current.book.market(&view.market).is_none() {
        return Err(Problem::not_found(format!(
            "There is no market {}.",
            view.market
        )));
    }
    match &view.zone {
        Some(zone) if current.book.zone(&view.market, zone).is_none() => Err(Problem::invalid(
            "zone",
            format!("{zone} is no zone of {}", view.market),
        )),
        _ => Ok(()),
    }
}

fn respond(
    request: &HttpRequest,
    shared: &Shared,
    shown: &Current,
    answer: &impl Serialize,
    max_age_s: u32,
    is_shared: bool,
) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(answer).map_err(|error| Problem::internal(&error))?;
    let tag = HeaderValue::from_str(&headers::entity_tag(&body))
        .map_err(|error| Problem::internal(&error))?;
    let mut response = if headers::is_not_modified(request.headers(), &tag) {
        HttpResponse::NotModified().finish()
    } else {
        HttpResponse::Ok()
            .content_type("application/json")
            .body(body)
    };
    let written = response.headers_mut();
    written.insert(header::ETAG, tag);
    written.insert(
        header::CACHE_CONTROL,
        headers::cache_control(max_age_s, is_shared && shared.options.public_reads),
    );
    headers::write_position(written, &shown.position);
    Ok(response)
}

/// A question for many SKUs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchQuestion {
    /// The instant; now if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    at: Option<Instant>,
    /// The audience; everyone if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    audience: Option<Audience>,
    /// The sales mode; store if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    mode: Option<SalesMode>,
    /// The SKUs, at most 1000.
    #[schema(value_type = Vec<String>)]
    skus: Vec<Sku>,
    /// The zone; the whole market if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    zone: Option<ZoneId>,
}

/// What is known of one SKU.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// It has no terms here and then.
    NotSold,
    /// It has.
    Sold,
    /// There is no such product.
    Unknown,
}

/// The answer for one SKU.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Since when, where that lies within the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<Instant>,
    /// The SKU.
    #[schema(value_type = String)]
    sku: Sku,
    /// Whether it is sold.
    state: BatchState,
    /// The terms, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Terms>)]
    terms: Option<Terms>,
    /// Until when, where that lies within the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    until: Option<Instant>,
}

/// The answers for many SKUs, all from one revision and for one instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// The instant.
    #[schema(value_type = String)]
    at: Instant,
    /// One result per SKU, in the order of the question.
    results: Vec<BatchResult>,
    /// The view.
    #[schema(value_type = String)]
    view: View,
}

/// The terms of many SKUs, of one revision.
#[utoipa::path(
    post, path = "/v1/markets/{market}/terms:batch", tag = "reading", operation_id = "termsBatch", summary = "The terms of many SKUs, of one revision",
    params(
        ("market" = String, Path, description = "The market"),
        ("Offercast-Min-Revision" = Option<u64>, Header, description = "Wait up to 500 ms for this revision")),
    request_body = BatchQuestion,
    responses(
        (status = 200, description = "One result per SKU", body = BatchAnswer),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "behind", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn batch(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    params: Params,
    body: Body<BatchQuestion>,
) -> Result<HttpResponse, Problem> {
    params.finish()?;
    let question = body.value;
    if question.skus.len() > MAX_BATCH {
        let reason = format!(
            "names {} SKUs, at most {MAX_BATCH} are answered at once",
            question.skus.len()
        );
        return Err(
            Problem::new(Kind::InvalidContent, format!("skus {reason}."))
                .with_errors(vec![FieldError::field("skus", reason)]),
        );
    }
    let shown = snapshot(&request, &shared.engine).await?;
    let view = View {
        market: path_part("market", &path)?,
        zone: question.zone,
        audience: question.audience.unwrap_or_else(Audience::everyone),
        mode: question.mode.unwrap_or(SalesMode::Store),
    };
    check_place(&shown, &view)?;
    let at = question.at.unwrap_or_else(|| shared.engine.now());
    let horizon = window(&shown, at);
    let answer_one = |sku: Sku| {
        let segment = shown.book.terms(&sku, &view, at, horizon);
        let state = match &segment {
            Some(segment) if segment.terms.is_some() => BatchState::Sold,
            _ if shown.book.facts(&sku).is_some() => BatchState::NotSold,
            _ => BatchState::Unknown,
        };
        let (from, terms, until) =
            segment.map_or((None, None, None), |s| (s.from, s.terms, s.until));
        BatchResult {
            from,
            sku,
            state,
            terms,
            until,
        }
    };
    let results = question.skus.into_iter().map(answer_one).collect();
    let position = shown.position;
    Ok(crate::pages::fresh(&position).json(BatchAnswer { at, results, view }))
}
