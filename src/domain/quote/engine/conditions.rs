//! Whether a promotion may apply at all.

use super::Engine;
use super::state::State;
use super::target::Pick;
use crate::quote::basket::Basket;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{Consumption, CouponCase, Judged, Policy, ReducedInOrder};
use crate::quote::promotion::{Budget, Condition, Mechanic, Promotion, Scope, UnitChoice};
use crate::quote::result::Reason;

/// What does not depend on the lines: time, channel and code.
pub(crate) fn is_offered(
    promotion: &Promotion,
    basket: &Basket,
    policy: &Policy,
) -> Result<(), Reason> {
    is_current(promotion, basket)?;
    match &promotion.coupon {
        None if basket.no_automatic => Err(Reason::AutomaticOff),
        None => Ok(()),
        Some(code) => {
            let entered = basket
                .coupons
                .iter()
                .any(|entered| same_code(policy.coupon_case, entered, code));
            if entered {
                Ok(())
            } else {
                Err(Reason::CouponMissing)
            }
        }
    }
}

/// Whether it is given in this channel and at this time.
pub(crate) fn is_current(promotion: &Promotion, basket: &Basket) -> Result<(), Reason> {
    if let Some(now) = basket.now_us {
        if promotion.starts_at_us.is_some_and(|start| now < start) {
            return Err(Reason::NotYetValid);
        }
        if promotion.ends_at_us.is_some_and(|end| now >= end) {
            return Err(Reason::Ended);
        }
    }
    match &promotion.channels {
        Some(channels) => match &basket.channel {
            Some(channel) if channels.contains(channel) => Ok(()),
            _ => Err(Reason::OtherChannel),
        },
        None => Ok(()),
    }
}

/// Whether two codes are the same under a case policy.
#[must_use]
pub(crate) fn same_code(case: CouponCase, entered: &str, code: &str) -> bool {
    match case {
        CouponCase::Sensitive => entered == code,
        CouponCase::Insensitive => entered.trim().to_lowercase() == code.trim().to_lowercase(),
    }
}

