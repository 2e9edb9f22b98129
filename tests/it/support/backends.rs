//! PostgreSQL and RabbitMQ, as `tests/run` tells of them: a database and a
//! namespace of its own for each test, both gone afterwards.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use offercast_bus::Namespace;
use offercast_bus::rabbit::{RabbitBroker, RabbitConfig};
use url::Url;

/// Where the production stack's parts are.
#[derive(Debug, Clone)]
pub(crate) struct Backends {
    pub(crate) postgres: Url,
    pub(crate) amqp: Url,
}

/// The production stack's parts; none, and a plain word about it, where they
/// are not there. With `CI` set that is a failure: a run must not be green
/// because half of it did not happen.
pub(crate) fn production() -> Option<Backends> {
    let postgres = variable("OFFERCAST_TEST_POSTGRES_URL");
    let amqp = variable("OFFERCAST_TEST_AMQP_URL");
    match (postgres, amqp) {
        (Some(postgres), Some(amqp)) => Some(Backends { postgres, amqp }),
        _ => {
            let why = "LEFT OUT: OFFERCAST_TEST_POSTGRES_URL and OFFERCAST_TEST_AMQP_URL do not name a PostgreSQL and a RabbitMQ (tests/run starts both)";
            assert!(std::env::var_os("CI").is_none(), "{why}");
            println!("{why}");
            None
        }
    }
}

fn variable(name: &str) -> Option<Url> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}

/// A name that no other test has, on any stack.
pub(crate) fn unique_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("it_{}_{nanos}_{count}", std::process::id())
}

/// A database of a test's own.
#[derive(Debug)]
pub(crate) struct Database {
    admin: Url,
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn create(admin: &Url) -> Self {
        let database = Self {
            admin: admin.clone(),
            name: unique_name(),
        };
        database.sql(&format!(
            "CREATE DATABASE {} TEMPLATE template0",
            database.name
        ));
        database
    }

    pub(crate) fn url(&self) -> Url {
        let mut url = self.admin.clone();
        url.set_path(&self.name);
        url
    }

    /// Runs a statement as an administrator, beside the database.
    pub(crate) fn sql(&self, statement: &str) -> String {
        psql(&self.admin, statement)
    }

    /// Runs a statement in the database.
    pub(crate) fn sql_inside(&self, statement: &str) -> String {
        psql(&self.url(), statement)
    }

    /// Ends every session in the database.
    pub(crate) fn end_sessions(&self) {
        self.sql(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }

    /// Keeps the present state under another name.
    pub(crate) fn back_up(&self) -> String {
        let (name, copy) = (&self.name, format!("{}_copy", self.name));
        // A template must have no sessions, and they would come back at once.
        self.sql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        self.end_sessions();
        self.sql(&format!("CREATE DATABASE {copy} TEMPLATE {name}"));
        self.sql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
        copy
    }

    /// Puts a copy in the place of the present state.
    pub(crate) fn restore(&self, copy: &str) {
        let name = &self.name;
        self.sql(&format!("DROP DATABASE {name} WITH (FORCE)"));
        self.sql(&format!("ALTER DATABASE {copy} RENAME TO {name}"));
        self.sql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for name in [self.name.clone(), format!("{}_copy", self.name)] {
            let dropping = try_psql(
                &self.admin,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
            if let Err(error) = dropping {
                println!("database {name} stays behind: {error}");
            }
        }
    }
}

fn psql(url: &Url, statement: &str) -> String {
    try_psql(url, statement).unwrap_or_else(|error| panic!("{statement}: {error}"))
}

fn try_psql(url: &Url, statement: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            url.as_str(),
            "-c",
            statement,
        ])
        .output()
        .expect("psql is part of PostgreSQL's packages");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

/// A namespace of a test's own on the broker.
#[derive(Debug)]
pub(crate) struct BrokerSpace {
    pub(crate) amqp: Url,
    pub(crate) name: String,
}

impl BrokerSpace {
    pub(crate) fn new(amqp: &Url) -> Self {
        Self {
            amqp: amqp.clone(),
            name: unique_name(),
        }
    }

    pub(crate) fn exchange(&self) -> String {
        format!("{}.offercast", self.name)
    }

    pub(crate) fn adapter_queue(&self, channel: &str) -> String {
        format!("{}.offercast.adapter.{channel}", self.name)
    }

    /// Deletes everything of these channels.
    pub(crate) fn delete(&self, channels: &[&str]) {
        let mut config = RabbitConfig::new(self.amqp.as_str());
        config.namespace = Namespace::parse(&self.name).unwrap();
        let channels: Vec<_> = channels.iter().map(|id| id.parse().unwrap()).collect();
        // On a thread of its own, because the caller may be inside a runtime.
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                RabbitBroker::new(config)
                    .unwrap()
                    .delete_everything(&channels)
                    .await
            })
        });
        if let Ok(Err(error)) = deleting.join() {
            println!("queues of {} stay behind: {error}", self.name);
        }
    }
}
