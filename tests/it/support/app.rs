//! The whole program, on either stack, as its users run it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use offercast_contract::Hash;
use serde_json::Value;
use tempfile::TempDir;

use super::backends::{BrokerSpace, Database, unique_name};
use super::client::row_of;
use super::process::{Ended, Process, Settings, command, run};
use super::proxy::Proxy;
use super::{Backends, PATIENCE, catalogue, until};

/// The channels of market pl, on both stacks.
pub(crate) const CHANNELS: [&str; 3] = ["app-pl", "site-pl", "tills-pl"];

/// The production stack's parts of one test, and the ways to them.
pub(crate) struct Production {
    pub(crate) database: Database,
    pub(crate) space: BrokerSpace,
    /// From servers to the database.
    pub(crate) database_link: Proxy,
    /// From servers to the broker.
    pub(crate) server_link: Proxy,
    /// From the adapters of site and app to the broker.
    pub(crate) pulled_link: Proxy,
    /// From the tills' adapter to the broker.
    pub(crate) till_link: Proxy,
    /// From adapters and commands to the server.
    pub(crate) door: Proxy,
    links: [String; 4],
}

impl Production {
    /// The broker, as servers reach it.
    pub(crate) fn broker_url(&self) -> String {
        self.links[1].clone()
    }
}

/// A running installation.
pub(crate) struct TestApp {
    pub(crate) directory: TempDir,
    pub(crate) http: reqwest::Client,
    /// May do everything.
    pub(crate) token: String,
    /// May read.
    pub(crate) reader: String,
    pub(crate) production: Option<Production>,
    /// Whether everything recorded must be published when the test ends.
    pub(crate) expects_empty_outbox: bool,
    /// Address of the server that was started first.
    pub(crate) first_server: String,
    base: String,
    processes: BTreeMap<String, Process>,
    /// Channels whose queues are deleted in the end.
    pub(crate) declared: Vec<String>,
}

/// The adapters' processes of the production stack, and what each serves.
pub(crate) const PULLED: &str = "adapter of site and app";
pub(crate) const TILLS: &str = "adapter of tills";
pub(crate) const SERVER: &str = "server";

impl TestApp {
    /// The demo: one process, SQLite, the embedded broker, sample data.
    pub(crate) async fn embedded() -> Self {
        let mut app = Self::bare(None);
        app.start_demo().await;
        app
    }

    /// PostgreSQL, RabbitMQ, a server and two processes of adapters, with a
    /// small catalogue and three channels that all show it.
    pub(crate) async fn production(backends: &Backends) -> Self {
        let mut app = Self::prepared(backends).await;
        app.start_server(SERVER).await;
        app.start_adapters().await;
        app.wait_until_all_show(4).await;
        app
    }

    /// The same with its data and nothing running.
    pub(crate) async fn prepared(backends: &Backends) -> Self {
        let mut app = Self::empty(backends).await;
        let file = app.path("catalogue.json");
        std::fs::write(&file, catalogue::changes().to_string()).unwrap();
        app.cli_ok(&["publish", "catalogue.json", "--reason", "a catalogue"]);
        for (id, family) in [("site-pl", "site"), ("app-pl", "app"), ("tills-pl", "till")] {
            app.declare_channel(id, family, "pl", "all", "pl");
        }
        app
    }

    /// A migrated database and nothing else.
    pub(crate) async fn empty(backends: &Backends) -> Self {
        let database = Database::create(&backends.postgres);
        let space = BrokerSpace::new(&backends.amqp);
        let (database_link, database_url) = Proxy::before(&database.url(), 5432).await;
        let (server_link, server_url) = Proxy::before(&backends.amqp, 5672).await;
        let (pulled_link, pulled_url) = Proxy::before(&backends.amqp, 5672).await;
        let (till_link, till_url) = Proxy::before(&backends.amqp, 5672).await;
        let door = Proxy::start("127.0.0.1:9").await;
        let app = Self::bare(Some(Production {
            database,
            space,
            database_link,
            server_link,
            pulled_link,
            till_link,
            door,
            links: [database_url, server_url, pulled_url, till_url].map(|url| url.to_string()),
        }));
        app.cli_ok(&["migrate"]);
        app
    }

