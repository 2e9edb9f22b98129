use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, market, offer, product, set, shop, zone};
use crate::change::{Change, WarningCode};

pub(super) fn channel() -> Value {
    let template = offercast_contract::Template::new("shelf.html", "{{price}}");
    json!({"type": "put_channel", "channel": {
        "family": "site", "id": "web", "locale": "hr", "name": "Web shop",
        "template": template, "time_zone": "Europe/Zagreb",
        "views": ["hr/store/everyone/store", "hr/-/everyone/delivery"]
    }})
}

#[test]
fn the_same_again_makes_no_row() {
    let mut rows = shop();
    assert_eq!(rows.documents.len(), 4);
    rows.edit(json!([channel(), offer(json!({"percent_off": 2000}))]));
    let again = json!([
        market(),
        zone("region", None),
        product("milk"),
        set("regular", "10"),
        channel(),
        offer(json!({"percent_off": 2000})),
    ]);
    assert!(rows.plan(again).unwrap().delta.is_empty());
}

#[test]
fn unknown_references_are_named_by_field() {
    let rows = shop();
    let at = |change: Value, path: &str, value: Value| {
        let mut change = change;
        *change.pointer_mut(path).unwrap() = value;
        json!([change])
    };
    let cases = [
        (
            at(product("milk"), "/product/tax_class", json!("no")),
            "product.tax_class unknown_tax_class",
        ),
        (
            at(set("regular", "9"), "/sku", json!("no")),
            "sku unknown_product",
        ),
        (
            at(set("regular", "9"), "/market", json!("no")),
            "market unknown_market",
        ),
        (
            at(zone("a", Some("no")), "/zone/name", json!("A")),
            "zone.parent unknown_zone",
        ),
        (
            at(zone("a", None), "/zone/market", json!("no")),
            "zone.market unknown_market",
        ),
        (
            at(
                offer(json!({"amount_off": 1})),
                "/offer/markets",
                json!(["no"]),
            ),
            "offer.markets.0 unknown_market",
        ),
        (
            at(market(), "/market/time_zone", json!("Europe/Nowhere")),
            "market.time_zone unknown_time_zone",
        ),
        (
            at(market(), "/market/time_zone", json!("europe/zagreb")),
            "market.time_zone unknown_time_zone",
        ),
        (
            at(channel(), "/channel/views", json!(["hr/no/everyone/store"])),
            "channel.views unknown_zone",
        ),
        (
            at(channel(), "/channel/locale", json!("pl")),
            "channel.locale unknown_locale",
        ),
    ];
    for (changes, mistake) in cases {
        assert_eq!(rows.mistakes(changes), [mistake]);
    }
    let mut unknown = product("tea");
    unknown["product"]["deposit_class"] = json!("keg");
    let mistakes = rows.mistakes(json!([unknown]));
    assert_eq!(mistakes, ["product.deposit_class unknown_deposit_class"]);
}

#[test]
fn shapes_are_checked_by_field() {
    let rows = shop();
    let mut wrong = product("milk");
    wrong["product"]["facts"] = json!({
        "brand": " ", "category": "food//dairy", "content": {"hr": {"name": "a\u{7}"}},
        "gtin": "03850334043642", "image": "ftp://a", "sale_unit": "piece"
    });
    let expected = [
        "product.facts.brand invalid",
        "product.facts.category invalid",
        "product.facts.content.hr.name invalid",
        "product.facts.gtin invalid",
        "product.facts.image invalid",
    ];
    assert_eq!(rows.mistakes(json!([wrong])), expected);

    let mut wrong = offer(json!({"percent_off": 0}));
    wrong["offer"]["labels"] = json!({});
    wrong["offer"]["valid_until"] = json!("2026-11-25T00:00:00Z");
    wrong["offer"]["target"] = json!({"include": [{"category": "/food"}, {"sku": "no"}]});
    let expected = [
        "offer.effect.percent_off invalid",
        "offer.labels invalid",
        "offer.target.include.0 invalid",
        "offer.target.include.1 unknown_product",
        "offer.valid_until invalid",
    ];
    assert_eq!(rows.mistakes(json!([wrong])), expected);

    let mut wrong = channel();
    wrong["channel"]["projection"] = json!({"implied": {"name": "x"}, "omits": ["price"]});
    wrong["channel"]["template"]["source"] = json!("{{prior}}");
    wrong["channel"]["views"] = json!([]);
    let expected = [
        "channel.projection.implied.name invalid",
        "channel.projection.omits invalid",
        "channel.template.sha256 invalid",
        "channel.views invalid",
    ];
    assert_eq!(rows.mistakes(json!([wrong])), expected);
}

#[test]
fn amounts_and_intervals_are_checked() {
    let rows = shop();
    for amount in ["0", "-1", "9.999", "9,99", ""] {
        assert_eq!(
            rows.mistakes(json!([set("regular", amount)])),
            ["amount invalid"]
        );
    }
    let backwards = json!({"valid_until": "2026-11-20T00:00:00Z"});
    let mistakes = rows.mistakes(json!([but(set("regular", "9"), &backwards)]));
    assert_eq!(mistakes, ["valid_until invalid"]);
    let unknown_member = but(
        set("regular", "9"),
        &json!({"valid_form": "2026-11-20T00:00:00Z"}),
    );
    assert!(serde_json::from_value::<Change>(unknown_member).is_err());
}

#[test]
fn zones_do_not_lie_in_themselves() {
    let rows = shop();
    let mistakes = rows.mistakes(json!([zone("region", Some("store"))]));
    assert_eq!(mistakes, ["zone.parent invalid"]);
}

#[test]
fn what_others_rely_on_stays() {
    let mut rows = shop();
    rows.edit(json!([channel()]));
    let mut other = market();
    other["market"]["currency"] = json!("PLN");
    other["market"]["tax_rates"] = json!({"reduced": 500});
    other["market"]["locales"] = json!(["en"]);
    let expected = [
        "market.currency in_use",
        "market.locales in_use",
        "market.tax_rates.full in_use",
    ];
    assert_eq!(rows.mistakes(json!([other])), expected);
    let mut named = offer(json!({"percent_off": 1000}));
    named["offer"]["target"] = json!({"include": [{"sku": "milk"}]});
    rows.edit(json!([named]));
    let end = json!({"type": "end_product", "sku": "milk"});
    assert_eq!(rows.mistakes(json!([end])), ["sku in_use"]);
    rows.edit(json!([{"type": "end_offer", "id": "sale"}, end]));
    assert!(rows.prices.is_empty(), "its prices end with it");
    assert_eq!(rows.mistakes(json!([end])), ["sku not_found"]);
}

#[test]
fn doubtful_edits_are_warned_of() {
    let rows = shop();
    let mut odd = product("wipes");
    odd["product"]["facts"]["pack"] = json!({"quantity": "60.02", "unit": "piece"});
    let mut silent = offer(json!({"percent_off": 1000}));
    silent["offer"]["labels"] = json!({"en": "Sale"});
    let plan = rows.plan(json!([odd, silent])).unwrap();
    let codes: Vec<WarningCode> = plan.warnings.iter().map(|warning| warning.code).collect();
    let expected = [WarningCode::ImplausiblePack, WarningCode::MissingLocale];
    assert_eq!(codes, expected);
}

#[test]
fn nothing_is_known_of_an_empty_source() {
    let rows = Rows::default();
    let mistakes = rows.mistakes(json!([product("milk")]));
    assert_eq!(mistakes, ["product.tax_class unknown_tax_class"]);
}
