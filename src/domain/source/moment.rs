use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use offercast_contract::Instant;
use serde::{Deserialize, Serialize};

/// When an offer starts or ends: at the same instant everywhere, or at the same
/// local time in each of its markets, by the market's time zone.
///
/// On the wire an instant has an offset (`2026-11-27T17:00:00Z`) and a local
/// time has none (`2026-11-27T18:00`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// The same instant everywhere.
    Instant(Instant),
    /// The same local time in each market; whole seconds.
    Local(DateTime),
}

impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        Self::Instant(instant)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(instant) => instant.fmt(f),
            Self::Local(local) => {
                let (date, time) = (local.date(), local.time());
                write!(f, "{date}T{:02}:{:02}", time.hour(), time.minute())?;
                match time.second() {
                    0 => Ok(()),
                    second => write!(f, ":{second:02}"),
                }
            }
        }
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

/// Why a text is neither an instant nor a local time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither an instant such as 2026-11-27T17:00:00Z nor a local time such as \
     2026-11-27T18:00"
)]
pub struct MomentError(String);

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || MomentError(text.to_owned());
        // A parser of local times may read over an offset, so the shape is
        // looked at first: an offset must never be lost.
        if has_shape(text, "dddd-dd-ddTdd:dd") || has_shape(text, "dddd-dd-ddTdd:dd:dd") {
            text.parse().map(Self::Local).map_err(|_| wrong())
        } else {
            text.parse().map(Self::Instant).map_err(|_| wrong())
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Whether the text is like the pattern, in which `d` stands for a digit.
pub(super) fn has_shape(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(own, like)| match like {
                b'd' => own.is_ascii_digit(),
                _ => own == like,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_makes_an_instant() {
        for (text, written) in [
            ("2026-11-27T17:00:00Z", "2026-11-27T17:00:00Z"),
            ("2026-11-27T18:00:00+01:00", "2026-11-27T17:00:00Z"),
            ("2026-11-27T18:00", "2026-11-27T18:00"),
            ("2026-11-27T18:00:00", "2026-11-27T18:00"),
            ("2026-11-27T18:00:30", "2026-11-27T18:00:30"),
        ] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), written);
        }
        for text in [
            "2026-11-27",
            "2026-02-30T18:00",
            "2026-11-27T24:00",
            "2026-11-27T18:00[Europe/Zagreb]",
            "2026-11-27 18:00",
            "2026-11-27T18",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
