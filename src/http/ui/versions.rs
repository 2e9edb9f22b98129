//! The log, for people.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use offercast_contract::{Amount, ChannelId, MarketId};
use offercast_domain::resolve::stated;
use offercast_domain::revision::{Delta, Revision};
use offercast_domain::source::{
    Document, DocumentKey, DocumentKind, Effect, Offer, PriceKey, PriceRow, Restriction, Weekday,
    WeeklyWindow,
};
use offercast_usecases::engine::Current;
use offercast_usecases::history;
use serde_json::{Value, json};

use super::ask::{Ask, Page};
use super::board::version;
use super::format::{Format, short, utc};
use super::products::name;
use super::words::Lang;
use crate::options::Scope;
use crate::params::path_part;
use crate::problem::Problem;
use crate::state::Shared;

const PER_PAGE: u32 = 50;
const LISTED: usize = 300;

pub(super) async fn list(ask: Ask, shared: web::Data<Shared>) -> HttpResponse {
    let page = listing(&ask, &shared).await;
    ask.answer(page)
}

async fn listing(ask: &Ask, shared: &Shared) -> Result<Page, Problem> {
    ask.may_read()?;
    let before = ask.param("before").and_then(|number| number.parse().ok());
    let found = history::revisions(&shared.engine, before, PER_PAGE).await?;
    let last = found.last().map(|revision| revision.header.number);
    let older = last.filter(|number| *number > 1 && found.len() == PER_PAGE as usize);
    let body = json!({ "older": older, "versions": found.iter().map(version).collect::<Vec<_>>() });
    Ok(Page::new("versions", ask.lang.t("nav.versions"), body))
}

pub(super) async fn one(
    ask: Ask,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    let page = reading(&ask, &shared, &path).await;
    ask.answer(page)
}

async fn reading(ask: &Ask, shared: &Shared, number: &str) -> Result<Page, Problem> {
    ask.may_read()?;
    let number: u64 = path_part("number", number)?;
    let found = history::revision(&shared.engine, number).await?;
    let (revision, mut delta) =
        found.ok_or_else(|| Problem::not_found(format!("There is no version {number}.")))?;
    if !ask.may(Scope::Write) {
        delta = delta.for_readers();
    }
    let current = shared.engine.current();
    let body = body(ask.lang, &current, &revision, &delta, ask.may(Scope::Admin));
    let title = ask
        .lang
        .fill("version.title", &[("version", &number.to_string())]);
    Ok(Page::new("version", title, body))
}

pub(super) fn body(
    lang: Lang,
    current: &Current,
    revision: &Revision,
    delta: &Delta,
    can_revert: bool,
) -> Value {
    let mut body = version(revision);
    let mut changes = changes(lang, current, delta);
    let more = changes.len().saturating_sub(LISTED);
    changes.truncate(LISTED);
    body["at_text"] = json!(utc(revision.header.recorded_at));
    body["can_revert"] = json!(can_revert);
    body["changes"] = json!(changes);
    body["hash"] = json!(revision.hash);
    body["more"] = json!(more);
    body["previous_short"] = json!(short(&revision.header.previous_hash));
    body
}

/// What a version did, one line each. A row that was closed and opened again
/// is said once.
fn changes(lang: Lang, current: &Current, delta: &Delta) -> Vec<Value> {
    let closed: BTreeSet<&DocumentKey> = delta.closed_documents.iter().collect();
    let opened: BTreeSet<DocumentKey> = delta.opened_documents.iter().map(Document::key).collect();
    let family = |key: &PriceKey| {
        (
            key.audience.clone(),
            key.kind,
            key.minimum_quantity,
            key.place.clone(),
            key.sku.clone(),
        )
    };
    let opened_prices: BTreeSet<_> = delta
        .opened_prices
        .iter()
        .map(|row| family(&row.key))
        .collect();
    let closed_prices: BTreeSet<_> = delta.closed_prices.iter().map(family).collect();
    let mut lines = Vec::new();
    for document in &delta.opened_documents {
        let kind = if closed.contains(&document.key()) {
            Verb::Replaced
        } else {
            Verb::Opened
        };
        lines.push(document_line(lang, current, document, kind));
    }
    for row in &delta.opened_prices {
        let kind = if closed_prices.contains(&family(&row.key)) {
            Verb::Replaced
        } else {
            Verb::Opened
        };
        lines.push(price_line(lang, current, &row.key, Some(row), kind));
    }
    for key in delta
        .closed_documents
        .iter()
        .filter(|key| !opened.contains(key))
    {
        let link = (key.kind == DocumentKind::Product).then(|| format!("/products/{}", key.id));
        lines.push(line(
            lang,
            Verb::Closed,
            &format!("doc.{}", key.kind),
            &key.id,
            link,
            String::new(),
        ));
    }
    for key in delta
        .closed_prices
        .iter()
        .filter(|key| !opened_prices.contains(&family(key)))
    {
        lines.push(price_line(lang, current, key, None, Verb::Closed));
    }
    lines
}

#[derive(Clone, Copy)]
enum Verb {
    Closed,
    Opened,
    Replaced,
}

