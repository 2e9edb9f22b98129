//! The main job: one edit, three kinds of channel, identical terms, proven.

use std::time::Duration;

use offercast_contract::Instant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Ended, PATIENCE, SERVER, TestApp, new_key, production, regular_price, shown, throughout, until,
};

async fn an_edit_arrives(app: &TestApp) {
    let body = TestApp::edit(json!([regular_price("bread-rye", "krakow", "6.79")]));
    let key = new_key();
    let first = app.post("/v1/changes", &key, &body).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let revision = first.json()["revision"].as_u64().unwrap();
    assert_eq!(
        first.header("location"),
        Some(format!("/v1/revisions/{revision}").as_str())
    );
    // Acknowledged means visible to the next read on that server.
    assert_eq!(
        app.site_price("bread-rye", "krakow").await.as_deref(),
        Some("6.79")
    );

    let again = app.post("/v1/changes", &key, &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json()["revision"], first.json()["revision"]);

    let board = app.wait_until_all_show(revision).await;
    assert_eq!(
        board["head"]["revision"].as_u64(),
        Some(revision),
        "the repeat made none"
    );
    app.assert_prices("bread-rye", "krakow", "6.79").await;
    app.assert_prices("bread-rye", "warszawa", "6.49").await;
    assert!(app.verify_ok() > 0);
}

