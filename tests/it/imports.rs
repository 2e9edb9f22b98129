//! Price lists: all or nothing, and nothing twice.

use serde_json::Value;

use crate::support::{PATIENCE, TestApp, production, until};

const MAPPING: &str = r#"
locale = "pl"
tax_class = "reduced"
ignored = ["remark"]
[columns]
zone = "store"
sku = "sku"
name = "title"
category = "category"
regular = "regular"
special = "special"
prior = "lowest_30d"
sale_unit = "unit"
[sale_units]
szt = "piece"
kg = "kilogram"
"#;

const HEADER: &str = "store,sku,title,category,unit,regular,special,lowest_30d,remark\n";

const GOOD: &str = "krakow,bread-rye,Chleb żytni,food/bakery,szt,6.99,,,\n\
    warszawa,bread-rye,Chleb żytni,food/bakery,szt,7.19,,,\n\
    krakow,plums,Śliwki,food/fruit,kg,8.99,,,new\n\
    krakow,cream,Śmietana,food/dairy,szt,,3.49,3.99,\n";

fn write(app: &TestApp, name: &str, rows: &str) {
    std::fs::write(app.path("mapping.toml"), MAPPING).unwrap();
    std::fs::write(app.path(name), format!("{HEADER}{rows}")).unwrap();
}

fn import(app: &TestApp, name: &str, more: &[&str]) -> Value {
    let arguments = [
        "import",
        name,
        "--market",
        "pl",
        "--mapping",
        "mapping.toml",
        "--json",
    ];
    let ended = app.cli_ok(&[&arguments, more].concat());
    serde_json::from_str(&ended.stdout).unwrap()
}

async fn head(app: &TestApp) -> u64 {
    app.board().await["head"]["revision"].as_u64().unwrap()
}

async fn price_lists_become_revisions(app: &TestApp) {
    let before = head(app).await;

    // Looked at first: nothing is recorded.
    write(app, "good.csv", GOOD);
    let report = import(app, "good.csv", &["--dry-run"]);
    assert_eq!(
        (&report["revision"], report["rows"].as_u64()),
        (&Value::Null, Some(4)),
        "{report:#}"
    );
    assert!(report["changes"].as_u64() > Some(0), "{report:#}");
    assert_eq!(head(app).await, before);

    // One wrong row, and nothing is imported; each error has its place.
    let wrong = format!(
        "{GOOD}krakow,,Nic,food,szt,1.00,,,\nkrakow,nuts,Orzechy,food,pud,1.00,,,\nkrakow,kefir,Kefir,food,szt,3;99,,,\n"
    );
    write(app, "wrong.csv", &wrong);
    let ended = app.cli(&[
        "import",
        "wrong.csv",
        "--market",
        "pl",
        "--mapping",
        "mapping.toml",
    ]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for place in [
        "row 6, column sku:",
        "row 7, column unit:",
        "row 8, column regular:",
    ] {
        assert!(ended.stdout.contains(place), "{place}: {ended:?}");
    }
    assert!(ended.stderr.contains("3 things are wrong"), "{ended:?}");
    let column = app.cli(&["import", "good.csv", "--market", "pl"]);
    assert_eq!(
        column.code,
        Some(2),
        "a mapping that does not fit: {column:?}"
    );
    assert_eq!(head(app).await, before);

    // As one revision, in all channels.
    let report = import(app, "good.csv", &[]);
    let revision = report["revision"].as_u64().unwrap();
    assert_eq!(revision, before + 1, "{report:#}");
    app.wait_until_all_show(revision).await;
    app.assert_prices("bread-rye", "krakow", "6.99").await;
    app.assert_prices("bread-rye", "warszawa", "7.19").await;
    app.assert_prices("plums", "krakow", "8.99").await;
    app.assert_prices("cream", "krakow", "3.49").await;
    assert_eq!(
        app.prices("plums", "warszawa").await,
        [None, None, None],
        "not sold there"
    );
    app.verify_ok();

    // The same file again makes no revision.
    let report = import(app, "good.csv", &[]);
    assert_eq!(report["revision"], Value::Null, "{report:#}");
    assert_eq!(head(app).await, revision);

    // A file that leaves a row out ends a price only where it is complete.
    let without_plums: String = GOOD
        .lines()
        .filter(|line| !line.contains("plums"))
        .map(|line| format!("{line}\n"))
        .collect();
    write(app, "less.csv", &without_plums);
    let report = import(app, "less.csv", &[]);
    assert_eq!(report["revision"], Value::Null, "{report:#}");
    app.assert_prices("plums", "krakow", "8.99").await;
    let report = import(app, "less.csv", &["--complete-for", "krakow"]);
    let revision = report["revision"].as_u64().unwrap();
    app.wait_until_all_show(revision).await;
    assert_eq!(app.prices("plums", "krakow").await, [None, None, None]);
    app.assert_prices("bread-rye", "krakow", "6.99").await;
    // Warszawa was not said to be complete: what it has of its own stays.
    app.assert_prices("bread-rye", "warszawa", "7.19").await;
    app.verify_ok();

    // Prices that begin later do so by themselves.
    write(
        app,
        "later.csv",
        "krakow,bread-rye,Chleb żytni,food/bakery,szt,7.49,,,\n",
    );
    let now: offercast_contract::Instant =
        app.board().await["now"].as_str().unwrap().parse().unwrap();
    let effective = now.plus_micros(5_000_000).to_string();
    let report = import(app, "later.csv", &["--effective", &effective]);
    let revision = report["revision"].as_u64().unwrap();
    app.wait_until_all_show(revision).await;
    until("the price to come", PATIENCE, async || {
        match app.prices("bread-rye", "krakow").await {
            prices if prices.iter().all(|price| price.as_deref() == Some("7.49")) => Ok(()),
            prices => Err(format!("{prices:?}")),
        }
    })
    .await;
    assert_eq!(head(app).await, revision);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn price_lists_on_the_embedded_stack() {
    price_lists_become_revisions(&TestApp::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn price_lists_on_the_production_stack() {
    let Some(backends) = production() else { return };
    price_lists_become_revisions(&TestApp::production(&backends).await).await;
}
