//! What operators tell a running server: resync, freeze, resume, revert, open
//! an epoch.

use std::process::ExitCode;

use offercast_contract::{ChannelId, Sku};
use serde_json::{Value, json};

use super::client::Client;
use super::{Failure, say};
use crate::config::Config;
use crate::runtime::block_on;

fn post(config: &Config, path: &str, body: &Value) -> Result<Value, Failure> {
    let client = Client::new(config)?;
    block_on(client.post(path, body))
}

pub(super) fn resync(
    config: &Config,
    channel: &ChannelId,
    sku: Option<&Sku>,
) -> Result<ExitCode, Failure> {
    // A SKU needs no escaping in a query: it has no letter that would.
    let only = sku.map_or_else(String::new, |sku| format!("?sku={sku}"));
    post(
        config,
        &format!("/v1/channels/{channel}:resync{only}"),
        &json!({}),
    )?;
    match sku {
        Some(sku) => say(format!(
            "channel {channel} renders and delivers {sku} again"
        )),
        None => say(format!(
            "channel {channel} renders and delivers everything again"
        )),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn freeze(config: &Config, reason: &str) -> Result<ExitCode, Failure> {
    post(config, "/v1/freeze", &json!({ "reason": reason }))?;
    say("egress is frozen: nothing is published or delivered until `offercast resume`");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn resume(config: &Config) -> Result<ExitCode, Failure> {
    post(config, "/v1/resume", &json!({}))?;
    say("egress goes on");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn revert(
    config: &Config,
    revision: u64,
    reason: Option<&str>,
) -> Result<ExitCode, Failure> {
    let reason = reason.map_or_else(|| format!("revert of revision {revision}"), str::to_owned);
    let done = post(
        config,
        &format!("/v1/revisions/{revision}:revert"),
        &json!({ "reason": reason }),
    )?;
    match done.get("revision").and_then(Value::as_u64) {
        Some(number) => say(format!(
            "revision {revision} is undone by revision {number}"
        )),
        None => say(format!("nothing of revision {revision} is left to undo")),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn open_epoch(config: &Config, reason: &str) -> Result<ExitCode, Failure> {
    let opened = post(config, "/v1/epochs", &json!({ "reason": reason }))?;
    say(format!(
        "epoch {} is open",
        opened.get("epoch").unwrap_or(&Value::Null)
    ));
    Ok(ExitCode::SUCCESS)
}
