//! The board, live; health; going down.

use std::time::Duration;

use offercast_http::HttpOptions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, problem};

struct Events(reqwest::Response, String);

impl Events {
    /// The next event's data, or none at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                    assert!(event.contains("event: board"), "{event}");
                    return Some(serde_json::from_str(data).unwrap());
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.0.chunk());
            let chunk = chunk.await.expect("an event in time").unwrap()?;
            self.1.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn the_board_is_sent_at_once_and_when_it_changes_and_ends_cleanly() {
    let mut shop = Shop::open().await;
    let answer = shop.get("/v1/events").await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = Events(answer, String::new());
    assert_eq!(events.next().await.unwrap()["head"]["revision"], 1);
    for amount in ["2.01", "2.02", "2.03"] {
        shop.price_bread(amount).await;
    }
    let (mut boards, started) = (0, std::time::Instant::now());
    loop {
        boards += 1;
        if events.next().await.unwrap()["head"]["revision"] == 4 {
            break;
        }
    }
    // At most five a second, and these edits are quick on an idle machine.
    let most = 3 + 5 * started.elapsed().as_secs();
    assert!(boards <= most, "{boards} boards for three edits");
    shop.stop().await;
    assert!(
        events.next().await.is_none(),
        "the stream ends, it is not cut off"
    );
}

#[tokio::test]
async fn so_many_listen_and_no_more() {
    let options = HttpOptions {
        event_listeners: 2,
        ..HttpOptions::default()
    };
    let shop = Shop::empty(options).await;
    let first = shop.get("/v1/events").await;
    let second = shop.get("/v1/events").await;
    assert_eq!(
        (first.status(), second.status()),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let third = shop.get("/v1/events").await;
    assert_eq!(third.headers()["retry-after"], "30");
    let (status, kind, _) = problem(third).await;
    assert_eq!((status, kind.as_str()), (503, "unavailable"));
    // A place is free again when a listener has gone.
    drop(first);
    let freed = async {
        while shop.get("/v1/events").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let freed = tokio::time::timeout(Duration::from_secs(60), freed).await;
    freed.expect("a place for the next");
    drop(second);
}

#[tokio::test]
async fn health_says_which_part_does_not_answer() {
    let shop = Shop::open().await;
    assert_eq!(shop.json("/health/live").await["status"], "ok");
    let ready = shop.json("/health/ready").await;
    assert_eq!(
        ready,
        json!({ "parts": { "broker": "ok", "database": "ok", "log": "ok" }, "status": "ok" })
    );
    let metrics = shop.get("/metrics").await.text().await.unwrap();
    for line in [
        "offercast_revision 1",
        "offercast_channel_lag_revisions{channel=\"app-hr\"} 1",
        "route=\"/v1/changes\"",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_taken_address_is_one_clear_line() {
    let shop = Shop::open().await;
    let taken = shop.url.strip_prefix("http://").unwrap().to_owned();
    let engine = std::sync::Arc::clone(&shop.engine);
    let refused =
        offercast_http::serve(std::slice::from_ref(&taken), engine, Default::default()).await;
    let text = refused.err().unwrap().to_string();
    assert!(
        text.starts_with(&format!("cannot listen on {taken}: ")) && !text.contains('\n'),
        "{text}"
    );
}

#[tokio::test]
async fn an_audit_is_started_and_can_be_looked_at() {
    let shop = Shop::open().await;
    // Without any adapter the broker has nowhere to put the request.
    let lost = shop
        .write(Method::POST, "/v1/audits")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(lost).await.1, "unavailable");
    shop.declare_queues().await;
    let started = shop
        .write(Method::POST, "/v1/audits")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(started.status(), 202);
    let place = started.headers()["location"].to_str().unwrap().to_owned();
    let audit = shop.json(&place).await;
    assert_eq!(
        (
            audit["done"].as_bool(),
            audit["channels"].as_array().unwrap().len()
        ),
        (Some(false), 2)
    );
}
