//! How the supported languages place currencies, percent signs and dates.
//!
//! Source: CLDR 47, `numbers.xml` (currencyFormats, percentFormats, currency
//! symbols) and `dates.xml` (short dates, with the year in full so that a day
//! cannot be taken for a year). Checked against Babel, an independent reader
//! of CLDR, in `print`'s tests.

use offercast_contract::{Currency, Locale, MeasureUnit, SaleUnit};

const NBSP: &str = "\u{a0}";
const NARROW_NBSP: &str = "\u{202f}";

/// How one language writes what stands around numbers.
#[derive(Debug)]
pub(super) struct Style {
    /// The language subtag.
    language: &'static str,
    /// Whether the currency stands before the number.
    pub(super) currency_first: bool,
    /// What stands between number and percent sign.
    pub(super) percent_gap: &'static str,
    /// How a day is written.
    pub(super) date: DateStyle,
    /// Symbols that stand for a currency instead of its code.
    symbols: &'static [(&'static str, &'static str)],
    /// Abbreviations: kilogram, litre, metre, square metre, one piece, several
    /// pieces, hour.
    units: [&'static str; 7],
}

/// How a day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateStyle {
    /// `30.11.2026`.
    Dotted,
    /// `30. 11. 2026.`, as Croatian writes ordinals.
    DottedOrdinal,
    /// `30. 11. 2026`.
    DottedSpaced,
    /// `30/11/2026`.
    Slashed,
    /// `30 Nov 2026`: no order of figures is read alike on both sides of the
    /// Atlantic.
    EnglishMonth,
    /// `2026-11-30`.
    Iso,
}

static STYLES: [Style; 8] = [
    Style {
        language: "en",
        currency_first: true,
        percent_gap: "",
        date: DateStyle::EnglishMonth,
        symbols: &[("EUR", "€"), ("GBP", "£"), ("USD", "$"), ("JPY", "¥")],
        units: ["kg", "l", "m", "m²", "pc", "pcs", "h"],
    },
    Style {
        language: "ru",
        currency_first: false,
        percent_gap: NBSP,
        date: DateStyle::Dotted,
        symbols: &[
            ("RUB", "₽"),
            ("EUR", "€"),
            ("USD", "$"),
            ("GBP", "£"),
            ("UAH", "₴"),
            ("JPY", "¥"),
        ],
        units: ["кг", "л", "м", "м²", "шт.", "шт.", "ч"],
    },
    Style {
        language: "pl",
        currency_first: false,
        percent_gap: "",
        date: DateStyle::Dotted,
        symbols: &[("PLN", "zł"), ("EUR", "€")],
        units: ["kg", "l", "m", "m²", "szt.", "szt.", "godz."],
    },
    Style {
        language: "hr",
        currency_first: false,
        percent_gap: NBSP,
        date: DateStyle::DottedOrdinal,
        symbols: &[("EUR", "€")],
        units: ["kg", "l", "m", "m²", "kom.", "kom.", "h"],
    },
    Style {
        language: "de",
        currency_first: false,
        percent_gap: NBSP,
        date: DateStyle::Dotted,
        symbols: &[("EUR", "€"), ("USD", "$"), ("GBP", "£"), ("JPY", "¥")],
        units: ["kg", "l", "m", "m²", "St.", "St.", "Std."],
    },
    Style {
        language: "fr",
        currency_first: false,
        percent_gap: NARROW_NBSP,
        date: DateStyle::Slashed,
        symbols: &[("EUR", "€"), ("USD", "$US"), ("GBP", "£GB")],
        units: ["kg", "l", "m", "m²", "pièce", "pièce", "h"],
    },
    Style {
        language: "cs",
        currency_first: false,
        percent_gap: NBSP,
        date: DateStyle::DottedSpaced,
        symbols: &[("CZK", "Kč"), ("EUR", "€"), ("USD", "US$"), ("GBP", "£")],
        units: ["kg", "l", "m", "m²", "ks", "ks", "h"],
    },
    Style {
        language: "lt",
        currency_first: false,
        percent_gap: NBSP,
        date: DateStyle::Iso,
        symbols: &[("EUR", "€")],
        units: ["kg", "l", "m", "m²", "vnt.", "vnt.", "val."],
    },
];

/// For languages not in the table: `1299.90 EUR`, `20%`, `2026-11-30`.
static PLAIN: Style = Style {
    language: "",
    currency_first: false,
    percent_gap: "",
    date: DateStyle::Iso,
    symbols: &[],
    units: ["kg", "l", "m", "m²", "pc", "pcs", "h"],
};

impl Style {
    /// The style of a locale's language.
    pub(super) fn of(locale: &Locale) -> &'static Self {
        let language = language_of(locale);
        STYLES
            .iter()
            .find(|style| style.language == language)
            .unwrap_or(&PLAIN)
    }

    /// Whether the language is in the table.
    pub(super) fn is_supported(&self) -> bool {
        !self.language.is_empty()
    }

    /// What stands for the currency in this locale.
    pub(super) fn currency(&self, currency: Currency, locale: &Locale) -> &'static str {
        let code = currency.code();
        // Outside the United States English names the dollar and the yen in
        // full: another dollar or the yuan may be nearer.
        if self.language == "en" && !matches!(locale.as_str(), "en" | "en-US") {
            match code {
                "USD" => return "US$",
                "JPY" => return "JP¥",
                _ => {}
            }
        }
        self.symbols
            .iter()
            .find(|(known, _)| *known == code)
            .map_or(code, |(_, symbol)| symbol)
    }

    /// The abbreviation of a base measure.
    pub(super) fn measure_unit(&self, unit: MeasureUnit) -> &'static str {
        self.units[match unit {
            MeasureUnit::Kilogram => 0,
            MeasureUnit::Litre => 1,
            MeasureUnit::Metre => 2,
            MeasureUnit::SquareMetre => 3,
            MeasureUnit::Piece => 4,
        }]
    }

    /// The abbreviation of a sale unit.
    pub(super) fn sale_unit(&self, unit: SaleUnit) -> &'static str {
        self.units[match unit {
            SaleUnit::Kilogram => 0,
            SaleUnit::Litre => 1,
            SaleUnit::Metre => 2,
            SaleUnit::Piece => 5,
            SaleUnit::Hour => 6,
        }]
    }
}

/// The language subtag of a locale.
pub(super) fn language_of(locale: &Locale) -> &str {
    locale.as_str().split('-').next().unwrap_or_default()
}

pub(super) const NO_BREAK_SPACE: &str = NBSP;
