//! From a line of the file to a checked row.

use std::collections::BTreeMap;

use csv::StringRecord;
use offercast_contract::measure::{Quantity, QuantityError};
use offercast_contract::{
    Amount, Audience, Content, Currency, Facts, Measure, SaleUnit, Sku, ZoneId,
};
use offercast_domain::source::{PriceKind, Product};
use serde::Serialize;

use super::mapping::{Columns, Mapping};

/// Something about one row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowIssue {
    /// The column's name.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
    /// Line of the file, counted from 1 with the header.
    pub row: u64,
}

/// A checked row.
#[derive(Debug, Clone)]
pub struct Row {
    /// For whom the prices are.
    pub audience: Audience,
    /// From which quantity on they hold; any if none.
    pub minimum_quantity: Option<Quantity>,
    /// The prices; kinds that the row leaves empty are absent.
    pub prices: Vec<(PriceKind, Amount)>,
    /// The product as the row describes it.
    pub product: Product,
    /// Line of the file.
    pub row: u64,
    /// Where the prices hold.
    pub zone: Option<ZoneId>,
}

/// Reads rows by position, as the header says.
pub(super) struct RowReader<'m> {
    columns: Places<'m>,
    currency: Currency,
    mapping: &'m Mapping,
}

/// A column's name and position, looked up once for all rows.
#[derive(Clone, Copy)]
struct Place<'m> {
    name: &'m str,
    at: usize,
}

/// The mapped columns; see [`Columns`].
struct Places<'m> {
    audience: Option<Place<'m>>,
    brand: Option<Place<'m>>,
    category: Place<'m>,
    currency: Option<Place<'m>>,
    gtin: Option<Place<'m>>,
    minimum_quantity: Option<Place<'m>>,
    name: Place<'m>,
    pack_quantity: Option<Place<'m>>,
    pack_unit: Option<Place<'m>>,
    prices: [(PriceKind, Option<Place<'m>>); PriceKind::ALL.len()],
    sale_unit: Option<Place<'m>>,
    sku: Place<'m>,
    smallest_quantity: Option<Place<'m>>,
    step: Option<Place<'m>>,
    zone: Option<Place<'m>>,
}

impl<'m> Places<'m> {
    /// Every mapped column is among `positions`.
    fn new(columns: &'m Columns, positions: &BTreeMap<String, usize>) -> Self {
        let place = |name: &'m str| Place {
            name,
            at: positions.get(name).copied().unwrap_or(usize::MAX),
        };
        let optional = |name: &'m Option<String>| name.as_deref().map(place);
        Self {
            audience: optional(&columns.audience),
            brand: optional(&columns.brand),
            category: place(&columns.category),
            currency: optional(&columns.currency),
            gtin: optional(&columns.gtin),
            minimum_quantity: optional(&columns.minimum_quantity),
            name: place(&columns.name),
            pack_quantity: optional(&columns.pack_quantity),
            pack_unit: optional(&columns.pack_unit),
            prices: PriceKind::ALL.map(|kind| (kind, columns.of(kind).map(place))),
            sale_unit: optional(&columns.sale_unit),
            sku: place(&columns.sku),
            smallest_quantity: optional(&columns.smallest_quantity),
            step: optional(&columns.step),
            zone: optional(&columns.zone),
        }
    }
}

/// Notices and errors of one row.
#[derive(Default)]
pub(super) struct Findings {
    /// What makes the import fail.
    pub errors: Vec<RowIssue>,
    /// What is reported and goes on.
    pub notices: Vec<RowIssue>,
}

