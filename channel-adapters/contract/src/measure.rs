//! Quantities: sale units, measures and exact decimals.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ident::serde_as_text;

/// In what unit a product is sold and its price is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleUnit {
    /// By the piece.
    Piece,
    /// By weight; the price is for one kilogram.
    Kilogram,
    /// By volume; the price is for one litre.
    Litre,
    /// By length; the price is for one metre.
    Metre,
    /// A service, by the hour.
    Hour,
}

impl SaleUnit {
    /// The UN/ECE Recommendation 20 code that schema.org's `unitCode` takes.
    #[must_use]
    pub fn unece_code(self) -> &'static str {
        match self {
            Self::Piece => "C62",
            Self::Kilogram => "KGM",
            Self::Litre => "LTR",
            Self::Metre => "MTR",
            Self::Hour => "HUR",
        }
    }

    /// Whether any quantity above the step can be sold, not just whole pieces.
    #[must_use]
    pub fn is_divisible(self) -> bool {
        !matches!(self, Self::Piece)
    }
}

impl fmt::Display for SaleUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Piece => "piece",
            Self::Kilogram => "kilogram",
            Self::Litre => "litre",
            Self::Metre => "metre",
            Self::Hour => "hour",
        })
    }
}

/// The base measures of Directive 98/6/EC, Art. 2 (b), and the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MeasureUnit {
    /// Kilogram.
    #[serde(rename = "kg")]
    Kilogram,
    /// Litre.
    #[serde(rename = "l")]
    Litre,
    /// Metre.
    #[serde(rename = "m")]
    Metre,
    /// Square metre.
    #[serde(rename = "m2")]
    SquareMetre,
    /// Piece.
    #[serde(rename = "piece")]
    Piece,
}

impl MeasureUnit {
    /// The UN/ECE Recommendation 20 code.
    #[must_use]
    pub fn unece_code(self) -> &'static str {
        match self {
            Self::Kilogram => "KGM",
            Self::Litre => "LTR",
            Self::Metre => "MTR",
            Self::SquareMetre => "MTK",
            Self::Piece => "C62",
        }
    }
}

impl fmt::Display for MeasureUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kilogram => "kg",
            Self::Litre => "l",
            Self::Metre => "m",
            Self::SquareMetre => "m2",
            Self::Piece => "piece",
        })
    }
}

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantity above zero with at most 6 decimals")]
pub struct QuantityError(String);

/// An exact decimal quantity: whole millionths, above zero.
///
/// Written without trailing zeros: `0.5`, `12`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// Millionths in one.
pub const QUANTITY_SCALE: i64 = 1_000_000;

impl Quantity {
    /// One.
    pub const ONE: Self = Self(QUANTITY_SCALE);

    /// The smallest that can be written: one millionth.
    pub const SMALLEST: Self = Self(1);

    /// A quantity of `millionths` millionths, which must be above zero.
    pub fn from_millionths(millionths: i64) -> Result<Self, QuantityError> {
        if millionths > 0 {
            Ok(Self(millionths))
        } else {
            Err(QuantityError(millionths.to_string()))
        }
    }

    /// Whole millionths.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0 % QUANTITY_SCALE == 0
    }

    /// Whether it is a whole number of steps.
    #[must_use]
    pub fn is_multiple_of(self, step: Self) -> bool {
        self.0 % step.0 == 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % QUANTITY_SCALE);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / QUANTITY_SCALE),
            fraction => write!(f, "{}.{fraction}", self.0 / QUANTITY_SCALE),
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || QuantityError(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let fraction_digits = fraction.trim_end_matches('0');
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || fraction_digits.len() > 6 {
            return Err(wrong());
        }
        let millionths = format!("{whole}{fraction_digits:0<6}")
            .parse()
            .map_err(|_| wrong())?;
        Self::from_millionths(millionths).map_err(|_| wrong())
    }
}

serde_as_text!(Quantity);

/// What a pack holds: 0.5 kg, 12 pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// How much, in `unit`.
    pub quantity: Quantity,
    /// The base measure.
    pub unit: MeasureUnit,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.quantity, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_round_trip() {
        for (text, printed) in [("0.50", "0.5"), ("12", "12"), ("0.000001", "0.000001")] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!(quantity.to_string(), printed);
        }
        for text in ["0", "-1", "1.0000001", "1,5", "", ".5", "99999999999999"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }
}
