//! A small shop: one market, one store, one channel, two products.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use offercast_bus::embedded::EmbeddedBroker;
use offercast_bus::relay::Outbox as _;
use offercast_bus::{Broker, answers::AnswerSink};
use offercast_contract::message::Answer;
use offercast_contract::{Acknowledgement, Channel, Digest, Instant, Position, Rung};
use offercast_domain::change::{Change, Guard};
use offercast_kit::present::with_family_projection;
use offercast_site::Site;
use offercast_storage::scratch::Scratch;
use offercast_storage::{Options, Store};
use offercast_usecases::publish::{self, Publish, Published};
use offercast_usecases::relay_ports::RelayOutbox;
use offercast_usecases::{Clock, Engine, EngineOptions, Families};
use serde_json::{Value, json};

pub const VIEW: &str = "hr/0204/everyone/store";

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct Shop {
    clock: Arc<Hands>,
    pub broker: Arc<EmbeddedBroker>,
    pub engine: Arc<Engine>,
    pub store: Store,
    _scratch: Scratch,
}

impl Shop {
    /// The shop with its first revision.
    pub async fn open() -> Self {
        let scratch = Scratch::sqlite().unwrap();
        let store = Store::open(scratch.url(), &Options::default()).unwrap();
        store.migrate().unwrap();
        let start: Instant = "2026-11-20T10:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(start.micros())));
        let broker = Arc::new(EmbeddedBroker::default());
        broker.declare(&["site-hr".parse().unwrap()]).await.unwrap();
        let engine = engine(&store, &clock, &broker).await;
        let shop = Self {
            clock,
            broker,
            engine,
            store,
            _scratch: scratch,
        };
        shop.publish(first_load()).await;
        shop
    }

    /// Another server on the same store.
    pub async fn second_engine(&self) -> Arc<Engine> {
        engine(&self.store, &self.clock, &self.broker).await
    }

    pub fn pass_days(&self, days: i64) {
        let micros = days * 86_400_000_000;
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub async fn publish(&self, changes: Value) -> Published {
        let changes: Vec<Change> = serde_json::from_value(changes).unwrap();
        let request = Publish {
            author: "ana".to_owned(),
            base_revision: None,
            change_set: None,
            changes,
            guard: Guard::Enforced,
            idempotency: None,
            reason: "test".to_owned(),
        };
        publish::run(&self.engine, request).await.unwrap()
    }

    pub async fn price_bread(&self, amount: &str) -> Published {
        self.publish(json!([set_price("bread", amount)])).await
    }

    /// Marks what was recorded as published, as the relay does.
    pub fn mark_published(&self) {
        let outbox = RelayOutbox::new(Arc::clone(&self.engine));
        let ttl = Duration::from_secs(30);
        let fence = outbox.acquire("test", ttl).unwrap().unwrap();
        let tail = self.store.outbox_tail().unwrap();
        assert!(outbox.mark_published(fence, tail).unwrap());
        assert_eq!(self.engine.published(), self.position());
    }

    pub fn position(&self) -> Position {
        self.engine.current().position
    }

    /// The channel says that it holds the head and how far that came.
    pub async fn acknowledge(&self, position: Position, rung: Rung) {
        self.acknowledge_to(&self.engine, position, rung).await;
    }

    /// The same, to one of several servers.
    pub async fn acknowledge_to(&self, engine: &Engine, position: Position, rung: Rung) {
        let current = engine.current();
        let acknowledgement = Acknowledgement {
            channel: "site-hr".parse().unwrap(),
            clock: self.clock.now(),
            held: 0,
            held_items: Vec::new(),
            instance: "test".to_owned(),
            items: 2,
            last_boundary: None,
            mismatches: 0,
            mismatch_items: Vec::new(),
            note: None,
            position,
            resolver: offercast_contract::RESOLVER_VERSION,
            rung,
            shown: Digest::EMPTY,
            state: current.digests.roots(),
            stopped: false,
        };
        let answer = Answer::Acknowledgement(Box::new(acknowledgement));
        AnswerSink::store(engine, &answer).await.unwrap();
        self.clock.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn engine(store: &Store, clock: &Arc<Hands>, broker: &Arc<EmbeddedBroker>) -> Arc<Engine> {
    Engine::start(EngineOptions {
        broker: Arc::clone(broker) as Arc<dyn Broker>,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        families: Families::new(vec![Arc::new(Site::new())]),
        store: store.clone(),
    })
    .await
    .unwrap()
}

pub fn set_price(sku: &str, amount: &str) -> Value {
    json!({ "type": "set_price", "sku": sku, "market": "hr", "zone": "0204", "kind": "regular", "amount": amount })
}

fn product(sku: &str) -> Value {
    json!({ "type": "put_product", "product": {
        "sku": sku, "tax_class": "standard",
        "facts": { "brand": "Own", "category": "food", "content": { "en": { "name": sku } }, "sale_unit": "piece" },
    }})
}

fn first_load() -> Value {
    let channel: Channel = serde_json::from_value(json!({
        "assortment": {}, "family": "site", "id": "site-hr", "locale": "en", "name": "Site",
        "template": offercast_site::default_template(), "time_zone": "Europe/Zagreb", "views": [VIEW],
    }))
    .unwrap();
    json!([
        { "type": "put_market", "market": {
            "currency": "EUR", "id": "hr", "locales": ["en"], "name": "Croatia",
            "prices_include_tax": true, "tax_rates": { "standard": 2500 }, "time_zone": "Europe/Zagreb",
        }},
        { "type": "put_zone", "zone": { "id": "0204", "market": "hr", "name": "Store" } },
        product("bread"),
        product("milk"),
        set_price("bread", "2.00"),
        set_price("milk", "1.20"),
        { "type": "put_channel", "channel": with_family_projection(&Site::new(), channel) },
    ])
}
