//! The edit panel: look, publish, and see it arrive.

use crate::driver::Browser;
use crate::support::TestApp;
use crate::{head, sign_in, start};

const PREVIEW: &str = "form:has(#price-amount) button[value=preview]";
const PUBLISH: &str = "form:has(#price-amount) button[value=publish]";
const SAID: &str = "form:has(#price-amount) [data-output]";
const SITE: &str = "#place-pl-krakow iframe.shop";

#[tokio::test]
async fn a_price_is_previewed_published_and_arrives() {
    let Some((app, browser)) = start().await else {
        return;
    };
    nobody_edits_without_signing_in(&app, &browser).await;
    sign_in(&app, &browser).await;
    browser.go("/products/butter").await;
    wrong_amounts_are_refused_at_their_field(&app, &browser).await;

    browser.fill("#price-amount", "8,49").await;
    browser.fill("#price-reason", "spring prices").await;
    browser.click(PREVIEW).await;
    browser.wait_for(SAID, "Products whose price").await;
    let row = format!("{SAID} .before-after tbody tr:first-child");
    browser.wait_for(&row, "Polska · Kraków · delivery").await;
    browser
        .wait_for(&format!("{row} td:nth-child(2)"), "PLN 7.99")
        .await;
    browser
        .wait_for(&format!("{row} td:nth-child(3)"), "PLN 8.49")
        .await;
    assert_eq!(head(&app).await, 1, "a look changes nothing");

    browser.script("window.kept = 'kept'", &[]).await;
    browser.double_click(PUBLISH).await;
    browser.wait_for(SAID, "Version 2 is recorded").await;
    browser
        .wait_for("#arrival-title", "6 of 6 channels show version 2")
        .await;
    browser.wait_for_frame(SITE, "8,49 zł").await;
    browser
        .wait_for("#place-pl-krakow .phone-price", "8,49")
        .await;
    browser.wait_for("#place-pl-krakow .receipt", "8.49").await;
    assert_eq!(browser.script("return window.kept", &[]).await, "kept");
    assert_eq!(head(&app).await, 2, "a double click is one version");
    app.assert_prices("butter", "krakow", "8.49").await;

    an_offer_is_put_on_it(&app, &browser).await;
}

async fn nobody_edits_without_signing_in(app: &TestApp, browser: &Browser) {
    browser.go("/products/butter").await;
    assert_eq!(browser.count("form[data-draft]").await, 0);
    browser.wait_for(".edit", "Sign in to change prices").await;
    // What the panel would send is refused all the same.
    for (address, body) in [
        (
            "/v1/changes",
            r#"{"changes":[{"type":"set_price","kind":"regular","market":"pl","sku":"butter","amount":"1.00"}],"reason":"x"}"#,
        ),
        (
            "/products/butter/draft",
            "what=price&place=pl%2F-&kind=regular&amount=8.49&reason=x",
        ),
    ] {
        let code = "return fetch(arguments[0], { method: 'POST', body: arguments[1], headers: {
            'content-type': arguments[1].startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded',
            'idempotency-key': crypto.randomUUID(), 'x-offercast-csrf': '1' } }).then(answer => answer.status)";
        let status = browser.script(code, &[address, body]).await;
        assert_eq!(status, 401, "{address}");
    }
    assert_eq!(head(app).await, 1);
}

async fn wrong_amounts_are_refused_at_their_field(app: &TestApp, browser: &Browser) {
    browser.fill("#price-reason", "a mistake").await;
    for (amount, said) in [
        ("abc", "is not an amount"),
        ("0", "is not an amount"),
        ("", "is missing"),
        ("7.999", "is not an amount"),
        ("799", "beyond the limit"),
    ] {
        browser.fill("#price-amount", amount).await;
        browser.click(PUBLISH).await;
        browser.wait_for("#price-amount-error", said).await;
        assert_eq!(browser.count("#price-amount[aria-invalid]").await, 1);
        assert_eq!(browser.count("[data-publish]").await, 0, "{amount:?}");
    }
    browser.fill("#price-reason", "").await;
    browser.fill("#price-amount", "8.49").await;
    browser.click(PUBLISH).await;
    browser.wait_for("#price-reason-error", "is missing").await;
    assert_eq!(browser.text("#price-amount-error").await.unwrap(), "");
    assert_eq!(head(app).await, 1, "nothing was recorded");
}

async fn an_offer_is_put_on_it(app: &TestApp, browser: &Browser) {
    let form = "form:has(#offer-value)";
    browser.click("[data-key=edit-offer] > summary").await;
    browser.fill("#offer-value", "10").await;
    browser.fill("#offer-label-pl", "Maślany tydzień").await;
    browser.fill("#offer-reason", "butter week").await;
    browser
        .click(&format!("{form} button[value=publish]"))
        .await;
    browser
        .wait_for(&format!("{form} [data-output]"), "Version 3 is recorded")
        .await;
    browser
        .wait_for("#arrival-title", "6 of 6 channels show version 3")
        .await;
    browser.wait_for_frame(SITE, "Maślany tydzień").await;
    browser.wait_for_frame(SITE, "7,64 zł").await;
    app.assert_prices("butter", "krakow", "7.64").await;
    assert_eq!(head(app).await, 3);
}
