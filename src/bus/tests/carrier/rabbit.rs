//! A real RabbitMQ, reached through a proxy that can break the line.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt;
use lapin::uri::AMQPUri;
use offercast_bus::rabbit::{RabbitBroker, RabbitConfig};
use offercast_bus::topology::Namespace;
use offercast_bus::{Broker, BrokerError, Limits, Outgoing, Route};

use crate::proxy::{Mode, Proxy};
use crate::suite::{self, Bench};

struct RabbitBench {
    direct: String,
    namespace: Namespace,
    proxy: Proxy,
}

impl RabbitBench {
    fn config(&self, limits: Limits) -> RabbitConfig {
        let mut uri: AMQPUri = self.direct.parse().unwrap();
        uri.authority.host = "127.0.0.1".to_owned();
        uri.authority.port = self.proxy.port;
        RabbitConfig {
            namespace: self.namespace.clone(),
            limits,
            connection_name: self.namespace.to_string(),
            // Generous: the machine that tests run on may be busy.
            connect_timeout: Duration::from_secs(20),
            confirm_timeout: Duration::from_secs(20),
            ..RabbitConfig::new(uri.to_string())
        }
    }
}

#[async_trait]
impl Bench for RabbitBench {
    async fn broker(&self, limits: Limits) -> Arc<dyn Broker> {
        Arc::new(RabbitBroker::new(self.config(limits)).unwrap())
    }

    async fn break_connections(&self) {
        self.proxy.cut().await;
    }
}

type Test = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a test with a namespace of its own, and deletes what it declared.
async fn run_rabbit(test: impl FnOnce(Arc<RabbitBench>) -> Test) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(direct) = address("OFFERCAST_TEST_AMQP_URL") else {
        return;
    };
    let uri: AMQPUri = direct.parse().unwrap();
    let target = format!("{}:{}", uri.authority.host, uri.authority.port);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let namespace = format!("test-{}-{count}", std::process::id());
    let bench = Arc::new(RabbitBench {
        direct: direct.clone(),
        namespace: Namespace::parse(&namespace).unwrap(),
        proxy: Proxy::start(target).await,
    });
    let outcome = AssertUnwindSafe(test(Arc::clone(&bench)))
        .catch_unwind()
        .await;
    let cleaner = RabbitBroker::new(RabbitConfig {
        namespace: bench.namespace.clone(),
        connect_timeout: Duration::from_secs(20),
        confirm_timeout: Duration::from_secs(20),
        ..RabbitConfig::new(direct)
    });
    let cleaned = cleaner.unwrap().delete_everything(&suite::channels()).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    cleaned.unwrap();
}

async fn run(test: impl FnOnce(Arc<dyn Bench>) -> Test) {
    run_rabbit(|bench| test(bench)).await;
}

/// The variable's value. Without it the test is left out, and says so; where
/// everything must be tested that is a failure.
#[allow(clippy::print_stderr)]
fn address(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok().filter(|text| !text.is_empty());
    if value.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{variable} is not set");
        eprintln!("LEFT OUT: {variable} is not set");
    }
    value
}

suite::suite!(run);

fn update() -> [Outgoing; 1] {
    [Outgoing::new(Route::Update, b"1".as_slice())]
}

#[tokio::test]
async fn a_silent_broker_is_given_up_in_time() {
    run_rabbit(|bench| {
        Box::pin(async move {
            let patient = RabbitBroker::new(bench.config(Limits::default())).unwrap();
            let hasty = RabbitConfig {
                connect_timeout: Duration::from_secs(2),
                confirm_timeout: Duration::from_secs(2),
                ..bench.config(Limits::default())
            };
            let broker = RabbitBroker::new(hasty).unwrap();

            patient.declare(&suite::channels()).await.unwrap();
            suite::publish_until_confirmed(&broker, &update()).await;

            bench.proxy.set(Mode::Hang);
            let started = Instant::now();
            // The connection breaks down, or no confirmation comes.
            let error = broker.publish(&update()).await.unwrap_err();
            assert!(matches!(error, BrokerError::Timeout { .. }), "{error}");
            let error = broker.publish(&update()).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    BrokerError::Timeout {
                        what: "connect",
                        ..
                    }
                ),
                "{error}"
            );
            // The patient one would take 40 s for this.
            assert!(started.elapsed() < Duration::from_secs(20));

            bench.proxy.set(Mode::Refuse);
            let error = broker.publish(&update()).await.unwrap_err();
            assert!(matches!(error, BrokerError::Away(_)), "{error}");

            bench.proxy.set(Mode::Pass(1));
            suite::publish_until_confirmed(&broker, &update()).await;
        })
    })
    .await;
}

