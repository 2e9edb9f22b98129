//! One product: its terms in every place, and every channel side by side.

use actix_web::{HttpResponse, web};
use offercast_contract::{Amount, Horizon, Instant, OfferId, Sku, Timeline, View};
use offercast_domain::resolve::{Considered, FloorRule, Reason, Subject, for_readers};
use offercast_domain::source::Product;
use offercast_usecases::board::{self, Board};
use offercast_usecases::engine::{Current, Engine};
use serde_json::{Value, json};

use super::ask::{Ask, Page, encode};
use super::board::{channel, headline, is_observable};
use super::format::Format;
use super::place::{self, Place, Standing};
use super::products::name;
use super::rendering::{Scene, card};
use super::words::Lang;
use crate::options::Scope;
use crate::params::path_part;
use crate::problem::Problem;
use crate::state::Shared;

pub(super) async fn page(
    ask: Ask,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    let page = content(&ask, &shared.engine, &path);
    ask.answer(page)
}

fn content(ask: &Ask, engine: &Engine, sku: &str) -> Result<Page, Problem> {
    ask.may_read()?;
    let sku: Sku = path_part("sku", sku)?;
    let (shown, current) = (engine.shown(), engine.current());
    let product = current.book.product(&sku);
    let product =
        product.ok_or_else(|| Problem::not_found(format!("There is no product {sku}.")))?;
    let board = board::snapshot(engine);
    let lang = ask.lang;
    let scene = Scene {
        board: &board,
        engine,
        is_insider: ask.may(Scope::Write),
        lang,
        now: engine.now(),
        shown: &shown,
        sku: &sku,
    };
    let places = place::standing(&shown);
    let only = ask
        .param("place")
        .and_then(|text| Place::parse(&text))
        .filter(|place| places.contains_key(place));
    let drawn = places
        .iter()
        .filter(|(place, _)| only.as_ref().is_none_or(|only| only == *place));
    let drawn: Vec<Value> = drawn
        .map(|(place, standing)| one_place(&scene, &product, place, standing))
        .collect();
    let mut body = facts(lang, &product);
    let head = headline(lang, &board);
    for name in ["state", "icon", "text"] {
        body[name] = head[name].clone();
    }
    body["can_edit"] = json!(ask.may(Scope::Write));
    body["can_switch"] = json!(ask.may(Scope::Admin));
    body["channels"] = arrivals(engine, lang, &board);
    body["frozen"] = json!(board.frozen);
    body["halted"] = json!(board.halted);
    body["places"] = json!(drawn);
    body["place_links"] = links(&scene, &places.keys().collect::<Vec<_>>(), only.as_ref());
    add_forms(&mut body, &scene, only.as_ref());
    let title = name(lang, &product);
    Ok(Page::new("product", title, body).live("board"))
}

fn facts(lang: Lang, product: &Product) -> Value {
    let facts = &product.facts;
    let mut path = String::new();
    let crumbs = facts.category.split('/').map(|part| {
        path = if path.is_empty() {
            part.to_owned()
        } else {
            format!("{path}/{part}")
        };
        json!({ "name": part, "query": encode(&path) })
    });
    let format = Format::new(lang, "UTC");
    json!({
        "brand": facts.brand,
        "crumbs": crumbs.collect::<Vec<_>>(),
        "gtin": facts.gtin,
        "name": name(lang, product),
        "pack": facts.pack.map(|pack| format.pack(pack)),
        "sku": product.sku,
        "unit": format.unit(facts.sale_unit),
    })
}

/// Every live channel with how far the newest version has come in it.
fn arrivals(engine: &Engine, lang: Lang, board: &Board) -> Value {
    let rows = board
        .channels
        .iter()
        .filter(|row| row.mode == offercast_contract::Mode::Live);
    rows.map(|row| channel(lang, board, row, is_observable(engine, &row.family)))
        .collect()
}

