//! Price lists.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use offercast_http::HttpOptions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, WRITER, fresh_key, problem};

const MAPPING: &str = r#"
ignored = []
locale = "en"
tax_class = "standard"

[columns]
category = "category"
name = "name"
regular = "price"
sku = "sku"
zone = "store"
"#;

const LIST: &str = "sku,name,category,store,price\n\
    bread,Rye bread,food/bakery,0204,2.05\n\
    cheese,Cheese,food/dairy,0204,5.49\n\
    cheese,Cheese,food/dairy,0613,5.29\n";

const BOUNDARY: &str = "----frontier";

fn form(mapping: &str, file: &[u8]) -> Vec<u8> {
    let part = |name: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n"
        )
    };
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [
        part("mapping").as_bytes(),
        mapping.as_bytes(),
        b"\r\n",
        part("file").as_bytes(),
        file,
        end.as_bytes(),
    ]
    .concat()
}

fn import(shop: &Shop, query: &str, key: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
    shop.ask(Method::POST, &format!("/v1/imports?{query}"))
        .bearer_auth(WRITER)
        .header("Idempotency-Key", key)
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body)
}

#[tokio::test]
async fn a_list_becomes_one_revision_once() {
    let shop = Shop::open().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(LIST.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let dry = import(
        &shop,
        "market=hr&dry_run",
        "dry",
        form(MAPPING, LIST.as_bytes()),
    )
    .send()
    .await
    .unwrap();
    let report: Value = dry.json().await.unwrap();
    assert_eq!(
        (&report["rows"], &report["revision"]),
        (&json!(3), &Value::Null),
        "{report}"
    );
    let first = import(&shop, "market=hr", "list", form(MAPPING, &packed))
        .send()
        .await
        .unwrap();
    assert_eq!(first.status(), 200);
    let report: Value = first.json().await.unwrap();
    assert_eq!(
        (&report["revision"], &report["skus"]),
        (&json!(2), &json!(2)),
        "{report}"
    );
    let again = import(&shop, "market=hr", "list", form(MAPPING, &packed))
        .send()
        .await
        .unwrap();
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), report);
    let same = import(
        &shop,
        "market=hr",
        &fresh_key(),
        form(MAPPING, LIST.as_bytes()),
    )
    .send()
    .await
    .unwrap();
    assert_eq!(same.json::<Value>().await.unwrap()["revision"], Value::Null);
    assert_eq!(
        shop.json("/v1/markets/hr/terms/cheese?zone=0613").await["terms"]["price"],
        "5.29"
    );
}

#[tokio::test]
async fn one_wrong_row_and_nothing_is_recorded() {
    let shop = Shop::open().await;
    let list = LIST.replace("5.29", "five");
    let (status, kind, document) = problem(
        import(
            &shop,
            "market=hr",
            &fresh_key(),
            form(MAPPING, list.as_bytes()),
        )
        .send()
        .await
        .unwrap(),
    )
    .await;
    assert_eq!((status, kind.as_str()), (422, "invalid-rows"));
    assert_eq!(
        (
            &document["errors"][0]["row"],
            &document["errors"][0]["column"]
        ),
        (&json!(4), &json!("price"))
    );
    assert_eq!(shop.json("/v1/channels").await["head"]["revision"], 1);
}

const TIERS: &str = r#"
locale = "en"
tax_class = "standard"

[columns]
category = "category"
name = "name"
regular = "price"
sku = "sku"
floor = "floor"
minimum_quantity = "from"
step = "step"
"#;

const TIER_HEAD: &str = "sku,name,category,from,price,floor,step\n";

#[tokio::test]
async fn tiers_are_rows_of_a_list() {
    let shop = Shop::open().await;
    let send = |rows: &str| {
        let body = form(TIERS, format!("{TIER_HEAD}{rows}").as_bytes());
        import(&shop, "market=hr", &fresh_key(), body).send()
    };
    let rows = "oil,Oil,food,,10.00,7.00,\noil,Oil,food,6,9.00,,\noil,Oil,food,12,8.00,,\n";
    let report: Value = send(rows).await.unwrap().json().await.unwrap();
    assert_eq!(report["revision"], 2, "{report}");
    let terms = shop.json("/v1/markets/hr/terms/oil").await["terms"].clone();
    assert_eq!(
        (&terms["price"], &terms["conditional"]),
        (
            &json!("10.00"),
            &json!([
                {"amount": "8.00", "condition": {"quantity": "12"}},
                {"amount": "9.00", "condition": {"quantity": "6"}}
            ])
        )
    );
    // The file is complete for the tiers of what it names.
    let rows = "oil,Oil,food,1,10.00,7.00,\noil,Oil,food,12,8.00,,\n";
    let report: Value = send(rows).await.unwrap().json().await.unwrap();
    assert_eq!(report["revision"], 3, "{report}");
    let terms = shop.json("/v1/markets/hr/terms/oil").await["terms"].clone();
    assert_eq!(terms["conditional"].as_array().unwrap().len(), 1);
    // Floors are for those who may edit.
    let kinds = |answer: &Value| -> Vec<String> {
        let prices = answer["prices"].as_array().unwrap();
        let kind = |row: &Value| row["key"]["kind"].as_str().unwrap().to_owned();
        prices.iter().map(kind).collect()
    };
    let told = shop.json("/v1/products/oil").await;
    assert_eq!(kinds(&told), ["regular", "regular"]);
    let insider = shop
        .ask(Method::GET, "/v1/products/oil")
        .bearer_auth(WRITER);
    let told: Value = insider.send().await.unwrap().json().await.unwrap();
    assert_eq!(kinds(&told), ["floor", "regular", "regular"]);
    let revision = shop.json("/v1/revisions/2").await.to_string();
    assert!(!revision.contains("floor"), "{revision}");
}