/// lapin forgets the request to connect when the connection ends at certain
/// moments of the handshake; whoever waits for it would wait for the timeout.
#[tokio::test]
async fn a_connection_that_ends_half_way_is_noticed_at_once() {
    run_rabbit(|bench| {
        Box::pin(async move {
            let broker = RabbitBroker::new(bench.config(Limits::default())).unwrap();
            broker.declare(&suite::channels()).await.unwrap();
            for messages in (0..=3).cycle().take(16) {
                bench.proxy.set(Mode::Handshake(messages));
                let started = Instant::now();
                let error = broker.publish(&update()).await.unwrap_err();
                assert!(matches!(error, BrokerError::Away(_)), "{error}");
                let took = started.elapsed();
                assert!(took < Duration::from_secs(15), "{messages}: {took:?}");
            }
            bench.proxy.set(Mode::Pass(1));
            suite::publish_until_confirmed(&broker, &update()).await;
        })
    })
    .await;
}

#[tokio::test]
async fn a_publication_given_up_half_way_does_not_confuse_the_next() {
    run_rabbit(|bench| {
        Box::pin(async move {
            let broker = RabbitBroker::new(bench.config(Limits::default())).unwrap();
            broker.declare(&suite::channels()).await.unwrap();
            let nobody = Route::Channel(suite::id("nobody"));
            let batch: Vec<Outgoing> = (0..200)
                .map(|_| Outgoing::new(nobody.clone(), vec![b'x'; 10_000]))
                .collect();
            broker.publish(&update()).await.unwrap();
            for wait_us in [0, 500, 2_000, 5_000, 10_000] {
                let publishing = broker.publish(&batch);
                let _ = tokio::time::timeout(Duration::from_micros(wait_us), publishing).await;
                broker.publish(&update()).await.unwrap();
            }
        })
    })
    .await;
}

#[tokio::test]
async fn a_queue_with_other_bounds_is_not_silently_taken() {
    run_rabbit(|bench| {
        Box::pin(async move {
            let broker = bench.broker(Limits::default()).await;
            broker.declare(&suite::channels()).await.unwrap();
            let mut limits = Limits::default();
            limits.adapter.messages = 5;
            let other = bench.broker(limits).await;
            let error = other.declare(&suite::channels()).await.unwrap_err();
            assert!(
                matches!(&error, BrokerError::Topology(text) if text.contains("x-max-length")),
                "{error}"
            );
        })
    })
    .await;
}

#[test]
fn addresses_are_checked_and_never_repeated() {
    let error = RabbitBroker::new(RabbitConfig::new("postgres://u:secret@h/db"));
    let error = error.err().unwrap().to_string();
    assert!(!error.contains("secret"), "{error}");
    let secure = RabbitConfig::new("amqps://u:p@broker.example.com:5671/shop");
    assert!(RabbitBroker::new(secure).is_ok());
}

/// The operator's way to break a connection: by `rabbitmqctl` on the node that
/// `OFFERCAST_TEST_RABBIT_NODE` names.
#[tokio::test]
async fn connections_closed_by_the_operator_are_made_again() {
    let Some(node) = std::env::var("OFFERCAST_TEST_RABBIT_NODE").ok() else {
        // The proxy breaks connections in the suite; this is the same once
        // more with the broker's own words, where its node is known.
        return;
    };
    run_rabbit(|bench| {
        Box::pin(async move {
            let broker = RabbitBroker::new(bench.config(Limits::default())).unwrap();
            broker.declare(&suite::channels()).await.unwrap();
            let mut site = broker.subscribe(suite::adapter("site")).await.unwrap();
            broker.publish(&update()).await.unwrap();
            let held = suite::next(&mut *site).await;
            let closed = close_connections(&node, &bench.namespace.to_string()).await;
            assert!(closed >= 2, "{closed}");
            suite::publish_until_confirmed(&broker, &update()).await;
            let again = suite::next(&mut *site).await;
            assert!(again.redelivered);
            assert!(held.ack().await.is_err());
            again.ack().await.unwrap();
        })
    })
    .await;
}

/// Closes the connections of this name; how many there were.
async fn close_connections(node: &str, name: &str) -> usize {
    let rabbitmqctl = |arguments: Vec<String>| async move {
        let mut command = tokio::process::Command::new("rabbitmqctl");
        let output = command.args(["-n", node, "-q"]).args(arguments).output();
        let output = output.await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut closed = 0;
    // The broker lists connections a little after they were made.
    for _ in 0..20 {
        let columns = ["list_connections", "pid", "client_properties"];
        let list = rabbitmqctl(columns.map(str::to_owned).into()).await;
        for line in list.lines().filter(|line| line.contains(name)) {
            let pid = line.split('\t').next().unwrap_or_default().to_owned();
            rabbitmqctl(vec!["close_connection".to_owned(), pid, "test".to_owned()]).await;
            closed += 1;
        }
        if closed >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    closed
}
