//! The OpenAPI document against real answers: what it says is what there is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADAPTER, Shop, problem, set_price};

/// What a value has that its schema does not say, and the other way round.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document
            .pointer(reference.strip_prefix('#').unwrap())
            .expect(reference);
        return faults(document, target, value, at, found);
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = choices.iter().any(|choice| {
            let mut inner = Vec::new();
            faults(document, choice, value, at, &mut inner);
            inner.is_empty()
        });
        if !fits {
            found.push(format!("{at}: {value} fits none of its choices"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.contains(&kind) {
        found.push(format!("{at}: {kind} instead of {types:?}"));
        return;
    }
    match value {
        Value::Array(list) => {
            for (index, part) in list.iter().enumerate() {
                faults(
                    document,
                    &schema["items"],
                    part,
                    &format!("{at}[{index}]"),
                    found,
                );
            }
        }
        Value::Object(map) => {
            for required in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if !map.contains_key(required) {
                    found.push(format!("{at}.{required} is missing"));
                }
            }
            for (name, part) in map {
                let place = format!("{at}.{name}");
                match (
                    schema["properties"].get(name),
                    schema.get("additionalProperties"),
                ) {
                    (Some(inner), _) => faults(document, inner, part, &place, found),
                    (None, Some(inner)) if inner.is_object() => {
                        faults(document, inner, part, &place, found)
                    }
                    _ if schema.get("properties").is_none() => {}
                    _ => found.push(format!("{place} is not in the document")),
                }
            }
        }
        Value::String(text) => {
            let allowed = schema["enum"].as_array();
            if allowed.is_some_and(|allowed| !allowed.iter().any(|one| one == text)) {
                found.push(format!("{at}: {text} is not one of its values"));
            }
        }
        _ => {}
    }
}

fn schema<'a>(document: &'a Value, path: &str, method: &str, status: &str) -> &'a Value {
    let operation = &document["paths"][path][method];
    let response = &operation["responses"][status];
    assert!(
        response.is_object(),
        "{method} {path} does not say {status}"
    );
    let content = response["content"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    &content["schema"]
}

