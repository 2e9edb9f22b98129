//! A filled-in form as changes: what is wrong with it, or what it would do.
//!
//! Nothing is recorded here. The answer carries the very changes that were
//! looked at and a key for them; publishing sends these to the API.

use std::collections::BTreeMap;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use offercast_contract::channel::Selector;
use offercast_contract::measure::Quantity;
use offercast_contract::{Amount, Audience, Instant, OfferId, Sku, Terms, View};
use offercast_domain::change::{Change, ChangeError, ErrorCode, SetPrice};
use offercast_domain::source::{Effect, Market, Offer, PriceKind, Target};
use offercast_usecases::change_sets::{self, Preview, PreviewSample};
use offercast_usecases::engine::Current;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::format::Format;
use super::place::Place;
use super::render;
use super::words::Lang;
use crate::auth;
use crate::options::Scope;
use crate::params::path_part;
use crate::problem::Problem;
use crate::state::Shared;

type Fields = BTreeMap<String, String>;

/// What is wrong with a field of the form, in the reader's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) reason: String,
}

pub(super) async fn make(
    request: HttpRequest,
    ask: Ask,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    fields: web::Form<Fields>,
) -> Result<HttpResponse, Problem> {
    auth::require(&request, Scope::Write)?;
    let sku: Sku = path_part("sku", &path)?;
    let engine = shared.engine.clone();
    let (lang, fields) = (ask.lang, fields.into_inner());
    let drawn = web::block(move || {
        let current = engine.current();
        match changes(lang, &current, &sku, &fields, engine.now()) {
            Ok(changes) => {
                let preview = change_sets::preview(&engine, &changes);
                let reason = fields.get("reason").map_or("", |reason| reason.trim());
                let body = json!({ "base_revision": current.position.revision, "changes": changes, "reason": reason });
                drawing(lang, &current, &preview, &body)
            }
            Err(wrong) => refusal(wrong.into_iter().map(|wrong| (wrong.field, wrong.reason))),
        }
    });
    let drawn = drawn.await.map_err(|error| Problem::internal(&error))?;
    let refused = drawn["errors"]
        .as_array()
        .is_some_and(|errors| !errors.is_empty());
    let status = if refused {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(render::render(lang, "draft", &drawn)?))
}

/// The changes that a form asks for.
pub(super) fn changes(
    lang: Lang,
    current: &Current,
    sku: &Sku,
    fields: &Fields,
    now: Instant,
) -> Result<Vec<Change>, Vec<Wrong>> {
    let place = fields.get("place").and_then(|text| Place::parse(text));
    let market = place.as_ref().and_then(|place| place.market(current));
    let Some((place, market)) = place.zip(market) else {
        return Err(vec![Wrong {
            field: "place",
            reason: lang.t("error.place"),
        }]);
    };
    let mut form = Form {
        fields,
        lang,
        market: &market,
        wrong: Vec::new(),
    };
    form.text("reason");
    let (from, until) = (form.time("from"), form.time("until"));
    let change = match form.get("what") {
        "offer" => form.offer(sku, place, from.unwrap_or(now), until),
        _ => form.price(sku, place, from, until),
    };
    match change {
        Some(change) if form.wrong.is_empty() => Ok(vec![change]),
        _ => Err(form.wrong),
    }
}

struct Form<'a> {
    fields: &'a Fields,
    lang: Lang,
    market: &'a Market,
    wrong: Vec<Wrong>,
}

impl Form<'_> {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    fn refuse(&mut self, field: &'static str, key: &str) {
        self.wrong.push(Wrong {
            field,
            reason: self.lang.t(key),
        });
    }

    fn text(&mut self, field: &'static str) -> String {
        let text = self.get(field).to_owned();
        if text.is_empty() {
            self.refuse(field, "error.required");
        }
        text
    }

    /// An instant from local time. One that the clock skips is refused; of two
    /// the earlier is meant.
    fn time(&mut self, field: &'static str) -> Option<Instant> {
        let text = self.get(field).to_owned();
        if text.is_empty() {
            return None;
        }
        let local = text
            .parse::<DateTime>()
            .ok()
            .zip(TimeZone::get(&self.market.time_zone).ok());
        let Some((local, zone)) = local else {
            self.refuse(field, "error.time");
            return None;
        };
        let at = zone.to_ambiguous_zoned(local);
        if matches!(at.offset(), AmbiguousOffset::Gap { .. }) {
            self.refuse(field, "error.gap");
            return None;
        }
        at.earlier()
            .ok()
            .map(|zoned| Instant::from_timestamp(zoned.timestamp()))
    }

    /// An amount as people write it, with a comma or a point.
    fn amount(&mut self, field: &'static str) -> Option<Amount> {
        let text: String = self
            .get(field)
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let amount = Amount::parse_lenient(&text.replace(',', "."), self.market.currency);
        match amount {
            Ok(amount) if amount.minor() > 0 => Some(amount),
            _ => {
                self.refuse(
                    field,
                    if text.is_empty() {
                        "error.required"
                    } else {
                        "error.amount"
                    },
                );
                None
            }
        }
    }

    /// A quantity as people write it; none where nothing is written.
    fn quantity(&mut self, field: &'static str) -> Option<Quantity> {
        let text = self.get(field).replace(',', ".");
        if text.is_empty() {
            return None;
        }
        let quantity = text.parse().ok();
        if quantity.is_none() {
            self.refuse(field, "error.quantity");
        }
        quantity
    }

    fn price(
        &mut self,
        sku: &Sku,
        place: Place,
        from: Option<Instant>,
        until: Option<Instant>,
    ) -> Option<Change> {
        let kind = if self.get("kind") == "special" {
            PriceKind::Special
        } else {
            PriceKind::Regular
        };
        let minimum_quantity = self.quantity("minimum_quantity");
        let amount = self.amount("amount")?;
        Some(Change::SetPrice(SetPrice {
            amount: amount.to_string(),
            audience: Audience::everyone(),
            kind,
            market: place.market,
            minimum_quantity,
            sku: sku.clone(),
            valid_from: from,
            valid_until: until,
            zone: place.zone,
        }))
    }

    fn offer(
        &mut self,
        sku: &Sku,
        place: Place,
        from: Instant,
        until: Option<Instant>,
    ) -> Option<Change> {
        let effect = self.effect();
        let locales = self.market.locales.iter();
        let labels: BTreeMap<_, _> = locales
            .map(|locale| {
                (
                    locale.clone(),
                    self.get(&format!("label_{locale}")).to_owned(),
                )
            })
            .filter(|(_, label)| !label.is_empty())
            .collect();
        if labels.is_empty() {
            self.refuse("label", "error.required");
        }
        Some(Change::PutOffer {
            offer: Box::new(Offer {
                labels,
                target: Target {
                    include: vec![Selector::Sku(sku.clone())],
                    ..Target::default()
                },
                valid_until: until.map(Into::into),
                zones: place.zone.into_iter().collect(),
                ..Offer::new(offer_id(sku)?, place.market, effect?, from)
            }),
        })
    }

    fn effect(&mut self) -> Option<Effect> {
        match self.get("effect") {
            "amount" => Some(Effect::AmountOff(self.amount("value")?.minor())),
            "fixed" => Some(Effect::FixedPrice(self.amount("value")?.minor())),
            _ => {
                let basis_points = basis_points(self.get("value"));
                if basis_points.is_none() {
                    self.refuse("value", "error.percent");
                }
                basis_points.map(Effect::PercentOff)
            }
        }
    }
}

