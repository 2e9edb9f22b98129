//! A small catalogue for the production stack: the same SKUs that the demo
//! has, so that tests of both stacks read alike.

use serde_json::{Value, json};

/// Market, zones, products and prices, as `offercast publish` takes them.
pub(crate) fn changes() -> Value {
    let mut changes = vec![json!({
        "type": "put_market",
        "market": {
            "id": "pl", "name": "Polska", "currency": "PLN", "time_zone": "Europe/Warsaw",
            "locales": ["pl", "en"], "prices_include_tax": true,
            "tax_rates": { "reduced": 500, "standard": 2300 }, "deposits": { "pet": 50 },
        },
    })];
    for (id, name) in [("krakow", "Kraków"), ("warszawa", "Warszawa")] {
        changes.push(
            json!({ "type": "put_zone", "zone": { "id": id, "market": "pl", "name": name } }),
        );
    }
    for (sku, name, category, unit, amount) in [
        (
            "apples",
            "Jabłka czerwone",
            "food/fruit",
            "kilogram",
            "4.49",
        ),
        ("bread-rye", "Chleb żytni", "food/bakery", "piece", "6.49"),
        (
            "bread-wheat",
            "Chleb pszenny",
            "food/bakery",
            "piece",
            "4.99",
        ),
        ("butter", "Masło", "food/dairy", "piece", "7.49"),
        ("gouda", "Gouda", "food/dairy/cheese", "kilogram", "39.90"),
        ("milk-32", "Mleko 3,2%", "food/dairy", "piece", "4.29"),
        ("water-15", "Woda 1,5 l", "drinks/water", "piece", "2.49"),
    ] {
        changes.push(json!({
            "type": "put_product",
            "product": {
                "sku": sku, "tax_class": "reduced",
                "facts": {
                    "category": category, "sale_unit": unit,
                    "content": { "pl": { "name": name } },
                },
            },
        }));
        changes.push(json!({
            "type": "set_price", "kind": "regular", "market": "pl", "sku": sku, "amount": amount,
        }));
    }
    changes.push(json!({
        "type": "set_price", "kind": "regular", "market": "pl", "sku": "bread-rye",
        "zone": "krakow", "amount": "6.29",
    }));
    Value::Array(changes)
}
