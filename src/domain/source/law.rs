//! What the law of a market asks of prices that are announced.

use serde::{Deserialize, Serialize};

/// The legal policies of a market.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// How the prior price is found; none where no law asks for it, or where
    /// only imported prior prices are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_price: Option<PriorPriceLaw>,
}

impl Law {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The prior price of an announced reduction (Directive 98/6/EC, Art. 6a): the
/// lowest price that was applied during at least `days` before the reduction
/// started. No reduction is claimed where the prior price is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorPriceLaw {
    /// How many days before the start are looked at, from
    /// [`PriorPriceLaw::DAYS_MIN`] to [`PriorPriceLaw::DAYS_MAX`].
    pub days: u32,
    /// Goods that have been on the market for less than that (Art. 6a (4)).
    #[serde(default)]
    pub new_arrivals: NewArrivals,
    /// Categories, with all below them, of goods that deteriorate or expire
    /// rapidly (Art. 6a (3)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perishable_categories: Vec<String>,
    /// What holds for those.
    #[serde(default)]
    pub perishables: Perishables,
    /// Whether a reduction that grows without interruption keeps the prior
    /// price of its first step (Art. 6a (5)).
    #[serde(default)]
    pub progressive: bool,
}

/// What may be announced for goods that are new on the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewArrivals {
    /// No reduction.
    #[default]
    NoClaim,
    /// A reduction from the lowest price since they were first sold.
    SinceFirstSale,
}

/// What may be announced for goods that perish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Perishables {
    /// A reduction from the regular price: they are exempt.
    #[default]
    Exempt,
    /// A reduction from the price just before it.
    PriceBefore,
}

impl PriorPriceLaw {
    /// The least number of days, that of the Directive.
    pub const DAYS_MIN: u32 = 30;
    /// The largest number of days; the ledger is kept for so long.
    pub const DAYS_MAX: u32 = 60;

    /// The Directive with its usual options: 30 days, progressive reductions,
    /// no claims for new arrivals, nothing exempt.
    #[must_use]
    pub fn directive() -> Self {
        Self {
            days: Self::DAYS_MIN,
            new_arrivals: NewArrivals::default(),
            perishable_categories: Vec::new(),
            perishables: Perishables::default(),
            progressive: true,
        }
    }

    /// Whether goods of a category perish.
    #[must_use]
    pub fn is_perishable(&self, category: &str) -> bool {
        self.perishable_categories
            .iter()
            .any(|path| lies_within(category, path))
    }
}

/// Whether a category is `path` or lies below it.
pub(super) fn lies_within(category: &str, path: &str) -> bool {
    category
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_perishes_with_all_below_it() {
        let law = PriorPriceLaw {
            perishable_categories: vec!["food/fresh".to_owned()],
            ..PriorPriceLaw::directive()
        };
        assert!(law.is_perishable("food/fresh"));
        assert!(law.is_perishable("food/fresh/fish"));
        assert!(!law.is_perishable("food/freshener"));
        assert!(!law.is_perishable("food"));
    }
}
