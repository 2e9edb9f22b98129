//! `offercast demo`: everything in one process, with sample data.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use offercast_contract::Hash;
use offercast_domain::change::Guard;
use offercast_usecases::publish::{self, Publish};
use offercast_usecases::{Engine, board};

use super::args::DemoArgs;
use super::client::TOKEN_FILE;
use super::{Failure, say, start, token};
use crate::config::{Config, Scope, Sources, Token};
use crate::runtime::server::{Inside, Server};
use crate::runtime::{asked_to_end, block_on, open_store};

pub(super) fn run(file: Option<&Path>, args: &DemoArgs) -> Result<ExitCode, Failure> {
    std::fs::create_dir_all(&args.data)
        .map_err(|error| Failure::new(format!("--data: {}: {error}", args.data.display())))?;
    let database = args.data.join("offercast.db");
    let sources = Sources::of_process(file)
        .flag("http.listen", Some(args.listen.to_string()))
        .flag("data_dir", Some(args.data.display().to_string()))
        .flag(
            "database.url",
            Some(format!("sqlite:{}", database.display())),
        )
        .flag("broker.url", Some("embedded".to_owned()));
    let mut config = start(&sources)?;
    let secret = demo_token(&args.data)?;
    config.tokens.push(Token {
        name: "demo".to_owned(),
        scopes: [Scope::Adapter, Scope::Admin, Scope::Read, Scope::Write].into(),
        sha256: Hash::of(&[secret.as_bytes()]),
    });
    block_on(async {
        let server = serve(Arc::new(config)).await?;
        welcome(&server, args, &secret);
        let ready = wait_until_shown(&server.engine);
        tokio::select! {
            board = ready => {
                say(format!("ready: {} of {} channels show version {}", board.showing, board.live, board.head.revision));
                asked_to_end().await;
            }
            () = asked_to_end() => {}
        }
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn serve(config: Arc<Config>) -> Result<Server, Failure> {
    let store = open_store(&config)?;
    store.migrate()?;
    let server = Server::start(config, store, Inside::All).await?;
    if server.engine.current().position.revision == 0 {
        load_sample(&server.engine).await?;
    }
    Ok(server)
}

async fn load_sample(engine: &Engine) -> Result<(), Failure> {
    let request = Publish {
        author: "demo".to_owned(),
        base_revision: None,
        change_set: None,
        changes: crate::demo::changes(engine.now())?,
        guard: Guard::Exempt,
        idempotency: None,
        reason: "sample catalogue".to_owned(),
    };
    publish::run(engine, request).await?;
    Ok(())
}

/// The token of this data directory: made once, readable by its owner only.
fn demo_token(data: &Path) -> Result<String, Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = data.join(TOKEN_FILE);
    if let Ok(known) = std::fs::read_to_string(&path) {
        return Ok(known.trim().to_owned());
    }
    let secret = token::secret()?;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    std::io::Write::write_all(&mut file?, secret.as_bytes())?;
    Ok(secret)
}

fn welcome(server: &Server, args: &DemoArgs, secret: &str) {
    let base = format!("http://{}", server.address);
    say(format!("board        {base}/"));
    say(format!("log in       {base}/login?token={secret}"));
    say(format!("API          {base}/docs"));
    say(format!("token        {secret}"));
    say(format!(
        "till files   {}",
        args.data.join("tills").display()
    ));
}

/// How often the demo looks whether all channels show the head.
const LOOK_EVERY: Duration = Duration::from_millis(100);

async fn wait_until_shown(engine: &Engine) -> board::Board {
    loop {
        let board = board::snapshot(engine);
        if board.live > 0 && board.showing == board.live {
            return board;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