    fn bare(production: Option<Production>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let app = Self {
            directory: TempDir::new().unwrap(),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                // A server that was killed leaves dead connections in the pool.
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            token: format!("all-{}", unique_name()),
            reader: format!("reader-{}", unique_name()),
            base: production
                .as_ref()
                .map(|production| format!("http://{}", production.door.address))
                .unwrap_or_default(),
            production,
            expects_empty_outbox: true,
            first_server: String::new(),
            processes: BTreeMap::new(),
            declared: Vec::new(),
        };
        std::fs::create_dir(app.path("data")).unwrap();
        std::fs::write(app.path("offercast.toml"), app.configuration()).unwrap();
        app
    }

    /// The configuration file: what all processes share.
    fn configuration(&self) -> String {
        let mut text = String::from("[relay]\nbeat_ms = 400\npoll_ms = 50\nlease_ms = 3000\n");
        if let Some(production) = &self.production {
            let [database, broker, ..] = &production.links;
            write!(
                text,
                "[database]\nurl = \"{database}\"\n[broker]\nurl = \"{broker}\"\nnamespace = \"{}\"\n",
                production.space.name
            )
            .unwrap();
        }
        let all = "[\"adapter\", \"admin\", \"read\", \"write\"]";
        for (name, secret, scopes) in [
            ("all", &self.token, all),
            ("reader", &self.reader, "[\"read\"]"),
        ] {
            let sha256 = Hash::of(&[secret.as_bytes()]);
            write!(
                text,
                "[[tokens]]\nname = \"{name}\"\nscopes = {scopes}\nsha256 = \"{sha256}\"\n"
            )
            .unwrap();
        }
        text
    }

