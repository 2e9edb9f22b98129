//! The pages: the board, products, versions, verification, sign-in.
//!
//! Rendered here, whole, in the reader's language; the scripts only fetch the
//! same page again when something changed and put the differences in place.
//! So there is one place that words, escapes and formats. Deliberately absent:
//! rules about prices, and inline scripts or styles.

mod ask;
mod assets;
mod board;
mod draft;
mod errors;
pub(crate) mod explain;
mod format;
mod login;
mod place;
mod preview;
mod product;
mod products;
mod render;
mod rendering;
mod verify;
mod versions;
mod words;

#[cfg(test)]
mod tests;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Handler, Responder};

use crate::trace;

pub use errors::nothing_here;

fn page<F, Args>(config: &mut ServiceConfig, path: &'static str, handler: F)
where
    F: Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let resource = web::resource(path)
        .wrap(Compress::default())
        .wrap(from_fn(trace::middleware))
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler));
    config.service(resource);
}

/// All pages and what they load.
pub fn configure(config: &mut ServiceConfig) {
    page(config, "/assets/{name}", assets::get);
    page(config, "/favicon.ico", assets::icon);
    page(config, "/", board::page);
    page(config, "/products", products::page);
    page(config, "/products/{sku}", product::page);
    page(config, "/products/{sku}/preview/{channel}", preview::page);
    page(config, "/versions", versions::list);
    page(config, "/versions/{number}", versions::one);
    page(config, "/verify", verify::page);
    let draft = web::resource("/products/{sku}/draft")
        .wrap(from_fn(trace::middleware))
        .route(web::post().to(draft::make));
    config.service(draft);
    // The form is sent to the same address, see the session.
    config.route("/login", web::get().to(login::page));
}
