//! The pages in a real browser, against the demo as its users start it.
//!
//! tests/run starts the WebDriver; without it nothing is shown here, and each
//! test says so (and fails where CI is set).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests: they end by a panic, print what was left out, and read what tests/run tells them"
)]

mod board;
mod driver;
mod edit;
mod every_page;
#[allow(dead_code, unused_imports)]
#[path = "../it/support/mod.rs"]
mod support;

use driver::Browser;
use support::{SERVER, TestApp};

/// The demo and a browser that looks at it; none where there is no browser.
async fn start() -> Option<(TestApp, Browser)> {
    let mut browser = Browser::open().await?;
    let app = TestApp::embedded().await;
    browser.visit(app.url(""));
    Some((app, browser))
}

/// Signs in by the link that the demo prints.
async fn sign_in(app: &TestApp, browser: &Browser) {
    let output = app.process(SERVER).output();
    let line = output.lines().find_map(|line| line.strip_prefix("log in "));
    browser.go(line.expect("a line with a link").trim()).await;
    assert_eq!(browser.path().await, "/", "a token is no part of a history");
    assert_eq!(browser.text(".actor").await.as_deref(), Some("demo"));
}

/// The newest revision.
async fn head(app: &TestApp) -> u64 {
    app.board().await["head"]["revision"].as_u64().unwrap()
}