    /// The environment of every process.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = vec![
            (
                "OFFERCAST_CONFIG".to_owned(),
                self.path("offercast.toml").display().to_string(),
            ),
            (
                "OFFERCAST_DATA_DIR".to_owned(),
                self.path("data").display().to_string(),
            ),
            ("OFFERCAST_SERVER_TOKEN".to_owned(), self.token.clone()),
            (
                "OFFERCAST_LOGGING__FILTER".to_owned(),
                "info,actix_server=warn".to_owned(),
            ),
            ("NO_COLOR".to_owned(), "1".to_owned()),
        ];
        if !self.base.is_empty() {
            settings.push(("OFFERCAST_SERVER_URL".to_owned(), self.base.clone()));
        }
        settings
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The goods file of a store in market pl.
    pub(crate) fn goods_file(&self, zone: &str) -> PathBuf {
        self.path("data")
            .join("tills/tills-pl")
            .join(zone)
            .join("goods.txt")
    }

    pub(crate) fn parts(&self) -> &Production {
        self.production
            .as_ref()
            .expect("a test of the production stack")
    }

    // --- Processes ---

    pub(crate) async fn start_demo(&mut self) {
        let data = self.path("data").display().to_string();
        let arguments = ["demo", "--listen", "127.0.0.1:0", "--data", &data];
        let command = command(self.directory.path(), &self.settings(), &arguments);
        let mut process = Process::start(SERVER, command);
        let board = process.said("board ", PATIENCE).await;
        self.base = board.trim_end_matches('/').to_owned();
        process.said("ready: ", PATIENCE).await;
        self.processes.insert(SERVER.to_owned(), process);
    }

    /// Starts a server; the door leads to it from then on. Gives its own
    /// address.
    pub(crate) async fn start_server(&mut self, name: &str) -> String {
        let arguments = ["serve", "--listen", "127.0.0.1:0"];
        let command = command(self.directory.path(), &self.settings(), &arguments);
        let mut process = Process::start(name, command);
        let address = process.said("listening on http://", PATIENCE).await;
        self.parts().door.lead_to(&address);
        if self.first_server.is_empty() {
            self.first_server.clone_from(&address);
        }
        self.processes.insert(name.to_owned(), process);
        address
    }

    pub(crate) async fn start_adapters(&mut self) {
        self.start_adapter(PULLED, &["site-pl", "app-pl"], 2).await;
        self.start_adapter(TILLS, &["tills-pl"], 3).await;
    }

    pub(crate) async fn start_pulled(&mut self) {
        self.start_adapter(PULLED, &["site-pl", "app-pl"], 2).await;
    }

    pub(crate) async fn start_tills(&mut self) {
        self.start_adapter(TILLS, &["tills-pl"], 3).await;
    }

    async fn start_adapter(&mut self, name: &str, channels: &[&str], link: usize) {
        let broker = self.parts().links[link].clone();
        self.start_adapter_at(name, channels, broker).await;
    }

    /// Starts adapters with their broker named by the environment.
    async fn start_adapter_at(&mut self, name: &str, channels: &[&str], broker: String) {
        let mut settings = self.settings();
        settings.push(("OFFERCAST_BROKER__URL".to_owned(), broker));
        let arguments = [&["adapter"], channels].concat();
        let mut process =
            Process::start(name, command(self.directory.path(), &settings, &arguments));
        process.said("serving channel ", PATIENCE).await;
        self.processes.insert(name.to_owned(), process);
    }

    /// Starts adapters of these channels beside the usual ones.
    pub(crate) async fn start_adapters_of(&mut self, channels: &[&str]) {
        let broker = self.parts().links[2].clone();
        let name = format!("adapter of {}", channels.join(", "));
        self.start_adapter_at(&name, channels, broker).await;
    }

    pub(crate) fn process(&self, name: &str) -> &Process {
        self.processes
            .get(name)
            .unwrap_or_else(|| panic!("{name} does not run"))
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self, name: &str) {
        self.processes
            .remove(name)
            .unwrap_or_else(|| panic!("{name} does not run"))
            .kill();
    }

    /// SIGTERM; it must end well.
    pub(crate) fn terminate(&mut self, name: &str) {
        self.processes
            .remove(name)
            .unwrap_or_else(|| panic!("{name} does not run"))
            .terminate();
    }

    // --- Commands ---

    /// Runs a command of the program to its end.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Ended {
        let command = command(self.directory.path(), &self.settings(), arguments);
        run(command, Duration::from_secs(240))
    }

    /// The same; it must end well.
    pub(crate) fn cli_ok(&self, arguments: &[&str]) -> Ended {
        let ended = self.cli(arguments);
        assert_eq!(ended.code, Some(0), "offercast {arguments:?}: {ended:?}");
        ended
    }

    pub(crate) fn declare_channel(
        &mut self,
        id: &str,
        family: &str,
        market: &str,
        zones: &str,
        locale: &str,
    ) {
        self.cli_ok(&[
            "channel", id, "--family", family, "--market", market, "--zones", zones, "--locale",
            locale,
        ]);
        self.declared.push(id.to_owned());
    }

    /// `offercast verify --json`: exit code and result.
    pub(crate) fn verify(&self) -> (Option<i32>, Value) {
        let ended = self.cli(&["verify", "--json"]);
        let audit = serde_json::from_str(&ended.stdout);
        (
            ended.code,
            audit.unwrap_or_else(|error| panic!("{error}: {ended:?}")),
        )
    }

    /// Every channel was read and shows the terms; gives the number of items
    /// read in all.
    pub(crate) fn verify_ok(&self) -> u64 {
        let (code, audit) = self.verify();
        assert_eq!(
            (code, &audit["ok"]),
            (Some(0), &Value::Bool(true)),
            "{audit:#}"
        );
        let channels = audit["channels"].as_array().unwrap();
        assert!(!channels.is_empty(), "{audit:#}");
        channels
            .iter()
            .map(|channel| {
                assert_eq!(channel["observed"], true, "{channel:#}");
                channel["items_read"].as_u64().unwrap()
            })
            .sum()
    }

    // --- Waiting ---

    /// Waits until the head is at least this revision, all of it is published,
    /// and every channel shows it: pulled ones observed, tills delivered.
    pub(crate) async fn wait_until_all_show(&self, revision: u64) -> Value {
        self.wait_for_all(revision, PATIENCE).await
    }

    /// The same, for as many items as take a while.
    pub(crate) async fn wait_long_until_all_show(&self, revision: u64) -> Value {
        self.wait_for_all(revision, Duration::from_secs(240)).await
    }

    async fn wait_for_all(&self, revision: u64, patience: Duration) -> Value {
        let what = format!("revision {revision} in all channels");
        until(&what, patience, async || {
            let board = self.try_get("/v1/channels", &[]).await?;
            if board.status != 200 {
                return Err(format!("{board:?}"));
            }
            let board = board.json();
            all_show(&board, revision)
                .map(|()| board.clone())
                .map_err(|why| format!("{why}\n{board:#}"))
        })
        .await
    }

    /// Waits until the broker has this revision.
    pub(crate) async fn wait_until_published(&self, revision: u64) {
        until(
            &format!("revision {revision} published"),
            PATIENCE,
            async || {
                let board = self.board().await;
                let published = board["published"]["revision"].as_u64();
                if published >= Some(revision) {
                    Ok(())
                } else {
                    Err(format!("{board:#}"))
                }
            },
        )
        .await;
    }

    /// Waits until the board's row of a channel is as wanted.
    pub(crate) async fn wait_for_row(
        &self,
        channel: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        until(&format!("{channel}: {what}"), PATIENCE, async || {
            let board = self.try_get("/v1/channels", &[]).await?.json();
            let row = row_of(&board, channel);
            if wanted(&row) {
                Ok(row)
            } else {
                Err(format!("{row:#}"))
            }
        })
        .await
    }
}