/// `12,5` as 1250; from 1 to 9999.
pub(super) fn basis_points(text: &str) -> Option<u32> {
    let text = text.trim_end_matches('%').trim().replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<2}")
        .parse()
        .ok()
        .filter(|points| (1..10_000).contains(points))
}

/// An id that says what the offer is on.
fn offer_id(sku: &Sku) -> Option<OfferId> {
    let readable: String = sku
        .as_str()
        .to_ascii_lowercase()
        .replace('.', "-")
        .chars()
        .take(40)
        .collect();
    let unique = Uuid::now_v7().simple().to_string();
    format!("{readable}-{}", &unique[unique.len() - 8..])
        .parse()
        .ok()
}

fn refusal(errors: impl Iterator<Item = (&'static str, String)>) -> Value {
    let errors = errors.map(|(field, reason)| json!({ "field": field, "reason": reason }));
    json!({ "errors": errors.collect::<Vec<_>>() })
}

/// What the changes would do.
pub(super) fn drawing(lang: Lang, current: &Current, preview: &Preview, body: &Value) -> Value {
    if !preview.errors.is_empty() {
        return refusal(
            preview
                .errors
                .iter()
                .map(|error| (form_field(error), reason(lang, error))),
        );
    }
    let held = preview.held.iter().map(|held| {
        let channel = current.book.channel(&held.channel);
        let name = channel.map_or_else(|| held.channel.to_string(), |channel| channel.name.clone());
        json!({ "channel": name, "reason": held.reason, "view": standpoint(lang, current, &held.view) })
    });
    json!({
        "affected": preview.affected_skus,
        "body": body.to_string(),
        "errors": [],
        "held": held.collect::<Vec<_>>(),
        "key": Uuid::now_v7().to_string(),
        "samples": preview.samples.iter().map(|taken| sample(lang, current, taken)).collect::<Vec<_>>(),
        "warnings": preview.warnings,
    })
}

fn sample(lang: Lang, current: &Current, taken: &PreviewSample) -> Value {
    let market = current.book.market(&taken.view.market);
    let format = Format::new(
        lang,
        market.as_ref().map_or("UTC", |market| &market.time_zone),
    );
    let side = |terms: &Option<Terms>| match terms {
        Some(terms) => {
            json!({ "extra": format.offers(terms), "price": format.amount(terms.price, terms.currency) })
        }
        None => json!({ "extra": null, "price": lang.t("state.not_sold") }),
    };
    json!({
        "after": side(&taken.after),
        "at": format.local(taken.at),
        "before": side(&taken.before),
        "view": standpoint(lang, current, &taken.view),
    })
}

/// `Polska · Kraków · store`, with the places as the form names them.
fn standpoint(lang: Lang, current: &Current, view: &View) -> String {
    let mut parts = vec![Place::of(view).label(current, lang)];
    if view.audience != Audience::everyone() {
        parts.push(view.audience.to_string());
    }
    parts.push(lang.t(&format!("mode.{}", view.mode)));
    parts.join(" · ")
}

/// The field of the form that an error of a change belongs to.
fn form_field(error: &ChangeError) -> &'static str {
    let field = error.field.as_str();
    match field {
        _ if field.contains("valid_from") => "from",
        _ if field.contains("valid_until") => "until",
        _ if field.contains("minimum_quantity") => "minimum_quantity",
        _ if field.contains("amount") && !field.contains("effect") => "amount",
        _ if field.contains("effect") => "value",
        _ if field.contains("label") => "label",
        _ if field.contains("market") || field.contains("zone") => "place",
        _ => "",
    }
}

fn reason(lang: Lang, error: &ChangeError) -> String {
    match error.code {
        ErrorCode::GuardLimit => lang.fill("error.guard", &[("reason", &error.reason)]),
        _ => error.reason.clone(),
    }
}