impl Engine<'_> {
    /// Whether all conditions hold on this state.
    pub(crate) fn holds(&self, state: &State, promotion: usize) -> Result<(), Reason> {
        let rule = self.promotions[promotion];
        self.within_usage(rule)?;
        for condition in &rule.conditions {
            self.condition(state, promotion, condition)?;
        }
        if self.policy.reduced_in_order == ReducedInOrder::Refuse && !rule.applies_to_reduced {
            let refused = rule.mechanics.iter().any(|mechanic| match mechanic {
                Mechanic::Order { scope, .. } => (0..state.lines.len())
                    .any(|line| state.lines[line].reduced && self.in_scope(state, line, scope)),
                _ => false,
            });
            if refused {
                return Err(Reason::AlreadyReduced);
            }
        }
        Ok(())
    }

    fn within_usage(&self, rule: &Promotion) -> Result<(), Reason> {
        match rule.budget {
            Some(Budget::Usage { limit, used }) if used >= limit => Err(Reason::BudgetExceeded),
            _ => Ok(()),
        }
    }

    fn condition(
        &self,
        state: &State,
        promotion: usize,
        condition: &Condition,
    ) -> Result<(), Reason> {
        match condition {
            Condition::CustomerGroup { any_of } => {
                let groups = self.basket.customer.as_ref().map(|who| &who.groups);
                let member = groups.is_some_and(|own| own.iter().any(|own| any_of.contains(own)));
                if member {
                    Ok(())
                } else {
                    Err(Reason::NotForCustomer)
                }
            }
            Condition::NthOrder { n } => {
                let completed = self
                    .basket
                    .customer
                    .as_ref()
                    .map_or(0, |who| who.completed_orders);
                if completed + 1 == *n {
                    Ok(())
                } else {
                    Err(Reason::NotForCustomer)
                }
            }
            Condition::Country { any_of } => {
                let there = self
                    .basket
                    .country
                    .as_ref()
                    .is_some_and(|own| any_of.contains(own));
                if there {
                    Ok(())
                } else {
                    Err(Reason::NotForCustomer)
                }
            }
            Condition::Contains { scope } => {
                if self.units_in(state, promotion, scope).0 > 0 {
                    Ok(())
                } else {
                    Err(Reason::NotInTarget)
                }
            }
            Condition::Quantity { scope, min } => {
                let have = self.units_in(state, promotion, scope).0;
                self.threshold(Exact::new(have), *min, true, true)
            }
            Condition::LineQuantity { scope, min } => {
                let have = self.units_in(state, promotion, scope).1;
                self.threshold(Exact::new(have), *min, true, true)
            }
            Condition::Total {
                scope,
                min_minor,
                judged,
            } => {
                let judged = judged.unwrap_or(self.policy.judged);
                let have = self.total_in(state, promotion, scope, judged);
                self.threshold(have, *min_minor, self.policy.inclusive, false)
            }
        }
    }

    fn threshold(
        &self,
        have: Exact,
        need: i64,
        inclusive: bool,
        units: bool,
    ) -> Result<(), Reason> {
        let limit = Exact::new(need);
        if have > limit || (inclusive && have == limit) {
            return Ok(());
        }
        Err(Reason::BelowThreshold {
            have: have.round(Whole::Floor).nearest_minor(),
            need: need + i64::from(!inclusive),
            units,
        })
    }

    /// Units of a scope in the basket that the promotion has not used:
    /// altogether, and on the largest line.
    pub(crate) fn units_in(&self, state: &State, promotion: usize, scope: &Scope) -> (i64, i64) {
        let mut all = 0;
        let mut largest = 0;
        for line in 0..state.lines.len() {
            if self.in_scope(state, line, scope) {
                let units = self.available(state, line, promotion);
                all += units;
                largest = largest.max(units);
            }
        }
        (all, largest)
    }

    /// What the items of a scope are worth.
    pub(crate) fn total_in(
        &self,
        state: &State,
        promotion: usize,
        scope: &Scope,
        judged: Judged,
    ) -> Exact {
        (0..state.lines.len())
            .filter(|&line| self.in_scope(state, line, scope))
            .map(|line| {
                let entry = &state.lines[line];
                match (self.policy.consumption, judged) {
                    (Consumption::PerPromotion, _) => {
                        Exact::new(entry.start_minor)
                            * Exact::new(self.available(state, line, promotion))
                    }
                    (Consumption::Free, Judged::Running) => entry.running(),
                    (Consumption::Free, Judged::Undiscounted) => entry.start(),
                    (Consumption::Free, Judged::AfterItems) => entry.start() - entry.item_off,
                }
            })
            .sum()
    }

    /// The units a promotion uses up for its conditions, beyond those it has
    /// reduced, dearest first.
    pub(crate) fn consume(
        &self,
        state: &State,
        promotion: usize,
        reduced: &[Pick],
    ) -> Vec<(usize, i64)> {
        if self.policy.consumption == Consumption::Free {
            return Vec::new();
        }
        let rule = self.promotions[promotion];
        let most = rule.mechanics.iter().find_map(|mechanic| match mechanic {
            Mechanic::Item { limit, .. } | Mechanic::Order { limit, .. } => limit.max_units,
            _ => None,
        });
        let mut consumed = Vec::new();
        for condition in &rule.conditions {
            let (scope, mut left, by_value) = match condition {
                Condition::Quantity { scope, min } => {
                    let units: i64 = reduced.iter().map(|pick| pick.units).sum();
                    (scope, Exact::new(min - units), false)
                }
                Condition::Total {
                    scope, min_minor, ..
                } => {
                    let value: Exact = reduced.iter().map(|pick| self.worth(state, *pick)).sum();
                    (scope, Exact::new(*min_minor) - value, true)
                }
                _ => continue,
            };
            let mut picks: Vec<Pick> = (0..state.lines.len())
                .filter(|&line| self.in_scope(state, line, scope))
                .map(|line| Pick {
                    line,
                    units: self.left_after(state, promotion, line, reduced, most),
                })
                .filter(|pick| pick.units > 0)
                .collect();
            self.sort(state, &mut picks, UnitChoice::DearestFirst);
            for pick in picks {
                if !left.is_positive() {
                    break;
                }
                let price = state.lines[pick.line].start_minor;
                let needed = if by_value && price > 0 {
                    left.over(Exact::new(price)).round(Whole::Up)
                } else {
                    left
                };
                let units = pick.units.min(needed.nearest_minor());
                left -= Exact::new(if by_value { units * price } else { units });
                consumed.push((pick.line, units));
            }
        }
        consumed
    }

    fn worth(&self, state: &State, pick: Pick) -> Exact {
        Exact::new(state.lines[pick.line].start_minor) * Exact::new(pick.units)
    }

    /// Units of a line left for conditions; a limit on the reduced units of a
    /// line limits these as well.
    fn left_after(
        &self,
        state: &State,
        promotion: usize,
        line: usize,
        reduced: &[Pick],
        most: Option<i64>,
    ) -> i64 {
        let here: i64 = reduced
            .iter()
            .filter(|pick| pick.line == line)
            .map(|pick| pick.units)
            .sum();
        let available = self.available(state, line, promotion);
        most.map_or(available, |most| available.min(most)) - here
    }
}
