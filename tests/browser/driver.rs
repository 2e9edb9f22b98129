//! A browser, driven through WebDriver: the dozen calls that these tests need
//! of the W3C protocol and of what chromedriver adds to it. JSON over HTTP,
//! spoken directly: the crates for it bring a second ICU, or a serde_json that
//! orders maps differently in the program under test.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PATIENCE, until};

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser of its own, with a fresh profile.
pub(crate) struct Browser {
    http: reqwest::Client,
    session: String,
    site: String,
    _profile: TempDir,
}

impl Browser {
    /// Opens a browser; none where tests/run did not say how, which fails a run
    /// of CI.
    pub(crate) async fn open() -> Option<Self> {
        let variable = |name| std::env::var(name).ok();
        let driver = variable("OFFERCAST_TEST_CHROMEDRIVER");
        let Some((driver, program)) = driver.zip(variable("OFFERCAST_TEST_CHROME")) else {
            let why = "LEFT OUT: OFFERCAST_TEST_CHROMEDRIVER and OFFERCAST_TEST_CHROME do not name a WebDriver and a browser (tests/run does)";
            assert!(variable("CI").is_none(), "{why}");
            println!("{why}");
            return None;
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let profile = TempDir::new().unwrap();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(150))
            .build()
            .unwrap();
        let answer = call(
            &http,
            &format!("{driver}/session"),
            capabilities(&program, &profile),
        )
        .await;
        let answer = answer.expect("a browser");
        let id = answer["sessionId"].as_str().unwrap();
        Some(Self {
            http,
            session: format!("{driver}/session/{id}"),
            site: String::new(),
            _profile: profile,
        })
    }

    async fn call(&self, command: &str, body: Value) -> Result<Value, String> {
        let url = format!("{}/{command}", self.session);
        call(&self.http, &url, body).await
    }

    // --- Going about ---

    /// Paths are from now on those of this site.
    pub(crate) fn visit(&mut self, site: String) {
        self.site = site;
    }

    /// Opens a page of the site; an address that is whole stays as it is.
    pub(crate) async fn go(&self, path: &str) {
        let url = if path.starts_with('/') {
            format!("{}{path}", self.site)
        } else {
            path.to_owned()
        };
        self.call("url", json!({ "url": url })).await.unwrap();
    }

    /// The path of the page.
    pub(crate) async fn path(&self) -> String {
        let path = self.script("return location.pathname", &[]).await;
        path.as_str().unwrap().to_owned()
    }

