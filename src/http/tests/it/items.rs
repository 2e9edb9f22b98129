//! One item as a channel shows it.

use reqwest::Method;
use serde_json::json;

use crate::support::{Shop, problem};

const BREAD: &str = "/v1/channels/site-hr/items/bread?zone=0204";

#[tokio::test]
async fn an_item_is_rendered_with_validators_and_freshness() {
    let shop = Shop::open().await;
    let answer = shop.get(BREAD).await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "max-age=5, must-revalidate");
    assert_eq!(headers["offercast-revision"], "1");
    assert_eq!(headers["offercast-epoch"], "1");
    assert_eq!(headers["surrogate-key"], "channel/site-hr sku/bread");
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"'), "a strong tag: {tag}");
    let body = answer.text().await.unwrap();
    assert!(
        body.contains("Rye bread") && body.contains("2.00"),
        "{body}"
    );

    // Again, from the kept body: the same to the byte.
    let again = shop.get(BREAD).await;
    assert_eq!(again.headers()["etag"], tag.as_str());
    assert_eq!(again.text().await.unwrap(), body);
    let metrics = shop.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("offercast_item_hits_total 1"), "{metrics}");

    // The same address, written differently.
    let encoded = shop
        .get("/v1/channels/site%2Dhr/items/br%65ad?zone=%30204")
        .await;
    assert_eq!(encoded.headers()["etag"], tag.as_str());

    // HEAD says the same of a body that it does not send.
    let head = shop.ask(Method::HEAD, BREAD).send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()["etag"]),
        (200, &headers["etag"])
    );
    assert_eq!(
        head.headers()["content-length"],
        body.len().to_string().as_str()
    );
    assert_eq!(head.text().await.unwrap(), "");
}

#[tokio::test]
async fn what_the_reader_holds_is_not_sent_again() {
    let shop = Shop::open().await;
    let tag = shop.get(BREAD).await.headers()["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    for list in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        "*".to_owned(),
    ] {
        let answer = shop
            .ask(Method::GET, BREAD)
            .header("If-None-Match", &list)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 304, "{list}");
        assert_eq!(answer.headers()["etag"], tag.as_str());
        assert!(
            answer.headers().contains_key("cache-control")
                && answer.headers().contains_key("offercast-revision")
        );
        assert_eq!(answer.text().await.unwrap(), "");
    }
    shop.price_bread("2.20").await;
    let answer = shop
        .ask(Method::GET, BREAD)
        .header("If-None-Match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("2.20"));
}

#[tokio::test]
async fn an_edit_is_visible_to_the_next_read() {
    let shop = Shop::open().await;
    for cents in 201..230 {
        let amount = format!("2.{:02}", cents - 200);
        let revision = shop.price_bread(&amount).await;
        let answer = shop.get(BREAD).await;
        assert_eq!(
            answer.headers()["offercast-revision"],
            revision.to_string().as_str()
        );
        assert!(answer.text().await.unwrap().contains(&amount));
        // Another item is still served from its kept body, and says that it is
        // true for the newest revision.
        let milk = shop.get("/v1/channels/site-hr/items/milk?zone=0613").await;
        assert_eq!(
            milk.headers()["offercast-revision"],
            revision.to_string().as_str()
        );
        assert!(milk.text().await.unwrap().contains("1.10"));
    }
}

#[tokio::test]
async fn no_cache_is_told_to_keep_terms_beyond_their_end() {
    let shop = Shop::open().await;
    let special = json!([{ "type": "set_price", "sku": "bread", "market": "hr", "kind": "special", "amount": "1.50",
        "valid_from": "2026-11-20T12:00:00Z", "valid_until": "2026-11-20T13:00:00Z" }]);
    assert_eq!(shop.publish(special).await.status(), 201);
    assert!(shop.get(BREAD).await.text().await.unwrap().contains("2.00"));
    shop.clock.set("2026-11-20T11:59:57.5Z");
    let near = shop.get(BREAD).await;
    assert_eq!(
        near.headers()["cache-control"],
        "max-age=2, must-revalidate"
    );
    shop.clock.set("2026-11-20T12:00:00Z");
    let body = shop.get(BREAD).await.text().await.unwrap();
    assert!(body.contains("1.50"), "{body}");
    shop.clock.set("2026-11-20T13:00:00Z");
    assert!(!shop.get(BREAD).await.text().await.unwrap().contains("1.50"));
}

