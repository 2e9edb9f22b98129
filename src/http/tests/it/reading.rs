//! Terms, products, the log, the pull.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADAPTER, Shop, fresh_key, problem};

#[tokio::test]
async fn terms_for_a_view_and_an_instant() {
    let shop = Shop::open().await;
    let path = "/v1/markets/hr/terms/milk";
    let answer = shop.get(path).await;
    let tag = answer.headers()["etag"].clone();
    assert_eq!(
        answer.headers()["cache-control"],
        "max-age=5, must-revalidate"
    );
    let terms: Value = answer.json().await.unwrap();
    assert_eq!(terms["terms"]["price"], "1.20");
    assert_eq!(terms["view"], "hr/-/everyone/store");
    let zone = shop
        .json(&format!("{path}?zone=0613&mode=pickup&explain=true"))
        .await;
    assert_eq!(
        (&zone["terms"]["price"], &zone["view"]),
        (&json!("1.10"), &json!("hr/0613/everyone/pickup"))
    );
    assert!(
        zone["explained"]
            .as_array()
            .is_some_and(|considered| considered.len() >= 2),
        "{zone}"
    );
    let same = shop
        .ask(Method::GET, path)
        .header("If-None-Match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(same.status(), 304);
    // Before its price began it was not sold.
    let (status, kind, _) =
        problem(shop.get(&format!("{path}?at=2020-01-01T00:00:00Z")).await).await;
    assert_eq!((status, kind.as_str()), (404, "not-sold"));
    for (query, field) in [
        ("zone=0999", "zone"),
        ("at=noon", "at"),
        ("mode=van", "mode"),
        ("zones=1", "zones"),
    ] {
        let (status, _, document) = problem(shop.get(&format!("{path}?{query}")).await).await;
        assert_eq!(
            (status, &document["errors"][0]["field"]),
            (400, &json!(field))
        );
    }
    assert_eq!(
        problem(shop.get("/v1/markets/xx/terms/milk").await).await.1,
        "not-found"
    );
    assert_eq!(
        problem(shop.get("/v1/markets/hr/terms/nothing").await)
            .await
            .1,
        "not-found"
    );
}

#[tokio::test]
async fn many_terms_at_once_each_with_its_result() {
    let shop = Shop::open().await;
    let ask = |body: Value| {
        shop.ask(Method::POST, "/v1/markets/hr/terms:batch")
            .json(&body)
            .send()
    };
    let answer = ask(json!({ "skus": ["milk", "ghost", "nothing", "bread"], "zone": "0613" }))
        .await
        .unwrap();
    assert_eq!(answer.headers()["offercast-revision"], "1");
    let answer: Value = answer.json().await.unwrap();
    let states: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["sold", "not_sold", "unknown", "sold"]);
    assert_eq!(answer["results"][0]["terms"]["price"], "1.10");
    let too_many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let (status, kind, document) = problem(ask(json!({ "skus": too_many })).await.unwrap()).await;
    assert_eq!(
        (status, kind.as_str(), &document["errors"][0]["field"]),
        (422, "invalid-content", &json!("skus"))
    );
    let (_, _, document) = problem(ask(json!({ "skus": ["milk", "a b"] })).await.unwrap()).await;
    assert_eq!(document["errors"][0]["field"], "skus[1]");
}

