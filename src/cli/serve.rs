//! `offercast serve`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::ServeArgs;
use super::{Failure, say, start};
use crate::config::{BrokerUrl, Sources};
use crate::runtime::server::{Inside, Server};
use crate::runtime::{asked_to_end, block_on, open_store, require_schema};

pub(super) fn run(file: Option<&Path>, args: ServeArgs) -> Result<ExitCode, Failure> {
    let listen = args.listen.map(|listen| listen.to_string());
    let config = start(&Sources::of_process(file).flag("http.listen", listen))?;
    let inside = inside(&args.with_adapters)?;
    if config.broker.url == BrokerUrl::Embedded && matches!(inside, Inside::None) {
        // Legal, for the API alone; but nobody else can reach this broker.
        tracing::warn!(
            "the embedded broker serves adapters of this process only, and none are started: see --with-adapters"
        );
    }
    block_on(async {
        let store = open_store(&config)?;
        require_schema(&store)?;
        let server = Server::start(Arc::new(config), store, inside).await?;
        say(format!("listening on http://{}", server.address));
        asked_to_end().await;
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn inside(names: &[String]) -> Result<Inside, Failure> {
    if names.iter().any(|name| name == "all") {
        return Ok(Inside::All);
    }
    if names.is_empty() {
        return Ok(Inside::None);
    }
    let channels = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    Ok(Inside::Only(channels))
}
