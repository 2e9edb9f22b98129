//! The pages as a browser gets them.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{ADMIN, Shop, WRITER};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'";

/// A page in each language; nothing is missing in any.
async fn pages(shop: &Shop, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for lang in ["en", "ru", "pl"] {
        let joint = if path.contains('?') { '&' } else { '?' };
        let answer = shop.get(&format!("{path}{joint}lang={lang}")).await;
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let html = answer.text().await.unwrap();
        assert!(
            html.contains(&format!("<html lang=\"{lang}\">")) && !html.contains('⟦'),
            "{path}: {html}"
        );
        assert!(!html.contains("<img src=x"), "{path}: {html}");
        found.push(html);
    }
    found
}

async fn with_hostile_name(shop: &Shop) {
    let product = json!([{ "type": "put_product", "product": {
        "sku": "bread", "tax_class": "standard",
        "facts": { "category": "food/bakery", "content": { "en": { "name": HOSTILE } }, "sale_unit": "piece" },
    }}]);
    assert_eq!(shop.publish(product).await.status(), 201);
}

#[tokio::test]
async fn every_page_in_every_language() {
    let shop = Shop::open().await;
    with_hostile_name(&shop).await;
    for path in [
        "/",
        "/products",
        "/products?q=milk",
        "/products?category=food/dairy",
        "/products/bread",
        "/products/milk?place=hr/0613",
        "/products/ghost",
        "/products/secret",
        "/versions",
        "/versions/1",
        "/versions/2",
        "/verify",
    ] {
        pages(&shop, path).await;
    }
    let board = &pages(&shop, "/").await[0];
    assert!(board.contains("0 of 2 channels show version 2"), "{board}");
    let product = &pages(&shop, "/products/milk").await[0];
    assert!(
        product.contains("€1.20") && product.contains("€1.10"),
        "{product}"
    );
    assert!(product.contains("/products/milk/preview/site-hr?zone&#x3D;0613"));
    let hidden = &pages(&shop, "/products/secret").await[0];
    assert!(
        hidden.contains("not carried") && !hidden.contains("preview/site-hr"),
        "{hidden}"
    );
}

#[tokio::test]
async fn an_empty_catalogue_has_pages_too() {
    let shop = Shop::empty(Default::default()).await;
    for path in ["/", "/products", "/versions", "/verify"] {
        pages(&shop, path).await;
    }
}

