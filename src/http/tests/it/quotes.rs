//! `POST /v1/quotes`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{READER, START, Shop, problem};

fn three_for_two() -> Value {
    json!({ "type": "put_offer", "offer": {
        "audience": "everyone",
        "effect": { "promotion": {
            "limits": [{ "per_customer": 6 }],
            "mechanic": { "n_for_m": { "buy": 3, "pay": 2 } },
        }},
        "id": "dairy-trio",
        "labels": { "en": "Dairy days", "pl": "Dni nabiału" },
        "markets": ["hr"],
        "target": { "include": [{ "category": "food/dairy" }] },
        "valid_from": START,
    }})
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    let answer = shop.publish(json!([three_for_two()])).await;
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    shop
}

fn basket(milk: &str) -> Value {
    json!({ "market": "hr", "lines": [
        { "quantity": milk, "sku": "milk" },
        { "quantity": "1", "sku": "bread" },
    ]})
}

async fn quote(shop: &Shop, query: &str, basket: &Value) -> Value {
    let asked = shop.ask(Method::POST, &format!("/v1/quotes{query}"));
    let answer = asked.bearer_auth(READER).json(basket).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_basket_costs_what_the_terms_advertise() {
    let shop = shop().await;
    let terms = shop.json("/v1/markets/hr/terms/milk").await;
    let advertised = &terms["terms"]["promotions"][0];
    assert_eq!(
        advertised["terms"]["mechanic"],
        json!({ "n_for_m": { "buy": 3, "pay": 2 } })
    );
    let quoted = quote(&shop, "", &basket("3")).await;
    assert_eq!(quoted["promotions"][0], *advertised);
    assert_eq!(quoted["position"]["revision"], 2);
    assert_eq!(quoted["lines"][0]["to_pay"], "2.40");
    assert_eq!(
        quoted["lines"][0]["shares"],
        json!([{ "amount": "1.20", "promotion": "dairy-trio" }])
    );
    assert_eq!(
        quoted["applied"],
        json!([{ "amount": "1.20", "id": "dairy-trio" }])
    );
    assert_eq!(quoted["totals"]["to_pay"], "4.40");
    assert_eq!(quoted["totals"]["tax"], "0.88");
    assert_eq!(quoted["near"], json!([]));
    assert!(quoted.get("explained").is_none());
}

#[tokio::test]
async fn what_is_missing_and_why_is_said_in_the_language_asked_for() {
    let shop = shop().await;
    let english = quote(&shop, "?explain=true&lang=en", &basket("2")).await;
    assert_eq!(english["near"][0]["missing"], json!({ "units": 1 }));
    assert_eq!(
        english["near"][0]["words"],
        "Add 1 more: 3 for 2, at most 6 a customer"
    );
    let told = &english["explained"]["promotions"][0];
    assert_eq!(told["words"], "Dairy days – 1 more are needed for a set");
    assert_eq!(told["applied"], false);
    let polish = quote(&shop, "?explain=true&lang=pl", &basket("2")).await;
    assert_eq!(
        polish["near"][0]["words"],
        "Dodaj jeszcze 1: 3 w cenie 2, najwyżej 6 na klienta"
    );
    let bread = &polish["explained"]["lines"][1];
    assert_eq!(bread["sku"], "bread");
    let considered = bread["considered"].as_array().unwrap();
    assert!(
        considered.iter().all(|it| it["words"].is_string()),
        "{bread:#}"
    );
    let terms = shop
        .json("/v1/markets/hr/terms/milk?explain=true&lang=ru")
        .await;
    let words: Vec<&str> = terms["explained"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["words"].as_str())
        .collect();
    assert!(
        words.iter().any(|it| it.contains("Акция на чек")),
        "{words:?}"
    );
}

#[tokio::test]
async fn a_basket_that_cannot_be_quoted_names_line_field_and_reason() {
    let shop = shop().await;
    for (basket, status, field) in [
        (
            json!({ "market": "hr", "lines": [{ "quantity": "1", "sku": "milk" }, { "quantity": "1", "sku": "no" }] }),
            422,
            "lines.1.sku",
        ),
        (
            json!({ "market": "hr", "lines": [{ "quantity": "1", "sku": "ghost" }] }),
            422,
            "lines.0.sku",
        ),
        (
            json!({ "market": "hr", "lines": [{ "quantity": "1.5", "sku": "milk" }] }),
            422,
            "lines.0.quantity",
        ),
        (
            json!({ "market": "hr", "lines": [{ "quantity": "20001", "sku": "milk" }] }),
            422,
            "lines.0.quantity",
        ),
        (json!({ "market": "hr", "lines": [] }), 422, "lines"),
        (
            json!({ "market": "hr", "zone": "0999", "lines": [{ "quantity": "1", "sku": "milk" }] }),
            422,
            "zone",
        ),
        (
            json!({ "market": "hr", "lines": [{ "quantity": "1", "sku": "milk" }], "delivery": [{ "id": "a", "price": "1.234" }] }),
            422,
            "delivery.0.price",
        ),
        (
            json!({ "market": "hr", "lines": [{ "quantity": "1", "sku": "milk" }], "delivery": [{ "id": "a", "price": "1", "tax_class": "no" }] }),
            422,
            "delivery.0.tax_class",
        ),
    ] {
        let asked = shop.ask(Method::POST, "/v1/quotes").bearer_auth(READER);
        let (found, kind, document) = problem(asked.json(&basket).send().await.unwrap()).await;
        assert_eq!(
            (found, kind.as_str()),
            (status, "invalid-content"),
            "{document}"
        );
        assert_eq!(document["errors"][0]["field"], field, "{document}");
        assert!(document["errors"][0]["reason"].is_string());
    }
    let asked = shop.ask(Method::POST, "/v1/quotes").bearer_auth(READER);
    let unknown = json!({ "market": "xx", "lines": [{ "quantity": "1", "sku": "milk" }] });
    let (status, ..) = problem(asked.json(&unknown).send().await.unwrap()).await;
    assert_eq!(status, 404);
}
