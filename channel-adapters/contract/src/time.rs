//! Instants: UTC, microseconds.

use std::fmt;
use std::str::FromStr;

use crate::ident::serde_from_text;

/// A point in time: whole microseconds since 1970-01-01T00:00:00Z, between the
/// years 1 and 9999.
///
/// On the wire it is RFC 3339 in UTC: without a fraction when it falls on a
/// whole second, else with six digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 instant such as 2026-11-20T00:00:00Z")]
pub struct InstantError(String);

const MICROS_PER_SECOND: i64 = 1_000_000;
// -0001..9999 is what jiff holds; RFC 3339 starts at year 0.
const MIN_MICROS: i64 = -62_135_596_800 * MICROS_PER_SECOND;
const MAX_MICROS: i64 = 253_402_207_200 * MICROS_PER_SECOND - 1;

impl Instant {
    /// The instant of `micros` microseconds after the Unix epoch, clamped to
    /// the years 1 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    /// Microseconds after the Unix epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The instant, with anything below a microsecond cut off.
    #[must_use]
    pub fn from_timestamp(timestamp: jiff::Timestamp) -> Self {
        Self::from_micros(timestamp.as_microsecond())
    }

    /// The same as jiff's timestamp, for work with time zones.
    #[must_use]
    pub fn to_timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// This instant plus `micros` microseconds, of either sign, saturating.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative if it is later.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// The text of an instant, without a heap: canonical bytes of prices and
/// timelines hold little else.
struct Text {
    bytes: [u8; Self::LONGEST.len()],
    len: usize,
}

impl Text {
    const LONGEST: &'static str = "2026-11-20T00:00:00.000000Z";

    fn of(instant: Instant) -> Option<Self> {
        let seconds = instant.0.div_euclid(MICROS_PER_SECOND);
        let whole = jiff::Timestamp::from_second(seconds).ok()?;
        let civil = jiff::tz::Offset::UTC.to_datetime(whole);
        let mut text = Self {
            bytes: [0; Self::LONGEST.len()],
            len: 0,
        };
        text.digits::<4>(civil.year().into());
        for (before, number) in [
            (b'-', civil.month()),
            (b'-', civil.day()),
            (b'T', civil.hour()),
            (b':', civil.minute()),
            (b':', civil.second()),
        ] {
            text.push(before);
            text.digits::<2>(number.into());
        }
        let micros = instant.0.rem_euclid(MICROS_PER_SECOND);
        if micros != 0 {
            text.push(b'.');
            text.digits::<6>(micros);
        }
        text.push(b'Z');
        Some(text)
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// A number that is not negative, in `N` decimal digits.
    fn digits<const N: usize>(&mut self, mut number: i64) {
        let mut digits = [b'0'; N];
        for digit in digits.iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
        digits.into_iter().for_each(|digit| self.push(digit));
    }

    fn as_str(&self) -> &str {
        // Digits and punctuation.
        self.bytes
            .get(..self.len)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Text::of(*self).ok_or(fmt::Error)?.as_str())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(Self::from_timestamp)
            .map_err(|_| InstantError(text.to_owned()))
    }
}

impl serde::Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Text::of(*self).ok_or_else(|| serde::ser::Error::custom("no instant"))?;
        serializer.serialize_str(text.as_str())
    }
}

serde_from_text!(Instant);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_printed() {
        let text = "0987-06-05T04:03:02.000001Z";
        assert_eq!(text.parse::<Instant>().unwrap().to_string(), text);
        assert_eq!(Instant::from_micros(0).to_string(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn one_text_for_one_instant() {
        let whole: Instant = "2026-11-20T03:00:00+03:00".parse().unwrap();
        assert_eq!(whole.to_string(), "2026-11-20T00:00:00Z");
        let micros: Instant = "2026-11-20T00:00:00.25Z".parse().unwrap();
        assert_eq!(micros.to_string(), "2026-11-20T00:00:00.250000Z");
        assert_eq!(micros.micros_since(whole), 250_000);
        assert_eq!(
            Instant::from_micros(-1).to_string(),
            "1969-12-31T23:59:59.999999Z"
        );
        assert!("2026-11-20".parse::<Instant>().is_err());
    }

    #[test]
    fn extremes_stay_printable() {
        for micros in [i64::MIN, i64::MAX] {
            let instant = Instant::from_micros(micros);
            assert_eq!(instant.to_string().parse::<Instant>().unwrap(), instant);
        }
    }
}
