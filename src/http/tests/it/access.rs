//! Who may do what, and what the answer to nonsense is.

use offercast_http::HttpOptions;
use reqwest::Method;
use serde_json::json;

use crate::support::{ADAPTER, ADMIN, READER, Shop, WRITER, fresh_key, problem};

#[tokio::test]
async fn each_scope_opens_its_own_doors() {
    let shop = Shop::empty(HttpOptions::default()).await;
    let freeze = json!({ "reason": "test" });
    for (path, body, allowed) in [
        (
            "/v1/changes",
            json!({ "changes": [], "reason": "test" }),
            vec![WRITER, ADMIN],
        ),
        ("/v1/freeze", freeze, vec![ADMIN]),
    ] {
        for token in [WRITER, ADMIN, ADAPTER, READER] {
            let request = shop
                .ask(Method::POST, path)
                .bearer_auth(token)
                .header("Idempotency-Key", fresh_key());
            let answer = request.json(&body).send().await.unwrap();
            if allowed.contains(&token) {
                assert_eq!(answer.status(), 200, "{path} {token}");
            } else {
                assert_eq!(problem(answer).await.1, "forbidden", "{path} {token}");
            }
        }
        let nobody = shop
            .ask(Method::POST, path)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(
            nobody.headers()["www-authenticate"],
            "Bearer realm=\"offercast\""
        );
        assert_eq!(problem(nobody).await.1, "unauthorized");
        let wrong = shop
            .ask(Method::POST, path)
            .bearer_auth("guess")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(
            wrong.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("invalid_token")
        );
        assert_eq!(problem(wrong).await.0, 401);
    }
    let pull = shop.get("/v1/channels/site-hr/updates").await;
    assert_eq!(problem(pull).await.1, "unauthorized");
    let pull = shop
        .ask(Method::GET, "/v1/channels/site-hr/updates")
        .bearer_auth(WRITER)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(pull).await.1, "forbidden");
}

#[tokio::test]
async fn reading_can_need_a_token_too() {
    let shop = Shop::empty(HttpOptions {
        public_reads: false,
        ..HttpOptions::default()
    })
    .await;
    for path in [
        "/v1/channels",
        "/v1/markets",
        "/v1/channels/x/items/1",
        "/metrics",
        "/v1/events",
    ] {
        assert_eq!(
            problem(shop.get(path).await).await.1,
            "unauthorized",
            "{path}"
        );
    }
    let board = shop
        .ask(Method::GET, "/v1/channels")
        .bearer_auth(READER)
        .send()
        .await
        .unwrap();
    assert_eq!(board.status(), 200);
    let answer = shop.write(Method::POST, "/v1/changes");
    let body = json!({ "changes": crate::support::first_load(), "reason": "test" });
    assert_eq!(answer.json(&body).send().await.unwrap().status(), 201);
    let item = shop
        .ask(Method::GET, "/v1/channels/site-hr/items/bread?zone=0204")
        .bearer_auth(READER)
        .send();
    // What needs a token is kept by nobody but its reader.
    assert_eq!(
        item.await.unwrap().headers()["cache-control"],
        "private, max-age=5, must-revalidate"
    );
    assert_eq!(shop.get("/health/live").await.status(), 200);
}

#[tokio::test]
async fn a_session_writes_from_our_own_pages_only() {
    let shop = Shop::empty(HttpOptions::default()).await;
    let login = |form: &'static str| {
        let request = shop
            .ask(Method::POST, "/login")
            .header("content-type", "application/x-www-form-urlencoded");
        request.body(form).send()
    };
    let signed_in = login("token=writer-secret&next=%2Fproducts").await.unwrap();
    assert_eq!(
        (
            signed_in.status().as_u16(),
            &signed_in.headers()["location"]
        ),
        (303, &"/products".parse().unwrap())
    );
    let cookie = signed_in.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let away = login("token=writer-secret&next=%2F%2Fevil.example")
        .await
        .unwrap();
    assert_eq!(away.headers()["location"], "/");
    assert_eq!(
        problem(login("user=ana").await.unwrap()).await.1,
        "invalid-request"
    );
    let refused = login("token=guess").await.unwrap();
    assert!(!refused.headers().contains_key("set-cookie"));
    assert_eq!(problem(refused).await.1, "unauthorized");

    let write = || {
        let request = shop
            .ask(Method::POST, "/v1/changes")
            .header("cookie", &cookie);
        request
            .header("Idempotency-Key", fresh_key())
            .json(&json!({ "changes": [], "reason": "test" }))
    };
    assert_eq!(problem(write().send().await.unwrap()).await.1, "cross-site");
    let foreign = write()
        .header("Sec-Fetch-Site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(foreign).await.1, "cross-site");
    assert_eq!(
        write()
            .header("Sec-Fetch-Site", "same-origin")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        write()
            .header("X-Offercast-Csrf", "1")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let out = shop.ask(Method::POST, "/logout").send().await.unwrap();
    assert!(
        out.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
}

#[tokio::test]
async fn nonsense_gets_an_answer_that_says_so() {
    let shop = Shop::empty(HttpOptions {
        body_limit_bytes: 1000,
        ..HttpOptions::default()
    })
    .await;
    for path in ["/v1/nothing", "/nothing", "/v1/channels/a/b/c"] {
        let (status, kind, _) = problem(shop.get(path).await).await;
        assert_eq!((status, kind.as_str()), (404, "not-found"), "{path}");
    }
    for (method, path, allow) in [
        (Method::DELETE, "/v1/changes", "POST"),
        (Method::POST, "/v1/channels", "GET, HEAD"),
        (Method::PATCH, "/v1/change-sets/1", "GET, HEAD, PUT, DELETE"),
        (Method::PUT, "/health/live", "GET, HEAD"),
    ] {
        let answer = shop.ask(method, path).send().await.unwrap();
        assert_eq!(answer.headers()["allow"], allow, "{path}");
        assert_eq!(problem(answer).await.0, 405);
    }
    let changes = || shop.write(Method::POST, "/v1/changes");
    let plain = changes().body("{}").send().await.unwrap();
    assert_eq!(problem(plain).await.1, "unsupported-media-type");
    let broken = changes()
        .header("content-type", "application/json")
        .body("{\"changes\":")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(broken).await.1, "invalid-request");
    let huge = changes()
        .json(&json!({ "changes": [], "reason": "x".repeat(2000) }))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(huge).await.1, "too-large");
    let without_key = shop
        .ask(Method::POST, "/v1/changes")
        .bearer_auth(WRITER)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let (status, kind, document) = problem(without_key).await;
    assert_eq!((status, kind.as_str()), (400, "idempotency-key-missing"));
    assert_eq!(document["errors"][0]["field"], "Idempotency-Key");
}