fn links(scene: &Scene<'_>, places: &[&Place], only: Option<&Place>) -> Value {
    if places.len() < 2 {
        return Value::Null;
    }
    let base = format!("/products/{}", encode(scene.sku.as_str()));
    let all = json!({ "href": base, "label": scene.lang.t("product.everywhere"), "current": only.is_none() });
    let one = |place: &&Place| {
        json!({
            "href": format!("{base}?place={}", encode(&place.text())),
            "label": place.label(scene.shown, scene.lang),
            "current": only == Some(*place),
        })
    };
    std::iter::once(all).chain(places.iter().map(one)).collect()
}

fn add_forms(body: &mut Value, scene: &Scene<'_>, only: Option<&Place>) {
    let choices = place::choices(scene.shown, scene.lang, only);
    let chosen = choices
        .iter()
        .find(|choice| choice["chosen"] == true)
        .or_else(|| choices.first());
    let time_zone = chosen.map_or(Value::Null, |choice| choice["time_zone"].clone());
    for form in ["price", "offer"] {
        body[format!("{form}_form")] =
            json!({ "form": form, "places": choices, "time_zone": time_zone });
    }
    let mut locales: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for market in scene.shown.book.markets() {
        for locale in &market.locales {
            locales
                .entry(locale.to_string())
                .or_default()
                .push(market.id.to_string());
        }
    }
    let locale = |(code, markets): (String, Vec<String>)| json!({ "code": code, "markets": markets.join(" ") });
    body["locales"] = locales.into_iter().map(locale).collect();
}

fn one_place(scene: &Scene<'_>, product: &Product, place: &Place, standing: &Standing) -> Value {
    let market = place.market(scene.shown);
    let zone = market
        .as_ref()
        .map_or("UTC", |market| market.time_zone.as_str());
    let format = Format::new(scene.lang, zone);
    let cards = standing
        .iter()
        .map(|(channel, view)| card(scene, channel, view, &format));
    json!({
        "cards": cards.collect::<Vec<_>>(),
        "currency": market.as_ref().map(|market| market.currency),
        "key": place.text().replace('/', "-"),
        "label": place.label(scene.shown, scene.lang),
        "time_zone": zone,
        "timelines": timelines(scene, product, standing, &format),
    })
}

/// The distinct timelines of the views of a place.
fn timelines(scene: &Scene<'_>, product: &Product, standing: &Standing, format: &Format) -> Value {
    let horizon = scene.shown.position.horizon;
    let mut views: Vec<&View> = standing.iter().map(|(_, view)| view).collect();
    views.sort_unstable();
    views.dedup();
    let mut distinct: Vec<(Timeline, Vec<&View>)> = Vec::new();
    for view in views {
        let timeline = scene.shown.book.timeline(scene.sku, view, horizon);
        match distinct.iter_mut().find(|(known, _)| *known == timeline) {
            Some((_, views)) => views.push(view),
            None => distinct.push((timeline, vec![view])),
        }
    }
    distinct
        .iter()
        .map(|(timeline, views)| one_timeline(scene, product, timeline, views, format))
        .collect()
}

fn one_timeline(
    scene: &Scene<'_>,
    product: &Product,
    timeline: &Timeline,
    views: &[&View],
    format: &Format,
) -> Value {
    let (lang, now, horizon) = (scene.lang, scene.now, scene.shown.position.horizon);
    let unit = product.facts.sale_unit;
    let modes = views.iter().map(|view| {
        let mode = lang.t(&format!("mode.{}", view.mode));
        if view.audience == offercast_contract::Audience::everyone() {
            mode
        } else {
            format!("{mode} ({})", view.audience)
        }
    });
    let held = timeline
        .at(now)
        .and_then(|segment| Some((segment.terms.as_ref()?, segment.until)));
    let explained = views
        .first()
        .and_then(|view| scene.shown.book.explain(scene.sku, view, now))
        .unwrap_or_default();
    let explained = if scene.is_insider {
        explained
    } else {
        for_readers(explained)
    };
    let market = views
        .first()
        .and_then(|view| scene.shown.book.market(&view.market));
    let explain = |considered: &Considered| {
        let write = |minor: i64| {
            market.as_ref().map_or_else(String::new, |market| {
                format.amount(Amount::new(minor, market.currency), market.currency)
            })
        };
        explanation(scene.shown, format, considered, &write)
    };
    json!({
        "current": held.map(|(terms, until)| format.terms(terms, unit, until)),
        "explained": explained.iter().map(explain).collect::<Vec<_>>(),
        "key": views.first().map(|view| view.to_string().replace('/', "-")),
        "modes": modes.collect::<Vec<_>>().join(", "),
        "now_x": position(now, horizon),
        "segments": segments(lang, timeline, now, horizon, format),
        "unit": format.unit(unit),
        "window_from": format.day(horizon.from()),
        "window_until": format.day(horizon.until()),
    })
}

