use serde_json::{Value, json};

use super::but;
use super::rows::{Rows, offer, product, set, shop, zone};
use crate::change::{ClosedRows, RevertConflict, revert};
use crate::revision::Delta;

/// Makes an edit and answers with what it closed.
fn edit(rows: &mut Rows, changes: Value) -> (Delta, ClosedRows) {
    let before = rows.clone();
    let delta = rows.edit(changes).delta;
    let documents = delta.closed_documents.iter();
    let prices = delta.closed_prices.iter();
    let closed = ClosedRows {
        documents: documents.map(|key| before.documents[key].clone()).collect(),
        prices: prices.map(|key| before.prices[key].clone()).collect(),
    };
    (delta, closed)
}

fn conflicts(rows: &Rows, (made, closed): &(Delta, ClosedRows)) -> Vec<String> {
    let conflicts = revert(made, closed, rows).unwrap_err();
    conflicts.iter().map(RevertConflict::to_string).collect()
}

#[test]
fn a_revert_puts_everything_back() {
    let mut rows = shop();
    let before = rows.clone();
    let mut renamed = product("milk");
    renamed["product"]["facts"]["content"]["hr"]["name"] = json!("Vrhnje");
    let week = json!({"valid_until": "2026-11-27T00:00:00Z"});
    let made = edit(
        &mut rows,
        json!([
            renamed,
            but(set("regular", "8.00"), &week),
            set("special", "7.50"),
            offer(json!({"percent_off": 1000})),
            zone("other", None),
        ]),
    );
    let back = revert(&made.0, &made.1, &rows).unwrap();
    rows.apply(&back);
    assert_eq!(rows.documents, before.documents);
    assert_eq!(rows.prices, before.prices);
}

#[test]
fn later_edits_of_the_same_rows_are_conflicts() {
    let mut rows = shop();
    let made = edit(&mut rows, json!([set("regular", "8.00")]));
    rows.edit(json!([set("regular", "9.00")]));
    let touched = "price milk hr/- everyone regular: a later revision changed it";
    assert_eq!(conflicts(&rows, &made), [touched]);
    // Another row of the same product is none.
    let mut rows = shop();
    let made = edit(&mut rows, json!([set("regular", "8.00")]));
    rows.edit(json!([but(
        set("regular", "9.00"),
        &json!({"zone": "store"})
    )]));
    assert!(revert(&made.0, &made.1, &rows).is_ok());
}

#[test]
fn what_later_revisions_rely_on_is_not_ended() {
    let mut rows = shop();
    let tea = edit(&mut rows, json!([product("tea"), zone("corner", None)]));
    assert!(revert(&tea.0, &tea.1, &rows).is_ok());
    let price = json!({"sku": "tea", "zone": "corner"});
    rows.edit(json!([but(set("regular", "3.00"), &price)]));
    let expected = [
        "product tea: it has prices of later revisions",
        "zone hr/corner: prices, offers, channels, restrictions or order conditions use it",
    ];
    let mut found = conflicts(&rows, &tea);
    found.sort();
    assert_eq!(found, expected);
}
