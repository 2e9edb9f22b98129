//! Which products and which units a promotion reaches.

use super::Engine;
use super::state::State;
use crate::quote::basket::Product;
use crate::quote::exact::Exact;
use crate::quote::policy::{Consumption, Dearness, Exclusivity};
use crate::quote::promotion::{Limit, Per, Promotion, Scope, UnitChoice};

impl Scope {
    /// Whether everything is in it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a product at this unit price is in it.
    #[must_use]
    pub fn holds(&self, product: &Product, unit_price_minor: i64) -> bool {
        let any = |wanted: &[String], found: &dyn Fn(&String) -> bool| {
            wanted.is_empty() || wanted.iter().any(found)
        };
        any(&self.skus, &|sku| *sku == product.sku)
            && any(&self.products, &|name| {
                product.product.as_ref() == Some(name)
            })
            && any(&self.brands, &|brand| product.brand.as_ref() == Some(brand))
            && any(&self.tags, &|tag| product.tags.contains(tag))
            && any(&self.categories, &|category| {
                product
                    .categories
                    .iter()
                    .any(|own| in_subtree(own, category))
            })
            && self
                .unit_price_min
                .is_none_or(|min| unit_price_minor >= min)
            && self
                .unit_price_max
                .is_none_or(|max| unit_price_minor <= max)
            && self
                .except
                .as_ref()
                .is_none_or(|except| !except.holds(product, unit_price_minor))
    }
}

/// Whether `own` is `category` or lies below it.
fn in_subtree(own: &str, category: &str) -> bool {
    own.strip_prefix(category)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(" > "))
}

/// Units of a line, picked for a reduction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    pub(crate) line: usize,
    pub(crate) units: i64,
}

impl Engine<'_> {
    /// Whether a line is in a scope.
    pub(crate) fn in_scope(&self, state: &State, line: usize, scope: &Scope) -> bool {
        scope.holds(
            state.product(self.basket, line),
            state.lines[line].start_minor,
        )
    }

    /// Whether an exclusive promotion keeps this one off a line.
    pub(crate) fn is_taken(&self, state: &State, line: usize, promotion: usize) -> bool {
        self.policy.exclusivity == Exclusivity::PerLine
            && state.lines[line].used.iter().any(|(other, units)| {
                *other != promotion
                    && *units > 0
                    && (self.promotions[*other].exclusive || self.promotions[promotion].exclusive)
            })
    }

    /// Units of a line that a promotion may still use.
    pub(crate) fn available(&self, state: &State, line: usize, promotion: usize) -> i64 {
        if self.is_taken(state, line, promotion) {
            return 0;
        }
        let entry = &state.lines[line];
        match self.policy.consumption {
            Consumption::Free => entry.qty,
            Consumption::PerPromotion => entry.qty - entry.used_by(promotion),
        }
    }

    /// The units a reduction goes to, in the order they are worked through.
    pub(crate) fn pick(
        &self,
        state: &State,
        promotion: usize,
        scope: &Scope,
        limit: Limit,
        per: Per,
    ) -> Vec<Pick> {
        let rule: &Promotion = self.promotions[promotion];
        let mut picks: Vec<Pick> = (0..state.lines.len())
            .filter(|&line| rule.applies_to_reduced || !state.lines[line].reduced)
            .filter(|&line| self.in_scope(state, line, scope))
            .map(|line| Pick {
                line,
                units: self.available(state, line, promotion),
            })
            .filter(|pick| pick.units > 0)
            .collect();
        let limited = limit.max_units.is_some() && per == Per::Unit;
        if limited || self.policy.always_in_choice_order {
            let choice = limit.unit_choice.unwrap_or(self.policy.unit_choice);
            self.sort(state, &mut picks, choice);
        }
        let Some(max_units) = limit.max_units else {
            return picks;
        };
        if per == Per::Line {
            for pick in &mut picks {
                pick.units = pick.units.min(max_units);
            }
            return picks;
        }
        take(picks, max_units)
    }

    /// Puts picks into the order of a choice; equals keep the basket's order.
    pub(crate) fn sort(&self, state: &State, picks: &mut [Pick], choice: UnitChoice) {
        let price = |pick: &Pick| state.lines[pick.line].start_minor;
        match choice {
            UnitChoice::AsListed => {}
            UnitChoice::CheapestFirst => picks.sort_by_key(price),
            UnitChoice::LargestLineFirst => {
                picks.sort_by_key(|pick| -state.lines[pick.line].qty);
            }
            UnitChoice::DearestFirst => picks.sort_by_key(|pick| {
                let line = &state.lines[pick.line];
                match self.policy.dearness {
                    Dearness::UnitPrice => -Exact::new(line.start_minor),
                    Dearness::LineValue => -line.start(),
                    Dearness::LineValueTimesUnits => -(line.start() * Exact::new(line.qty)),
                }
            }),
        }
    }
}

/// The first `max_units` units.
pub(crate) fn take(picks: Vec<Pick>, max_units: i64) -> Vec<Pick> {
    let mut left = max_units;
    picks
        .into_iter()
        .map_while(|pick| {
            let units = pick.units.min(left);
            left -= units;
            (units > 0).then_some(Pick { units, ..pick })
        })
        .collect()
}
