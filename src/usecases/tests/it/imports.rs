//! Price lists that come again and again.

use std::io::Cursor;

use offercast_contract::Locale;
use offercast_contract::measure::Quantity;
use offercast_usecases::import::{self, Import, ImportError, ImportReport, Mapping};

use crate::shop::{Shop, VIEW};

const MAPPING: &str = r#"
locale = "en"
tax_class = "standard"

[columns]
category = "category"
name = "name"
regular = "regular"
sku = "sku"
special = "special"
zone = "store"
"#;

async fn import(
    shop: &Shop,
    rows: &str,
    complete_for: &[&str],
) -> Result<ImportReport, ImportError> {
    import_with(shop, rows, complete_for, false).await
}

async fn import_with(
    shop: &Shop,
    rows: &str,
    complete_for: &[&str],
    create_zones: bool,
) -> Result<ImportReport, ImportError> {
    let file = format!("sku,name,category,store,regular,special\n{rows}");
    let import = Import {
        author: "ana".to_owned(),
        complete_for: complete_for
            .iter()
            .map(|zone| zone.parse().unwrap())
            .collect(),
        create_zones,
        dry_run: false,
        effective: None,
        idempotency: None,
        mapping: Mapping::parse(MAPPING).unwrap(),
        market: "hr".parse().unwrap(),
        reason: "daily".to_owned(),
    };
    import::run(
        &shop.engine,
        import,
        Box::new(Cursor::new(file)),
        false,
        |_| {},
    )
    .await
}

#[tokio::test]
async fn a_special_price_that_is_over_does_not_stop_later_lists() {
    let shop = Shop::open().await;
    for (rows, revision) in [
        ("bread,bread,food,0204,2.00,1.80\n", Some(2)),
        ("bread,bread,food,0204,2.00,\n", Some(3)),
        ("bread,bread,food,0204,2.00,\n", None),
        ("bread,bread,food,0204,2.05,\n", Some(4)),
    ] {
        shop.pass_days(1);
        assert_eq!(import(&shop, rows, &[]).await.unwrap().revision, revision);
    }
    // The same where a whole product is gone from a complete list.
    for revision in [Some(5), None] {
        shop.pass_days(1);
        let report = import(&shop, "bread,bread,food,0204,2.05,\n", &["0204"]).await;
        assert_eq!(report.unwrap().revision, revision);
    }
    let (view, milk) = (VIEW.parse().unwrap(), "milk".parse().unwrap());
    let current = shop.engine.current();
    let timeline = current
        .book
        .timeline(&milk, &view, current.position.horizon);
    assert_eq!(timeline.terms_at(shop.engine.now()), None);
}

#[tokio::test]
async fn a_list_is_complete_only_for_zones_that_it_names() {
    let shop = Shop::open().await;
    let refused = import(&shop, "bread,bread,food,0204,2.00,\n", &["0204", "0613"]).await;
    let Err(ImportError::Rows { errors, total: 1 }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(errors[0].column, "store");
    assert!(errors[0].reason.contains("zone 0613"));
    assert_eq!(shop.position().revision, 1);
}

#[tokio::test]
async fn what_a_list_has_no_column_for_stays() {
    let shop = Shop::open().await;
    let product = |name: &str| {
        serde_json::json!([{ "type": "put_product", "product": {
            "sku": "bread", "tax_class": "standard",
            "facts": {
                "brand": "Own", "category": "food", "content": { "en": { "name": name } },
                "gtin": "04006381333931", "pack": { "quantity": "0.5", "unit": "kg" }, "sale_unit": "piece",
            },
        }}])
    };
    shop.publish(product("Bread")).await;
    import(&shop, "bread,Rye bread,food,0204,2.00,\n", &[])
        .await
        .unwrap();
    let facts = shop
        .engine
        .current()
        .book
        .facts(&"bread".parse().unwrap())
        .unwrap();
    assert_eq!(facts.brand.as_deref(), Some("Own"));
    assert_eq!(facts.gtin.as_deref(), Some("04006381333931"));
    let half: Quantity = "0.5".parse().unwrap();
    assert_eq!(facts.pack.map(|pack| pack.quantity), Some(half));
    assert_eq!(
        facts.content[&"en".parse::<Locale>().unwrap()].name,
        "Rye bread"
    );
}

#[tokio::test]
async fn a_zone_that_nobody_knows_is_refused_unless_it_is_said_to_be_new() {
    let shop = Shop::open().await;
    // 0402 is a typing error, and so may 0613 be.
    let rows = "bread,bread,food,0204,2.00,\nmilk,milk,food,0402,1.20,\nmilk,milk,food,0613,1.20,\nbread,bread,food,0402,2.00,\n";
    let refused = import(&shop, rows, &[]).await;
    let Err(ImportError::Rows { errors, total: 2 }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((errors[0].row, errors[0].column.as_str()), (3, "store"));
    assert!(errors[0].reason.contains("zone 0402") && errors[0].reason.contains("--create-zones"));
    assert_eq!(errors[1].row, 4);
    assert_eq!(shop.position().revision, 1);
    let rows = "milk,milk,food,0613,1.20,\n";
    let report = import_with(&shop, rows, &[], true).await.unwrap();
    assert_eq!(report.revision, Some(2));
    let market = "hr".parse().unwrap();
    let current = shop.engine.current();
    assert!(
        current
            .book
            .zone(&market, &"0613".parse().unwrap())
            .is_some()
    );
    // Known now.
    let rows = "milk,milk,food,0613,1.21,\n";
    assert_eq!(import(&shop, rows, &[]).await.unwrap().revision, Some(3));
}