impl<'m> RowReader<'m> {
    /// Checks the header against the mapping: every mapped column exists once,
    /// every other one is declared as ignored.
    pub(super) fn new(
        mapping: &'m Mapping,
        currency: Currency,
        header: &StringRecord,
    ) -> Result<Self, Vec<RowIssue>> {
        let issue = |column: &str, reason: &str| RowIssue {
            column: column.to_owned(),
            reason: reason.to_owned(),
            row: 1,
        };
        let mut issues = Vec::new();
        let mut positions = BTreeMap::new();
        for (position, name) in header.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}').trim();
            if positions.insert(name.to_owned(), position).is_some() {
                issues.push(issue(name, "the header names this column twice"));
            }
        }
        let mapped = mapped_columns(&mapping.columns);
        for name in &mapped {
            if !positions.contains_key(*name) {
                issues.push(issue(
                    name,
                    "the mapping names this column, the header does not",
                ));
            }
        }
        for name in positions.keys() {
            if !mapped.contains(&name.as_str()) && !mapping.ignored.contains(name) {
                issues.push(issue(
                    name,
                    "the header has this column, the mapping neither reads nor ignores it",
                ));
            }
        }
        if issues.is_empty() {
            Ok(Self {
                columns: Places::new(&mapping.columns, &positions),
                currency,
                mapping,
            })
        } else {
            Err(issues)
        }
    }

    /// Checks one record. All that is wrong with it is found at once.
    pub(super) fn read(
        &self,
        row: u64,
        record: &StringRecord,
        findings: &mut Findings,
    ) -> Option<Row> {
        let columns = &self.columns;
        let mut cell = Cells {
            reader: self,
            record,
            row,
            findings,
            failed: false,
        };
        let sku = cell.required(columns.sku, |text| {
            Sku::parse(text).map_err(|error| error.to_string())
        });
        let name = cell.required(columns.name, |text| Ok(text.to_owned()));
        let category = cell.required(columns.category, |text| Ok(text.to_owned()));
        let zone = match columns.zone {
            Some(column) => cell
                .required(column, |text| {
                    ZoneId::parse(&text.to_lowercase()).map_err(|error| error.to_string())
                })
                .map(Some),
            None => Some(None),
        };
        cell.currency();
        let sale_unit = cell.sale_unit();
        let pack = cell.pack(sale_unit);
        let gtin = cell.gtin();
        let brand = cell.optional(columns.brand, |text| Ok(text.to_owned()));
        let audience = cell.optional(columns.audience, |text| {
            Audience::parse(&text.to_lowercase()).map_err(|error| error.to_string())
        });
        let minimum_quantity = cell.quantity(columns.minimum_quantity);
        let smallest_quantity = cell.quantity(columns.smallest_quantity);
        let step = cell.quantity(columns.step);
        let prices = cell.prices();
        if cell.failed {
            return None;
        }
        let content = Content {
            name: name?,
            ..Content::default()
        };
        Some(Row {
            audience: audience.unwrap_or_else(Audience::everyone),
            minimum_quantity,
            prices,
            product: Product::new(
                sku?,
                Facts {
                    brand,
                    gtin,
                    minimum_quantity: smallest_quantity,
                    pack,
                    step,
                    ..Facts::new(
                        category?,
                        sale_unit?,
                        BTreeMap::from([(self.mapping.locale.clone(), content)]),
                    )
                },
                self.mapping.tax_class.clone(),
            ),
            row,
            zone: zone?,
        })
    }
}

fn mapped_columns(columns: &Columns) -> Vec<&str> {
    let optional = [
        &columns.anchor,
        &columns.audience,
        &columns.brand,
        &columns.cost,
        &columns.currency,
        &columns.floor,
        &columns.gtin,
        &columns.minimum_quantity,
        &columns.pack_quantity,
        &columns.pack_unit,
        &columns.prior,
        &columns.regular,
        &columns.sale_unit,
        &columns.smallest_quantity,
        &columns.special,
        &columns.step,
        &columns.zone,
    ];
    let required = [&columns.category, &columns.name, &columns.sku];
    let present = optional.into_iter().flatten().chain(required);
    present.map(String::as_str).collect()
}

/// The cells of one record, and what is found wrong with them.
struct Cells<'a, 'm> {
    reader: &'a RowReader<'m>,
    record: &'a StringRecord,
    row: u64,
    findings: &'a mut Findings,
    failed: bool,
}

