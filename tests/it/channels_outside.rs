//! What can go wrong where customers look: a full disk, a hand that edits a
//! file, a template that shows something else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use offercast_contract::Hash;
use serde_json::{Value, json};

use crate::support::{PATIENCE, TestApp, new_key, rewrite, throughout, until};

/// A file system of 64 KiB over a directory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user may not mount, or the machine cannot.
    fn over(directory: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "none"])
            .arg(directory)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(directory.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A delivery fails until `free` is called; the old file stays as it was.
async fn delivery_fails_until(app: &TestApp, words: &str, free: impl FnOnce()) {
    let file = app.goods_file("krakow");
    let old = std::fs::read(&file).unwrap();
    let revision = app.set_price("bread-rye", "krakow", "6.89").await;
    let row = app
        .wait_for_row("tills-pl", "a failed delivery", |row| {
            row["note"]
                .as_str()
                .is_some_and(|note| note.contains("delivery failed"))
        })
        .await;
    let note = row["note"].as_str().unwrap();
    assert!(note.contains(words) && note.contains("goods.txt"), "{note}");
    assert_eq!(row["rung"], "rendered", "{row:#}");
    throughout(
        "the old file",
        Duration::from_secs(1),
        async || match std::fs::read(&file) {
            Ok(bytes) if bytes == old => Ok(()),
            other => Err(format!("{other:?}")),
        },
    )
    .await;
    // Others are not held up.
    assert_eq!(
        app.site_price("bread-rye", "krakow").await.as_deref(),
        Some("6.89")
    );
    free();
    app.wait_until_all_show(revision).await;
    app.assert_prices("bread-rye", "krakow", "6.89").await;
    let row = app.row("tills-pl").await;
    assert!(
        !row["note"].as_str().unwrap_or_default().contains("failed"),
        "{row:#}"
    );
    app.verify_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_the_old_goods_file_whole() {
    let app = TestApp::embedded().await;
    let file = app.goods_file("krakow");
    let directory = file.parent().unwrap();
    let Some(disk) = SmallDisk::over(directory) else {
        println!("LEFT OUT: a file system of 64 KiB cannot be mounted here");
        return;
    };
    // What the adapter wrote is under it; it writes that again.
    app.cli_ok(&["resync", "tills-pl"]);
    until("a goods file on the small disk", PATIENCE, async || {
        if file.exists() && app.row("tills-pl").await["mismatches"] == 0 {
            Ok(())
        } else {
            Err("none".to_owned())
        }
    })
    .await;
    app.wait_until_all_show(1).await;
    let filler = directory.join("filler");
    let full = std::fs::write(&filler, vec![0; 64 << 10]);
    assert!(full.is_err(), "the disk is not as small as it should be");
    delivery_fails_until(&app, "No space left", || {
        std::fs::remove_file(&filler).unwrap()
    })
    .await;
    drop(app);
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goods_file_that_cannot_be_written_leaves_the_old_one_whole() {
    let app = TestApp::embedded().await;
    let in_the_way = app.goods_file("krakow").with_file_name("goods.txt.new");
    std::fs::create_dir(&in_the_way).unwrap();
    delivery_fails_until(&app, "directory", || {
        std::fs::remove_dir(&in_the_way).unwrap()
    })
    .await;
}

fn finding<'a>(audit: &'a Value, channel: &str, sku: &str) -> &'a Value {
    let channels = audit["channels"].as_array().unwrap();
    let channel = channels
        .iter()
        .find(|row| row["channel"] == channel)
        .unwrap();
    let findings = channel["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["sku"] == sku);
    found.unwrap_or_else(|| panic!("nothing about {sku}: {channel:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goods_file_edited_by_hand_is_found_and_mended() {
    let app = TestApp::embedded().await;
    app.assert_prices("bread-rye", "krakow", "6.29").await;
    let file = app.goods_file("krakow");
    let edit = |from: &str, to: &str| {
        rewrite(&file, |bytes| {
            let at = bytes
                .windows(from.len())
                .position(|part| part == from.as_bytes())
                .unwrap();
            bytes.splice(at..at + from.len(), to.bytes());
        });
    };
    // A price, a ware that is gone, and one that nobody sells.
    edit(", pc;6.29;", ", pc;1.29;");
    edit("milk-32;", "milk-99;");
    let (code, audit) = app.verify();
    assert_eq!((code, &audit["ok"]), (Some(1), &Value::Bool(false)));
    let price = finding(&audit, "tills-pl", "bread-rye");
    assert_eq!(price["state"], "mismatch");
    assert_eq!(price["view"], "pl/krakow/everyone/store");
    assert_eq!(
        price["differences"],
        json!([{ "expected": "6.29", "field": "price", "shown": "1.29" }])
    );
    assert_eq!(
        finding(&audit, "tills-pl", "milk-32")["state"],
        "mismatch",
        "gone"
    );
    assert_eq!(
        finding(&audit, "tills-pl", "milk-99")["state"],
        "mismatch",
        "not ours"
    );
    let said = app.cli(&["verify"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stdout.contains(
            "bread-rye in pl/krakow/everyone/store: mismatch: price: shown 1.29, expected 6.29"
        ),
        "{said:?}"
    );
    assert!(said.stdout.contains("NOT every channel"), "{said:?}");
    // The adapter looks by itself, too, and the board says it.
    let row = app
        .wait_for_row("tills-pl", "mismatches", |row| row["mismatches"] == 3)
        .await;
    assert_eq!(row["shows_head"], false, "{row:#}");

    app.cli_ok(&["resync", "tills-pl"]);
    app.wait_until_all_show(1).await;
    app.assert_prices("bread-rye", "krakow", "6.29").await;
    assert!(
        app.till_price("milk-32", "krakow").is_some()
            && app.till_price("milk-99", "krakow").is_none()
    );
    app.verify_ok();

    // No file at all, and one that is not a goods file.
    for wreck in [None, Some("hello")] {
        match wreck {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        let (code, audit) = app.verify();
        assert_eq!(code, Some(1), "{audit:#}");
        app.cli_ok(&["resync", "tills-pl"]);
        app.wait_until_all_show(1).await;
        app.verify_ok();
    }
}

/// The channel's declaration with another template.
async fn with_template(app: &TestApp, channel: &str, change: impl FnOnce(&str) -> String) -> Value {
    let mut declared = app.get(&format!("/v1/channels/{channel}")).await.json();
    let source = change(declared["template"]["source"].as_str().unwrap());
    assert_ne!(declared["template"]["source"], source);
    declared["template"]["sha256"] = Hash::of(&[source.as_bytes()]).to_string().into();
    declared["template"]["source"] = source.into();
    json!([{ "type": "put_channel", "channel": declared }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_that_shows_something_else_never_gets_to_customers() {
    let app = TestApp::embedded().await;
    // A reduced item, where a swap of two prices shows.
    let before = app.prices("butter", "warszawa").await;
    assert_eq!(before[1].as_deref(), Some("5.99"));
    let cases: [(&str, &str, &str); 5] = [
        (
            "app-pl",
            "{{price.amount}}",
            "{{#if regular}}{{regular.amount}}{{else}}{{price.amount}}{{/if}}",
        ),
        ("app-pl", "\"amount\":\"{{price.amount}}\",", ""),
        (
            "site-pl",
            "<data class=\"oc-price\" data-claim=\"price\" value=\"{{price.value}}\">{{price.text}}</data>",
            "",
        ),
        (
            "site-pl",
            ">{{price.text}}<",
            ">{{#if regular}}{{regular.text}}{{else}}{{price.text}}{{/if}}<",
        ),
        ("tills-pl", "{{price}}", "0.01"),
    ];
    for (channel, from, to) in cases {
        let changes = with_template(&app, channel, |source| source.replace(from, to)).await;
        let answer = app
            .post("/v1/changes", &new_key(), &TestApp::edit(changes))
            .await;
        assert_eq!(
            answer.status, 422,
            "{channel}, {from} -> {to}: {}",
            answer.body
        );
        assert_eq!(app.prices("butter", "warszawa").await, before);
    }
    // One that names what there is not, and one whose hash is another's.
    let changes = with_template(&app, "app-pl", |source| {
        source.replace("price.amount", "prise.amount")
    })
    .await;
    let answer = app
        .post("/v1/changes", &new_key(), &TestApp::edit(changes))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let mut changes = with_template(&app, "app-pl", |source| format!("{source}\n")).await;
    changes[0]["channel"]["template"]["sha256"] = "00".repeat(32).into();
    let answer = app
        .post("/v1/changes", &new_key(), &TestApp::edit(changes))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let board = app.board().await;
    assert_eq!(
        board["head"]["revision"], 1,
        "none of them became a revision"
    );

    // A harmless one goes through and every item is rendered anew.
    let changes = with_template(&app, "site-pl", |source| {
        source.replace("oc-item", "oc-item oc-new")
    })
    .await;
    let revision = app.publish(changes).await;
    app.wait_until_all_show(revision).await;
    let fragment = app
        .get("/v1/channels/site-pl/items/butter?zone=warszawa")
        .await;
    assert!(
        fragment.body.contains("oc-item oc-new"),
        "{}",
        fragment.body
    );
    assert_eq!(app.prices("butter", "warszawa").await, before);
    app.verify_ok();
}
