//! The till family: one ware line, rendered and read back.

use std::collections::{BTreeMap, BTreeSet};

use offercast_contract::{
    Amount, Channel, Claims, Field, Mechanic, Projection, Reading, SaleUnit, Sku, Template, View,
};
use offercast_kit::templates::{Compiled, Rules};
use offercast_kit::{Artefact, Family, RenderError, Renderer, Shown, Switching, Unreadable};
use serde::Serialize;

use crate::text::{NAME_LETTERS, decode, encode, escape, fit};

/// Number of fields in a ware line.
const FIELDS: usize = 17;

/// Fields (1-based) that a ware line leaves empty: stock, minimum price and
/// the like would change what the till charges.
const EMPTY_FIELDS: [usize; 10] = [6, 7, 9, 10, 11, 12, 13, 14, 15, 16];

/// The sale unit as it ends the receipt text, in Latin and Cyrillic letters.
const UNITS: [(SaleUnit, &str, &str); 5] = [
    (SaleUnit::Piece, "pc", "шт"),
    (SaleUnit::Kilogram, "kg", "кг"),
    (SaleUnit::Litre, "l", "л"),
    (SaleUnit::Metre, "m", "м"),
    (SaleUnit::Hour, "h", "ч"),
];

/// Frontol exchange files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Till;

impl Family for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn media_type(&self) -> &'static str {
        "text/plain; charset=windows-1251"
    }

    fn switching(&self) -> Switching {
        Switching::AtBoundary
    }

    fn projection(&self) -> Projection {
        let reasons = [
            (
                Field::Conditional,
                "card and quantity prices are the till's own discount schemes, which this file does not carry",
            ),
            (
                Field::Currency,
                "the format has no field for it: a till charges in the currency of its store",
            ),
            (
                Field::Deposit,
                "the till adds the deposit as a ware of its own",
            ),
            (Field::Tax, "the till has tax groups from its back office"),
            (
                Field::Warning,
                "the shop shows the law's notice beside the goods and at the till",
            ),
        ];
        Projection {
            implied: reasons
                .into_iter()
                .map(|(field, reason)| (field, reason.to_owned()))
                .collect::<BTreeMap<_, _>>(),
            omits: BTreeSet::from([
                // Cut to 100 letters of Windows-1251, so not equal as a text.
                Field::Name,
                Field::Offer,
                // Agreed before the till: delivery, payment, returns.
                Field::Order,
                Field::Prior,
                // The file has no place for what depends on the basket.
                Field::Promotion,
                // The till knows its own scales.
                Field::Quantities,
                Field::Reduction,
                Field::Reference,
                Field::Regular,
                Field::UnitPrice,
                Field::Until,
            ]),
        }
    }

    /// The goods file carries wares and nothing else, so no promotion of a
    /// basket reaches the till by it. Over the counter nothing is delivered, so
    /// a promotion of delivery needs nothing there.
    fn can_charge(&self, mechanic: &Mechanic) -> Result<(), String> {
        match mechanic {
            Mechanic::Delivery { .. } => Ok(()),
            _ => Err("its goods file has no place for what depends on the basket".to_owned()),
        }
    }

    fn compile(&self, template: &Template) -> Result<Box<dyn Renderer>, RenderError> {
        let rules = Rules {
            escape,
            helpers: &[],
        };
        Ok(Box::new(WareLine(Compiled::new(template, &rules)?)))
    }

    fn read_back(
        &self,
        _channel: &Channel,
        _view: &View,
        artefact: &Artefact,
    ) -> Result<Reading, Unreadable> {
        read_ware(&artefact.body)
    }
}

/// What the template is given.
#[derive(Serialize)]
struct Ware<'a> {
    /// The SKU.
    code: &'a str,
    /// The GTIN as it is scanned, or nothing.
    barcode: &'a str,
    /// The name, fit for the till.
    name: &'a str,
    /// The receipt text: the short name with the sale unit.
    receipt: &'a str,
    /// The price with a point.
    price: &'a str,
    /// `1` where any quantity can be sold, else `0`.
    divisible: &'a str,
}

struct WareLine(Compiled);

impl Renderer for WareLine {
    fn render(&self, shown: &Shown<'_>) -> Result<Artefact, RenderError> {
        let cannot = |reason: &str| RenderError::NotRepresentable(reason.to_owned());
        let Some((_, content)) = shown.facts.content_in(&shown.channel.locale) else {
            return Err(cannot("the product has no name"));
        };
        let name = fit(&content.name, NAME_LETTERS);
        if name.is_empty() {
            return Err(cannot("nothing of the name can be written in Windows-1251"));
        }
        if shown.terms.price.minor() < 0 {
            return Err(cannot("a till refuses prices below zero"));
        }
        let divisible = shown.facts.sale_unit.is_divisible();
        let line = self.0.render(&Ware {
            code: shown.sku.as_str(),
            barcode: scanned(shown.facts.gtin.as_deref().unwrap_or_default()),
            name: &name,
            receipt: &receipt(shown, content.short.as_deref().unwrap_or(&content.name)),
            price: &shown.terms.price.to_string(),
            divisible: if divisible { "1" } else { "0" },
        })?;
        let line = line.trim_matches(['\r', '\n']);
        if line.contains(['\r', '\n']) {
            return Err(cannot("the template makes more than one line"));
        }
        match encode(line) {
            Some(body) => Ok(Artefact { body }),
            None => Err(cannot("the template has letters that Windows-1251 lacks")),
        }
    }
}

