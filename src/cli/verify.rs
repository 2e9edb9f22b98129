//! `offercast verify`.

use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::args::VerifyArgs;
use super::client::Client;
use super::{Failure, say};
use crate::config::Config;
use crate::runtime::{block_on, open_store, require_schema};

/// How often the server is asked whether the audit is done.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// Findings printed per channel.
const PRINTED_FINDINGS: usize = 20;

#[derive(Deserialize)]
struct Started {
    id: String,
}

pub(super) fn run(config: &Config, args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let audit = block_on(async {
        let client = Client::new(config)?;
        let only = (!args.channels.is_empty()).then_some(&args.channels);
        let started: Started = client
            .post("/v1/audits", &json!({ "channels": only }))
            .await?;
        loop {
            let audit: Value = client.get(&format!("/v1/audits/{}", started.id)).await?;
            if audit["done"].as_bool() == Some(true) {
                return Ok(audit);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    })?;
    if args.json {
        say(serde_json::to_string_pretty(&audit)?);
    } else {
        print(&audit);
    }
    let ok = audit["ok"].as_bool() == Some(true);
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn print(audit: &Value) {
    let position = &audit["position"];
    say(format!(
        "revision {} of epoch {}, at {}",
        position["revision"],
        position["epoch"],
        text(&audit["at"])
    ));
    for channel in audit["channels"].as_array().into_iter().flatten() {
        let states: Vec<String> = channel["states"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(state, count)| format!("{count} {}", state.replace('_', " ")))
            .collect();
        let how = match (
            text(&channel["status"]).as_str(),
            channel["observed"].as_bool(),
        ) {
            ("no_answer", _) => "did not answer".to_owned(),
            (_, Some(true)) => format!("{} items read", channel["items_read"]),
            _ => format!(
                "{} items read as delivered (the channel itself cannot be observed)",
                channel["items_read"]
            ),
        };
        say(format!(
            "{}: {how}: {}",
            text(&channel["channel"]),
            states.join(", ")
        ));
        let findings = channel["findings"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        findings
            .iter()
            .take(PRINTED_FINDINGS)
            .for_each(print_finding);
        if findings.len() > PRINTED_FINDINGS {
            say(format!(
                "  … {} more (--json prints them)",
                findings.len() - PRINTED_FINDINGS
            ));
        }
    }
    let ok = audit["ok"].as_bool() == Some(true);
    say(if ok {
        "every channel shows the terms"
    } else {
        "NOT every channel shows the terms"
    });
}

fn print_finding(finding: &Value) {
    let item = format!(
        "  {} in {}: {}",
        text(&finding["sku"]),
        text(&finding["view"]),
        text(&finding["state"])
    );
    let differences = finding["differences"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for difference in differences {
        let value = |key: &str| difference.get(key).map_or("nothing".to_owned(), text);
        say(format!(
            "{item}: {}: shown {}, expected {}",
            value("field"),
            value("shown"),
            value("expected")
        ));
    }
    if differences.is_empty() {
        say(format!("{item}: {}", text(&finding["reason"])));
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Checks the log itself.
pub(super) fn log(config: &Config) -> Result<ExitCode, Failure> {
    let store = open_store(config)?;
    require_schema(&store)?;
    let verification = store.verify_log(&mut |_, _| {})?;
    match verification.fault {
        None => {
            say(format!(
                "{} revisions, {} rows: every hash is right",
                verification.revisions, verification.rows
            ));
            Ok(ExitCode::SUCCESS)
        }
        Some(fault) => {
            say(format!("revision {}: {}", fault.revision, fault.what));
            Ok(ExitCode::from(1))
        }
    }
}