#[tokio::test]
async fn what_the_page_loads_may_be_kept_for_ever() {
    let shop = Shop::open().await;
    let html = shop.get("/").await.text().await.unwrap();
    let sources: Vec<&str> = html
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert!(sources.len() >= 4);
    for source in sources {
        let answer = shop.get(source).await;
        assert_eq!(answer.status(), 200, "{source}");
        assert_eq!(
            answer.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
    }
    assert_eq!(shop.get("/assets/app.0000.css").await.status(), 404);
    let icon = shop.get("/favicon.ico").await;
    assert_eq!(icon.headers()["content-type"], "image/svg+xml");
}

#[tokio::test]
async fn a_frame_shows_the_fragment_and_runs_nothing() {
    let shop = Shop::open().await;
    let answer = shop
        .get("/products/milk/preview/site-hr?zone=0613&mode=store")
        .await;
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(answer.text().await.unwrap().contains("oc-item"));
    for other in [
        "/products/milk/preview/app-hr?zone=0613",
        "/products/milk/preview/site-hr?zone=9",
        "/products/none/preview/site-hr?zone=0613",
        "/products/milk/preview/none",
    ] {
        assert_eq!(shop.get(other).await.status(), 404, "{other}");
    }
}

async fn as_browser(shop: &Shop, path: &str) -> Response {
    shop.ask(Method::GET, path)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn people_get_pages_for_errors_and_programs_get_problems() {
    let shop = Shop::open().await;
    for path in [
        "/nothing",
        "/products/none",
        "/products/a%20b",
        "/versions/99",
        "/verify?audit=x",
    ] {
        let answer = as_browser(&shop, path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("There is nothing here"),
            "{path}"
        );
    }
    for path in ["/nothing", "/v1/nothing"] {
        let answer = shop.get(path).await;
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn a_link_signs_in_and_leaves_no_token_behind() {
    let shop = Shop::open().await;
    let answer = as_browser(&shop, &format!("/login?token={WRITER}")).await;
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["location"].to_str().unwrap()
        ),
        (303, "/")
    );
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let session = cookie.split(';').next().unwrap();
    let html = shop
        .ask(Method::GET, "/products/milk")
        .header("cookie", session)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        html.contains("data-draft") && html.contains("ana"),
        "{html}"
    );
    let wrong = as_browser(&shop, "/login?token=x&next=//evil.example").await;
    assert_eq!(wrong.headers()["location"], "/login?failed=1");
    assert!(!wrong.headers().contains_key("set-cookie"));
    assert_eq!(shop.get("/login?failed=1").await.status(), 200);
}

#[tokio::test]
async fn without_public_reads_people_sign_in_first() {
    let options = offercast_http::HttpOptions {
        public_reads: false,
        ..Default::default()
    };
    let shop = Shop::empty(options).await;
    let answer = as_browser(&shop, "/products?q=a").await;
    assert_eq!(
        answer.headers()["location"],
        "/login?next=/products%3Fq%3Da"
    );
    let answer = shop
        .ask(Method::GET, "/")
        .bearer_auth(ADMIN)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

/// What publishing would send, and its key, from a draft.
fn publishing(html: &str) -> (String, String) {
    let value = |name: &str| {
        let rest = html.split_once(name).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let body = value("value=\"")
        .replace("&quot;", "\"")
        .replace("&#x3D;", "=")
        .replace("&amp;", "&");
    (value("data-key=\""), body)
}

async fn draft(shop: &Shop, fields: &[(&str, &str)]) -> (u16, String) {
    let body = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    let answer = shop
        .ask(Method::POST, "/products/milk/draft")
        .bearer_auth(WRITER)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_draft_becomes_one_version_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let fields = [
        ("what", "price"),
        ("place", "hr/0613"),
        ("kind", "regular"),
        ("amount", "1%2C30"),
        ("from", ""),
        ("until", ""),
        ("reason", "test"),
    ];
    let (status, html) = draft(&shop, &fields).await;
    assert_eq!(status, 200, "{html}");
    assert!(
        html.contains("€1.10")
            && html.contains("€1.30")
            && html.contains("Every channel can show it"),
        "{html}"
    );
    let (key, body) = publishing(&html);
    let mut revisions = Vec::new();
    for _ in 0..2 {
        let answer = shop
            .ask(Method::POST, "/v1/changes")
            .bearer_auth(WRITER)
            .header("idempotency-key", &key)
            .header("content-type", "application/json")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{body}");
        revisions.push(
            answer.json::<Value>().await.unwrap()["revision"]
                .as_u64()
                .unwrap(),
        );
    }
    assert_eq!(revisions, [2, 2]);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field() {
    let shop = Shop::open().await;
    let refused = |html: &str, field: &str| html.contains(&format!("data-field=\"{field}\""));
    let (status, html) = draft(
        &shop,
        &[
            ("what", "price"),
            ("place", "hr/-"),
            ("amount", "cheap"),
            ("from", "2026-03-29T02:30"),
            ("until", "soon"),
        ],
    )
    .await;
    assert_eq!(status, 422);
    // Half past two does not exist in Zagreb on that night.
    for field in ["amount", "from", "until", "reason"] {
        assert!(refused(&html, field), "{field}: {html}");
    }
    let (status, html) = draft(
        &shop,
        &[
            ("what", "price"),
            ("place", "hr/0613"),
            ("amount", "110"),
            ("reason", "x"),
        ],
    )
    .await;
    assert_eq!(status, 422);
    assert!(
        refused(&html, "amount") && html.contains("limit of this market"),
        "{html}"
    );
    let (_, html) = draft(
        &shop,
        &[
            ("what", "offer"),
            ("place", "hr/-"),
            ("effect", "percent"),
            ("value", "100"),
            ("reason", "x"),
        ],
    )
    .await;
    assert!(refused(&html, "value") && refused(&html, "label"), "{html}");
    let (status, html) = draft(
        &shop,
        &[
            ("what", "offer"),
            ("place", "hr/-"),
            ("effect", "percent"),
            ("value", "10"),
            ("label_en", "Milk+week"),
            ("reason", "x"),
        ],
    )
    .await;
    assert_eq!(status, 200, "{html}");
    assert!(
        html.contains("Milk week") && html.contains("€1.08"),
        "{html}"
    );
    let nobody = shop
        .ask(Method::POST, "/products/milk/draft")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("what=price")
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
}
