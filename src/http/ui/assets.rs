//! Styles and scripts, under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use offercast_contract::Hash;

use super::ask::Ask;
use super::errors;

struct Asset {
    address: String,
    body: String,
    media_type: &'static str,
    name: &'static str,
}

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../templates/ui/assets/", $name)),
        )
    };
}

/// A script stands behind all that it imports.
const FILES: [(&str, &str); 8] = [
    file!("app.css"),
    file!("shop.css"),
    file!("icon.svg"),
    file!("morph.js"),
    file!("live.js"),
    file!("forms.js"),
    file!("drafts.js"),
    file!("app.js"),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> = Vec::new();
    for (name, source) in FILES {
        let mut body = source.to_owned();
        for known in &assets {
            let hashed = format!("\"{}\"", known.address);
            body = body.replace(&format!("\"./{}\"", known.name), &hashed);
        }
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        let hash = Hash::of(&[body.as_bytes()]).to_string();
        let media_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        let address = format!("/assets/{stem}.{}.{extension}", &hash[..16]);
        assets.push(Asset {
            address,
            body,
            media_type,
            name,
        });
    }
    assets
});

/// Where a file is served.
pub(super) fn address(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    found.map_or("", |asset| asset.address.as_str())
}

#[cfg(test)]
pub(super) fn body(name: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.body.as_str())
}

pub(super) async fn get(ask: Ask, path: web::Path<String>) -> HttpResponse {
    let wanted = format!("/assets/{path}");
    let Some(asset) = ASSETS.iter().find(|asset| asset.address == wanted) else {
        return errors::missing(&ask, &wanted);
    };
    file(asset)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.body.as_str())
}

/// Where browsers look for an icon by themselves, as for the API's page.
pub(super) async fn icon(ask: Ask) -> HttpResponse {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == "icon.svg") else {
        return errors::missing(&ask, "/favicon.ico");
    };
    file(asset)
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(asset.body.as_str())
}

fn file(asset: &Asset) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.media_type)
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}