impl<'a> Cells<'a, '_> {
    fn text(&self, column: Place<'_>) -> &'a str {
        self.record.get(column.at).unwrap_or_default().trim()
    }

    fn issue(&self, column: &str, reason: impl Into<String>) -> RowIssue {
        RowIssue {
            column: column.to_owned(),
            reason: reason.into(),
            row: self.row,
        }
    }

    fn fail(&mut self, column: &str, reason: impl Into<String>) {
        let issue = self.issue(column, reason);
        self.findings.errors.push(issue);
        self.failed = true;
    }

    fn notice(&mut self, column: &str, reason: impl Into<String>) {
        let issue = self.issue(column, reason);
        self.findings.notices.push(issue);
    }

    fn optional<T>(
        &mut self,
        column: Option<Place<'_>>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let column = column?;
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.fail(column.name, reason);
                None
            }
        }
    }

    fn required<T>(
        &mut self,
        column: Place<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.text(column).is_empty() {
            self.fail(column.name, "is empty");
            return None;
        }
        self.optional(Some(column), parse)
    }

    fn currency(&mut self) {
        let expected = self.reader.currency;
        self.optional(self.reader.columns.currency, |text| {
            if text == expected.code() {
                Ok(())
            } else {
                Err(format!("{text:?} is not the market's currency {expected}"))
            }
        });
    }

    fn sale_unit(&mut self) -> Option<SaleUnit> {
        let mapping = self.reader.mapping;
        match self.reader.columns.sale_unit {
            None => Some(SaleUnit::Piece),
            Some(column) => self.required(column, |text| {
                let unit = mapping.sale_units.get(text).copied();
                unit.ok_or_else(|| format!("{text:?} is no sale unit of the mapping"))
            }),
        }
    }

    /// A quantity in the sale unit.
    fn quantity(&mut self, column: Option<Place<'_>>) -> Option<Quantity> {
        self.optional(column, |text| {
            text.parse()
                .map_err(|error: QuantityError| error.to_string())
        })
    }

    /// The pack, where its size is plausible; an absurd one is reported and
    /// left out, so that no unit price is claimed from it.
    fn pack(&mut self, sale_unit: Option<SaleUnit>) -> Option<Measure> {
        let mapping = self.reader.mapping;
        let quantity_column = self.reader.columns.pack_quantity?;
        let unit_column = self.reader.columns.pack_unit?;
        let unit = self.optional(Some(unit_column), |text| {
            let unit = mapping.pack_units.get(text).copied();
            unit.ok_or_else(|| format!("{text:?} is no pack unit of the mapping"))
        })?;
        let text = self.text(quantity_column);
        if text.is_empty() {
            return None;
        }
        let measure = text
            .parse::<Quantity>()
            .ok()
            .and_then(|quantity| {
                Quantity::from_millionths(quantity.millionths() / i64::from(unit.per.max(1))).ok()
            })
            .map(|quantity| Measure {
                quantity,
                unit: unit.unit,
            });
        let Some(measure) = measure else {
            self.notice(
                quantity_column.name,
                format!("{text:?} is not a quantity above zero; no unit price is shown"),
            );
            return None;
        };
        match offercast_domain::resolve::plausible_pack(measure, sale_unit?) {
            Ok(()) => Some(measure),
            Err(reason) => {
                self.notice(
                    quantity_column.name,
                    format!("{measure}: {reason}; no unit price is shown"),
                );
                None
            }
        }
    }

    fn gtin(&mut self) -> Option<String> {
        let column = self.reader.columns.gtin?;
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let gtin = format!("{text:0>14}");
        match offercast_domain::change::gtin_rule(&gtin) {
            Ok(()) => Some(gtin),
            Err(reason) => {
                self.notice(column.name, format!("{reason}; left out"));
                None
            }
        }
    }

    fn prices(&mut self) -> Vec<(PriceKind, Amount)> {
        let currency = self.reader.currency;
        let mut prices = Vec::with_capacity(3);
        for (kind, column) in self.reader.columns.prices {
            let amount = self.optional(column, |text| {
                let amount =
                    Amount::parse_lenient(text, currency).map_err(|error| error.to_string())?;
                if amount.minor() > 0 {
                    Ok(amount)
                } else {
                    Err(format!("{text:?} is not above zero"))
                }
            });
            prices.extend(amount.map(|amount| (kind, amount)));
        }
        if !self.failed && !prices.iter().any(|(kind, _)| kind.is_paid()) {
            let prices = &self.reader.columns.prices;
            let column = prices.iter().filter(|(kind, _)| kind.is_paid());
            let name = column.filter_map(|(_, column)| *column).next();
            self.fail(
                name.map_or("price", |column| column.name),
                "neither a regular nor a special price is given",
            );
        }
        prices
    }
}
