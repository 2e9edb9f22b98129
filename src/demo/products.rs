//! Markets, zones, products and prices of the sample.

use std::collections::BTreeMap;

use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Content, Facts, Locale, Measure, MeasureUnit, SaleUnit};
use offercast_domain::change::{Change, SetPrice};
use offercast_domain::source::{Market, PriceKind, Product, Zone};
use serde::Deserialize;

use crate::cli::Failure;

const PRODUCTS: &str = include_str!("products.csv");
const PRICES: &str = include_str!("prices-by-zone.csv");

pub(super) fn markets() -> Result<Vec<Change>, Failure> {
    let poland = Market {
        deposits: BTreeMap::from([("pet".to_owned(), 50), ("glass".to_owned(), 100)]),
        locales: locales(&["pl", "en"])?,
        tax_rates: BTreeMap::from([("reduced".to_owned(), 500), ("standard".to_owned(), 2300)]),
        ..Market::new("pl".parse()?, "Polska", "PLN".parse()?, "Europe/Warsaw")
    };
    let russia = Market {
        deposits: BTreeMap::from([("pet".to_owned(), 500), ("glass".to_owned(), 1000)]),
        locales: locales(&["ru", "en"])?,
        tax_rates: BTreeMap::from([("reduced".to_owned(), 1000), ("standard".to_owned(), 2200)]),
        ..Market::new("ru".parse()?, "Россия", "RUB".parse()?, "Europe/Moscow")
    };
    let mut changes = vec![
        Change::PutMarket {
            market: Box::new(poland),
        },
        Change::PutMarket {
            market: Box::new(russia),
        },
    ];
    for (market, id, name) in [
        ("pl", "warszawa", "Warszawa"),
        ("pl", "krakow", "Kraków"),
        ("ru", "moskva", "Москва"),
    ] {
        let zone = Zone {
            id: id.parse()?,
            market: market.parse()?,
            name: name.to_owned(),
            parent: None,
        };
        changes.push(Change::PutZone { zone });
    }
    Ok(changes)
}

fn locales(tags: &[&str]) -> Result<Vec<Locale>, Failure> {
    Ok(tags
        .iter()
        .map(|tag| tag.parse())
        .collect::<Result<_, _>>()?)
}

#[derive(Deserialize)]
struct ProductLine {
    brand: String,
    category: String,
    deposit_class: String,
    gtin: String,
    name_en: String,
    name_pl: String,
    name_ru: String,
    pack: String,
    price_pln: String,
    price_rub: String,
    sale_unit: SaleUnit,
    sku: String,
    tax_class: String,
}

#[derive(Deserialize)]
struct PriceLine {
    amount: String,
    kind: PriceKind,
    market: String,
    sku: String,
    zone: String,
}

/// Products with the regular prices of both markets, then what differs by
/// zone.
pub(super) fn catalogue() -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for line in csv::Reader::from_reader(PRODUCTS.as_bytes()).deserialize() {
        let line: ProductLine = line?;
        for (market, amount) in [("pl", &line.price_pln), ("ru", &line.price_rub)] {
            changes.push(price(market, None, &line.sku, PriceKind::Regular, amount)?);
        }
        changes.push(Change::PutProduct {
            product: Box::new(product(line)?),
        });
    }
    for line in csv::Reader::from_reader(PRICES.as_bytes()).deserialize() {
        let line: PriceLine = line?;
        changes.push(price(
            &line.market,
            Some(&line.zone),
            &line.sku,
            line.kind,
            &line.amount,
        )?);
    }
    Ok(changes)
}

fn price(
    market: &str,
    zone: Option<&str>,
    sku: &str,
    kind: PriceKind,
    amount: &str,
) -> Result<Change, Failure> {
    Ok(Change::SetPrice(SetPrice {
        minimum_quantity: None,
        sku: sku.parse()?,
        market: market.parse()?,
        zone: zone.map(str::parse).transpose()?,
        audience: Audience::everyone(),
        kind,
        amount: amount.to_owned(),
        valid_from: None,
        valid_until: None,
    }))
}

fn product(line: ProductLine) -> Result<Product, Failure> {
    let given = |text: String| (!text.is_empty()).then_some(text);
    let mut content = BTreeMap::new();
    for (locale, name) in [
        ("en", line.name_en),
        ("pl", line.name_pl),
        ("ru", line.name_ru),
    ] {
        content.insert(
            locale.parse()?,
            Content {
                name,
                ..Content::default()
            },
        );
    }
    let facts = Facts {
        brand: given(line.brand),
        gtin: given(line.gtin),
        pack: pack(&line.pack)?,
        ..Facts::new(line.category, line.sale_unit, content)
    };
    Ok(Product {
        deposit_class: given(line.deposit_class),
        ..Product::new(line.sku.parse()?, facts, line.tax_class)
    })
}

/// `0.5 kg`.
fn pack(text: &str) -> Result<Option<Measure>, Failure> {
    let Some((quantity, unit)) = text.split_once(' ') else {
        return Ok(None);
    };
    let unit = match unit {
        "kg" => MeasureUnit::Kilogram,
        "l" => MeasureUnit::Litre,
        "piece" => MeasureUnit::Piece,
        other => return Err(Failure::new(format!("sample pack unit {other:?}"))),
    };
    Ok(Some(Measure {
        quantity: quantity.parse::<Quantity>()?,
        unit,
    }))
}
