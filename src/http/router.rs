//! Which resource answers what.

use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route};

use crate::api::{
    audits, changes, channels, control, digests, events, health, imports, items, markets, metrics,
    openapi, products, quotes, revisions, terms, updates,
};
use crate::problem::{Kind, Problem};
use crate::{session, trace};

/// A resource with its methods; any other is answered with those that there
/// are. `HEAD` goes wherever `GET` does: the body is left out further down.
struct Methods {
    allow: Vec<&'static str>,
    path: &'static str,
    resource: Resource,
}

fn at(path: &'static str) -> Methods {
    Methods {
        allow: Vec::new(),
        path,
        resource: web::resource(path),
    }
}

macro_rules! method {
    ($name:ident, $text:literal) => {
        fn $name<F, Args>(mut self, handler: F) -> Self
        where
            F: actix_web::Handler<Args>,
            Args: actix_web::FromRequest + 'static,
            F::Output: actix_web::Responder + 'static,
        {
            self.resource = self.resource.route(web::$name().to(handler));
            self.allow.push($text);
            self
        }
    };
}

impl Methods {
    method!(post, "POST");
    method!(put, "PUT");
    method!(delete, "DELETE");

    fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: actix_web::Handler<Args> + Clone,
        Args: actix_web::FromRequest + 'static,
        F::Output: actix_web::Responder + 'static,
    {
        self.resource = self
            .resource
            .route(web::get().to(handler.clone()))
            .route(web::head().to(handler));
        self.allow.extend(["GET", "HEAD"]);
        self
    }

    fn add(self, config: &mut ServiceConfig) {
        let resource = self.refusing_others();
        config.service(resource);
    }

    /// Adds the resource with gzip for those who ask for it.
    fn add_compressed(self, config: &mut ServiceConfig) {
        let resource = self.refusing_others().wrap(Compress::default());
        config.service(resource);
    }

    fn refusing_others(self) -> Resource {
        debug_assert!(!self.allow.is_empty(), "{} has no method", self.path);
        let allow = self.allow.join(", ");
        self.resource.default_service(refusal(allow))
    }
}

fn refusal(allow: String) -> Route {
    web::to(move |request: HttpRequest| {
        let detail = format!("{} is not one of its methods.", request.method());
        let problem =
            Problem::new(Kind::MethodNotAllowed, detail).with_header(header::ALLOW, &allow);
        async move { problem.error_response() }
    })
}

/// The answer where nothing is.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    Problem::not_found(format!("There is nothing at {}.", request.path())).error_response()
}

/// All resources but those of the pages.
pub fn configure(config: &mut ServiceConfig) {
    // First and on its own: no middleware, no pattern to match.
    let item = web::scope(items::PREFIX)
        .guard(actix_web::guard::fn_guard(items::is_item))
        .default_service(web::to(items::item));
    config.service(item);
    config.service(
        web::scope("/v1")
            .wrap(from_fn(trace::middleware))
            .configure(v1)
            .default_service(web::to(nothing_here)),
    );
    at("/health/live").get(health::live).add(config);
    at("/health/ready").get(health::ready).add(config);
    at("/metrics").get(metrics::get).add(config);
    at("/openapi.json")
        .get(openapi::document)
        .add_compressed(config);
    at("/docs").get(openapi::page).add(config);
    // The pages have a form at the same address.
    config.route("/login", web::post().to(session::login));
    config.route("/logout", web::post().to(session::logout));
}

fn v1(config: &mut ServiceConfig) {
    reading(config);
    writing(config);
}

fn reading(config: &mut ServiceConfig) {
    at("/markets").get(markets::list).add(config);
    at("/markets/{market}/terms/{sku}")
        .get(terms::get)
        .add(config);
    at("/markets/{market}/terms:batch")
        .post(terms::batch)
        .add_compressed(config);
    at("/quotes").post(quotes::create).add_compressed(config);
    at("/products").get(products::list).add_compressed(config);
    at("/products/{sku}").get(products::get).add(config);
    at("/channels").get(channels::list).add(config);
    at("/channels/{channel}/items")
        .get(channels::items)
        .add_compressed(config);
    at("/channels/{channel}/history")
        .get(channels::history)
        .add(config);
    at("/channels/{channel}/updates")
        .get(updates::get)
        .add_compressed(config);
    at("/channels/{channel}:resync")
        .post(control::resync)
        .add(config);
    at("/channels/{channel}").get(channels::get).add(config);
    at("/events").get(events::get).add(config);
    at("/revisions").get(revisions::list).add_compressed(config);
    at("/revisions/{number}:revert")
        .post(revisions::revert)
        .add(config);
    at("/revisions/{number}")
        .get(revisions::get)
        .add_compressed(config);
    at("/digests").get(digests::list).add(config);
    at("/digests/{market}/{zone}/{audience}/{mode}")
        .get(digests::get)
        .add_compressed(config);
}

fn writing(config: &mut ServiceConfig) {
    at("/changes").post(changes::publish_now).add(config);
    at("/changes:preview")
        .post(changes::preview_now)
        .add(config);
    at("/change-sets")
        .get(changes::list)
        .post(changes::create)
        .add(config);
    at("/change-sets/{id}")
        .get(changes::get)
        .put(changes::update)
        .delete(changes::discard)
        .add(config);
    at("/change-sets/{id}/preview")
        .get(changes::preview)
        .add(config);
    at("/change-sets/{id}/publish")
        .post(changes::publish)
        .add(config);
    at("/imports").post(imports::create).add(config);
    at("/audits").post(audits::start).add(config);
    at("/audits/{id}").get(audits::get).add(config);
    at("/freeze").post(control::freeze).add(config);
    at("/resume").post(control::resume).add(config);
    at("/epochs").post(control::open_epoch).add(config);
}
