//! One product as one channel shows it.

use offercast_contract::{Channel, Hash, Instant, Rung, Sku, View};
use offercast_kit::{Artefact, Presented};
use offercast_usecases::board::Board;
use offercast_usecases::engine::{Current, Engine};
use offercast_usecases::present;
use serde_json::{Value, json};

use super::ask::encode;
use super::board::family_text;
use super::format::Format;
use super::words::Lang;

/// What a rendering is drawn from.
pub(super) struct Scene<'a> {
    pub(super) board: &'a Board,
    pub(super) engine: &'a Engine,
    /// Whether the reader may see what stays inside: they may edit.
    pub(super) is_insider: bool,
    pub(super) lang: Lang,
    pub(super) now: Instant,
    pub(super) shown: &'a Current,
    pub(super) sku: &'a Sku,
}

/// The card of a channel in a view.
pub(super) fn card(scene: &Scene<'_>, channel: &Channel, view: &View, format: &Format) -> Value {
    let presented = present::item(
        scene.engine,
        scene.shown,
        channel,
        view,
        scene.sku,
        scene.now,
    );
    let lang = scene.lang;
    let row = scene.board.channels.iter().find(|row| row.id == channel.id);
    let mut card = json!({
        "app": null, "frame": null, "missing": null, "raw": null, "reason": null, "till": null, "until": null,
        "family_text": family_text(lang, &channel.family),
        "id": format!("{}-{}-{}", channel.id, view.zone.as_ref().map_or("-", |zone| zone.as_str()), view.mode),
        "name": channel.name,
        "version": row.map_or(0, |row| row.revision),
    });
    let (state, icon, words) = match &presented {
        Presented::Shown {
            artefact, until, ..
        } => {
            card["until"] = json!(until.map(|until| format.local(until)));
            draw(&mut card, scene, channel, view, artefact);
            if is_awaited(scene, channel) {
                ("behind", "arrow", "state.behind")
            } else {
                ("ok", "ok", "state.shown")
            }
        }
        Presented::Held { reason } => {
            card["reason"] = json!(reason);
            ("behind", "warn", "state.held")
        }
        Presented::NotSold => ("off", "dash", "state.not_sold"),
        Presented::NotCarried => ("off", "dash", "state.not_carried"),
        Presented::Hidden { .. } => ("off", "dash", "state.hidden"),
    };
    if state == "off" {
        card["missing"] = json!(lang.t(words));
    }
    card["state"] = json!(state);
    card["icon"] = json!(icon);
    card["state_text"] = json!(lang.t(words));
    card
}

/// Whether the channel has to be given what is drawn, and was not yet.
fn is_awaited(scene: &Scene<'_>, channel: &Channel) -> bool {
    let row = scene.board.channels.iter().find(|row| row.id == channel.id);
    let behind = row.is_none_or(|row| {
        row.revision < scene.shown.position.revision || row.rung < Rung::Delivered
    });
    behind && !super::board::is_observable(scene.engine, &channel.family)
}

fn draw(card: &mut Value, scene: &Scene<'_>, channel: &Channel, view: &View, artefact: &Artefact) {
    let media_type = scene
        .engine
        .families()
        .get(&channel.family)
        .map_or("", |family| family.media_type());
    if media_type.starts_with("text/html") {
        let zone = view.zone.as_ref().map_or("", |zone| zone.as_str());
        // With its hash in the address a frame loads again when, and only
        // when, what is shown is different.
        let hash = Hash::of(&[&artefact.body]).to_string();
        let (sku, id) = (encode(scene.sku.as_str()), &channel.id);
        card["frame"] = json!(format!(
            "/products/{sku}/preview/{id}?zone={zone}&mode={}&h={}",
            view.mode,
            &hash[..12]
        ));
        return;
    }
    let text = decode(media_type, &artefact.body);
    match channel.family.as_str() {
        "app" => card["app"] = app(&text),
        "till" => card["till"] = till(scene.lang, &text),
        _ => card["raw"] = json!(text),
    }
}

/// The text of an artefact, by the charset of its media type.
pub(super) fn decode(media_type: &str, body: &[u8]) -> String {
    let label = media_type
        .split_once("charset=")
        .map_or("utf-8", |(_, label)| label.trim());
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(body).0.into_owned()
}

/// The document of the app as a screen would put it together.
pub(super) fn app(text: &str) -> Value {
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return Value::Null;
    };
    let words = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let line = |value: &Value, struck: bool| json!({ "label": value["label"].as_str().unwrap_or_default(), "text": value["text"].as_str().unwrap_or_default(), "struck": struck });
    let mut lines = Vec::new();
    for name in ["regular", "prior", "unit_price", "deposit"] {
        lines.extend(
            document
                .get(name)
                .map(|value| line(value, name == "regular")),
        );
    }
    for name in ["conditional", "references"] {
        lines.extend(
            document[name]
                .as_array()
                .into_iter()
                .flatten()
                .map(|value| line(value, false)),
        );
    }
    for name in ["until", "tax"] {
        lines.extend(document.get(name).map(|value| line(value, false)));
    }
    let offers = document["offers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|offer| offer["label"].as_str().map(str::to_owned));
    let promotions = document["promotions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| {
            Some(format!(
                "{} — {}",
                it["text"].as_str()?,
                it["label"].as_str()?
            ))
        });
    json!({
        "brand": words("/brand"),
        "lang": words("/lang").unwrap_or_default(),
        "lines": lines,
        "name": words("/name").unwrap_or_default(),
        "offers": offers.chain(promotions).collect::<Vec<_>>(),
        "price": words("/price/text").unwrap_or_default(),
        "raw": serde_json::to_string_pretty(&document).unwrap_or_default(),
        "reduction": words("/reduction/text"),
        "regular": words("/regular/text"),
        "unit": words("/sale_unit/text").unwrap_or_default(),
    })
}

/// The fields of a ware line that say something, see the till's adapter.
const TILL_FIELDS: [(usize, &str); 7] = [
    (1, "till.code"),
    (2, "till.barcode"),
    (3, "till.name"),
    (4, "till.receipt"),
    (5, "till.price"),
    (8, "till.divisible"),
    (17, "till.ware"),
];

/// The ware line of a till, field by field.
pub(super) fn till(lang: Lang, line: &str) -> Value {
    let values: Vec<&str> = line.trim_end().split(';').collect();
    let value = |number: usize| values.get(number - 1).copied().unwrap_or_default();
    let fields = TILL_FIELDS.map(|(number, key)| {
        let value = value(number);
        let value = match number {
            8 => lang.t(if value.starts_with('1') { "yes" } else { "no" }),
            _ if value.is_empty() => "–".to_owned(),
            _ => value.to_owned(),
        };
        json!({ "label": lang.t(key), "number": number, "value": value })
    });
    json!({ "fields": fields, "line": line.trim_end(), "price": value(5), "receipt": value(4) })
}
