//! What holds on every page: no errors, no other hosts, no scrolling sideways.

use std::collections::BTreeSet;

use crate::{sign_in, start};

#[tokio::test]
async fn pages_are_quiet_whole_and_ask_nobody_else() {
    let Some((app, browser)) = start().await else {
        return;
    };
    sign_in(&app, &browser).await;
    for page in [
        "/",
        "/products",
        "/products?q=ser&category=food",
        "/products/butter",
        "/versions",
        "/versions/1",
        "/verify",
        "/login",
        "/docs",
    ] {
        for width in [1280, 390] {
            browser.resize(width, 900).await;
            browser.go(page).await;
            browser.wait_for("h1", "").await;
            let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            let wide = browser.script(wide, &[]).await.as_i64().unwrap();
            assert!(wide <= 0, "{page} at {width}: {wide} too wide");
        }
        assert_eq!(browser.complaints().await, [""; 0], "{page}");
    }
    let site = app.url("/");
    let foreign: Vec<String> = browser.requests().await;
    assert!(foreign.len() > 30, "{foreign:?}");
    let foreign: BTreeSet<_> = foreign
        .into_iter()
        .filter(|url| !url.starts_with(&site))
        .collect();
    assert_eq!(foreign, BTreeSet::new());
}

#[tokio::test]
async fn verification_reads_all_channels_to_the_end() {
    let Some((app, browser)) = start().await else {
        return;
    };
    browser.go("/verify").await;
    browser
        .wait_for("main", "Sign in to start a verification")
        .await;
    sign_in(&app, &browser).await;
    browser.click("nav a[href='/verify']").await;
    browser.click("form[data-api='/v1/audits'] button").await;
    browser.wait_for("#audit[data-done=true] h2", "").await;
    let found = browser.text("#audit").await.unwrap();
    assert!(
        found.contains("Everything is shown as it should be"),
        "{found}"
    );
    assert_eq!(browser.count("#audit .audit[data-state=ok]").await, 6);
    browser.wait_for("#audit-site-pl .facts", "82").await;

    // Somebody writes another price into a till's file.
    let file = app.goods_file("krakow");
    crate::support::rewrite(&file, |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        assert!(text.contains(";7.99;"), "{text}");
        let from = bytes.windows(6).position(|part| part == b";7.99;").unwrap();
        bytes[from + 1] = b'6';
    });
    browser.click("form[data-api='/v1/audits'] button").await;
    browser
        .wait_for("#audit h2", "Something is not shown as it should be")
        .await;
    browser
        .wait_for("#audit-tills-pl", "Not as it should be")
        .await;
    let wrong = "#audit-tills-pl .shown-wrong";
    browser.wait_for(wrong, "6.99").await;
}

#[tokio::test]
async fn the_description_of_the_api_is_whole_without_a_network() {
    let Some((app, browser)) = start().await else {
        return;
    };
    browser.go("/docs").await;
    browser.wait_for("#about", "Version").await;
    let document = app.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    let operations: usize = paths
        .values()
        .map(|methods| {
            let methods = methods.as_object().unwrap().keys();
            methods
                .filter(|key| ["delete", "get", "patch", "post", "put"].contains(&key.as_str()))
                .count()
        })
        .sum();
    assert!(operations > 20, "{operations}");
    assert_eq!(
        browser.count("#all details[id]").await,
        u64::try_from(operations).unwrap()
    );
    browser.fill("#find", "freeze").await;
    let shown = "return [...document.querySelectorAll('#all details[id]')].filter(one => one.checkVisibility()).map(one => one.innerText).join()";
    let shown = browser.script(shown, &[]).await;
    assert!(shown.as_str().unwrap().contains("/v1/freeze"), "{shown}");
    assert!(!shown.as_str().unwrap().contains("/health/live"), "{shown}");
}
