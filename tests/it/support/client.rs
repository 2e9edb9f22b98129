//! A client of the API, as somebody else would write it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::app::TestApp;
use super::shown;

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Seconds of `Cache-Control: max-age`.
    pub(crate) fn max_age_s(&self) -> u64 {
        let control = self.header("cache-control").unwrap();
        let age = control
            .split(", ")
            .find_map(|part| part.strip_prefix("max-age="));
        age.unwrap_or_else(|| panic!("{control}")).parse().unwrap()
    }
}

/// A key that no other write has.
pub(crate) fn new_key() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!(
        "{}-{}",
        super::backends::unique_name(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

impl TestApp {
    /// Sends a request at `base`; headers as given and no others.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: String,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response
                .text()
                .await
                .map_err(|error| format!("{error:?}"))?,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.try_get(path, headers).await.unwrap()
    }

    pub(crate) async fn try_get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        self.send(Method::GET, self.url(path), headers, None).await
    }

    /// A write with the token that may do everything.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.try_post(path, key, body).await.unwrap()
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Answer, String> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
        self.send(Method::POST, self.url(path), &headers, Some(body))
            .await
    }

    /// The body of a request that publishes changes.
    pub(crate) fn edit(changes: Value) -> Value {
        json!({ "changes": changes, "reason": "a test" })
    }

    /// Publishes changes; gives the number of the revision.
    pub(crate) async fn publish(&self, changes: Value) -> u64 {
        let answer = self
            .post("/v1/changes", &new_key(), &Self::edit(changes))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["revision"].as_u64().unwrap()
    }

    /// Sets a regular price in a zone of market pl.
    pub(crate) async fn set_price(&self, sku: &str, zone: &str, amount: &str) -> u64 {
        self.publish(json!([regular_price(sku, zone, amount)]))
            .await
    }

    pub(crate) async fn board(&self) -> Value {
        self.get("/v1/channels").await.json()
    }

    /// The board's row of a channel.
    pub(crate) async fn row(&self, channel: &str) -> Value {
        let board = self.board().await;
        row_of(&board, channel)
    }

    /// What the site shows; none where it shows nothing.
    pub(crate) async fn site_price(&self, sku: &str, zone: &str) -> Option<String> {
        let answer = self
            .get(&format!("/v1/channels/site-pl/items/{sku}?zone={zone}"))
            .await;
        (answer.status == 200).then(|| shown::price_in_fragment(&answer.body))
    }

    /// What the app shows; none where it shows nothing.
    pub(crate) async fn app_price(&self, sku: &str, zone: &str) -> Option<String> {
        let answer = self
            .get(&format!("/v1/channels/app-pl/items/{sku}?zone={zone}"))
            .await;
        (answer.status == 200).then(|| shown::price_in_document(&answer.body))
    }

    /// What the till's goods file says; none where it says nothing.
    pub(crate) fn till_price(&self, sku: &str, zone: &str) -> Option<String> {
        shown::price_in_file(&self.goods_file(zone), sku)
    }

    /// The prices of site, app and till.
    pub(crate) async fn prices(&self, sku: &str, zone: &str) -> [Option<String>; 3] {
        [
            self.site_price(sku, zone).await,
            self.app_price(sku, zone).await,
            self.till_price(sku, zone),
        ]
    }

    /// All three show this price, now.
    pub(crate) async fn assert_prices(&self, sku: &str, zone: &str, amount: &str) {
        let shown = self.prices(sku, zone).await;
        assert_eq!(
            shown,
            [(); 3].map(|()| Some(amount.to_owned())),
            "{sku} in {zone}"
        );
    }
}

pub(crate) fn regular_price(sku: &str, zone: &str, amount: &str) -> Value {
    json!({
        "type": "set_price", "kind": "regular", "market": "pl",
        "sku": sku, "zone": zone, "amount": amount,
    })
}

pub(crate) fn row_of(board: &Value, channel: &str) -> Value {
    let rows = board["channels"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == channel);
    row.unwrap_or_else(|| panic!("{channel} is not on the board: {board}"))
        .clone()
}
