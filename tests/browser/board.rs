//! The board: live, and in the reader's language.

use crate::start;
use crate::support::SERVER;

#[tokio::test]
async fn the_board_follows_what_happens_without_a_reload() {
    let Some((mut app, browser)) = start().await else {
        return;
    };
    browser.go("/").await;
    browser
        .wait_for("#headline h1", "6 of 6 channels show version 1")
        .await;
    browser.wait_for("#live", "live").await;
    assert_eq!(browser.count("#channel-list > li.channel").await, 6);
    // A reload would take this away.
    browser.script("window.kept = 'kept'", &[]).await;

    let revision = app.set_price("butter", "krakow", "8.19").await;
    assert_eq!(revision, 2);
    browser
        .wait_for("#headline h1", "6 of 6 channels show version 2")
        .await;
    browser.wait_for("#headline", "a test").await;
    browser.wait_for("#version-2", "a test").await;
    assert_eq!(browser.script("return window.kept", &[]).await, "kept");

    // The server goes, and the page says that it shows what was.
    app.terminate(SERVER);
    browser.wait_for("#live", "reconnecting").await;
    browser
        .wait_for("#headline h1", "6 of 6 channels show version 2")
        .await;
}

#[tokio::test]
async fn the_pages_speak_the_language_that_was_chosen() {
    let Some((_app, browser)) = start().await else {
        return;
    };
    for (code, headline, products, steps) in [
        ("pl", "Wersja 1 w 6 z 6 kanałów", "Produkty", "Masło"),
        ("ru", "Версия 1 — в 6 из 6 каналов", "Товары", "Масло"),
        ("en", "6 of 6 channels show version 1", "Products", "Butter"),
    ] {
        browser.go("/").await;
        browser
            .click(&format!(".languages a[hreflang={code}]"))
            .await;
        browser.wait_for("#headline h1", headline).await;
        let lang = browser
            .script("return document.documentElement.lang", &[])
            .await;
        assert_eq!(lang, code);
        // And stays with the reader.
        browser.go("/products?q=butter").await;
        assert_eq!(browser.text("h1").await.as_deref(), Some(products));
        browser.wait_for("table.products", steps).await;
    }
}