fn line(
    lang: Lang,
    verb: Verb,
    what: &str,
    name: &str,
    link: Option<String>,
    detail: String,
) -> Value {
    let (kind, mark) = match verb {
        Verb::Closed => ("closed", "−"),
        Verb::Opened => ("opened", "+"),
        Verb::Replaced => ("replaced", "±"),
    };
    json!({
        "detail": detail,
        "kind": kind,
        "link": link,
        "mark": mark,
        "name": name,
        "verb": lang.t(&format!("change.{kind}")),
        "what": lang.t(what),
    })
}

fn document_line(lang: Lang, current: &Current, document: &Document, verb: Verb) -> Value {
    let key = document.key();
    let link = matches!(document, Document::Product(_)).then(|| format!("/products/{}", key.id));
    let detail = match document {
        Document::Channel(channel) => channel.name.clone(),
        Document::Market(market) => market.name.clone(),
        Document::Product(product) => name(lang, product),
        Document::OrderConditions(_) => String::new(),
        Document::Restriction(restriction) => restriction_detail(lang, restriction),
        Document::Zone(zone) => zone.name.clone(),
        Document::Offer(offer) => offer_detail(lang, current, offer),
    };
    line(
        lang,
        verb,
        &format!("doc.{}", key.kind),
        &key.id,
        link,
        detail,
    )
}

/// `no discount · alcohol · 171-FZ`.
fn restriction_detail(lang: Lang, restriction: &Restriction) -> String {
    let rule = lang.t(&format!("rule.{}", restriction.rule.as_str()));
    format!("{rule} · {} · {}", restriction.class, restriction.source)
}

fn offer_detail(lang: Lang, current: &Current, offer: &Offer) -> String {
    // Amounts mean the same in all markets of an offer.
    let Some(market) = offer.markets.first() else {
        return String::new();
    };
    let format = format_of(lang, current, market);
    let label = lang
        .locale()
        .and_then(|locale| offer.labels.get(&locale))
        .or_else(|| offer.labels.values().next());
    let effect = match &offer.effect {
        Effect::PercentOff(points) => format!("−{}", format.percent(*points)),
        Effect::AmountOff(minor) => {
            format!("−{}", money(current, &format, market, *minor))
        }
        Effect::FixedPrice(minor) => money(current, &format, market, *minor),
        Effect::Promotion(terms) => current.book.market(market).map_or_else(
            || terms.mechanic.kind().to_owned(),
            |market| format.promotion(&stated(offer, terms), market.currency),
        ),
    };
    let until = offer
        .valid_until
        .map_or_else(|| "…".to_owned(), |until| format.moment(until, lang));
    let mut said = vec![
        effect,
        format!("{} – {until}", format.moment(offer.valid_from, lang)),
    ];
    said.extend(offer.weekly.iter().map(|window| weekly(window, lang)));
    if !offer.channels.is_empty() {
        let channels: Vec<&str> = offer.channels.iter().map(ChannelId::as_str).collect();
        said.push(format!(
            "{}: {}",
            lang.t("offer.only_in"),
            channels.join(", ")
        ));
    }
    format!("{} ({})", label.map_or("", String::as_str), said.join(", "))
}

/// `Fri, Sat 18:00–22:00`.
fn weekly(window: &WeeklyWindow, lang: Lang) -> String {
    let day = |day: &Weekday| {
        lang.t(match day {
            Weekday::Monday => "weekday.monday",
            Weekday::Tuesday => "weekday.tuesday",
            Weekday::Wednesday => "weekday.wednesday",
            Weekday::Thursday => "weekday.thursday",
            Weekday::Friday => "weekday.friday",
            Weekday::Saturday => "weekday.saturday",
            Weekday::Sunday => "weekday.sunday",
        })
    };
    let days: Vec<String> = window.days.iter().map(day).collect();
    format!("{} {}–{}", days.join(", "), window.from, window.until)
}

fn price_line(
    lang: Lang,
    current: &Current,
    key: &PriceKey,
    row: Option<&PriceRow>,
    verb: Verb,
) -> Value {
    let format = format_of(lang, current, &key.place.market);
    let zone = key
        .place
        .zone
        .as_ref()
        .map(|zone| format!(" · {zone}"))
        .unwrap_or_default();
    let tier = key.minimum_quantity.map(|from| {
        let from = lang.fill("explain.tier", &[("quantity", &from.to_string())]);
        format!(" · {from}")
    });
    let place = format!("{}{zone}{}", key.place.market, tier.unwrap_or_default());
    let detail = match row {
        None => place,
        Some(row) => {
            let until = row
                .valid_until
                .map_or_else(|| "…".to_owned(), |until| format.local(until));
            let amount = money(current, &format, &key.place.market, row.amount_minor);
            format!(
                "{amount}, {place}, {} – {until}",
                format.local(key.valid_from)
            )
        }
    };
    let link = format!("/products/{}", key.sku);
    line(
        lang,
        verb,
        &format!("kind.{}", key.kind),
        key.sku.as_str(),
        Some(link),
        detail,
    )
}

fn format_of(lang: Lang, current: &Current, market: &MarketId) -> Format {
    let market = current.book.market(market);
    Format::new(
        lang,
        market.as_ref().map_or("UTC", |market| &market.time_zone),
    )
}

fn money(current: &Current, format: &Format, market: &MarketId, minor: i64) -> String {
    match current.book.market(market) {
        Some(market) => format.amount(Amount::new(minor, market.currency), market.currency),
        None => minor.to_string(),
    }
}
