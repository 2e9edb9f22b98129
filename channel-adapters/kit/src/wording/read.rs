//! Reading prices as they are printed.
//!
//! Where a text can be read in two ways the reader says so instead of
//! guessing: `1.299 zł` is 1299 or 1.299, and only a locale tells which.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use offercast_contract::measure::Quantity;
use offercast_contract::{Amount, Currency, Instant, Locale, Measure, MeasureUnit, Money};

use super::style::language_of;
use super::symbols;

mod number;

/// What is known about a printed price besides its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// The character that separates decimals, where the locale is known.
    pub decimal: Option<char>,
    /// The currency, where the text itself names none.
    pub currency: Option<Currency>,
    /// What signs shared by several currencies mean here.
    local_signs: &'static [(&'static str, &'static str)],
}

impl Hint {
    /// What a locale tells: its decimal separator, and whose dollar it means.
    /// Nothing for languages that this reader does not know.
    #[must_use]
    pub fn of(locale: &Locale) -> Self {
        let dollar_and_yen: &[_] = &[("$", "USD"), ("¥", "JPY")];
        let (decimal, local_signs): (_, &[_]) = match (language_of(locale), locale.as_str()) {
            (_, "en" | "en-US") => ('.', dollar_and_yen),
            ("en", _) => ('.', &[]),
            ("ru" | "de", _) => (',', dollar_and_yen),
            ("pl" | "hr" | "fr" | "cs" | "lt", _) => (',', &[]),
            // Printed plainly: figures, a point, the code.
            _ => ('.', &[]),
        };
        Self {
            decimal: Some(decimal),
            currency: None,
            local_signs,
        }
    }

    /// The same with a currency for texts that name none.
    #[must_use]
    pub fn with_currency(self, currency: Option<Currency>) -> Self {
        Self { currency, ..self }
    }
}

/// A price as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// The amount, with the decimals that are printed.
    pub amount: Amount,
    /// The currency, if the text or the hint names one beyond doubt.
    pub currency: Option<Currency>,
}

/// Why a text is not one price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no number in it.
    #[error("{0:?} contains no amount")]
    NoAmount(String),
    /// It can be read in two ways.
    #[error("{text:?} is ambiguous: {first} or {second}")]
    Ambiguous {
        /// The text.
        text: String,
        /// One way.
        first: String,
        /// The other.
        second: String,
    },
    /// There are several amounts in it, such as a range.
    #[error("{0:?} contains several amounts")]
    SeveralAmounts(String),
    /// There are several currencies in it.
    #[error("{0:?} names several currencies")]
    SeveralCurrencies(String),
    /// Figures and separators that make no number.
    #[error("{0:?} is not a number as people write it")]
    Malformed(String),
    /// A number, but of no currency.
    #[error("{0:?} names no currency")]
    NoCurrency(String),
    /// An amount in another currency than everything around it.
    #[error("{text:?} is in {shown}, not in {expected}")]
    OtherCurrency {
        /// The text.
        text: String,
        /// The currency it names.
        shown: Currency,
        /// The currency it should name.
        expected: Currency,
    },
    /// Not the phrase that is expected.
    #[error("{text:?} is not {expected}")]
    Unexpected {
        /// The text.
        text: String,
        /// What was expected.
        expected: &'static str,
    },
}

/// Reads the one amount in `text` and its currency.
pub fn price(text: &str, hint: Hint) -> Result<Printed, ReadError> {
    let named = symbols::named_in(text, hint.local_signs);
    let currency = match named.as_slice() {
        [] => hint.currency,
        [only] => Some(*only),
        _ => return Err(ReadError::SeveralCurrencies(text.to_owned())),
    };
    let amount = number::only_amount(text, hint.decimal, currency)?;
    Ok(Printed { amount, currency })
}

/// Reads money that is printed in full: a currency, and exactly its decimals.
pub fn money(text: &str, hint: Hint) -> Result<Money, ReadError> {
    let printed = price(text, hint)?;
    let currency = printed
        .currency
        .ok_or_else(|| ReadError::NoCurrency(text.to_owned()))?;
    if printed.amount.exponent() == currency.exponent() {
        Ok(Money::new(printed.amount.minor(), currency))
    } else {
        Err(ReadError::Unexpected {
            text: text.to_owned(),
            expected: "an amount with the decimals of its currency",
        })
    }
}

