//! The window of time that timelines cover.

use serde::{Deserialize, Serialize};

use crate::Instant;

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// How many days a window covers: today and the eight days after it.
pub const WINDOW_DAYS: i64 = 9;

/// A window of [`WINDOW_DAYS`] whole UTC days, numbered by its first day
/// (days since 1970-01-01).
///
/// Terms are resolved over exactly this window, so two holders with the same
/// revision and horizon hold the same bytes, whenever each of them resolved.
/// The horizon moves by one at each UTC midnight; terms at or after
/// [`Horizon::until`] are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Horizon(pub i64);

impl Horizon {
    /// The window whose first day contains `instant`.
    #[must_use]
    pub fn containing(instant: Instant) -> Self {
        Self(instant.micros().div_euclid(DAY_MICROS))
    }

    /// Start of the window, inclusive.
    #[must_use]
    pub fn from(self) -> Instant {
        Instant::from_micros(self.0.saturating_mul(DAY_MICROS))
    }

    /// End of the window, exclusive.
    #[must_use]
    pub fn until(self) -> Instant {
        Instant::from_micros((self.0.saturating_add(WINDOW_DAYS)).saturating_mul(DAY_MICROS))
    }
}
