//! The real price list: 35,205 rows of four stores, on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use offercast_contract::Hash;
use serde_json::{Value, json};

use crate::support::{TestApp, production, shown};

const FILE: &str = "konzum_hr_2025-07-03.csv.gz";

/// Where the list is; none, and a plain word about it, where it is not.
fn price_list() -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(FILE);
    if file.exists() {
        return Some(file);
    }
    let why = format!("LEFT OUT: {} is not there", file.display());
    assert!(std::env::var_os("CI").is_none(), "{why}");
    println!("{why}");
    None
}

/// The price paid of each row: zone, SKU, price; read without the importer.
fn rows(file: &Path) -> Vec<(String, String, String)> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|field| field == name).unwrap();
    let (store, sku) = (column("store"), column("sku"));
    let (regular, special) = (column("regular_price"), column("special_price"));
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let price = if record[special].is_empty() {
                &record[regular]
            } else {
                &record[special]
            };
            (
                record[store].to_owned(),
                record[sku].to_owned(),
                price.to_owned(),
            )
        })
        .collect()
}

fn report(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_price_list_is_in_all_channels() {
    let (Some(file), Some(backends)) = (price_list(), production()) else {
        return;
    };
    let mut app = TestApp::empty(&backends).await;
    let name = file.display().to_string();
    let import = ["import", &name, "--market", "hr", "--json"];
    let dry = report(&app.cli_ok(&[&import[..], &["--dry-run"]].concat()).stdout);
    assert_eq!(dry["revision"], Value::Null);
    let first = report(&app.cli_ok(&import).stdout);
    let counts = ["revision", "rows", "skus", "zones"].map(|key| first[key].as_u64());
    assert_eq!(counts, [1, 35_205, 13_438, 4].map(Some), "{first:#}");
    assert!(
        first["notices_total"].as_u64() > Some(0),
        "absurd quantities are reported"
    );
    let again = report(&app.cli_ok(&import).stdout);
    assert_eq!(again["revision"], Value::Null, "{again:#}");

    app.declare_channel("tills-hr", "till", "hr", "all", "hr");
    app.start_server("server").await;
    app.start_adapters_of(&["tills-hr"]).await;

    // Every row, against the till files.
    let rows = rows(&file);
    assert_eq!(rows.len(), 35_205);
    let board = app.wait_long_until_all_show(2).await;
    assert_eq!(board["channels"][0]["held"], 0, "{board:#}");
    let till = app.path("data").join("tills/tills-hr");
    let zones: BTreeSet<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let mut in_files = BTreeMap::new();
    for zone in &zones {
        for fields in shown::wares(&till.join(zone).join("goods.txt")).unwrap() {
            in_files.insert(((*zone).to_owned(), fields[0].clone()), fields[4].clone());
        }
    }
    assert_eq!(in_files.len(), rows.len());
    for (zone, sku, price) in &rows {
        let shown = in_files.get(&(zone.clone(), sku.clone()));
        assert_eq!(
            shown.map(String::as_str),
            Some(price.as_str()),
            "{sku} in {zone}"
        );
    }

    // Some SKUs of all kinds in all stores, against site and app: reading them
    // all as customers do takes minutes where nothing is optimised.
    let chosen: BTreeSet<&str> = rows.iter().step_by(211).map(|row| row.1.as_str()).collect();
    app.declared
        .extend(["site-hr".to_owned(), "app-hr".to_owned()]);
    let channels = [("site-hr", "site"), ("app-hr", "app")];
    let changes = channels.map(|(id, family)| channel(id, family, &zones, &chosen));
    let revision = app.publish(json!(changes)).await;
    app.start_adapters_of(&["site-hr", "app-hr"]).await;
    app.wait_long_until_all_show(revision).await;
    let mut read = 0;
    for (zone, sku, price) in rows.iter().filter(|row| chosen.contains(row.1.as_str())) {
        for (id, family) in channels {
            let path = format!("/v1/channels/{id}/items/{sku}?zone={zone}");
            let answer = app.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let shown = match family {
                "site" => shown::price_in_fragment(&answer.body),
                _ => shown::price_in_document(&answer.body),
            };
            assert_eq!(shown, *price, "{path}");
            read += 1;
        }
    }
    assert!(read > 2 * chosen.len() as u64, "stores share SKUs");
    assert_eq!(app.verify_ok(), 35_205 + read);
}

/// A declaration that carries these SKUs only.
fn channel(id: &str, family: &str, zones: &BTreeSet<&str>, skus: &BTreeSet<&str>) -> Value {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("templates/channels/{family}.hbs"));
    let source = std::fs::read_to_string(file).unwrap();
    let include: Vec<Value> = skus.iter().map(|sku| json!({ "sku": sku })).collect();
    let views: Vec<String> = zones
        .iter()
        .map(|zone| format!("hr/{zone}/everyone/delivery"))
        .collect();
    json!({
        "type": "put_channel",
        "channel": {
            "id": id, "family": family, "name": id, "locale": "hr", "time_zone": "Europe/Zagreb",
            "views": views, "assortment": { "include": include },
            "template": {
                "name": format!("{family}.hbs"),
                "sha256": Hash::of(&[source.as_bytes()]).to_string(),
                "source": source,
            },
        },
    })
}
