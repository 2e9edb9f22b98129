//! From checked rows to changes.

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::{Audience, Instant, Sku, ZoneId};
use offercast_domain::change::{Change, EndPrice, SetPrice};
use offercast_domain::source::{Market, PriceKind, Product, Zone};
use offercast_pricebook::Book;

use super::Import;
use super::mapping::Columns;
use super::row::Row;

/// The changes that a file makes, and which row each comes from.
pub(super) struct Edits {
    /// The changes.
    pub changes: Vec<Change>,
    /// From when the prices hold.
    effective: Instant,
    /// Whether the market has no prices yet; such a load has nothing that
    /// guard limits could compare with.
    pub is_first_load: bool,
    /// Row and column, by the index of the change.
    pub rows: Vec<(u64, String)>,
}

/// Plans the changes; `now` is when prices take effect that say no instant.
/// Rows that say what the book says already make none.
pub(super) fn edits(
    book: &Book,
    import: &Import,
    market: Market,
    is_new: bool,
    rows: &[Row],
    now: Instant,
) -> Edits {
    let mut edits = Edits {
        changes: Vec::new(),
        effective: import.effective.unwrap_or(now),
        is_first_load: is_new,
        rows: Vec::new(),
    };
    if is_new {
        edits.add(
            0,
            "",
            Change::PutMarket {
                market: Box::new(market),
            },
        );
    }
    edits.zones(book, import, rows);
    edits.products(book, import, rows);
    for row in rows {
        edits.prices(book, import, row);
    }
    if !import.complete_for.is_empty() {
        edits.missing(book, import, rows);
    }
    edits
}

const PAID_AND_SHOWN: [PriceKind; 4] = [
    PriceKind::Anchor,
    PriceKind::Prior,
    PriceKind::Regular,
    PriceKind::Special,
];

impl Edits {
    fn add(&mut self, row: u64, column: &str, change: Change) {
        self.changes.push(change);
        self.rows.push((row, column.to_owned()));
    }

    fn zones(&mut self, book: &Book, import: &Import, rows: &[Row]) {
        let column = import.mapping.columns.zone.clone().unwrap_or_default();
        let mut named: BTreeMap<&ZoneId, u64> = BTreeMap::new();
        for row in rows {
            if let Some(zone) = &row.zone {
                named.entry(zone).or_insert(row.row);
            }
        }
        for (id, row) in named {
            if book.zone(&import.market, id).is_none() {
                let zone = Zone {
                    id: id.clone(),
                    market: import.market.clone(),
                    name: id.to_string(),
                    parent: None,
                };
                self.add(row, &column, Change::PutZone { zone });
            }
        }
    }

    /// One product per SKU: the first row that names it says what it is.
    fn products(&mut self, book: &Book, import: &Import, rows: &[Row]) {
        let column = import.mapping.columns.sku.clone();
        let mut seen: BTreeSet<&Sku> = BTreeSet::new();
        for row in rows {
            if !seen.insert(&row.product.sku) {
                continue;
            }
            let known = book.product(&row.product.sku);
            let product = merged(known.as_ref(), &row.product, &import.mapping.columns);
            if known.as_ref() != Some(&product) {
                self.add(
                    row.row,
                    &column,
                    Change::PutProduct {
                        product: Box::new(product),
                    },
                );
            }
        }
    }

    /// A row is complete for its SKU and zone: a kind of price that it leaves
    /// empty ends.
    fn prices(&mut self, book: &Book, import: &Import, row: &Row) {
        let columns = &import.mapping.columns;
        for (kind, column) in [
            (PriceKind::Regular, &columns.regular),
            (PriceKind::Special, &columns.special),
            (PriceKind::Prior, &columns.prior),
            (PriceKind::Anchor, &columns.anchor),
        ] {
            let Some(column) = column else { continue };
            let given = row.prices.iter().find(|(given, _)| *given == kind);
            match given {
                Some((_, amount)) => {
                    let set = SetPrice {
                        sku: row.product.sku.clone(),
                        market: import.market.clone(),
                        zone: row.zone.clone(),
                        audience: Audience::everyone(),
                        kind,
                        amount: amount.to_string(),
                        valid_from: import.effective,
                        valid_until: None,
                    };
                    self.add(row.row, column, Change::SetPrice(set));
                }
                None if self.ends(book, import, &row.product.sku, row.zone.as_ref(), kind) => {
                    let change = end(import, &row.product.sku, row.zone.clone(), kind);
                    self.add(row.row, column, change);
                }
                None => {}
            }
        }
    }

    /// SKUs with prices in a zone that the file is complete for, and does not
    /// name there.
    fn missing(&mut self, book: &Book, import: &Import, rows: &[Row]) {
        let named: BTreeSet<(&ZoneId, &Sku)> = rows
            .iter()
            .filter_map(|row| Some((row.zone.as_ref()?, &row.product.sku)))
            .collect();
        for sku in book.skus() {
            for zone in &import.complete_for {
                if named.contains(&(zone, sku)) {
                    continue;
                }
                for kind in PAID_AND_SHOWN {
                    if self.ends(book, import, sku, Some(zone), kind) {
                        let change = end(import, sku, Some(zone.clone()), kind);
                        self.add(0, "", change);
                    }
                }
            }
        }
    }

    /// Whether the book has a price of that kind there, at or after the
    /// effective instant, that could end: one that is over ends no more.
    fn ends(
        &self,
        book: &Book,
        import: &Import,
        sku: &Sku,
        zone: Option<&ZoneId>,
        kind: PriceKind,
    ) -> bool {
        book.prices(sku).iter().any(|row| {
            row.key.kind == kind
                && row.key.audience == Audience::everyone()
                && row.key.place.market == import.market
                && row.key.place.zone.as_ref() == zone
                && row.valid_until.is_none_or(|until| until > self.effective)
        })
    }
}

fn end(import: &Import, sku: &Sku, zone: Option<ZoneId>, kind: PriceKind) -> Change {
    Change::EndPrice(EndPrice {
        sku: sku.clone(),
        market: import.market.clone(),
        zone,
        audience: Audience::everyone(),
        kind,
        at: import.effective,
    })
}

/// A price list knows less of a product than people may have entered: what it
/// does not speak of stays.
fn merged(known: Option<&Product>, row: &Product, columns: &Columns) -> Product {
    let Some(known) = known else {
        return row.clone();
    };
    let mut product = known.clone();
    product.facts.category.clone_from(&row.facts.category);
    if columns.brand.is_some() {
        product.facts.brand.clone_from(&row.facts.brand);
    }
    if columns.gtin.is_some() {
        product.facts.gtin.clone_from(&row.facts.gtin);
    }
    if columns.pack_quantity.is_some() && columns.pack_unit.is_some() {
        product.facts.pack = row.facts.pack;
    }
    if columns.sale_unit.is_some() {
        product.facts.sale_unit = row.facts.sale_unit;
    }
    for (locale, content) in &row.facts.content {
        let entry = product.facts.content.entry(locale.clone()).or_default();
        entry.name.clone_from(&content.name);
    }
    product
}