#[tokio::test]
async fn rows_that_cannot_be_are_named() {
    let shop = Shop::open().await;
    for (rows, row, column, reason) in [
        (
            "oil,Oil,food,,10.00,,\noil,Oil,food,,9.00,,\n",
            3,
            "sku",
            "row 2 has the same SKU, zone, audience and minimum quantity",
        ),
        (
            "oil,Oil,food,,10.00,,\noil,Oil,food,1,9.00,,\n",
            3,
            "price",
            "contradicts row 2: 10.00 and 9.00 are both set as the regular price of oil in hr",
        ),
        (
            "oil,Oil,food,2.5,10.00,,\n",
            2,
            "from",
            "2.5 is not a whole number of pieces",
        ),
        (
            "oil,Oil,food,0,10.00,,\n",
            2,
            "from",
            "\"0\" is not a quantity above zero",
        ),
        (
            "oil,Oil,food,,10.00,,0\n",
            2,
            "step",
            "\"0\" is not a quantity above zero",
        ),
        (
            "oil,Oil,food,,10.00,,1.5\n",
            2,
            "step",
            "1.5 is not a whole number of pieces",
        ),
        (
            "oil,Oil,food,,10.00,12.00,\n",
            2,
            "price",
            "the regular price of oil, 10.00 EUR, is below its floor, 12.00 EUR, in hr",
        ),
        ("oil,Oil,food,,10.00,1.234,\n", 2, "floor", "1.234"),
    ] {
        let body = form(TIERS, format!("{TIER_HEAD}{rows}").as_bytes());
        let sent = import(&shop, "market=hr", &fresh_key(), body).send().await;
        let (status, kind, document) = problem(sent.unwrap()).await;
        assert_eq!((status, kind.as_str()), (422, "invalid-rows"), "{document}");
        let error = &document["errors"][0];
        assert_eq!(
            (&error["row"], &error["column"]),
            (&json!(row), &json!(column)),
            "{document}"
        );
        let told = error["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{told}");
    }
    assert_eq!(shop.json("/v1/channels").await["head"]["revision"], 1);
}

#[tokio::test]
async fn what_is_no_list_is_refused() {
    let shop = Shop::empty(HttpOptions {
        import_limit_bytes: 2000,
        ..HttpOptions::default()
    })
    .await;
    let send = |query: &'static str, body: Vec<u8>| import(&shop, query, "k", body).send();
    let (_, kind, document) = problem(send("", form(MAPPING, b"x")).await.unwrap()).await;
    assert_eq!(
        (kind.as_str(), &document["errors"][0]["field"]),
        ("invalid-request", &json!("market"))
    );
    let (_, kind, document) =
        problem(send("market=hr", form("nonsense", b"x")).await.unwrap()).await;
    assert_eq!(
        (kind.as_str(), &document["errors"][0]["field"]),
        ("invalid-content", &json!("mapping"))
    );
    assert_eq!(
        problem(
            send("market=xx", form(MAPPING, LIST.as_bytes()))
                .await
                .unwrap()
        )
        .await
        .1,
        "not-found"
    );
    let large = vec![b'x'; 3000];
    assert_eq!(
        problem(send("market=hr", form(MAPPING, &large)).await.unwrap())
            .await
            .1,
        "too-large"
    );
    assert_eq!(
        problem(send("market=hr", b"no parts".to_vec()).await.unwrap())
            .await
            .1,
        "invalid-request"
    );
    let csv = shop
        .write(Method::POST, "/v1/imports?market=hr")
        .header("content-type", "text/csv")
        .body(LIST);
    assert_eq!(
        problem(csv.send().await.unwrap()).await.1,
        "unsupported-media-type"
    );
}
