//! Money: integer minor units with an ISO 4217 currency; decimal strings on
//! the wire, never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an amount or a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `-?digits[.digits]`.
    #[error("{0:?} is not a decimal amount such as 399.90")]
    NotDecimal(String),
    /// More or fewer decimals than the currency has.
    #[error("{text:?} has {found} decimals, {currency} has {expected}")]
    Decimals {
        /// The text as given.
        text: String,
        /// Decimals found in it.
        found: u8,
        /// Decimals of the currency (ISO 4217 exponent).
        expected: u8,
        /// The currency's code.
        currency: Currency,
    },
    /// Outside the range of 64-bit minor units.
    #[error("{0:?} is out of range")]
    OutOfRange(String),
    /// Not an ISO 4217 code of a currency that has minor units.
    #[error("{0:?} is not an ISO 4217 currency code")]
    UnknownCurrency(String),
}

/// An ISO 4217 currency with a known exponent (0 to 4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Parses an upper-case ISO 4217 code. Codes without minor units (gold,
    /// testing codes) are refused.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The number of decimals, from the ISO 4217 table: JPY 0, EUR 2, KWD 3.
    #[must_use]
    pub fn exponent(self) -> u8 {
        // `parse` refused currencies without one.
        self.0.exponent().map_or(2, |exponent| exponent as u8)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

/// A decimal amount: integer minor units and the number of decimals.
///
/// It is written with exactly that many decimals (`399.90`, `500`), so its
/// text alone gives both numbers back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    minor: i64,
    exponent: u8,
}

impl Amount {
    /// An amount of `minor` units of `currency`.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self {
            minor,
            exponent: currency.exponent(),
        }
    }

    /// Minor units, of either sign.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// Number of decimals.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// Parses a decimal with exactly the decimals that `currency` has.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let amount: Self = text.parse()?;
        if amount.exponent == currency.exponent() {
            Ok(amount)
        } else {
            Err(MoneyError::Decimals {
                text: text.to_owned(),
                found: amount.exponent,
                expected: currency.exponent(),
                currency,
            })
        }
    }

    /// Parses a decimal as people write it: fewer decimals than the currency
    /// has are filled with zeros (`12.5`, `12`), more are refused unless zero.
    pub fn parse_lenient(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let parsed: Self = text.parse()?;
        let expected = currency.exponent();
        let minor = if parsed.exponent <= expected {
            10_i64
                .checked_pow(u32::from(expected - parsed.exponent))
                .and_then(|factor| parsed.minor.checked_mul(factor))
        } else {
            let factor = 10_i64.pow(u32::from(parsed.exponent - expected));
            if parsed.minor % factor != 0 {
                return Err(MoneyError::Decimals {
                    text: text.to_owned(),
                    found: parsed.exponent,
                    expected,
                    currency,
                });
            }
            Some(parsed.minor / factor)
        };
        minor
            .map(|minor| Self::new(minor, currency))
            .ok_or_else(|| MoneyError::OutOfRange(text.to_owned()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // From the last digit on; 19 digits, a sign, a point, and zeros for up
        // to twelve decimals.
        let mut text = [b'0'; 32];
        let mut places = text.iter_mut().enumerate().rev();
        let mut start = 0;
        let mut push = |byte: u8| {
            if let Some((at, place)) = places.next() {
                (*place, start) = (byte, at);
            }
        };
        let mut rest = self.minor.unsigned_abs();
        let mut digits = 0;
        while rest > 0 || digits <= self.exponent {
            if digits == self.exponent && digits > 0 {
                push(b'.');
            }
            push(b'0' + (rest % 10) as u8);
            rest /= 10;
            digits += 1;
        }
        if self.minor < 0 {
            push(b'-');
        }
        let text = text.get(start..).and_then(|text| str::from_utf8(text).ok());
        f.write_str(text.unwrap_or_default())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_decimal = || MoneyError::NotDecimal(text.to_owned());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(not_decimal()),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > 12 {
            return Err(not_decimal());
        }
        let minor = whole
            .bytes()
            .chain(fraction.bytes())
            .try_fold(0_i64, |minor, byte| {
                minor.checked_mul(10)?.checked_add(i64::from(byte - b'0'))
            })
            .ok_or_else(|| MoneyError::OutOfRange(text.to_owned()))?;
        Ok(Self {
            minor: if negative { -minor } else { minor },
            exponent: fraction.len() as u8,
        })
    }
}

crate::ident::serde_as_text!(Amount);

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::parse(code)
    }
}

crate::ident::serde_as_text!(Currency);

/// An amount with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyWire")]
pub struct Money {
    amount: Amount,
    currency: Currency,
}

#[derive(Deserialize)]
struct MoneyWire {
    amount: String,
    currency: Currency,
}

impl TryFrom<MoneyWire> for Money {
    type Error = MoneyError;

    fn try_from(wire: MoneyWire) -> Result<Self, Self::Error> {
        Ok(Self {
            amount: Amount::parse(&wire.amount, wire.currency)?,
            currency: wire.currency,
        })
    }
}

impl Money {
    /// Money of `amount_minor` minor units.
    #[must_use]
    pub fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount: Amount::new(amount_minor, currency),
            currency,
        }
    }

    /// The decimal amount.
    #[must_use]
    pub fn amount(self) -> Amount {
        self.amount
    }

    /// Minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.amount.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    #[test]
    fn decimals_follow_the_currency() {
        for (code, minor, text) in [
            ("JPY", 500, "500"),
            ("EUR", 5, "0.05"),
            ("KWD", -1234, "-1.234"),
            ("JPY", 0, "0"),
            ("EUR", i64::MIN + 1, "-92233720368547758.07"),
            ("EUR", i64::MAX, "92233720368547758.07"),
        ] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(Amount::new(minor, currency).to_string(), text);
            assert_eq!(Amount::parse(text, currency).unwrap().minor(), minor);
        }
    }

    #[test]
    fn wrong_texts_are_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-",
            "9223372036854775808",
            "0.1234567890123",
            "1,5",
            "1e3",
            "+1",
            "--1",
            "1.2.3",
            " 1",
            "NaN",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
        }
        assert!(Amount::parse("1.5", eur()).is_err());
        assert!(Amount::parse("99999999999999999999.00", eur()).is_err());
        assert!(Currency::parse("eur").is_err());
        assert!(Currency::parse("XAU").is_err());
    }

    #[test]
    fn lenient_parsing_never_drops_a_cent() {
        assert_eq!(Amount::parse_lenient("12.5", eur()).unwrap().minor(), 1250);
        assert_eq!(
            Amount::parse_lenient("12.500", eur()).unwrap().minor(),
            1250
        );
        assert!(Amount::parse_lenient("12.505", eur()).is_err());
    }

    #[test]
    fn money_names_both_on_the_wire() {
        let json = serde_json::to_string(&Money::new(39990, eur())).unwrap();
        assert_eq!(json, r#"{"amount":"399.90","currency":"EUR"}"#);
        assert!(serde_json::from_str::<Money>(r#"{"amount":"399.9","currency":"EUR"}"#).is_err());
    }

    proptest! {
        #[test]
        fn amounts_round_trip(minor in -(i64::MAX / 2)..i64::MAX / 2) {
            let amount = Amount::new(minor, eur());
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }
    }
}
