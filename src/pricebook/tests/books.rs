use offercast_contract::{Horizon, Item, Sku, View};
use offercast_domain::resolve::{Reason, Subject};
use serde_json::json;

use super::model::{Model, channel, day, market, offer, price, product};
use crate::ProductQuery;

fn shop() -> Model {
    let mut model = Model::shop();
    model.edit(json!([
        product("milk", "food/dairy", "Vindija"),
        product("tea", "food", "Cedevita"),
        product("soap", "home", "Vindija"),
        price("milk", "regular", "10.00"),
        price("tea", "regular", "5.00"),
        price("soap", "regular", "2.00"),
    ]));
    model
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn view(text: &str) -> View {
    text.parse().unwrap()
}

fn names(skus: &[Sku]) -> Vec<&str> {
    skus.iter().map(Sku::as_str).collect()
}

#[test]
fn terms_have_bounds_inside_their_window() {
    let mut model = shop();
    model.edit(json!([offer(
        "sale",
        2_000,
        &json!([{"category": "food"}])
    )]));
    let web = view("hr/-/everyone/delivery");
    let at = |days| {
        model
            .book
            .terms(&sku("milk"), &web, day(days), model.horizon)
    };
    let now = at(2).unwrap();
    assert_eq!((now.from, now.until), (None, Some(day(3))));
    assert_eq!(now.terms.unwrap().price.minor(), 1_000);
    let sale = at(3).unwrap();
    assert_eq!((sale.from, sale.until), (Some(day(3)), Some(day(6))));
    assert_eq!(sale.terms.unwrap().price.minor(), 800);
    // Outside of the horizon the window is that of the instant.
    assert_eq!(at(-20).unwrap().terms, None);
    assert_eq!(at(400).unwrap().terms.unwrap().price.minor(), 1_000);
    let nowhere = model.book.terms(
        &sku("milk"),
        &view("hr/moon/everyone/store"),
        day(2),
        model.horizon,
    );
    assert_eq!(nowhere, None);
    assert_eq!(
        model.book.terms(&sku("no"), &web, day(2), model.horizon),
        None
    );
    let rules = model.book.explain(&sku("milk"), &web, day(2)).unwrap();
    let waits = rules.iter().any(|rule| {
        matches!(&rule.subject, Subject::Offer { id, .. } if id.as_str() == "sale")
            && rule.reason == Reason::NotYetValid { from: day(3) }
    });
    assert!(waits, "{rules:?}");
}

#[test]
fn a_change_names_exactly_what_differs() {
    let mut model = shop();
    let sale = |include| model_offer(&include);
    let folded = model.edit(sale(json!([{"category": "food"}]))).unwrap();
    assert_eq!(names(&folded.changed), ["milk", "tea"]);
    // From the category to the brand: tea loses it, soap gets it.
    let folded = model.edit(sale(json!([{"brand": "Vindija"}]))).unwrap();
    assert_eq!(names(&folded.changed), ["soap", "tea"]);
    // Renaming the channel changes no item.
    let mut renamed = channel("shelf", &["hr/store/everyone/store"]);
    renamed["channel"]["name"] = json!("Shelves");
    assert_eq!(
        names(&model.edit(json!([renamed])).unwrap().changed),
        [""; 0]
    );
    // A deposit is in all terms.
    let folded = model.edit(json!([market(10)])).unwrap();
    assert_eq!(names(&folded.changed), ["milk", "soap", "tea"]);
    let folded = model
        .edit(json!([{"type": "end_product", "sku": "tea"}]))
        .unwrap();
    let items: Vec<Item> = folded.items().collect();
    assert_eq!(items, [Item::new(sku("tea"), None, Vec::new())]);
}

fn model_offer(include: &serde_json::Value) -> serde_json::Value {
    json!([offer("sale", 1_000, include)])
}

#[test]
fn views_come_and_go_with_channels() {
    let mut model = shop();
    let app = "hr/region/everyone/store";
    let folded = model.edit(json!([channel("app", &[app])])).unwrap();
    assert_eq!(folded.changed.len(), 3);
    assert!(folded.digests.roots().contains_key(&view(app)));
    let folded = model
        .edit(json!([{"type": "end_channel", "id": "app"}]))
        .unwrap();
    assert_eq!(folded.changed.len(), 3);
    assert!(!folded.digests.roots().contains_key(&view(app)));
}

#[test]
fn products_are_found_by_text_and_category() {
    let model = shop();
    let found = |text: Option<&str>, category: Option<&str>, after: Option<&str>, limit| {
        let query = ProductQuery {
            after: after.map(sku),
            category: category.map(str::to_owned),
            limit,
            text: text.map(str::to_owned),
        };
        let products = model.book.products(&query);
        products
            .iter()
            .map(|product| product.sku.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None, None, None, 2), ["milk", "soap"]);
    assert_eq!(found(None, None, Some("milk"), 9), ["soap", "tea"]);
    assert_eq!(found(None, Some("food"), None, 9), ["milk", "tea"]);
    assert_eq!(found(None, Some("food"), Some("milk"), 9), ["tea"]);
    assert_eq!(found(Some("MIL"), None, None, 9), ["milk"]);
    assert_eq!(found(Some("čOKO"), None, None, 9).len(), 3);
    assert_eq!(found(Some("\"vind"), None, None, 9), ["milk", "soap"]);
    assert_eq!(found(Some("food"), None, None, 9), [""; 0], "not a name");
}

#[test]
fn a_reader_keeps_its_snapshot() {
    let mut model = shop();
    let before = model.book.clone();
    let web = view("hr/-/everyone/delivery");
    model.edit(json!([price("milk", "regular", "9.00")]));
    let of = |book: &crate::Book| {
        let segment = book.terms(&sku("milk"), &web, day(1), Horizon::containing(day(1)));
        segment.unwrap().terms.unwrap().price.minor()
    };
    assert_eq!((of(&before), of(&model.book)), (1_000, 900));
    assert_eq!(model.book.head().number, before.head().number + 1);
}