/// Where an instant lies in the window, in thousandths of its width.
fn position(at: Instant, horizon: Horizon) -> i64 {
    let whole = horizon.until().micros_since(horizon.from()).max(1);
    let part = at.micros_since(horizon.from()).clamp(0, whole);
    part / (whole / 1000).max(1)
}

fn segments(
    lang: Lang,
    timeline: &Timeline,
    now: Instant,
    horizon: Horizon,
    format: &Format,
) -> Value {
    let one = |segment: &offercast_contract::Segment| {
        let (from, until) = (
            segment.from.unwrap_or(horizon.from()),
            segment.until.unwrap_or(horizon.until()),
        );
        let (x, end) = (position(from, horizon), position(until, horizon));
        let bound = |at: Option<Instant>| at.map_or_else(|| "…".to_owned(), |at| format.local(at));
        let span = format!("{} – {}", bound(segment.from), bound(segment.until));
        let terms = segment.terms.as_ref();
        let what = terms.map_or_else(
            || lang.t("state.not_sold"),
            |terms| format.amount(terms.price, terms.currency),
        );
        let reduced = terms
            .is_some_and(|terms| terms.reduction_percent.is_some() || !terms.offers.is_empty());
        let kind = match (terms, reduced) {
            (None, _) => "none",
            (Some(_), true) => "special",
            (Some(_), false) => "usual",
        };
        json!({
            "kind": kind,
            "now": from <= now && now < until,
            "offers": terms.and_then(|terms| format.offers(terms)),
            "span": span,
            "title": format!("{span}: {what}"),
            "what": what,
            "w": (end - x).max(2),
            "x": x,
        })
    };
    timeline.segments().iter().map(one).collect()
}

/// One rule that was considered, in words.
pub(super) fn explanation(
    current: &Current,
    format: &Format,
    considered: &Considered,
    write: &dyn Fn(i64) -> String,
) -> Value {
    let lang = format.lang;
    let subject = match &considered.subject {
        Subject::Price {
            amount_minor,
            audience,
            kind,
            minimum_quantity,
            zone,
        } => {
            let mut text = format!(
                "{}: {}",
                lang.t(&format!("kind.{kind}")),
                write(*amount_minor)
            );
            if let Some(minimum) = minimum_quantity {
                let from = lang.fill("explain.tier", &[("quantity", &minimum.to_string())]);
                text.push_str(&format!(" · {from}"));
            }
            if let Some(zone) = zone {
                text.push_str(&format!(" · {zone}"));
            }
            if *audience != offercast_contract::Audience::everyone() {
                text.push_str(&format!(" · {audience}"));
            }
            text
        }
        Subject::Offer { id, price_minor } => {
            let name = offer_name(current, lang, id);
            let mut text = lang.fill("explain.offer", &[("name", &name)]);
            if let Some(minor) = price_minor {
                text.push_str(&format!(": {}", write(*minor)));
            }
            text
        }
        Subject::OrderConditions { id, part } => {
            format!("{}: {id}", lang.t(&format!("order.{part}")))
        }
        Subject::Restriction {
            id,
            limit_minor,
            rule,
            source,
            ..
        } => {
            let mut text = format!("{}: {id}", lang.t(&format!("rule.{rule}")));
            if let Some(minor) = limit_minor {
                text.push_str(&format!(" ({})", write(*minor)));
            }
            format!("{text}. {source}")
        }
        Subject::Promotion { id } => {
            let name = offer_name(current, lang, id);
            lang.fill("explain.promotion", &[("name", &name)])
        }
        Subject::RegularClaim => lang.t("explain.regular_claim"),
        Subject::PriorClaim => lang.t("explain.prior_claim"),
        Subject::ReductionClaim => lang.t("explain.reduction_claim"),
        Subject::UnitPrice => lang.t("explain.unit_price"),
        Subject::Tax => lang.t("explain.tax"),
    };
    let mut reason = why(lang, format, &considered.reason, write);
    if let Some(by) = &considered.by {
        reason.push_str(&format!(": {}", offer_name(current, lang, by)));
    }
    json!({ "applied": considered.applied, "reason": reason, "subject": subject })
}