/// The one currency that a text names, such as the words beside a price.
#[must_use]
pub fn currency_in(text: &str) -> Option<Currency> {
    match symbols::named_in(text, &[]).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// Reads a percentage as basis points: `22 %` is 2200, `9,5%` is 950.
pub fn basis_points(text: &str, hint: Hint) -> Result<u32, ReadError> {
    let unexpected = || ReadError::Unexpected {
        text: text.to_owned(),
        expected: "a percentage",
    };
    let figures = text.strip_suffix('%').ok_or_else(unexpected)?.trim_end();
    let value = number::plain(figures, hint.decimal).ok_or_else(unexpected)?;
    let factor = match value.exponent() {
        0 => 100,
        1 => 10,
        2 => 1,
        _ => return Err(unexpected()),
    };
    u32::try_from(value.minor())
        .ok()
        .and_then(|value| value.checked_mul(factor))
        .ok_or_else(unexpected)
}

/// Reads a quantity and the word behind it: `1,5 kg`.
pub fn quantity(text: &str, hint: Hint) -> Result<(Quantity, &str), ReadError> {
    let unexpected = || ReadError::Unexpected {
        text: text.to_owned(),
        expected: "a quantity",
    };
    let end = text
        .rfind(|c: char| c.is_ascii_digit())
        .map(|at| at + 1)
        .ok_or_else(unexpected)?;
    let value = number::plain(&text[..end], hint.decimal).ok_or_else(unexpected)?;
    let quantity = value.to_string().parse().map_err(|_| unexpected())?;
    Ok((quantity, text[end..].trim()))
}

/// Reads a unit price: `15,99 €/kg`, `1,60 €/100 g`, `1,60 €/0,1 kg`.
pub fn unit_price(text: &str, hint: Hint) -> Result<(Money, Measure), ReadError> {
    let unexpected = || ReadError::Unexpected {
        text: text.to_owned(),
        expected: "a unit price",
    };
    let (amount, per) = text.rsplit_once('/').ok_or_else(unexpected)?;
    let money = money(amount, hint)?;
    let (quantity, unit) = if per.starts_with(|c: char| c.is_ascii_digit()) {
        quantity(per, hint)?
    } else {
        (Quantity::ONE, per)
    };
    let unit = match unit {
        "g" | "г" | "ml" | "мл" => {
            let is_mass = matches!(unit, "g" | "г");
            let unit = if is_mass {
                MeasureUnit::Kilogram
            } else {
                MeasureUnit::Litre
            };
            let small = Quantity::from_millionths(quantity.millionths() / 1_000);
            let quantity = small.ok().filter(|_| quantity.is_whole());
            let quantity = quantity.ok_or_else(unexpected)?;
            return Ok((money, Measure { quantity, unit }));
        }
        "kg" | "кг" => MeasureUnit::Kilogram,
        "l" | "л" => MeasureUnit::Litre,
        "m" | "м" => MeasureUnit::Metre,
        "m²" | "м²" => MeasureUnit::SquareMetre,
        "pc" | "шт." | "szt." | "kom." | "St." | "pièce" | "ks" | "vnt." => MeasureUnit::Piece,
        _ => return Err(unexpected()),
    };
    Ok((money, Measure { quantity, unit }))
}

/// Whether a printed last day says that terms end at `until`: it names the
/// local day before it, and `until` is the first moment of the day after.
#[must_use]
pub fn says_last_day(text: &str, until: Instant, zone: &TimeZone) -> bool {
    let end = date(text)
        .and_then(|day| day.checked_add(1.day()).ok())
        .and_then(|day| day.to_zoned(zone.clone()).ok())
        .and_then(|midnight| midnight.start_of_day().ok());
    end.is_some_and(|end| Instant::from_timestamp(end.timestamp()) == until)
}

/// Whether a printed local day and time name the instant `until`. Where clocks
/// go back a local time names two instants; it says either.
#[must_use]
pub fn says_moment(text: &str, until: Instant, zone: &TimeZone) -> bool {
    let Some((day, time)) = text.rsplit_once(", ") else {
        return false;
    };
    let said = date(day).zip(time.parse::<Time>().ok());
    let shown = DateTime::from(until.to_timestamp().to_zoned(zone.clone()));
    said.is_some_and(|(day, time)| day.to_datetime(time) == shown)
}

/// Reads a day as channels print it: `30.11.2026`, `30. 11. 2026.`,
/// `30/11/2026`, `30 Nov 2026`, `2026-11-30`.
#[must_use]
pub fn date(text: &str) -> Option<Date> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let parts: Vec<&str> = text
        .split(['.', '/', '-', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    let [first, month, last] = parts.as_slice() else {
        return None;
    };
    let month: i8 = match month.parse() {
        Ok(month) => month,
        Err(_) if month.len() == 3 => MONTHS
            .find(month)
            .filter(|at| at % 3 == 0)
            .and_then(|at| i8::try_from(at / 3 + 1).ok())?,
        Err(_) => return None,
    };
    let (year, day) = if first.len() == 4 {
        (first, last)
    } else {
        (last, first)
    };
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests;