async fn edits_that_may_not_be_are_refused(app: &TestApp) {
    let head = app.board().await["head"].clone();
    let body = TestApp::edit(json!([regular_price("bread-rye", "krakow", "6.89")]));
    let url = app.url("/v1/changes");
    let all = format!("Bearer {}", app.token);
    let reader = format!("Bearer {}", app.reader);
    let key = new_key();
    for (headers, status, kind) in [
        (
            vec![("Authorization", all.as_str())],
            400,
            "idempotency-key-missing",
        ),
        (vec![("Idempotency-Key", key.as_str())], 401, "unauthorized"),
        (
            vec![
                ("Authorization", "Bearer nobody"),
                ("Idempotency-Key", &key),
            ],
            401,
            "unauthorized",
        ),
        (
            vec![("Authorization", &reader), ("Idempotency-Key", &key)],
            403,
            "forbidden",
        ),
    ] {
        let answer = app
            .send(Method::POST, url.clone(), &headers, Some(&body))
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(
            answer.json()["type"],
            format!("urn:offercast:problem:{kind}")
        );
    }
    // Neither a factor of 100, nor a product that does not exist, nor a field
    // that nobody knows.
    for (changes, status, words) in [
        (
            json!([regular_price("bread-rye", "krakow", "679.00")]),
            422,
            "percent",
        ),
        (
            json!([regular_price("bread-rye", "krakow", "1.10")]),
            422,
            "percent",
        ),
        (
            json!([regular_price("no-such-thing", "krakow", "6.79")]),
            422,
            "no-such-thing",
        ),
        (
            json!([regular_price("bread-rye", "krakow", "6,79")]),
            422,
            "amount",
        ),
        (
            json!([{ "type": "set_price", "sku": "bread-rye", "prize": 1 }]),
            422,
            "prize",
        ),
    ] {
        let answer = app
            .post("/v1/changes", &new_key(), &TestApp::edit(changes))
            .await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    // One wrong edit, and none of the set is recorded.
    let mixed = json!([
        regular_price("milk-32", "krakow", "4.39"),
        regular_price("bread-rye", "krakow", "679.00"),
    ]);
    let answer = app
        .post("/v1/changes", &new_key(), &TestApp::edit(mixed))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(app.board().await["head"], head);

    // A used key names another request.
    let key = new_key();
    let answer = app.post("/v1/changes", &key, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let other = TestApp::edit(json!([regular_price("bread-rye", "krakow", "6.99")]));
    let answer = app.post("/v1/changes", &key, &other).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(
        answer.json()["type"],
        "urn:offercast:problem:idempotency-mismatch"
    );
    assert_eq!(
        app.site_price("bread-rye", "krakow").await.as_deref(),
        Some("6.89")
    );
}

/// The server's clock.
async fn now(app: &TestApp) -> Instant {
    app.board().await["now"].as_str().unwrap().parse().unwrap()
}

const SECOND: i64 = 1_000_000;

/// How late a till's file may be switched on a machine that does other things
/// too. What the server answers switches at the instant itself.
const LATE_MICROS: i64 = 8 * SECOND;

async fn a_discount_comes_and_goes_by_itself(app: &TestApp) {
    let published_at = now(app).await;
    let from = published_at.plus_micros(8 * SECOND);
    let until_at = published_at.plus_micros(18 * SECOND);
    let offer = json!({
        "type": "put_offer",
        "offer": {
            "id": "ten-seconds", "markets": ["pl"], "audience": "everyone",
            "effect": { "percent_off": 2000 },
            "labels": { "pl": "Dziesięć sekund −20%", "en": "Ten seconds −20%" },
            "target": { "include": [{ "sku": "bread-wheat" }] },
            "valid_from": from, "valid_until": until_at,
        },
    });
    let revision = app.publish(json!([offer])).await;
    let path = "/v1/channels/site-pl/items/bread-wheat?zone=krakow";
    let before = app.get(path).await;
    let left_micros = from.micros_since(now(app).await);
    assert!(left_micros > 0, "the machine is too slow for this test");
    // No cache may keep the price beyond its end. The age was given before the
    // clock was read, so it is compared with what was left then at the least.
    let allowed_s = u64::try_from(from.micros_since(published_at) / SECOND).unwrap();
    assert!(before.max_age_s() <= allowed_s.min(5));
    app.wait_until_all_show(revision).await;

    let (mut seen, mut ended) = ([None; 3], [None; 3]);
    until(
        "the discount in all channels, and its end",
        PATIENCE,
        async || {
            let asked_at = now(app).await;
            let prices = app.prices("bread-wheat", "krakow").await;
            let answered_at = now(app).await;
            for (index, price) in prices.iter().enumerate() {
                let late = if index < 2 { 0 } else { LATE_MICROS };
                match price.as_deref() {
                    Some("3.99") => {
                        assert!(answered_at >= from, "channel {index} switched early");
                        assert!(
                            asked_at < until_at.plus_micros(late),
                            "channel {index} goes on"
                        );
                        seen[index].get_or_insert(answered_at);
                    }
                    Some("4.99") if seen[index].is_some() => {
                        assert!(answered_at >= until_at, "channel {index} ended early");
                        ended[index].get_or_insert(answered_at);
                    }
                    Some("4.99") => {
                        // Or this look was so slow that it came and went.
                        assert!(
                            asked_at < from.plus_micros(late) || answered_at >= until_at,
                            "channel {index} is late"
                        );
                    }
                    other => panic!("channel {index} shows {other:?}"),
                }
            }
            // Near the boundary the answer may be kept for no longer than up to it.
            let asked_at = now(app).await;
            let max_age_s = i64::try_from(app.get(path).await.max_age_s()).unwrap();
            let answered_at = now(app).await;
            for boundary in [from, until_at] {
                // An answer from beyond the boundary speaks of the next one.
                if answered_at < boundary {
                    let left = boundary.micros_since(asked_at);
                    assert!(
                        max_age_s * SECOND <= left,
                        "{max_age_s} s, but {left} µs are left"
                    );
                }
            }
            if ended.iter().all(Option::is_some) {
                Ok(())
            } else {
                Err(format!("{seen:?} {ended:?}"))
            }
        },
    )
    .await;
    let board = app.wait_until_all_show(revision).await;
    assert_eq!(
        board["head"]["revision"].as_u64(),
        Some(revision),
        "time made no revision"
    );
    app.verify_ok();
}

async fn readers_are_told_how_fresh_it_is(app: &TestApp) {
    let path = "/v1/channels/app-pl/items/milk-32?zone=warszawa";
    let first = app.get(path).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"'), "strong: {tag}");
    assert!(first.max_age_s() <= 5);
    assert!(
        first
            .header("cache-control")
            .unwrap()
            .contains("must-revalidate")
    );
    let same = app.get_with(path, &[("If-None-Match", &tag)]).await;
    assert_eq!((same.status.as_u16(), same.body.as_str()), (304, ""));
    assert_eq!(same.header("etag"), Some(tag.as_str()));

    let revision = app.set_price("milk-32", "warszawa", "4.49").await;
    let wanted = revision.to_string();
    let changed = app
        .get_with(
            path,
            &[("If-None-Match", &tag), ("Offercast-Min-Revision", &wanted)],
        )
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.header("offercast-revision"), Some(wanted.as_str()));
    assert_ne!(changed.header("etag"), Some(tag.as_str()));

    let to_come = (revision + 1).to_string();
    let behind = app
        .get_with(path, &[("Offercast-Min-Revision", &to_come)])
        .await;
    assert_eq!(behind.status, 503, "{}", behind.body);
    assert_eq!(behind.json()["type"], "urn:offercast:problem:behind");
    app.wait_until_all_show(revision).await;
}

async fn a_revert_is_a_new_revision(app: &TestApp) {
    let before = app.site_price("butter", "krakow").await.unwrap();
    let revision = app.set_price("butter", "krakow", "8.19").await;
    app.wait_until_all_show(revision).await;
    app.assert_prices("butter", "krakow", "8.19").await;
    let said = app
        .cli_ok(&["revert", &revision.to_string(), "--reason", "a slip"])
        .stdout;
    assert!(
        said.contains(&format!("undone by revision {}", revision + 1)),
        "{said}"
    );
    app.wait_until_all_show(revision + 1).await;
    app.assert_prices("butter", "krakow", &before).await;
    let newest = app.get(&format!("/v1/revisions/{}", revision + 1)).await;
    assert!(newest.body.contains("a slip"), "{}", newest.body);
}

async fn freezing_stops_all_egress(app: &TestApp) {
    let before = app.prices("apples", "krakow").await;
    app.cli_ok(&["freeze", "stock-taking"]);
    let board = app.board().await;
    assert!(
        board["frozen"].as_str().unwrap().contains("stock-taking"),
        "{board}"
    );
    let revision = app.set_price("apples", "krakow", "4.29").await;
    throughout("frozen", Duration::from_secs(2), async || {
        let shown = app.prices("apples", "krakow").await;
        if shown == before {
            Ok(())
        } else {
            Err(format!("{shown:?} instead of {before:?}"))
        }
    })
    .await;
    let board = app.board().await;
    assert_eq!(
        board["head"]["revision"].as_u64(),
        Some(revision),
        "edits are still recorded"
    );
    assert!(
        board["published"]["revision"].as_u64() < Some(revision),
        "{board}"
    );
    app.cli_ok(&["resume"]);
    let board = app.wait_until_all_show(revision).await;
    assert_eq!(board["frozen"], Value::Null);
    app.assert_prices("apples", "krakow", "4.29").await;
    app.verify_ok();
}

async fn a_resync_delivers_again(app: &TestApp) {
    let file = app.goods_file("warszawa");
    for arguments in [
        vec!["resync", "tills-pl", "butter"],
        vec!["resync", "tills-pl"],
    ] {
        let whole = shown::wares(&file);
        assert!(whole.as_ref().is_some_and(|wares| wares.len() > 5));
        std::fs::remove_file(&file).unwrap();
        app.cli_ok(&arguments);
        until("a new goods file", PATIENCE, async || {
            let again = shown::wares(&file);
            if again == whole {
                Ok(())
            } else {
                Err(format!("{again:?}"))
            }
        })
        .await;
    }
    let head = app.board().await["head"]["revision"].as_u64().unwrap();
    app.wait_until_all_show(head).await;
    let unknown = app.cli(&["resync", "no-such-channel"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("no-such-channel"), "{unknown:?}");
}

fn terms_are_exported(app: &TestApp) {
    let Ended { stdout, .. } = app.cli_ok(&["export-terms", "--market", "pl", "--zone", "krakow"]);
    let mut lines = stdout.lines();
    assert!(
        lines.next().unwrap().starts_with("sku,view,revision,"),
        "{stdout}"
    );
    let bread = lines.find(|line| line.starts_with("bread-rye,")).unwrap();
    assert!(bread.contains(",PLN,6.89,"), "{bread}");
}

/// All of the above in one installation, because starting one is what takes
/// the time.
async fn the_main_job(app: &TestApp) {
    an_edit_arrives(app).await;
    edits_that_may_not_be_are_refused(app).await;
    readers_are_told_how_fresh_it_is(app).await;
    a_revert_is_a_new_revision(app).await;
    freezing_stops_all_egress(app).await;
    a_resync_delivers_again(app).await;
    terms_are_exported(app);
    a_discount_comes_and_goes_by_itself(app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_on_the_embedded_stack() {
    let mut app = TestApp::embedded().await;
    let board = app.wait_until_all_show(1).await;
    assert_eq!(
        (board["showing"].as_u64(), board["live"].as_u64()),
        (Some(6), Some(6))
    );
    assert_eq!(
        app.verify_ok(),
        41 * 2 * 2 + 41 * 2 + 40 * 3,
        "items of all channels"
    );
    the_main_job(&app).await;

    // A second start goes on from the same data.
    let head = app.board().await["head"]["revision"].as_u64().unwrap();
    let prices = app.prices("butter", "warszawa").await;
    app.terminate(SERVER);
    app.start_demo().await;
    let board = app.wait_until_all_show(head).await;
    assert_eq!(
        board["head"]["revision"].as_u64(),
        Some(head),
        "the sample came a second time"
    );
    assert_eq!(app.prices("butter", "warszawa").await, prices);
    let revision = app.set_price("butter", "warszawa", "7.19").await;
    assert_eq!(revision, head + 1);
    app.wait_until_all_show(revision).await;
    assert_eq!(app.cli_ok(&["verify", "--log"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_on_the_production_stack() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let board = app.board().await;
    assert_eq!(
        (board["showing"].as_u64(), board["live"].as_u64()),
        (Some(3), Some(3))
    );
    the_main_job(&app).await;
    assert_eq!(app.cli_ok(&["verify", "--log"]).code, Some(0));
}
