//! Parts that die or go away, each with the real ones: no edit is lost, no
//! wrong price is shown, and all channels are at the head afterwards.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    PATIENCE, PULLED, SERVER, TILLS, TestApp, new_key, production, regular_price, row_of, until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_between_commit_and_publication_loses_no_edit() {
    let Some(backends) = production() else { return };
    let mut app = TestApp::production(&backends).await;
    app.parts().server_link.cut();
    let first = app.set_price("bread-rye", "krakow", "6.59").await;
    let second = app.set_price("butter", "krakow", "7.99").await;
    let board = app.board().await;
    assert_eq!(board["head"]["revision"].as_u64(), Some(second));
    assert!(
        board["published"]["revision"].as_u64() < Some(first),
        "{board}"
    );
    app.kill(SERVER);
    assert_eq!(
        app.till_price("bread-rye", "krakow").as_deref(),
        Some("6.29"),
        "nothing got out"
    );

    app.parts().server_link.heal();
    app.start_server(SERVER).await;
    let board = app.wait_until_all_show(second).await;
    assert_eq!(board["head"]["revision"].as_u64(), Some(second));
    app.assert_prices("bread-rye", "krakow", "6.59").await;
    app.assert_prices("butter", "krakow", "7.99").await;
    app.verify_ok();
    app.cli_ok(&["verify", "--log"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_go_on_while_the_broker_is_away() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    let links = [
        &app.parts().server_link,
        &app.parts().pulled_link,
        &app.parts().till_link,
    ];
    for link in links {
        link.cut();
    }
    let mut last = 0;
    for step in 0..12 {
        let amount = format!("4.{}0", step % 9 + 1);
        last = app.set_price("bread-wheat", "warszawa", &amount).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    last = last.max(app.set_price("bread-wheat", "warszawa", "5.09").await);
    let board = app.board().await;
    assert!(
        board["published"]["revision"].as_u64() < Some(last),
        "{board}"
    );
    for row in board["channels"].as_array().unwrap() {
        assert!(
            row["lag_revisions"].as_u64() > Some(0) && row["lag_ms"].as_i64() > Some(0),
            "{row}"
        );
        assert_eq!(row["shows_head"], false, "{row}");
    }
    for link in links {
        link.heal();
    }
    app.wait_until_all_show(last).await;
    app.assert_prices("bread-wheat", "warszawa", "5.09").await;
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_hangs_is_left_and_found_again() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    // Connections stay open, and no confirmation ever comes.
    app.parts().server_link.hang();
    let revision = app.set_price("milk-32", "krakow", "4.59").await;
    until("the relay to notice", PATIENCE, async || {
        let output = app.process(SERVER).output();
        if output.contains("the broker is not usable") {
            Ok(())
        } else {
            Err(output)
        }
    })
    .await;
    app.parts().server_link.heal();
    app.wait_until_all_show(revision).await;
    app.assert_prices("milk-32", "krakow", "4.59").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_killed_between_delivery_and_acknowledgement_delivers_no_harm() {
    let Some(backends) = production() else { return };
    let mut app = TestApp::production(&backends).await;
    // It hears the update and nobody hears it: delivered, never acknowledged.
    app.parts().till_link.mute();
    let revision = app.set_price("gouda", "krakow", "41.90").await;
    until("the till's new file", PATIENCE, async || {
        match app.till_price("gouda", "krakow").as_deref() {
            Some("41.90") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let row = app.row("tills-pl").await;
    assert!(
        row["revision"].as_u64() < Some(revision),
        "the board cannot know: {row}"
    );
    let instance = row["instance"].clone();
    app.kill(TILLS);

    app.parts().till_link.heal();
    app.start_tills().await;
    app.wait_until_all_show(revision).await;
    app.assert_prices("gouda", "krakow", "41.90").await;
    assert_ne!(app.row("tills-pl").await["instance"], instance);
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adapters_killed_at_any_time_go_on_where_they_were() {
    let Some(backends) = production() else { return };
    let mut app = TestApp::production(&backends).await;
    let mut last = 0;
    for (round, amount) in ["6.39", "6.49", "6.59"].into_iter().enumerate() {
        last = app.set_price("bread-rye", "krakow", amount).await;
        // Wherever they are with it.
        tokio::time::sleep(Duration::from_millis(15 * round as u64)).await;
        app.kill(TILLS);
        app.kill(PULLED);
        app.start_adapters().await;
    }
    app.wait_until_all_show(last).await;
    app.assert_prices("bread-rye", "krakow", "6.59").await;
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_database_connections_are_made_again() {
    let Some(backends) = production() else { return };
    let app = TestApp::production(&backends).await;
    // Ended under way: whoever tries again with the same key gets one revision.
    for amount in ["6.39", "6.49", "6.59"] {
        let (key, body) = (
            new_key(),
            TestApp::edit(json!([regular_price("bread-rye", "krakow", amount)])),
        );
        app.parts().database.end_sessions();
        until("an edit", PATIENCE, async || {
            let answer = app.try_post("/v1/changes", &key, &body).await?;
            if answer.status == 201 {
                Ok(())
            } else {
                Err(format!("{answer:?}"))
            }
        })
        .await;
    }
    let board = app.wait_until_all_show(7).await;
    assert_eq!(
        board["head"]["revision"].as_u64(),
        Some(7),
        "one revision for each edit"
    );

    // Away for a while: reads go on, writes say so.
    app.parts().database_link.cut();
    let (key, body) = (
        new_key(),
        TestApp::edit(json!([regular_price("bread-rye", "krakow", "6.69")])),
    );
    let refused = app.post("/v1/changes", &key, &body).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.json()["type"], "urn:offercast:problem:unavailable");
    app.assert_prices("bread-rye", "krakow", "6.59").await;
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.body);
    assert_eq!(app.get("/health/live").await.status, 200);

    app.parts().database_link.heal();
    until("an edit", PATIENCE, async || {
        let answer = app.try_post("/v1/changes", &key, &body).await?;
        if answer.status == 201 {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    })
    .await;
    app.wait_until_all_show(8).await;
    app.assert_prices("bread-rye", "krakow", "6.69").await;
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_from_an_older_backup_is_refused_until_a_person_opens_an_epoch() {
    let Some(backends) = production() else { return };
    let mut app = TestApp::production(&backends).await;
    app.set_price("butter", "krakow", "7.59").await;
    app.wait_until_all_show(5).await;
    let copy = app.parts().database.back_up();
    until("an edit after the backup", PATIENCE, async || {
        let body = TestApp::edit(json!([regular_price("butter", "krakow", "7.79")]));
        let answer = app
            .try_post("/v1/changes", "after-the-backup", &body)
            .await?;
        if answer.status == 201 {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    })
    .await;
    app.wait_until_all_show(6).await;

    app.kill(SERVER);
    app.parts().database.restore(&copy);
    app.start_server(SERVER).await;
    let halted = until("a halt", PATIENCE, async || {
        let board = app.board().await;
        if board["halted"].is_string() {
            Ok(board)
        } else {
            Err(format!("{board:#}"))
        }
    })
    .await;
    assert!(
        halted["halted"]
            .as_str()
            .unwrap()
            .contains("restored from a backup"),
        "{halted:#}"
    );
    // Another history is recorded and goes nowhere.
    let revision = app.set_price("butter", "krakow", "8.09").await;
    assert_eq!(revision, 6);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(app.till_price("butter", "krakow").as_deref(), Some("7.79"));
    let board = app.board().await;
    assert!(
        board["published"]["revision"].as_u64() < Some(6),
        "{board:#}"
    );
    assert_eq!(board["showing"].as_u64(), Some(0), "{board:#}");
    let (code, _) = app.verify();
    assert_eq!(code, Some(1), "channels are not at this database's head");

    let said = app
        .cli_ok(&[
            "open-epoch",
            "--reason",
            "the disk broke, the backup is the truth now",
        ])
        .stdout;
    assert!(said.contains("epoch 2 is open"), "{said}");
    let board = app.wait_until_all_show(6).await;
    assert_eq!(
        (&board["halted"], board["head"]["epoch"].as_u64()),
        (&Value::Null, Some(2))
    );
    app.assert_prices("butter", "krakow", "8.09").await;
    let revision = app.set_price("butter", "krakow", "8.19").await;
    app.wait_until_all_show(revision).await;
    app.assert_prices("butter", "krakow", "8.19").await;
    app.verify_ok();
    app.cli_ok(&["verify", "--log"]);
}

const SECOND: &str = "second server";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_are_one() {
    let Some(backends) = production() else { return };
    let mut app = TestApp::production(&backends).await;
    let second = app.start_server(SECOND).await;
    let first = app.first_server.clone();
    let bearer = format!("Bearer {}", app.token);
    let write = async |address: &str, key: &str, amount: &str| {
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
        let body = TestApp::edit(json!([regular_price("bread-rye", "krakow", amount)]));
        let url = format!("http://{address}/v1/changes");
        app.send(Method::POST, url, &headers, Some(&body))
            .await
            .unwrap()
    };
    let path = "/v1/channels/app-pl/items/bread-rye?zone=krakow";
    for (round, amount) in ["6.39", "6.49", "6.59", "6.69"].into_iter().enumerate() {
        let (here, there) = if round % 2 == 0 {
            (&first, &second)
        } else {
            (&second, &first)
        };
        let key = new_key();
        let written = write(here, &key, amount).await;
        assert_eq!(written.status, 201, "{}", written.body);
        let revision = written.json()["revision"].to_string();
        let headers = [("Offercast-Min-Revision", revision.as_str())];
        // It waits for half a second; a server that is busy says that it is
        // behind, and never shows what was before.
        let read = until("a read on the other server", PATIENCE, async || {
            let url = format!("http://{there}{path}");
            let read = app.send(Method::GET, url, &headers, None).await?;
            match read.status.as_u16() {
                200 => Ok(read),
                503 => Err(read.body),
                other => panic!("{other}: {}", read.body),
            }
        })
        .await;
        assert_eq!(crate::support::shown::price_in_document(&read.body), amount);
        // The other server knows the key too.
        let again = write(there, &key, amount).await;
        assert_eq!(
            again.header("idempotency-replayed"),
            Some("true"),
            "{}",
            again.body
        );
        assert_eq!(again.json()["revision"].to_string(), revision);
    }
    app.wait_until_all_show(8).await;

    // The first holds the relay's lease; it goes deaf, the second takes over.
    app.process(SERVER).stop();
    let revision = app.set_price("bread-rye", "krakow", "6.79").await;
    app.wait_until_all_show(revision).await;
    // It wakes with a lease that is not its own any more, and does no harm.
    app.process(SERVER).go_on();
    let revision = app.set_price("bread-rye", "krakow", "6.89").await;
    app.wait_until_all_show(revision).await;

    app.kill(SERVER);
    let revision = app.set_price("bread-rye", "krakow", "6.99").await;
    let board = app.wait_until_all_show(revision).await;
    assert_eq!(row_of(&board, "tills-pl")["stopped"], false);
    app.assert_prices("bread-rye", "krakow", "6.99").await;
    app.verify_ok();
    app.terminate(SECOND);
}
