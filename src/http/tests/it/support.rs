//! A server with a small shop: one market, two zones, two channels.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use offercast_app::App;
use offercast_bus::Broker;
use offercast_bus::embedded::EmbeddedBroker;
use offercast_contract::{Channel, Instant, Template};
use offercast_http::{HttpOptions, Running, Scope, Token, serve};
use offercast_kit::present::with_family_projection;
use offercast_site::Site;
use offercast_storage::scratch::Scratch;
use offercast_storage::{Options, Store};
use offercast_usecases::{Clock, Engine, EngineOptions, Families};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A clock whose hands the test holds.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub fn set(&self, text: &str) {
        self.0.store(at(text).micros(), Ordering::SeqCst);
    }
}

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub const START: &str = "2026-11-20T10:00:00Z";
pub const WRITER: &str = "writer-secret";
pub const ADMIN: &str = "admin-secret";
pub const ADAPTER: &str = "adapter-secret";
pub const READER: &str = "reader-secret";

pub struct Shop {
    broker: Arc<EmbeddedBroker>,
    pub clock: Arc<TestClock>,
    pub engine: Arc<Engine>,
    pub http: Client,
    pub url: String,
    running: Option<Running>,
    _scratch: Scratch,
}

impl Shop {
    /// A running server with the shop's first revision.
    pub async fn open() -> Self {
        let shop = Self::empty(HttpOptions::default()).await;
        let answer = shop.publish(first_load()).await;
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        shop
    }

    /// A running server without any revision.
    pub async fn empty(options: HttpOptions) -> Self {
        // More than one test may be first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scratch = Scratch::sqlite().unwrap();
        let store = Store::open(scratch.url(), &Options::default()).unwrap();
        store.migrate().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(at(START).micros())));
        let broker = Arc::new(EmbeddedBroker::default());
        let engine = Engine::start(EngineOptions {
            broker: Arc::clone(&broker) as Arc<dyn Broker>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            families: Families::new(vec![Arc::new(Site::new()), Arc::new(App::new())]),
            store,
        })
        .await
        .unwrap();
        let options = HttpOptions {
            tokens: vec![
                Token::new("ana", WRITER, [Scope::Write]),
                Token::new("boss", ADMIN, [Scope::Admin]),
                Token::new("till-1", ADAPTER, [Scope::Adapter]),
                Token::new("guest", READER, [Scope::Read]),
            ],
            workers: Some(1),
            ..options
        };
        let listen = ["127.0.0.1:0".to_owned()];
        let running = serve(&listen, Arc::clone(&engine), options).await.unwrap();
        let url = format!("http://{}", running.addresses()[0]);
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            broker,
            clock,
            engine,
            http,
            url,
            running: Some(running),
            _scratch: scratch,
        }
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }

    /// Reads with a token that may read, and nothing else.
    pub async fn read(&self, path: &str) -> Response {
        let request = self.ask(Method::GET, path).bearer_auth(READER);
        request.send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let answer = self.read(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A write with the writer's token and a key of its own.
    pub fn write(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask(method, path)
            .bearer_auth(WRITER)
            .header("Idempotency-Key", fresh_key())
    }

    pub fn command(&self, path: &str) -> RequestBuilder {
        self.ask(Method::POST, path)
            .bearer_auth(ADMIN)
            .header("Idempotency-Key", fresh_key())
    }

    pub async fn publish(&self, changes: Value) -> Response {
        let body = json!({ "changes": changes, "reason": "test" });
        self.write(Method::POST, "/v1/changes")
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    /// Sets the regular price of bread and gives the revision.
    pub async fn price_bread(&self, amount: &str) -> u64 {
        let answer = self
            .publish(json!([set_price("bread", None, amount)]))
            .await;
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["revision"]
            .as_u64()
            .unwrap()
    }

    /// What the relay does for channels that it learns of.
    pub async fn declare_queues(&self) {
        let channels = ["site-hr", "app-hr"].map(|id| id.parse().unwrap());
        self.broker.declare(&channels).await.unwrap();
    }

    pub async fn stop(&mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }
}

pub fn fresh_key() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A problem's kind, status and document.
pub async fn problem(answer: Response) -> (u16, String, Value) {
    let media = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(media, "application/problem+json");
    assert!(answer.headers().contains_key("x-request-id"));
    let status = answer.status().as_u16();
    let document: Value = answer.json().await.unwrap();
    assert_eq!(document["status"], status);
    let kind = document["type"]
        .as_str()
        .unwrap()
        .strip_prefix("urn:offercast:problem:")
        .unwrap()
        .to_owned();
    (status, kind, document)
}

pub fn set_price(sku: &str, zone: Option<&str>, amount: &str) -> Value {
    json!({ "type": "set_price", "sku": sku, "market": "hr", "zone": zone, "kind": "regular", "amount": amount })
}

fn product(sku: &str, name: &str, category: &str) -> Value {
    json!({ "type": "put_product", "product": {
        "sku": sku, "tax_class": "standard",
        "facts": { "category": category, "content": { "en": { "name": name } }, "sale_unit": "piece" },
    }})
}

fn channel(id: &str, family: &str, template: Template) -> Value {
    let declared = json!({
        "assortment": { "exclude": [{ "sku": "secret" }] },
        "family": family, "id": id, "locale": "en", "name": id, "template": template,
        "time_zone": "Europe/Zagreb",
        "views": ["hr/0204/everyone/store", "hr/0613/everyone/store"],
    });
    let channel: Channel = serde_json::from_value(declared).unwrap();
    let channel = match family {
        "site" => with_family_projection(&Site::new(), channel),
        _ => with_family_projection(&App::new(), channel),
    };
    json!({ "type": "put_channel", "channel": channel })
}

fn zone(id: &str) -> Value {
    json!({ "type": "put_zone", "zone": { "id": id, "market": "hr", "name": format!("Store {id}") } })
}

pub fn first_load() -> Value {
    json!([
        { "type": "put_market", "market": {
            "currency": "EUR", "id": "hr", "locales": ["en"], "name": "Croatia",
            "prices_include_tax": true, "tax_rates": { "standard": 2500 }, "time_zone": "Europe/Zagreb",
        }},
        zone("0204"),
        zone("0613"),
        product("bread", "Rye bread", "food/bakery"),
        product("milk", "Whole milk", "food/dairy"),
        product("secret", "Not for channels", "food/dairy"),
        product("ghost", "Without a price", "food/dairy"),
        set_price("bread", None, "2.00"),
        set_price("milk", None, "1.20"),
        set_price("milk", Some("0613"), "1.10"),
        set_price("secret", None, "9.00"),
        channel("site-hr", "site", offercast_site::default_template()),
        channel("app-hr", "app", offercast_app::default_template()),
    ])
}