#[tokio::test]
async fn what_is_not_shown_says_why() {
    let shop = Shop::open().await;
    for (path, kind) in [
        ("/v1/channels/site-hr/items/ghost?zone=0204", "not-sold"),
        ("/v1/channels/site-hr/items/nothing?zone=0204", "not-sold"),
        ("/v1/channels/site-hr/items/secret?zone=0204", "not-carried"),
        ("/v1/channels/site-hr/items/bread?zone=0999", "not-found"),
        ("/v1/channels/site-hr/items/bread", "not-found"),
        ("/v1/channels/nowhere/items/bread?zone=0204", "not-found"),
        ("/v1/channels/site-hr/items/a%20b?zone=0204", "not-found"),
    ] {
        let (status, found, document) = problem(shop.get(path).await).await;
        assert_eq!((status, found.as_str()), (404, kind), "{path}: {document}");
    }
    let answer = shop
        .get("/v1/channels/site-hr/items/bread?zone=0204&at=now")
        .await;
    let (status, kind, document) = problem(answer).await;
    assert_eq!((status, kind.as_str()), (400, "invalid-request"));
    assert_eq!(document["errors"][0]["field"], "at");
    let answer = shop.ask(Method::DELETE, BREAD).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
    assert_eq!(problem(answer).await.1, "method-not-allowed");
}

#[tokio::test]
async fn a_reader_waits_for_the_revision_it_wants() {
    let shop = Shop::open().await;
    let wanting = |revision: &str| {
        shop.ask(Method::GET, BREAD)
            .header("Offercast-Min-Revision", revision)
    };
    assert_eq!(wanting("1").send().await.unwrap().status(), 200);
    let answer = wanting("2").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(problem(answer).await.1, "behind");
    let (waiting, revision) = tokio::join!(wanting("2").send(), shop.price_bread("2.30"));
    assert_eq!(revision, 2);
    assert!(waiting.unwrap().text().await.unwrap().contains("2.30"));
    assert_eq!(
        problem(wanting("soon").send().await.unwrap()).await.1,
        "invalid-request"
    );
}

#[tokio::test]
async fn a_freeze_stops_what_is_shown_and_not_what_is_edited() {
    let shop = Shop::open().await;
    shop.get(BREAD).await;
    let frozen = shop
        .command("/v1/freeze")
        .json(&json!({ "reason": "a wrong price" }))
        .send()
        .await
        .unwrap();
    assert_eq!(frozen.status(), 200);
    let shown = shop.get(BREAD).await;
    let before = (shown.status(), shown.text().await.unwrap());
    let revision = shop.price_bread("2.50").await;
    let now = shop.get(BREAD).await;
    assert_eq!((now.status(), now.text().await.unwrap()), before);
    let wanting = shop
        .ask(Method::GET, BREAD)
        .header("Offercast-Min-Revision", revision)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(wanting).await.1, "frozen");
    assert!(shop.json("/v1/channels").await["frozen"].is_string());
    let terms = shop.json("/v1/products/bread").await;
    assert!(terms["prices"].to_string().contains("250"), "{terms}");
    assert_eq!(
        shop.command("/v1/resume").send().await.unwrap().status(),
        200
    );
    assert!(shop.get(BREAD).await.text().await.unwrap().contains("2.50"));
}

#[tokio::test]
async fn a_template_that_lies_is_held() {
    let shop = Shop::open().await;
    let mut channel = shop.json("/v1/channels/app-hr").await;
    let honest = channel["template"]["source"].as_str().unwrap().to_owned();
    let mut declare = async |source: &str| {
        channel["template"]["sha256"] = json!(offercast_contract::Hash::of(&[source.as_bytes()]));
        channel["template"]["source"] = json!(source);
        let change = json!([{ "type": "put_channel", "channel": channel }]);
        shop.publish(change).await.status()
    };
    // One that swaps every price never goes live.
    let lying = honest.replacen("{{price.amount}}", "0.01", 1);
    assert_ne!(lying, honest);
    assert_eq!(declare(&lying).await, 422);
    // One that lies about a single product passes the samples, and is found
    // when that product is rendered.
    let sly = "{{#if (eq sku \"bread\")}}0.01{{else}}{{price.amount}}{{/if}}";
    let lying = honest.replacen("{{price.amount}}", sly, 1);
    assert_eq!(declare(&lying).await, 201);
    let path = "/v1/channels/app-hr/items/bread?zone=0204";
    let shown = shop.get(path).await;
    assert_eq!(shown.headers()["offercast-state"], "held");
    let (status, kind, document) = problem(shown).await;
    assert_eq!((status, kind.as_str()), (404, "held"));
    assert!(!document["detail"].as_str().unwrap().is_empty());
    // The other channel shows the truth all the while.
    assert_eq!(shop.get(BREAD).await.status(), 200);
    // Put right, it is shown again: nothing of the lie was kept.
    assert_eq!(declare(&honest).await, 201);
    let shown = shop.get(path).await;
    assert_eq!(
        shown.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    assert!(shown.text().await.unwrap().contains("2.00"));
}
