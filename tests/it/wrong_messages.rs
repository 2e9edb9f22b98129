//! Messages that come twice, late, in another order, not at all, or wrong.

use std::time::Duration;

use serde_json::Value;

use crate::support::{PATIENCE, TILLS, TestApp, Wire, production, throughout, until};

fn bytes(update: &Value) -> Vec<u8> {
    serde_json::to_vec(update).unwrap()
}

/// Waits until the tills' adapter has taken all that was sent to it.
async fn taken(wire: &Wire) {
    until("the queue of the tills", PATIENCE, async || {
        match wire.waiting("tills-pl").await {
            0 => Ok(()),
            count => Err(format!("{count} messages wait")),
        }
    })
    .await;
}

async fn with_history(app: &TestApp, wire: &Wire) -> (Vec<Value>, u64) {
    let mut last = 0;
    for amount in ["6.39", "6.49", "6.59"] {
        last = app.set_price("bread-rye", "krakow", amount).await;
    }
    app.wait_until_all_show(last).await;
    let updates = wire.heard().await;
    assert_eq!(updates.len(), 3);
    (updates, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_twice_or_late_change_nothing() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let wire = Wire::tap(&app.parts().space).await;
    let (updates, last) = with_history(&app, &wire).await;
    let file = std::fs::read(app.goods_file("krakow")).unwrap();
    for update in updates.iter().rev().chain(&updates) {
        wire.tell("tills-pl", &bytes(update)).await;
    }
    taken(&wire).await;
    throughout("old messages", Duration::from_secs(1), async || {
        match std::fs::read(app.goods_file("krakow")).unwrap() == file {
            true => Ok(()),
            false => Err("the goods file changed".to_owned()),
        }
    })
    .await;
    let board = app.wait_until_all_show(last).await;
    assert_eq!(board["head"]["revision"].as_u64(), Some(last));
    let row = app.row("tills-pl").await;
    assert_eq!(
        (row["stopped"].as_bool(), &row["mismatches"]),
        (Some(false), &Value::from(0))
    );
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_lost_or_in_another_order_are_made_up_for() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let wire = Wire::tap(&app.parts().space).await;

    // In another order, while the adapter was away.
    app.parts().till_link.cut();
    let mut last = 0;
    for amount in ["6.39", "6.49", "6.59"] {
        last = app.set_price("bread-rye", "krakow", amount).await;
    }
    let updates = until("three updates", PATIENCE, async || {
        let board = app.board().await;
        if board["published"]["revision"].as_u64() == Some(last) {
            Ok(wire.heard().await)
        } else {
            Err(board.to_string())
        }
    })
    .await;
    assert_eq!(updates.len(), 3);
    wire.lose("tills-pl").await;
    for index in [2, 0, 1] {
        wire.tell("tills-pl", &bytes(&updates[index])).await;
    }
    app.parts().till_link.heal();
    app.wait_until_all_show(last).await;
    app.assert_prices("bread-rye", "krakow", "6.59").await;

    // One is missing and the next one comes.
    app.parts().till_link.cut();
    let missing = app.set_price("bread-rye", "krakow", "6.69").await;
    app.wait_until_published(missing).await;
    wire.lose("tills-pl").await;
    let last = app.set_price("butter", "krakow", "7.69").await;
    app.parts().till_link.heal();
    app.wait_until_all_show(last).await;
    app.assert_prices("bread-rye", "krakow", "6.69").await;
    app.assert_prices("butter", "krakow", "7.69").await;

    // The last one is missing, and nothing comes but the beat.
    app.parts().till_link.cut();
    let last = app.set_price("bread-rye", "krakow", "6.79").await;
    app.wait_until_published(last).await;
    wire.lose("tills-pl").await;
    app.parts().till_link.heal();
    app.wait_until_all_show(last).await;
    app.assert_prices("bread-rye", "krakow", "6.79").await;
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_are_left_out_and_told() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let wire = Wire::tap(&app.parts().space).await;
    let (updates, last) = with_history(&app, &wire).await;
    let mut of_items = updates[2].clone();
    of_items["payload"]["items"][0]["sku"] = "bread-wheat".into();
    let mut of_tomorrow = updates[2].clone();
    of_tomorrow["version"] = 99.into();
    let told = |app: &TestApp| app.process(TILLS).output().matches("left out").count();
    for (wrong, stays_on_the_board) in [
        (b"not even JSON".to_vec(), true),
        (b"{}".to_vec(), true),
        (b"{\"type\":\"update\",\"version\":1}".to_vec(), true),
        (vec![0xff; 100_000], true),
        (bytes(&of_tomorrow), true),
        // What it should have brought is fetched at once, and all is well.
        (bytes(&of_items), false),
    ] {
        let before = told(&app);
        wire.tell("tills-pl", &wrong).await;
        until(
            "a line in the adapter's log",
            PATIENCE,
            async || match told(&app) {
                count if count > before => Ok(()),
                _ => Err(app.process(TILLS).output()),
            },
        )
        .await;
        if stays_on_the_board {
            app.wait_for_row("tills-pl", "a word about it", |row| {
                row["note"]
                    .as_str()
                    .is_some_and(|note| note.contains("left out"))
            })
            .await;
        }
        // The next edit goes through, and the board forgets the trouble.
        let amount = match app.till_price("butter", "krakow").as_deref() {
            Some("7.59") => "7.69",
            _ => "7.59",
        };
        let revision = app.set_price("butter", "krakow", amount).await;
        app.wait_until_all_show(revision).await;
        app.assert_prices("butter", "krakow", amount).await;
        app.wait_for_row("tills-pl", "no word about it", |row| {
            !row["note"]
                .as_str()
                .unwrap_or_default()
                .contains("left out")
        })
        .await;
    }
    assert!(app.board().await["head"]["revision"].as_u64() > Some(last));
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_hash_for_a_known_revision_stops_the_channel_until_a_person_acts() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let wire = Wire::tap(&app.parts().space).await;
    let (updates, last) = with_history(&app, &wire).await;
    let mut forged = updates[2].clone();
    forged["at"]["hash"] = "ab".repeat(32).into();
    wire.tell("tills-pl", &bytes(&forged)).await;
    let row = app
        .wait_for_row("tills-pl", "stopped", |row| row["stopped"] == true)
        .await;
    assert!(
        row["note"].as_str().unwrap().contains("two histories"),
        "{row:#}"
    );
    assert_eq!(row["shows_head"], false);
    // It shows what it showed; the others go on.
    let revision = app.set_price("bread-rye", "krakow", "6.69").await;
    assert_eq!(revision, last + 1);
    for pulled in ["site-pl", "app-pl"] {
        app.wait_for_row(pulled, "at the head", |row| {
            row["shows_head"] == true && row["revision"] == revision
        })
        .await;
    }
    throughout("stopped", Duration::from_secs(1), async || {
        match app.till_price("bread-rye", "krakow").as_deref() {
            Some("6.59") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(app.board().await["showing"].as_u64(), Some(2));
    app.cli_ok(&["resync", "tills-pl"]);
    app.wait_until_all_show(revision).await;
    let row = app.row("tills-pl").await;
    assert_eq!(row["stopped"], false, "{row:#}");
    app.assert_prices("bread-rye", "krakow", "6.69").await;
    app.verify_ok();
}
