//! The fragment of a site, alone in a frame that runs no scripts.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use offercast_contract::{ChannelId, SalesMode, Sku, View};
use offercast_kit::Presented;
use offercast_usecases::present;
use serde_json::json;

use super::ask::Ask;
use super::{assets, render, rendering};
use crate::params::path_part;
use crate::problem::Problem;
use crate::state::Shared;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin";

pub(super) async fn page(
    ask: Ask,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    match frame(&ask, &shared, &path) {
        Ok(html) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(html),
        Err(problem) => ask.answer(Err(problem)),
    }
}

fn frame(ask: &Ask, shared: &Shared, path: &(String, String)) -> Result<String, Problem> {
    ask.may_read()?;
    let (sku, id): (Sku, ChannelId) = (path_part("sku", &path.0)?, path_part("channel", &path.1)?);
    let engine = &shared.engine;
    let shown = engine.shown();
    let channel = shown
        .book
        .channel(&id)
        .ok_or_else(|| Problem::not_found(format!("There is no channel {id}.")))?;
    let (zone, mode) = (ask.param("zone"), ask.param("mode"));
    let wanted = |view: &&View| {
        let same_zone = view.zone.as_ref().map(|zone| zone.as_str()) == zone.as_deref();
        same_zone
            && mode
                .as_deref()
                .is_none_or(|mode| SalesMode::as_str(view.mode) == mode)
    };
    let view = channel.views.iter().find(wanted);
    let view =
        view.ok_or_else(|| Problem::not_found(format!("Channel {id} does not stand there.")))?;
    let media_type = engine
        .families()
        .get(&channel.family)
        .map_or("", |family| family.media_type());
    let Presented::Shown { artefact, .. } =
        present::item(engine, &shown, &channel, view, &sku, engine.now())
    else {
        return Err(Problem::not_found(format!(
            "Channel {id} does not show {sku}."
        )));
    };
    if !media_type.starts_with("text/html") {
        return Err(Problem::not_found(format!("Channel {id} shows no pages.")));
    }
    let data = json!({
        "css": assets::address("shop.css"),
        // HTML that was rendered and read back; the policy above runs nothing.
        "fragment": rendering::decode(media_type, &artefact.body),
        "lang": channel.locale,
        "title": channel.name,
    });
    render::render(ask.lang, "preview", &data)
}
