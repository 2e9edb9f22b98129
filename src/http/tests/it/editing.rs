//! Edits, keys, and change sets.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Shop, WRITER, problem, set_price};

async fn keyed(shop: &Shop, key: &str, path: &str, body: &Value) -> Response {
    let request = shop
        .ask(Method::POST, path)
        .bearer_auth(WRITER)
        .header("Idempotency-Key", key);
    request.json(body).send().await.unwrap()
}

#[tokio::test]
async fn one_key_has_one_outcome() {
    let shop = Shop::open().await;
    let body = json!({ "changes": [set_price("bread", None, "2.10")], "reason": "test" });
    let first = keyed(&shop, "k", "/v1/changes", &body).await;
    assert_eq!(first.status(), 201);
    assert!(!first.headers().contains_key("idempotency-replayed"));
    assert_eq!(first.headers()["offercast-revision"], "2");
    let again = keyed(&shop, "k", "/v1/changes", &body).await;
    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.headers()["location"], "/v1/revisions/2");
    let other = json!({ "changes": [set_price("bread", None, "9.10")], "reason": "test" });
    let (status, kind, _) = problem(keyed(&shop, "k", "/v1/changes", &other).await).await;
    assert_eq!((status, kind.as_str()), (422, "idempotency-mismatch"));
    assert_eq!(
        shop.json("/v1/revisions").await["revisions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // The same holds for writes that record nothing in the log.
    let draft = json!({ "changes": [set_price("bread", None, "2.20")], "reason": "draft" });
    let first = keyed(&shop, "d", "/v1/change-sets", &draft).await;
    let again = keyed(&shop, "d", "/v1/change-sets", &draft).await;
    assert_eq!(
        (first.status().as_u16(), again.status().as_u16()),
        (201, 201)
    );
    assert_eq!(first.headers()["location"], again.headers()["location"]);
    assert_eq!(first.headers()["etag"], again.headers()["etag"]);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(
        shop.json("/v1/change-sets").await["change_sets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other = json!({ "changes": [], "reason": "draft" });
    assert_eq!(
        problem(keyed(&shop, "d", "/v1/change-sets", &other).await)
            .await
            .1,
        "idempotency-mismatch"
    );
}

#[tokio::test]
async fn many_tries_at_once_publish_once() {
    let shop = Shop::open().await;
    let body = json!({ "changes": [set_price("bread", None, "2.11")], "reason": "test" });
    let tries = (0..6).map(|_| keyed(&shop, "same", "/v1/changes", &body));
    for answer in futures_util::future::join_all(tries).await {
        if answer.status() != 201 {
            assert_eq!(problem(answer).await.1, "idempotency-in-flight");
        }
    }
    assert_eq!(
        shop.json("/v1/revisions").await["revisions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn wrong_edits_change_nothing_and_are_named() {
    let shop = Shop::open().await;
    let changes = json!([
        set_price("bread", None, "2.10"),
        set_price("bread", Some("0999"), "2.10"),
        set_price("milk", None, "120")
    ]);
    let (status, kind, document) = problem(shop.publish(changes).await).await;
    assert_eq!((status, kind.as_str()), (422, "invalid-content"));
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors[0]["field"], "changes[1].zone");
    assert_eq!(errors[0]["code"], "unknown_zone");
    assert!(
        errors
            .iter()
            .any(|error| error["field"] == "changes[2].amount" && error["code"] == "guard_limit"),
        "{document}"
    );
    let shape = shop
        .publish(json!([{ "type": "set_price", "sku": "bread" }]))
        .await;
    let (status, _, document) = problem(shape).await;
    assert_eq!(status, 422);
    assert!(
        document["errors"][0]["field"]
            .as_str()
            .unwrap()
            .starts_with("changes[0]"),
        "{document}"
    );
    assert_eq!(shop.json("/v1/channels").await["head"]["revision"], 1);
    let same = shop
        .publish(json!([set_price("bread", None, "2.00")]))
        .await;
    assert_eq!(same.status(), 200);
    assert_eq!(same.json::<Value>().await.unwrap()["revision"], Value::Null);
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let shop = Shop::open().await;
    let wrong = json!({ "changes": [set_price("bread", Some("0999"), "2.10")], "reason": "test" });
    let right = json!({ "changes": [set_price("bread", Some("0204"), "2.10")], "reason": "test" });
    assert_eq!(
        problem(keyed(&shop, "fix", "/v1/changes", &wrong).await)
            .await
            .1,
        "invalid-content"
    );
    assert_eq!(
        keyed(&shop, "fix", "/v1/changes", &right).await.status(),
        201
    );
}

#[tokio::test]
async fn edits_against_an_old_revision_meet_what_came_between() {
    let shop = Shop::open().await;
    shop.price_bread("2.10").await;
    let late = |sku: &str| {
        let body = json!({ "base_revision": 1, "changes": [set_price(sku, None, "1.30")], "reason": "late" });
        shop.write(Method::POST, "/v1/changes").json(&body).send()
    };
    let (status, kind, document) = problem(late("bread").await.unwrap()).await;
    assert_eq!((status, kind.as_str()), (409, "base-moved"));
    assert!(
        document["errors"][0]["field"]
            .as_str()
            .unwrap()
            .contains("bread"),
        "{document}"
    );
    assert_eq!(late("milk").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_change_set_is_looked_at_changed_and_published() {
    let shop = Shop::open().await;
    let draft = json!({ "changes": [set_price("bread", None, "2.30")], "reason": "weekend" });
    let created = shop
        .write(Method::POST, "/v1/change-sets")
        .json(&draft)
        .send()
        .await
        .unwrap();
    let (place, tag) = (
        created.headers()["location"].to_str().unwrap().to_owned(),
        created.headers()["etag"].clone(),
    );
    for hidden in ["/v1/change-sets", &place, &format!("{place}/preview")] {
        assert_eq!(shop.get(hidden).await.status(), 401, "{hidden}");
    }
    let preview = shop.json(&format!("{place}/preview")).await;
    assert_eq!(preview["affected_skus"], 1);
    assert_eq!(preview["samples"][0]["after"]["price"], "2.30");
    let better = json!({ "changes": [set_price("bread", None, "2.25")], "reason": "weekend" });
    let put = || shop.write(Method::PUT, &place).json(&better);
    assert_eq!(problem(put().send().await.unwrap()).await.0, 428);
    assert_eq!(
        problem(put().header("If-Match", "\"99\"").send().await.unwrap())
            .await
            .0,
        412
    );
    let changed = put().header("If-Match", &tag).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let newer = changed.headers()["etag"].clone();
    assert_ne!(newer, tag);
    assert_eq!(shop.read(&place).await.headers()["etag"], newer);
    let publish = |tag: &reqwest::header::HeaderValue| {
        shop.write(Method::POST, &format!("{place}/publish"))
            .header("If-Match", tag)
            .send()
    };
    assert_eq!(
        problem(publish(&tag).await.unwrap()).await.1,
        "precondition-failed"
    );
    assert_eq!(publish(&newer).await.unwrap().status(), 201);
    let set = shop.json(&place).await;
    assert_eq!(
        (&set["status"], &set["revision"]),
        (&json!("published"), &json!(2))
    );
    let tag = shop.read(&place).await.headers()["etag"].clone();
    let discard = shop
        .write(Method::DELETE, &place)
        .header("If-Match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(discard).await.1, "not-draft");
    assert_eq!(
        problem(shop.read("/v1/change-sets/none").await).await.1,
        "not-found"
    );
    assert_eq!(
        shop.json("/v1/markets/hr/terms/bread").await["terms"]["price"],
        "2.25"
    );
}
