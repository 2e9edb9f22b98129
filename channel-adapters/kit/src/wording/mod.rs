//! What customers read: amounts, percentages, quantities and dates as a locale
//! prints them, the trade's words around them, and the way back.
//!
//! Printing ([`Wording`]) and reading ([`read`], [`Customer`]) share the shape of a result
//! only, never code: a channel's artefact is read back with [`read`], so a
//! mistake of the printer cannot hide itself.
//!
//! Digits, grouping and signs are CLDR's, through `icu_decimal`. No stable
//! crate places currencies, so `style` holds that little of CLDR for the
//! languages that markets here speak; any other language falls back to
//! `1299.90 EUR` and English words.

mod customer;
mod order;
mod print;
mod promotion_reading;
mod promotions;
pub mod read;
mod style;
mod symbols;
pub mod words;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use offercast_contract::{Channel, Locale};

pub use customer::Customer;
pub use print::Wording;
pub use promotions::PromotionWords;
pub use words::Words;

/// Why nothing can be printed for a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// The channel's time zone is not in the IANA database.
    #[error("{0:?} is not an IANA time zone")]
    UnknownTimeZone(String),
    /// The digits of a supported locale are missing from the CLDR data.
    #[error("no digits known for locale {0}")]
    NoDigits(Locale),
}

/// Wordings by locale and time zone, made once and shared.
///
/// Both come from channel declarations, so there are only a few; the cache
/// starts again beyond 256 of them.
#[derive(Debug, Default)]
pub struct Wordings(RwLock<HashMap<Locale, HashMap<String, Arc<Wording>>>>);

impl Wordings {
    /// The wording of a channel.
    pub fn of(&self, channel: &Channel) -> Result<Arc<Wording>, WordingError> {
        self.get(&channel.locale, &channel.time_zone)
    }

    /// The wording of a locale in an IANA time zone.
    pub fn get(&self, locale: &Locale, time_zone: &str) -> Result<Arc<Wording>, WordingError> {
        // A panic elsewhere cannot leave the map half written: entries are
        // made before the lock is taken.
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(wording) = known.get(locale).and_then(|zones| zones.get(time_zone)) {
            return Ok(Arc::clone(wording));
        }
        drop(known);
        let made = Arc::new(Wording::new(locale, time_zone)?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.values().map(HashMap::len).sum::<usize>() >= MOST_WORDINGS {
            known.clear();
        }
        known
            .entry(locale.clone())
            .or_default()
            .insert(time_zone.to_owned(), Arc::clone(&made));
        Ok(made)
    }
}

const MOST_WORDINGS: usize = 256;