fn all_show(board: &Value, revision: u64) -> Result<(), String> {
    let head = board["head"]["revision"].as_u64().unwrap();
    if head < revision {
        return Err(format!("the head is revision {head}"));
    }
    if board["head"] != board["published"] {
        return Err("not everything is published".to_owned());
    }
    if board["showing"] != board["live"] || board["live"].as_u64() == Some(0) {
        return Err(format!(
            "{} of {} channels show it",
            board["showing"], board["live"]
        ));
    }
    for row in board["channels"].as_array().unwrap() {
        let rungs: &[&str] = if row["family"] == "till" {
            &["delivered", "observed"]
        } else {
            &["observed"]
        };
        let rung = row["rung"].as_str().unwrap();
        if row["revision"].as_u64() != Some(head)
            || !rungs.contains(&rung)
            || row["mismatches"] != 0
        {
            return Err(format!("{} is not there yet", row["id"]));
        }
        if row["state_digest_ok"] == false {
            return Err(format!("the state digest of {} differs", row["id"]));
        }
    }
    Ok(())
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && self.expects_empty_outbox
            && self.processes.contains_key(SERVER)
        {
            let (http, url) = (self.http.clone(), self.url("/v1/channels"));
            let emptied = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(outbox_is_empty(&http, &url));
            });
            // The thread said why; a second panic while dropping would abort.
            if emptied.join().is_err() && !std::thread::panicking() {
                self.finish();
                panic!("the outbox is not empty");
            }
        }
        self.finish();
    }
}

impl TestApp {
    fn finish(&mut self) {
        // Processes first: they hold sessions in the database and the broker.
        self.processes.clear();
        if let Some(production) = &self.production {
            let declared: Vec<&str> = self.declared.iter().map(String::as_str).collect();
            production.space.delete(&declared);
        }
    }
}

async fn outbox_is_empty(http: &reqwest::Client, url: &str) {
    until("an empty outbox", PATIENCE, async || {
        let board = http
            .get(url)
            .send()
            .await
            .map_err(|error| format!("{error:?}"))?;
        let board: Value = board.json().await.map_err(|error| format!("{error:?}"))?;
        match board["head"] == board["published"] {
            true => Ok(()),
            false => Err(format!(
                "head {}, published {}",
                board["head"], board["published"]
            )),
        }
    })
    .await;
}

/// Writes a file whole, as a careful back office does.
pub(crate) fn rewrite(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}
