//! The example of Russian restrictions is accepted, and does what it says.

use offercast_contract::{Horizon, Instant, Terms, View};
use offercast_domain::change::{Change, Guard, Plan, plan};
use offercast_pricebook::{Book, Loader};
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../../docs/examples/russia-restrictions.json");

fn now() -> Instant {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn example() -> Vec<Change> {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn goods(sku: &str, class: &str, pack: Value, amount: &str) -> Vec<Change> {
    let product = json!({"type": "put_product", "product": {
        "facts": {
            "category": "drinks/strong", "content": {"ru": {"name": sku}, "en": {"name": sku}},
            "pack": pack, "sale_unit": "piece"
        },
        "restriction_class": class, "sku": sku, "tax_class": "standard"
    }});
    let price = json!({
        "type": "set_price", "amount": amount, "kind": "regular", "market": "ru", "sku": sku
    });
    let offer = json!({"type": "put_offer", "offer": {
        "audience": "everyone", "effect": {"percent_off": 1000}, "id": format!("off-{sku}"),
        "labels": {"ru": "Скидка", "en": "Off"}, "markets": ["ru"],
        "target": {"include": [{"sku": sku}]}, "valid_from": now()
    }});
    serde_json::from_value(json!([product, price, offer])).unwrap()
}

fn litres(quantity: &str) -> Value {
    json!({"quantity": quantity, "unit": "l"})
}

/// The sample, the example, and a shelf of what it restricts.
fn shop() -> Book {
    let mut changes = super::changes(now()).unwrap();
    changes.extend(example());
    changes.extend(goods(
        "cigarettes",
        "tobacco/cigarettes",
        Value::Null,
        "189.00",
    ));
    changes.extend(goods("vodka", "alcohol/vodka", litres("0.7"), "599.00"));
    changes.extend(goods("wine", "alcohol/wine", litres("0.75"), "899.00"));
    book(&planned(&changes, &Book::empty()).unwrap())
}

fn planned(changes: &[Change], book: &Book) -> Result<Plan, Vec<String>> {
    plan(changes, book, now(), Guard::Enforced)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn book(plan: &Plan) -> Book {
    let mut loader = Loader::new();
    let documents = &plan.delta.opened_documents;
    documents.iter().for_each(|it| loader.push_document(it, 1));
    let prices = &plan.delta.opened_prices;
    prices.iter().for_each(|row| loader.push_price(row, 1));
    loader.finish(Book::empty().head())
}

fn terms(book: &Book, sku: &str, view: &str) -> Terms {
    let view: View = view.parse().unwrap();
    let (sku, horizon) = (sku.parse().unwrap(), Horizon::containing(now()));
    book.terms(&sku, &view, now(), horizon)
        .unwrap()
        .terms
        .unwrap()
}

const STORE: &str = "ru/moskva/everyone/store";
const DELIVERY: &str = "ru/moskva/everyone/delivery";

#[test]
fn it_is_accepted_on_top_of_the_sample() {
    let sample = super::changes(now()).unwrap();
    let sample = book(&planned(&sample, &Book::empty()).unwrap());
    let planned = planned(&example(), &sample).unwrap();
    assert_eq!(planned.delta.opened_documents.len(), example().len());
    assert!(planned.warnings.is_empty(), "{:?}", planned.warnings);
}

#[test]
fn tobacco_and_alcohol_are_seen_where_they_may_be() {
    let book = shop();
    let visible = |sku: &str, view: &str, id: &str| {
        let channel = book.channel(&id.parse().unwrap()).unwrap();
        terms(&book, sku, view).visible_in(&channel)
    };
    for sku in ["cigarettes", "vodka", "wine"] {
        for id in ["site-ru", "app-en-ru"] {
            assert!(!visible(sku, DELIVERY, id), "{sku} in {id}");
        }
        assert!(visible(sku, STORE, "tills-ru"), "{sku} at the till");
    }
    // Alcohol is on the site of a store, with its warning; tobacco is not.
    let site = book.channel(&"site-ru".parse().unwrap()).unwrap();
    assert!(visible("wine", STORE, "site-ru") && !visible("cigarettes", STORE, "site-ru"));
    assert_eq!(terms(&book, "wine", STORE).warnings_in(&site).count(), 1);
    assert!(visible("milk-32", DELIVERY, "site-ru"));
}

#[test]
fn tobacco_has_no_discount_and_vodka_keeps_its_minimum() {
    let book = shop();
    let price = |sku| terms(&book, sku, STORE).price.to_string();
    assert_eq!(price("cigarettes"), "189.00");
    // 10 % off would be 539.10, below 409.00 × 0.7 / 0.5 = 572.60.
    assert_eq!(price("vodka"), "599.00");
    assert_eq!(price("wine"), "809.10");
    let refused = |sku: &str, amount: &str| {
        let set = json!([{
            "type": "set_price", "amount": amount, "kind": "regular", "market": "ru", "sku": sku
        }]);
        let changes: Vec<Change> = serde_json::from_value(set).unwrap();
        planned(&changes, &book)
            .err()
            .unwrap_or_default()
            .join("; ")
    };
    let vodka = refused("vodka", "572.59");
    assert!(
        vodka.contains("amount: product vodka") && vodka.contains("minimum of 572.60 RUB"),
        "{vodka}"
    );
    assert_eq!(refused("vodka", "572.60"), "");
    assert!(refused("cigarettes", "152.99").contains("minimum of 153.00 RUB"));
}

#[test]
fn a_pack_is_not_sold_above_the_price_printed_on_it() {
    let book = shop();
    let dear = goods(
        "cheap-brand",
        "tobacco/cigarettes/printed-199",
        Value::Null,
        "199.01",
    );
    let refused = planned(&dear, &book).unwrap_err().join("; ");
    assert!(
        refused.contains("above the statutory maximum of 199.00 RUB"),
        "{refused}"
    );
    let fair = goods(
        "cheap-brand",
        "tobacco/cigarettes/printed-199",
        Value::Null,
        "199.00",
    );
    assert!(planned(&fair, &book).is_ok());
}
