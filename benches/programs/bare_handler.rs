//! The reference for answering one item: an actix-web server whose only
//! handler gives a static body, whatever is asked for.
//!
//! `bare_handler BYTES`, as `benches/run item` starts it.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for measuring ends with the first thing that goes wrong"
)]

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};

#[tokio::main]
async fn main() {
    let Some(size) = std::env::args().nth(1).and_then(|text| text.parse().ok()) else {
        println!("bare_handler: left out, it is a part of benches/run item");
        return;
    };
    let body = Bytes::from(vec![b'x'; size]);
    // Nothing but the address is set, as in the product.
    let server = HttpServer::new(move || {
        let body = body.clone();
        let handler = move || {
            let body = body.clone();
            async move {
                HttpResponse::Ok()
                    .content_type("application/json")
                    .body(body)
            }
        };
        App::new().default_service(web::to(handler))
    })
    .bind("127.0.0.1:0")
    .expect("there is a free port");
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server
        .run()
        .await
        .expect("the server runs until it is stopped");
}
