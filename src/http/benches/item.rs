//! One rendered item against a bare actix-web handler with a static body of
//! the same size: requests per CPU-second of the server's threads, in one run.
//!
//! `cargo bench -p offercast-http --bench item -- [SKUS] [SECONDS]`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use offercast_bus::embedded::EmbeddedBroker;
use offercast_domain::change::{Change, Guard};
use offercast_http::{HttpOptions, serve};
use offercast_site::Site;
use offercast_storage::scratch::Scratch;
use offercast_storage::{Options, Store};
use offercast_usecases::publish::{self, Publish};
use offercast_usecases::{Engine, EngineOptions, Families, SystemClock};
use serde_json::{Value, json};

const CONNECTIONS: usize = 8;

/// CPU time of the threads that serve, in clock ticks. They are told apart by
/// their number: ours are those that were not there before the server was.
fn ticks(threads: &[String]) -> u64 {
    threads
        .iter()
        .filter_map(|id| std::fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok())
        .map(|stat| {
            let fields: Vec<&str> = stat
                .rsplit(')')
                .next()
                .unwrap()
                .split_whitespace()
                .collect();
            fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
        })
        .sum()
}

fn workers() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let ids = tasks.map(|task| task.unwrap().file_name().into_string().unwrap());
    ids.filter(|id| {
        let name =
            std::fs::read_to_string(format!("/proc/self/task/{id}/comm")).unwrap_or_default();
        name.starts_with("actix-server wo")
    })
    .collect()
}

/// Asks for random paths over kept connections; counts complete answers.
fn load(address: SocketAddr, paths: &[String], seconds: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|seed| scope.spawn(move || client(address, paths, end, seed as u64 + 1)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    })
}

fn client(address: SocketAddr, paths: &[String], end: Instant, mut seed: u64) -> u64 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 1 << 16];
    let mut answers = 0;
    while Instant::now() < end {
        // xorshift: which item is random, and the same in every run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let path = &paths[(seed % paths.len() as u64) as usize];
        write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").unwrap();
        let mut length = 0;
        loop {
            length += stream.read(&mut buffer[length..]).unwrap();
            let Some(head) = buffer[..length]
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            else {
                continue;
            };
            let text = std::str::from_utf8(&buffer[..head]).unwrap();
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            let size: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap()
                .parse()
                .unwrap();
            if length >= head + 4 + size {
                break;
            }
        }
        answers += 1;
    }
    answers
}

fn catalogue(skus: usize) -> Vec<Change> {
    let channel = json!({
        "family": "site", "id": "site", "locale": "en", "name": "Site", "template": offercast_site::default_template(),
        "time_zone": "Europe/Zagreb", "views": ["hr/-/everyone/delivery"],
    });
    let market = json!({
        "currency": "EUR", "id": "hr", "locales": ["en"], "name": "Croatia", "prices_include_tax": true,
        "tax_rates": { "standard": 2500 }, "time_zone": "Europe/Zagreb",
    });
    let mut changes: Vec<Value> = vec![
        json!({ "type": "put_market", "market": market }),
        json!({ "type": "put_channel", "channel": channel }),
    ];
    for sku in 0..skus {
        let facts = json!({ "category": "food", "content": { "en": { "name": format!("Product number {sku}") } }, "sale_unit": "piece" });
        changes.push(json!({ "type": "put_product", "product": { "sku": sku.to_string(), "tax_class": "standard", "facts": facts } }));
        let amount = format!("{}.{:02}", 1 + sku % 90, sku % 100);
        changes.push(json!({ "type": "set_price", "sku": sku.to_string(), "market": "hr", "kind": "regular", "amount": amount }));
    }
    serde_json::from_value(Value::Array(changes)).unwrap()
}

#[tokio::main]
async fn main() {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|text| text.parse().ok())
        .collect();
    let skus = numbers.first().copied().unwrap_or(100_000) as usize;
    let seconds = numbers.get(1).copied().unwrap_or(5);
    let scratch = Scratch::sqlite().unwrap();
    let store = Store::open(scratch.url(), &Options::default()).unwrap();
    store.migrate().unwrap();
    let engine = Engine::start(EngineOptions {
        broker: Arc::new(EmbeddedBroker::default()),
        clock: Arc::new(SystemClock),
        families: Families::new(vec![Arc::new(Site::new())]),
        store,
    })
    .await
    .unwrap();
    let request = Publish {
        author: "bench".to_owned(),
        base_revision: None,
        change_set: None,
        changes: catalogue(skus),
        guard: Guard::Exempt,
        idempotency: None,
        reason: "bench".to_owned(),
    };
    publish::run(&engine, request).await.unwrap();
    let options = HttpOptions {
        workers: Some(1),
        cache_bytes: 1 << 30,
        ..HttpOptions::default()
    };
    let running = serve(&["127.0.0.1:0".to_owned()], Arc::clone(&engine), options)
        .await
        .unwrap();
    let ours = running.addresses()[0];
    let our_threads = workers();
    let paths: Vec<String> = (0..skus)
        .map(|sku| format!("/v1/channels/site/items/{sku}"))
        .collect();
    let size = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(ours).unwrap();
        stream
            .write_all(b"GET /v1/channels/site/items/0 HTTP/1.0\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split_once("\r\n\r\n").unwrap().1.len()
    })
    .await
    .unwrap();
    let body = web::Bytes::from(vec![b'x'; size]);
    let bare = HttpServer::new(move || {
        let body = body.clone();
        let handler = move || {
            let body = body.clone();
            async move {
                HttpResponse::Ok()
                    .content_type("text/html; charset=utf-8")
                    .body(body)
            }
        };
        App::new().route("/", web::get().to(handler))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let reference = bare.addrs()[0];
    tokio::spawn(bare.run());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let reference_threads: Vec<String> = workers()
        .into_iter()
        .filter(|id| !our_threads.contains(id))
        .collect();
    let measured = tokio::task::spawn_blocking(move || {
        let root = ["/".to_owned()];
        // Renders everything once.
        load(ours, &paths, (skus as u64 / 5_000).max(seconds));
        let mut totals = [(0, 0), (0, 0)];
        for _ in 0..3 {
            for (index, (address, paths, threads)) in [
                (ours, &paths[..], &our_threads),
                (reference, &root[..], &reference_threads),
            ]
            .into_iter()
            .enumerate()
            {
                let before = ticks(threads);
                totals[index].0 += load(address, paths, seconds);
                totals[index].1 += ticks(threads) - before;
            }
        }
        totals
    })
    .await
    .unwrap();
    let rate = |(answers, ticks): (u64, u64)| answers as f64 * 100.0 / ticks.max(1) as f64;
    let (item, bare) = (rate(measured[0]), rate(measured[1]));
    println!("{skus} SKUs, body of {size} B");
    println!("one rendered item: {item:.0} requests per CPU-second");
    println!("bare handler:      {bare:.0} requests per CPU-second");
    println!("ratio:             {:.3}", item / bare);
}