    /// The size of what is seen, in CSS pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        let body = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.call("goog/cdp/execute", body).await.unwrap();
    }

    // --- Reading ---

    /// Runs a function body in the page; gives what it returns.
    pub(crate) async fn script(&self, code: &str, arguments: &[&str]) -> Value {
        self.try_script(code, arguments).await.unwrap()
    }

    async fn try_script(&self, code: &str, arguments: &[&str]) -> Result<Value, String> {
        let body = json!({ "script": code, "args": arguments });
        self.call("execute/sync", body).await
    }

    /// The text of the first match as it is seen; none where nothing matches.
    pub(crate) async fn text(&self, selector: &str) -> Option<String> {
        let code = "return document.querySelector(arguments[0])?.innerText";
        let text = self.try_script(code, &[selector]).await.ok()?;
        text.as_str().map(|text| plain(text).trim().to_owned())
    }

    /// How many elements match.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let code = "return document.querySelectorAll(arguments[0]).length";
        self.script(code, &[selector]).await.as_u64().unwrap()
    }

    /// The text inside the first frame that matches.
    pub(crate) async fn frame_text(&self, selector: &str) -> Option<String> {
        let code =
            "return document.querySelector(arguments[0])?.contentDocument?.body?.textContent";
        let text = self.try_script(code, &[selector]).await.ok()?;
        text.as_str().map(plain)
    }

    /// Waits until the text of an element has `wanted` in it.
    pub(crate) async fn wait_for(&self, selector: &str, wanted: &str) {
        let what = format!("{wanted:?} in {selector}");
        until(&what, PATIENCE, async || {
            has(self.text(selector).await, wanted)
        })
        .await;
    }

    /// Waits until the text in a frame has `wanted` in it.
    pub(crate) async fn wait_for_frame(&self, selector: &str, wanted: &str) {
        let what = format!("{wanted:?} in the frame {selector}");
        until(&what, PATIENCE, async || {
            // A frame out of sight is loaded when it comes into sight.
            let code = "document.querySelector(arguments[0])?.scrollIntoView()";
            self.try_script(code, &[selector]).await?;
            has(self.frame_text(selector).await, wanted)
        })
        .await;
    }

    // --- Hands ---

    async fn find(&self, selector: &str) -> Result<String, String> {
        let body = json!({ "using": "css selector", "value": selector });
        let found = self.call("element", body).await?;
        Ok(found[ELEMENT].as_str().unwrap().to_owned())
    }

    /// Clicks as a person does: it fails on what is not in sight or is covered.
    pub(crate) async fn click(&self, selector: &str) {
        // What a live page replaces between find and click is looked for again.
        until(&format!("a click on {selector}"), PATIENCE, async || {
            let element = self.find(selector).await?;
            self.call(&format!("element/{element}/click"), json!({}))
                .await
        })
        .await;
    }

    /// Two clicks as fast as the mouse goes.
    pub(crate) async fn double_click(&self, selector: &str) {
        let element = self.find(selector).await.unwrap();
        let at = json!({ "type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": { (ELEMENT): element } });
        let (down, up) = (
            json!({ "type": "pointerDown", "button": 0 }),
            json!({ "type": "pointerUp", "button": 0 }),
        );
        let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" },
            "actions": [at, down, up, down, up] });
        let code = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
        self.script(code, &[selector]).await;
        self.call("actions", json!({ "actions": [mouse] }))
            .await
            .unwrap();
    }

    /// Types into a field, in place of what is in it.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await.unwrap();
        let field = format!("element/{element}");
        self.call(&format!("{field}/clear"), json!({}))
            .await
            .unwrap();
        self.call(&format!("{field}/value"), json!({ "text": text }))
            .await
            .unwrap();
    }

    // --- What went on behind the page ---

    /// What the browser had to complain about since it was asked last: errors
    /// of scripts, violations of the page's policy, answers that failed.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let bad = entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        bad.map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every address that pages asked for since the last time, wherever.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let events = entries.iter().map(|entry| {
            let message = entry["message"].as_str().unwrap();
            serde_json::from_str::<Value>(message).unwrap()["message"].take()
        });
        events
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .map(|event| {
                event["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            // The page of the browser itself that it opens with.
            .filter(|url| !url.starts_with("chrome:") && !url.starts_with("data:"))
            .collect()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.call("se/log", json!({ "type": kind })).await.unwrap();
        entries.as_array().unwrap().clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let session = self.session.clone();
        // With a client of its own: the connections of the other one belong to
        // the test's runtime, which waits here.
        let closed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let request = async { reqwest::Client::new().delete(session).send().await };
            runtime.block_on(request).is_ok()
        });
        let _ = closed.join();
    }
}

/// Prices are written with no-break spaces.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

fn has(text: Option<String>, wanted: &str) -> Result<(), String> {
    match text {
        Some(text) if text.contains(wanted) => Ok(()),
        text => Err(format!("{text:?}")),
    }
}

fn capabilities(program: &str, profile: &TempDir) -> Value {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-US",
        "--window-size=1280,1000",
        // There is no other host than this one.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        &profile,
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments, "binary": program },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "timeouts": { "pageLoad": 100_000, "script": 100_000 },
    } } })
}

/// One command; the error's kind and words where WebDriver refuses it.
async fn call(http: &reqwest::Client, url: &str, body: Value) -> Result<Value, String> {
    let answer = http.post(url).json(&body).send().await;
    let answer = answer.map_err(|error| format!("{error:?}"))?;
    let mut answer: Value = answer.json().await.map_err(|error| format!("{error:?}"))?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(format!(
            "{error}: {}",
            value["message"].as_str().unwrap_or_default()
        )),
        None => Ok(value),
    }
}