/// `Apples, kg`: the text on the receipt with the unit the price is meant in.
fn receipt(shown: &Shown<'_>, text: &str) -> String {
    let is_russian = shown.channel.locale.as_str().split('-').next() == Some("ru");
    let unit = UNITS
        .iter()
        .find(|(unit, ..)| *unit == shown.facts.sale_unit)
        .map_or(
            "",
            |(_, latin, cyrillic)| {
                if is_russian { cyrillic } else { latin }
            },
        );
    let room = NAME_LETTERS - unit.chars().count() - 2;
    format!("{}, {unit}", fit(text, room))
}

/// The digits that a scanner sends for a GTIN padded to 14.
fn scanned(gtin: &str) -> &str {
    let zeros = gtin.len() - gtin.trim_start_matches('0').len();
    match (gtin.len(), zeros) {
        (14, 6..) => &gtin[6..],
        (14, 1..) => &gtin[1..],
        _ => gtin,
    }
}

/// Reads a ware line as a till does: by its separators. The decimal separator
/// follows the till's locale, so both are read.
fn read_ware(line: &[u8]) -> Result<Reading, Unreadable> {
    let wrong = |reason: String| Err(Unreadable(reason));
    let text = decode(line);
    let fields: Vec<&str> = text.split(';').collect();
    if fields.len() != FIELDS {
        return wrong(format!("{} fields instead of {FIELDS}", fields.len()));
    }
    if let Some(number) = EMPTY_FIELDS
        .iter()
        .find(|number| !fields[**number - 1].is_empty())
    {
        return wrong(format!(
            "field {number} is not empty: {:?}",
            fields[number - 1]
        ));
    }
    if fields[16] != "1" {
        return wrong("field 17 does not say that it is a ware".to_owned());
    }
    let sku = Sku::parse(fields[0]).map_err(|error| Unreadable(format!("field 1: {error}")))?;
    if fields[2].is_empty() {
        return wrong("field 3: no name".to_owned());
    }
    let price: Amount = fields[4]
        .replace(',', ".")
        .parse()
        .map_err(|error| Unreadable(format!("field 5: {error}")))?;
    let unit = fields[3]
        .rsplit_once(", ")
        .and_then(|(_, unit)| {
            let is_named = |(_, latin, cyrillic): &&(SaleUnit, &str, &str)| {
                unit == *latin || unit == *cyrillic
            };
            UNITS.iter().find(is_named)
        })
        .map(|(unit, ..)| *unit)
        .ok_or_else(|| Unreadable(format!("field 4 names no sale unit: {:?}", fields[3])))?;
    match (fields[7], unit.is_divisible()) {
        ("1,1,1", true) | ("0,1,1", false) => {}
        (flags, _) => {
            return wrong(format!(
                "field 8: flags {flags:?} contradict the unit {unit}"
            ));
        }
    }
    let mut claims = Claims::default();
    claims.set(Field::Sku, sku.as_str());
    claims.set(Field::SaleUnit, unit.to_string());
    claims.set(Field::Price, price.to_string());
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Reading, Unreadable> {
        read_ware(&encode(line).unwrap())
    }

    #[test]
    fn both_decimal_separators_are_read() {
        for price in ["399.90", "399,90"] {
            let line = format!("A1;4006381333931;Сыр;Сыр, кг;{price};;;1,1,1;;;;;;;;;1");
            let claims = read(&line).unwrap();
            assert_eq!(claims.field(Field::Price), Some("399.90"));
            assert_eq!(claims.field(Field::SaleUnit), Some("kilogram"));
        }
    }

    #[test]
    fn lines_that_a_till_would_misread_are_unreadable() {
        for (line, reason) in [
            ("A1;;Сыр;Сыр, кг;1.00;;;1,1,1;;;;;;;;1", "16 fields"),
            (
                "A1;;Сыр; твёрдый;Сыр, кг;1.00;;;1,1,1;;;;;;;;;1",
                "18 fields",
            ),
            ("A1;;Сыр;Сыр, кг;1.00;;;0,1,1;;;;;;;;;1", "field 8"),
            ("A1;;Сыр;Сыр;1.00;;;0,1,1;;;;;;;;;1", "field 4"),
            ("A1;;Сыр;Сыр, кг;1 00;;;1,1,1;;;;;;;;;1", "field 5"),
            ("A1;;Сыр;Сыр, кг;1.00;;;1,1,1;0.50;;;;;;;;1", "field 9"),
            ("A/1;;Сыр;Сыр, кг;1.00;;;1,1,1;;;;;;;;;1", "field 1"),
            ("A1;;;, кг;1.00;;;1,1,1;;;;;;;;;1", "field 3"),
            ("A1;;Сыр;Сыр, кг;1.00;;;1,1,1;;;;;;;;;0", "field 17"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn barcodes_are_as_scanned() {
        for (gtin, digits) in [
            ("04006381333931", "4006381333931"),
            ("00000096385074", "96385074"),
            ("14006381333938", "14006381333938"),
            ("", ""),
        ] {
            assert_eq!(scanned(gtin), digits);
        }
    }
}
