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
