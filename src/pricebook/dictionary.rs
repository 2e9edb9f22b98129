//! Texts and price lanes by number: a million rows share a few of each.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Sku};
use offercast_domain::source::{Place, PriceKey, PriceKind};

/// What a price row has in common with many others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    pub(crate) audience: Audience,
    pub(crate) kind: PriceKind,
    pub(crate) minimum_quantity: Option<Quantity>,
    pub(crate) place: Place,
}

impl Lane {
    pub(crate) fn of(key: &PriceKey) -> Self {
        Self {
            audience: key.audience.clone(),
            kind: key.kind,
            minimum_quantity: key.minimum_quantity,
            place: key.place.clone(),
        }
    }

    pub(crate) fn key(&self, sku: &Sku, valid_from: offercast_contract::Instant) -> PriceKey {
        PriceKey {
            audience: self.audience.clone(),
            kind: self.kind,
            minimum_quantity: self.minimum_quantity,
            place: self.place.clone(),
            sku: sku.clone(),
            valid_from,
        }
    }
}

/// Numbers for values, given once and never taken back.
#[derive(Clone)]
pub(crate) struct Numbered<T: Ord + Clone> {
    by_value: OrdMap<T, u32>,
    values: Vector<T>,
}

impl<T: Ord + Clone> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            by_value: OrdMap::new(),
            values: Vector::new(),
        }
    }
}

impl<T: Ord + Clone> Numbered<T> {
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    pub(crate) fn number(&mut self, value: &T) -> u32 {
        if let Some(number) = self.by_value.get(value) {
            return *number;
        }
        // Four billion different brands do not fit into memory.
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.by_value.insert(value.clone(), number);
        self.values.push_back(value.clone());
        number
    }
}

/// All dictionaries of a book.
#[derive(Clone, Default)]
pub(crate) struct Dictionary {
    pub(crate) lanes: Numbered<Lane>,
    pub(crate) texts: Numbered<Arc<str>>,
}

impl Dictionary {
    pub(crate) fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.texts.get(number)
    }

    /// The text as it is shared by all that have it.
    pub(crate) fn shared(&mut self, text: &str) -> Arc<str> {
        let number = self.number_text(text);
        self.text(number)
            .map_or_else(|| Arc::from(text), Arc::clone)
    }

    pub(crate) fn number_text(&mut self, text: &str) -> u32 {
        match self.texts.by_value.get(text) {
            Some(number) => *number,
            None => self.texts.number(&Arc::from(text)),
        }
    }
}
