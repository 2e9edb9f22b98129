//! `offercast adapter`.

use std::process::ExitCode;
use std::sync::Arc;

use offercast_contract::{Channel, ChannelId};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::args::AdapterArgs;
use super::client::Client;
use super::{Failure, say};
use crate::config::{BrokerUrl, Config};
use crate::runtime::{adapters, asked_to_end, block_on, open_broker};

pub(super) fn run(config: Config, args: AdapterArgs) -> Result<ExitCode, Failure> {
    if config.broker.url == BrokerUrl::Embedded {
        return Err(Failure::new(
            "broker.url is embedded: an adapter of its own process needs the address of a RabbitMQ (amqp://…)",
        ));
    }
    block_on(async {
        let config = Arc::new(config);
        let client = Client::new(&config)?;
        let broker = open_broker(&config, "offercast adapter")?;
        let source = adapters::http_source(&config, client.token())?;
        let (stop, stopping) = watch::channel(false);
        let mut workers = JoinSet::new();
        for id in args.channels {
            let channel = declared(&client, &id).await?;
            let task = adapters::task(&config, &channel, &config.server_url, &broker, &source);
            workers.spawn(adapters::run(Arc::clone(&config), task, stopping.clone()));
            say(format!("serving channel {id}"));
        }
        asked_to_end().await;
        stop.send_replace(true);
        while workers.join_next().await.is_some() {}
        Ok(ExitCode::SUCCESS)
    })
}

/// The declaration of a channel, asked of the server until it answers: the
/// order in which server and adapters start does not matter.
async fn declared(client: &Client, id: &ChannelId) -> Result<Channel, Failure> {
    let path = format!("/v1/channels/{id}");
    client.get_patiently(&path).await
}
