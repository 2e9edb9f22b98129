//! An adapter in another language, written from the contract alone: it passes
//! the conformance suite, stands green on the board, and survives what ours do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{PATIENCE, Process, TestApp, new_key, production, run, until};

const CHANNEL: &str = "board-pl";

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("channel-adapters/examples/price-board")
        .join(file)
}

/// A Python that has the adapter's one library. Without it these tests are
/// left out, and say so; where everything must be tested that is a failure.
fn python() -> Option<String> {
    let python = std::env::var("OFFERCAST_TEST_PYTHON").ok();
    if python.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "OFFERCAST_TEST_PYTHON is not set"
        );
        println!("LEFT OUT: OFFERCAST_TEST_PYTHON is not set");
    }
    python.filter(|path| !path.is_empty())
}

fn piped(python: &str, file: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg("-B")
        .arg(example(file))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn adapter(app: &TestApp, python: &str) -> Process {
    let parts = app.parts();
    let mut command = piped(python, "adapter.py");
    command
        .args([
            "--amqp",
            &parts.broker_url(),
            "--namespace",
            &parts.space.name,
        ])
        .args(["--server", &app.url(""), "--token", &app.token])
        .args(["--channel", CHANNEL])
        .current_dir(app.directory.path());
    Process::start("the price board", command)
}

async fn shown(app: &TestApp, what: &str, words: &str) {
    let file = app.path("price-board.txt");
    until(what, PATIENCE, async || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.contains(words) {
            Ok(())
        } else {
            Err(text)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_adapter_stands_green_on_the_board() {
    let (Some(python), Some(backends)) = (python(), production()) else {
        return;
    };
    let mut app = TestApp::production(&backends).await;
    let channel = json!([{ "type": "put_channel", "channel": {
        "family": "price-board", "id": CHANNEL, "locale": "pl", "name": "Tablica",
        "template": { "name": "none", "source": "", "sha256": offercast_contract::Hash::of(&[]) },
        "time_zone": "Europe/Warsaw",
        "views": ["pl/krakow/everyone/store", "pl/warszawa/everyone/store"],
    }}]);
    app.declared.push(CHANNEL.to_owned());
    let answer = app
        .post("/v1/changes", &new_key(), &TestApp::edit(channel))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let board = adapter(&app, &python);
    app.wait_until_all_show(answer.json()["revision"].as_u64().unwrap())
        .await;
    let row = app.row(CHANNEL).await;
    assert_eq!(row["rung"], "observed", "{row:#}");
    app.verify_ok();

    let revision = app.set_price("bread-rye", "krakow", "6.79").await;
    shown(&app, "the new price", "\n  6.79 PLN per piece").await;
    app.wait_until_all_show(revision).await;

    // Killed, it goes on from what it held, also over what it missed.
    board.kill();
    app.set_price("bread-rye", "krakow", "6.85").await;
    let revision = app.set_price("bread-rye", "krakow", "6.89").await;
    let _board = adapter(&app, &python);
    shown(&app, "what it missed", "\n  6.89 PLN per piece").await;
    app.wait_until_all_show(revision).await;

    // A hand in the file is a mismatch that names what differs.
    let file = app.path("price-board.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("6.89 PLN", "5.89 PLN")).unwrap();
    let row = app
        .wait_for_row(CHANNEL, "a mismatch", |row| row["mismatches"] != 0)
        .await;
    assert_eq!(row["rung"], "delivered", "{row:#}");
    let ended = app.cli(&["verify"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("5.89"), "{ended:?}");
    app.cli_ok(&["resync", CHANNEL]);
    app.wait_until_all_show(revision).await;
    app.verify_ok();
}

#[test]
fn a_strangers_adapter_passes_the_conformance_suite() {
    let Some(python) = python() else {
        return;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_offercast"));
    command
        .args(["conformance", &python])
        .arg(example("conformance.py"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = run(command, PATIENCE * 3);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(" passed, 0 failed"), "{ended:?}");

    let ended = run(piped(&python, "test_contract.py"), PATIENCE * 3);
    assert_eq!(ended.code, Some(0), "the contract's vectors: {ended:?}");
}
