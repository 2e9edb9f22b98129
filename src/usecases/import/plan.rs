//! From checked rows to changes.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;
use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Instant, Sku, ZoneId};
use offercast_domain::change::{Change, EndPrice, SetPrice};
use offercast_domain::source::{Market, PriceKey, PriceKind, PriceRow, Product, Zone};
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
    edits.unnamed_tiers(book, import, rows);
    if !import.complete_for.is_empty() {
        edits.missing(book, import, rows);
    }
    edits
}

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
        let mut seen: HashSet<&Sku> = HashSet::new();
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

    /// A row is complete for its SKU, zone, audience and tier: a kind of price
    /// that it leaves empty ends.
    fn prices(&mut self, book: &Book, import: &Import, row: &Row) {
        let columns = &import.mapping.columns;
        for kind in PriceKind::ALL {
            let Some(column) = columns.of(kind) else {
                continue;
            };
            let given = row.prices.iter().find(|(given, _)| *given == kind);
            match given {
                Some((_, amount)) => {
                    let set = SetPrice {
                        sku: row.product.sku.clone(),
                        market: import.market.clone(),
                        zone: row.zone.clone(),
                        audience: row.audience.clone(),
                        kind,
                        minimum_quantity: row.minimum_quantity,
                        amount: amount.to_string(),
                        valid_from: import.effective,
                        valid_until: None,
                    };
                    self.add(row.row, column, Change::SetPrice(set));
                }
                None => {
                    let is_left_empty = |key: &PriceKey| {
                        key.kind == kind
                            && key.audience == row.audience
                            && key.place.zone == row.zone
                            && key.minimum_quantity == tier_of(book, import, row)
                    };
                    self.end(
                        book,
                        import,
                        &row.product.sku,
                        is_left_empty,
                        |edits, change| {
                            edits.add(row.row, column, change);
                        },
                    );
                }
            }
        }
    }

    /// Where the file has a column of tiers, it is complete for those of the
    /// SKUs and zones that it names: one that it does not name ends.
    fn unnamed_tiers(&mut self, book: &Book, import: &Import, rows: &[Row]) {
        let columns = &import.mapping.columns;
        let Some(column) = &columns.minimum_quantity else {
            return;
        };
        type Tiers<'r> = BTreeSet<(Option<&'r ZoneId>, &'r Audience, Option<Quantity>)>;
        let mut named: BTreeMap<&Sku, (u64, Tiers<'_>)> = BTreeMap::new();
        for row in rows {
            let tier = (row.zone.as_ref(), &row.audience, tier_of(book, import, row));
            let (_, tiers) = named
                .entry(&row.product.sku)
                .or_insert_with(|| (row.row, Tiers::new()));
            tiers.insert(tier);
        }
        for (sku, (row, tiers)) in named {
            let is_unnamed = |key: &PriceKey| {
                let zone = key.place.zone.as_ref();
                let tier = (zone, &key.audience, key.minimum_quantity);
                key.minimum_quantity.is_some()
                    && columns.of(key.kind).is_some()
                    && !tiers.contains(&tier)
                    && tiers
                        .iter()
                        .any(|(named, whom, _)| *named == zone && **whom == key.audience)
            };
            self.end(book, import, sku, is_unnamed, |edits, change| {
                edits.add(row, column, change);
            });
        }
    }

    /// SKUs with prices in a zone that the file is complete for, and does not
    /// name there.
    fn missing(&mut self, book: &Book, import: &Import, rows: &[Row]) {
        let named: HashSet<(&ZoneId, &Sku)> = rows
            .iter()
            .filter_map(|row| Some((row.zone.as_ref()?, &row.product.sku)))
            .collect();
        for sku in book.skus() {
            for zone in &import.complete_for {
                if named.contains(&(zone, sku)) {
                    continue;
                }
                let is_there = |key: &PriceKey| {
                    key.place.zone.as_ref() == Some(zone)
                        && (import.mapping.columns.audience.is_some()
                            || key.audience == Audience::everyone())
                        && (!key.kind.is_confidential()
                            || import.mapping.columns.of(key.kind).is_some())
                };
                self.end(book, import, sku, is_there, |edits, change| {
                    edits.add(0, "", change);
                });
            }
        }
    }

    /// Ends the prices of a SKU in the market that are `wanted` and could end
    /// at or after the effective instant: one that is over ends no more.
    fn end(
        &mut self,
        book: &Book,
        import: &Import,
        sku: &Sku,
        wanted: impl Fn(&PriceKey) -> bool,
        add: impl Fn(&mut Self, Change),
    ) {
        let effective = self.effective;
        let is_open = |row: &PriceRow| row.valid_until.is_none_or(|until| until > effective);
        let ended: BTreeSet<_> = book
            .prices(sku)
            .into_iter()
            .filter(|row| row.key.place.market == import.market && is_open(row))
            .filter(|row| wanted(&row.key))
            .map(|row| PriceKey {
                valid_from: effective,
                ..row.key
            })
            .collect();
        for key in ended {
            let change = Change::EndPrice(EndPrice {
                at: import.effective,
                audience: key.audience,
                kind: key.kind,
                market: key.place.market,
                minimum_quantity: key.minimum_quantity,
                sku: key.sku,
                zone: key.place.zone,
            });
            add(self, change);
        }
    }
}

/// The tier of a row, as the book will name it: from the smallest quantity sold
/// is from any.
fn tier_of(book: &Book, import: &Import, row: &Row) -> Option<Quantity> {
    let minimum = row.minimum_quantity?;
    let known = book.product(&row.product.sku);
    let product = merged(known.as_ref(), &row.product, &import.mapping.columns);
    Some(minimum).filter(|minimum| *minimum > product.facts.smallest_quantity())
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
    if columns.smallest_quantity.is_some() {
        product.facts.minimum_quantity = row.facts.minimum_quantity;
    }
    if columns.step.is_some() {
        product.facts.step = row.facts.step;
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