/// The label of an offer in the page's language, else its id.
pub(super) fn offer_name(current: &Current, lang: Lang, id: &OfferId) -> String {
    let (offer, locale) = (current.book.offer(id), lang.locale());
    let label = offer.and_then(|offer| offer.labels.get(&locale?).cloned());
    label.unwrap_or_else(|| id.to_string())
}

fn why(lang: Lang, format: &Format, reason: &Reason, write: &dyn Fn(i64) -> String) -> String {
    if let Reason::FloorReached { floor_minor, rule } = *reason {
        let words = lang.t(match rule {
            FloorRule::Margin => "why.margin_reached",
            FloorRule::Price => "why.floor_reached",
            FloorRule::Zero => "why.zero_reached",
        });
        let floor = floor_minor.filter(|_| rule != FloorRule::Zero).map(write);
        return floor.map_or_else(|| words.clone(), |floor| format!("{words}: {floor}"));
    }
    let (key, at) = match *reason {
        Reason::Applied => ("applied", None),
        Reason::NotYetValid { from } => ("not_yet_valid", Some(from)),
        Reason::Ended { at } => ("ended", Some(at)),
        Reason::OutsideHours { next } => ("outside_hours", next),
        Reason::OtherChannel => ("other_channel", None),
        Reason::OtherPlace => ("other_place", None),
        Reason::OtherAudience => ("other_audience", None),
        Reason::OtherMode => ("other_mode", None),
        Reason::ForbiddenBy { ref restriction } => {
            return lang.fill("why.forbidden_by", &[("name", restriction.as_str())]);
        }
        Reason::BelowStatutoryMinimum {
            ref restriction, ..
        } => {
            let name = [("name", restriction.as_str())];
            return lang.fill("why.below_statutory_minimum", &name);
        }
        Reason::ForbidsPrice => ("forbids_price", None),
        Reason::LessSpecific => ("less_specific", None),
        Reason::SpecialHolds => ("special_holds", None),
        Reason::NotTargeted => ("not_targeted", None),
        Reason::OutsidePriceRange => ("outside_price_range", None),
        Reason::Excluded => ("excluded", None),
        Reason::FloorReached { .. } => ("floor_reached", None),
        Reason::NotLower => ("not_lower", None),
        Reason::AlreadyReduced => ("already_reduced", None),
        Reason::DoesNotCombine => ("does_not_combine", None),
        Reason::LowerPriority => ("lower_priority", None),
        Reason::BetterOfferTaken => ("better_offer_taken", None),
        Reason::Unknown => ("unknown", None),
        Reason::NotReduced => ("not_reduced", None),
        Reason::NotBelowPrior => ("not_below_prior", None),
        Reason::BelowOnePercent => ("below_one_percent", None),
        Reason::ImplausiblePack => ("implausible_pack", None),
        Reason::LedgerTooShort => ("ledger_too_short", None),
        Reason::NewArrival => ("new_arrival", None),
        Reason::ReducedTooLong => ("reduced_too_long", None),
    };
    let words = lang.t(&format!("why.{key}"));
    at.map_or_else(
        || words.clone(),
        |at| format!("{words}: {}", format.local(at)),
    )
}