#[tokio::test]
async fn pages_are_linked_to_the_last() {
    let shop = Shop::open().await;
    let mut path = "/v1/products?category=food&limit=3".to_owned();
    let mut skus = Vec::new();
    loop {
        let answer = shop.get(&path).await;
        let link = answer
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        let page: Value = answer.json().await.unwrap();
        skus.extend(
            page["products"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p["sku"].as_str().unwrap().to_owned()),
        );
        let Some(link) = link else { break };
        path = link
            .strip_prefix('<')
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap()
            .to_owned();
    }
    assert_eq!(skus, ["bread", "ghost", "milk", "secret"]);
    assert_eq!(
        shop.json("/v1/products?q=RYE").await["products"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let carried = shop
        .json("/v1/channels/site-hr/items?zone=0613&limit=1")
        .await;
    assert_eq!(
        (&carried["items"][0]["sku"], &carried["next"]),
        (&json!("bread"), &json!("bread"))
    );
    let rest = shop
        .json("/v1/channels/site-hr/items?zone=0613&limit=1&cursor=bread")
        .await;
    assert_eq!(
        (&rest["items"][0]["sku"], rest.get("next")),
        (&json!("milk"), None)
    );
    let href = rest["items"][0]["href"].as_str().unwrap();
    assert!(shop.get(href).await.text().await.unwrap().contains("1.10"));
}

#[tokio::test]
async fn the_log_can_be_read_and_undone() {
    let shop = Shop::open().await;
    shop.price_bread("2.40").await;
    let log = shop.json("/v1/revisions").await;
    assert_eq!(log["revisions"][0]["header"]["number"], 2);
    assert_eq!(
        log["revisions"][0]["header"]["previous_hash"],
        log["revisions"][1]["hash"]
    );
    assert_eq!(log["revisions"][0]["header"]["author"], "ana");
    let one = shop.json("/v1/revisions/2").await;
    assert_eq!(one["opened_prices"][0]["amount_minor"], 240);
    assert_eq!(
        problem(shop.get("/v1/revisions/9").await).await.1,
        "not-found"
    );
    let undone = shop
        .command("/v1/revisions/2:revert")
        .json(&json!({ "reason": "too dear" }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            undone.status().as_u16(),
            undone.headers()["location"].to_str().unwrap()
        ),
        (201, "/v1/revisions/3")
    );
    assert_eq!(
        shop.json("/v1/markets/hr/terms/bread").await["terms"]["price"],
        "2.00"
    );
    let nothing = shop
        .command("/v1/revisions/99:revert")
        .json(&json!({ "reason": "x" }))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(nothing).await.1, "not-found");
}

#[tokio::test]
async fn adapters_pull_what_they_lack() {
    let shop = Shop::open().await;
    let board = shop.json("/v1/channels").await;
    let horizon = board["head"]["horizon"].as_i64().unwrap();
    let pull = |query: String| {
        let path = format!("/v1/channels/site-hr/updates?{query}");
        shop.ask(Method::GET, &path).bearer_auth(ADAPTER).send()
    };
    let answer = pull(format!("until=1&horizon={horizon}")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let page: offercast_contract::message::PullPage = answer.json().await.unwrap();
    assert!(page.snapshot && page.items.len() == 3 && page.channels.len() == 2);
    assert_eq!(
        page.items_sha256,
        offercast_contract::message::items_sha256(&page.items)
    );
    // The digests lead to each element of the state.
    let view = "hr/0613/everyone/store";
    let parts = shop.json(&format!("/v1/digests/{view}")).await;
    assert_eq!(
        parts["digest"],
        page.state[&view.parse().unwrap()].to_string()
    );
    let (first, _) = parts["parts"].as_object().unwrap().iter().next().unwrap();
    let within = shop
        .json(&format!("/v1/digests/{view}?within={first}"))
        .await;
    let (bucket, sum) = within["parts"].as_object().unwrap().iter().next().unwrap();
    let skus = shop
        .json(&format!("/v1/digests/{view}?within={bucket}"))
        .await;
    let (_, hash) = skus["skus"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(hash, sum, "one element: the sum is its hash");

    shop.price_bread("2.10").await;
    let query = format!("epoch=1&after=1&after_horizon={horizon}&until=2&horizon={horizon}");
    let page: offercast_contract::message::PullPage =
        pull(query).await.unwrap().json().await.unwrap();
    assert!(!page.snapshot && page.items.len() == 1);
    assert_eq!(
        problem(pull(format!("until=77&horizon={horizon}")).await.unwrap())
            .await
            .1,
        "pin-lost"
    );
    let ahead = format!("epoch=1&after=9&after_horizon={horizon}&until=2&horizon={horizon}");
    assert_eq!(
        problem(pull(ahead).await.unwrap()).await.1,
        "unknown-position"
    );
    assert_eq!(
        problem(pull("after=1".to_owned()).await.unwrap()).await.1,
        "invalid-request"
    );
    let unknown = shop.ask(
        Method::GET,
        &format!("/v1/channels/nowhere/updates?until=2&horizon={horizon}"),
    );
    assert_eq!(
        problem(unknown.bearer_auth(ADAPTER).send().await.unwrap())
            .await
            .1,
        "not-found"
    );
}

#[tokio::test]
async fn channels_are_asked_again_and_have_a_past() {
    let shop = Shop::open().await;
    let resync = |channel: &str| {
        let path = format!("/v1/channels/{channel}:resync?sku=bread");
        shop.write(Method::POST, &path).send()
    };
    assert_eq!(
        problem(resync("nowhere").await.unwrap()).await.1,
        "not-found"
    );
    assert_eq!(
        shop.json("/v1/channels/site-hr/history").await["entries"],
        json!([])
    );
    assert_eq!(
        problem(shop.get("/v1/channels/nowhere/history").await)
            .await
            .1,
        "not-found"
    );
    let epoch = shop
        .command("/v1/epochs")
        .json(&json!({ "reason": "restored" }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            epoch.status().as_u16(),
            epoch.json::<Value>().await.unwrap()
        ),
        (201, json!({ "epoch": 2 }))
    );
    let audit = shop
        .write(Method::POST, "/v1/audits")
        .json(&json!({ "channels": ["nowhere"] }))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(audit).await.1, "not-found");
    assert_eq!(
        problem(shop.get(&format!("/v1/audits/{}", fresh_key())).await)
            .await
            .1,
        "not-found"
    );
}
