//! What a basket costs, and why.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, ChannelId, Instant, MarketId, SalesMode, Sku, ZoneId};
use offercast_domain::resolve::for_readers;
use offercast_usecases::engine::Current;
use offercast_usecases::quote::{self, NoQuote, Quoted, Wanted, WantedDelivery, WantedLine};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::items::snapshot;
use crate::api::schemas;
use crate::auth::{self, Reader};
use crate::body::Body;
use crate::params::Params;
use crate::problem::{FieldError, Kind, Problem, ProblemDocument};
use crate::state::Shared;
use crate::ui::explain::{Explainer, language};

/// A basket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteQuestion {
    /// The instant; now if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    at: Option<Instant>,
    /// Who buys, default everyone.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    audience: Option<Audience>,
    /// Through which channel; for what is declared exclusive to one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    channel: Option<ChannelId>,
    /// Codes as the customer entered them.
    #[serde(default)]
    coupons: Vec<String>,
    /// Ways of delivery. Each is priced; one alone is part of what is paid.
    #[serde(default)]
    delivery: Vec<DeliveryOption>,
    /// The lines, at most 500.
    lines: Vec<BasketLine>,
    /// The market.
    #[schema(value_type = String)]
    market: MarketId,
    /// store (default), pickup or delivery.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    mode: Option<SalesMode>,
    /// The zone; the whole market if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    zone: Option<ZoneId>,
}

/// One line of a basket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BasketLine {
    /// How much in the sale unit, as a decimal: `3`, `1.25`.
    #[schema(value_type = String)]
    quantity: Quantity,
    /// The SKU.
    #[schema(value_type = String)]
    sku: Sku,
}

/// One way of delivery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOption {
    /// Names it; promotions of delivery name it too.
    id: String,
    /// The fee: a decimal in the market's currency, on its tax basis.
    price: String,
    /// The tax class of the fee; untaxed if left out.
    #[serde(default)]
    tax_class: Option<String>,
}

/// What a basket costs, and why.
#[utoipa::path(
    post, path = "/v1/quotes", tag = "reading", operation_id = "quote", summary = "What a basket costs, and why",
    params(
        ("explain" = Option<bool>, Query, description = "Give the reason of every rule considered"),
        ("lang" = Option<String>, Query, description = "The language of sentences: en, ru or pl; default Accept-Language"),
        ("Offercast-Min-Revision" = Option<u64>, Header, description = "Wait up to 500 ms for this revision")),
    request_body = QuoteQuestion,
    responses(
        (status = 200, description = "The quote, true for the revision that it names", body = schemas::Quote),
        (status = 400, description = "invalid-request", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 422, description = "invalid-content: each error names the line, the field and the reason", body = inline(ProblemDocument), content_type = "application/problem+json"),
        (status = 503, description = "behind", body = inline(ProblemDocument), content_type = "application/problem+json")),
)]
pub async fn create(
    _: Reader,
    request: HttpRequest,
    shared: web::Data<Shared>,
    mut params: Params,
    body: Body<QuoteQuestion>,
) -> Result<HttpResponse, Problem> {
    let explain = params.take_switch("explain")?;
    let lang: Option<String> = params.take("lang")?;
    let lang = language(&request, lang.as_deref())?;
    params.finish()?;
    let shown = snapshot(&request, &shared.engine).await?;
    let (wanted, at) = wanted(body.value);
    let at = at.unwrap_or_else(|| shared.engine.now());
    let mut quoted = quote::run(&shown, &wanted, at, explain).map_err(refused)?;
    if !auth::may_write(&request) {
        let told = quoted.explained.take();
        quoted.explained = told.map(|lines| lines.into_iter().map(for_readers).collect());
    }
    let market = shown.book.market(&wanted.market);
    let market = market.ok_or_else(|| no_market(&wanted.market))?;
    let explainer = Explainer::new(lang, &shown, &market);
    let answer = answer(&shown, &quoted, &explainer)?;
    Ok(crate::pages::fresh(&shown.position)
        .insert_header((header::VARY, "Accept-Language"))
        .json(answer))
}

fn wanted(question: QuoteQuestion) -> (Wanted, Option<Instant>) {
    let delivery = question.delivery.into_iter();
    let lines = question.lines.into_iter();
    let wanted = Wanted {
        audience: question.audience.unwrap_or_else(Audience::everyone),
        channel: question.channel,
        coupons: question.coupons,
        delivery: delivery
            .map(|option| WantedDelivery {
                id: option.id,
                price: option.price,
                tax_class: option.tax_class,
            })
            .collect(),
        lines: lines
            .map(|line| WantedLine {
                quantity: line.quantity,
                sku: line.sku,
            })
            .collect(),
        market: question.market,
        mode: question.mode.unwrap_or(SalesMode::Store),
        zone: question.zone,
    };
    (wanted, question.at)
}

fn no_market(market: &MarketId) -> Problem {
    Problem::not_found(format!("There is no market {market}."))
}

fn refused(error: NoQuote) -> Problem {
    match error {
        NoQuote::UnknownMarket(market) => no_market(&market),
        NoQuote::Faults(faults) => {
            let first = faults.first();
            let detail = first.map_or_else(String::new, |fault| {
                format!("{}: {}.", fault.field, fault.reason)
            });
            let errors = faults
                .into_iter()
                .map(|fault| FieldError::field(&fault.field, fault.reason))
                .collect();
            Problem::new(Kind::InvalidContent, detail).with_errors(errors)
        }
    }
}

/// The quote with its revision, and with sentences where there are reasons.
fn answer(shown: &Current, quoted: &Quoted, explainer: &Explainer<'_>) -> Result<Value, Problem> {
    let quote = &quoted.quote;
    let mut value = serde_json::to_value(quote).map_err(|error| Problem::internal(&error))?;
    value["at"] = json!(quoted.at);
    value["position"] = json!(shown.position);
    value["until"] = json!(quoted.until);
    value["view"] = json!(quoted.view);
    if let Some(near) = value["near"].as_array_mut() {
        for (shown, near) in near.iter_mut().zip(&quote.near) {
            shown["words"] = json!(explainer.near(near, &quote.promotions));
        }
    }
    if let Some(members) = value.as_object_mut() {
        members.remove("considered");
    }
    if let Some(lines) = &quoted.explained {
        let of_lines = lines.iter().zip(&quote.lines).map(|(considered, line)| {
            json!({ "considered": explainer.terms(considered), "sku": line.sku })
        });
        value["explained"] = json!({
            "lines": of_lines.collect::<Vec<_>>(),
            "promotions": explainer.verdicts(quote),
        });
    }
    Ok(value)
}