#[tokio::test]
async fn answers_have_the_shapes_that_are_written_down() {
    let shop = Shop::open().await;
    shop.publish(json!([{ "type": "put_offer", "offer": {
        "audience": "everyone", "effect": { "percent_off": 1000 }, "id": "autumn", "labels": { "en": "Autumn" },
        "markets": ["hr"], "target": { "include": [{ "sku": "milk" }] }, "valid_from": "2026-11-20T09:00:00Z",
    }}])).await;
    let draft = json!({ "changes": [set_price("bread", None, "2.30")], "reason": "x" });
    let created = shop
        .write(Method::POST, "/v1/change-sets")
        .json(&draft)
        .send()
        .await
        .unwrap();
    let set = created.headers()["location"].to_str().unwrap().to_owned();
    let document = shop.json("/openapi.json").await;
    let horizon = shop.json("/v1/channels").await["head"]["horizon"]
        .as_i64()
        .unwrap();
    for (path, address) in [
        ("/v1/channels", "/v1/channels".to_owned()),
        ("/v1/channels/{channel}", "/v1/channels/site-hr".to_owned()),
        (
            "/v1/channels/{channel}/items",
            "/v1/channels/site-hr/items?zone=0204".to_owned(),
        ),
        (
            "/v1/channels/{channel}/history",
            "/v1/channels/site-hr/history".to_owned(),
        ),
        (
            "/v1/channels/{channel}/updates",
            format!("/v1/channels/site-hr/updates?until=2&horizon={horizon}"),
        ),
        ("/v1/markets", "/v1/markets".to_owned()),
        (
            "/v1/markets/{market}/terms/{sku}",
            "/v1/markets/hr/terms/milk?explain=1&at=2026-11-20T10:00:00Z".to_owned(),
        ),
        ("/v1/products", "/v1/products".to_owned()),
        ("/v1/products/{sku}", "/v1/products/milk".to_owned()),
        ("/v1/revisions", "/v1/revisions".to_owned()),
        ("/v1/revisions/{number}", "/v1/revisions/1".to_owned()),
        ("/v1/revisions/{number}", "/v1/revisions/2".to_owned()),
        ("/v1/change-sets", "/v1/change-sets".to_owned()),
        ("/v1/change-sets/{id}", set.clone()),
        ("/v1/change-sets/{id}/preview", format!("{set}/preview")),
        ("/v1/digests", "/v1/digests".to_owned()),
        (
            "/v1/digests/{market}/{zone}/{audience}/{mode}",
            "/v1/digests/hr/0204/everyone/store".to_owned(),
        ),
        ("/health/live", "/health/live".to_owned()),
        ("/health/ready", "/health/ready".to_owned()),
    ] {
        let answer = shop
            .ask(Method::GET, &address)
            .bearer_auth(ADAPTER)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{address}");
        let mut found = Vec::new();
        let value: Value = answer.json().await.unwrap();
        faults(
            &document,
            schema(&document, path, "get", "200"),
            &value,
            path,
            &mut found,
        );
        assert!(found.is_empty(), "{found:#?} in {value:#}");
    }
    let trio = json!({ "mechanic": { "n_for_m": { "buy": 3, "pay": 2 } }, "minimum": { "amount": "1.00" } });
    shop.publish(json!([{ "type": "put_offer", "offer": {
        "audience": "everyone", "effect": { "promotion": trio }, "id": "trio", "labels": { "en": "Trio" },
        "markets": ["hr"], "target": {}, "valid_from": "2026-11-20T09:00:00Z",
    }}]))
    .await;
    for quantity in ["2", "3"] {
        let basket = json!({
            "coupons": ["x"], "delivery": [{ "id": "courier", "price": "3", "tax_class": "standard" }],
            "lines": [{ "quantity": quantity, "sku": "milk" }], "market": "hr",
        });
        let asked = shop.ask(Method::POST, "/v1/quotes?explain=1").json(&basket);
        let quoted: Value = asked.send().await.unwrap().json().await.unwrap();
        assert!(quoted["totals"].is_object(), "{quoted}");
        let mut found = Vec::new();
        let expected = schema(&document, "/v1/quotes", "post", "200");
        faults(&document, expected, &quoted, "quote", &mut found);
        assert!(found.is_empty(), "{found:#?} in {quoted:#}");
    }
    let published = shop
        .publish(json!([set_price("bread", None, "2.10")]))
        .await
        .json::<Value>()
        .await
        .unwrap();
    let mut found = Vec::new();
    faults(
        &document,
        schema(&document, "/v1/changes", "post", "201"),
        &published,
        "published",
        &mut found,
    );
    let wrong = shop
        .publish(json!([set_price("bread", Some("0999"), "2.10")]))
        .await;
    let (_, _, wrong) = problem(wrong).await;
    faults(
        &document,
        schema(&document, "/v1/changes", "post", "422"),
        &wrong,
        "problem",
        &mut found,
    );
    let changes = crate::support::first_load();
    for change in changes.as_array().unwrap() {
        faults(
            &document,
            &document["components"]["schemas"]["Change"],
            change,
            "change",
            &mut found,
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// An address that exists answers something other than "nothing here"; one
/// with a method that the document does not name answers 405.
#[tokio::test]
async fn every_path_and_no_other_method_is_served() {
    let shop = Shop::open().await;
    let document = shop.json("/openapi.json").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path
            .replace("{number}", "1")
            .replace("{mode}", "store")
            .replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            if path == "/v1/events" && method == Method::GET {
                continue;
            }
            let named = item.get(method.as_str().to_lowercase()).is_some();
            let answer = shop.ask(method.clone(), &address).send().await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            if named {
                assert!(
                    status != 405 && !text.contains("There is nothing at"),
                    "{method} {address}: {status} {text}"
                );
            } else if !path.starts_with("/log") {
                assert_eq!(status, 405, "{method} {address}: {text}");
            }
        }
    }
    let page = shop.get("/docs").await;
    assert!(page.text().await.unwrap().contains("/openapi.json"));
    let packed = shop
        .ask(Method::GET, "/openapi.json")
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert!(
        packed.headers()["vary"]
            .to_str()
            .unwrap()
            .to_lowercase()
            .contains("accept-encoding")
    );
}
