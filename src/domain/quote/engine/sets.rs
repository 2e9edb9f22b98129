//! Mechanics over several units: cheapest free, bundles, buy X get Y.

use super::Engine;
use super::state::{Effect, Share, State};
use super::target::{Pick, take};
use crate::quote::exact::Exact;
use crate::quote::policy::{Consumption, RoundAt};
use crate::quote::promotion::{Condition, Limit, Per, Scope, UnitChoice};
use crate::quote::result::{Level, Target};

/// Complete sets of one promotion in one basket, at most; bounds the work.
pub(crate) const MAX_SETS: i64 = 10_000;

/// The parameters of a buy-X-get-Y.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuyGet<'a> {
    pub(crate) buy: i64,
    pub(crate) buy_scope: &'a Scope,
    pub(crate) get: i64,
    pub(crate) get_scope: &'a Scope,
    pub(crate) percent: Exact,
    pub(crate) max_sets: i64,
}

impl Engine<'_> {
    /// All units of a scope in an order of choice.
    fn all_by(
        &self,
        state: &State,
        promotion: usize,
        scope: &Scope,
        choice: UnitChoice,
    ) -> Vec<Pick> {
        let mut picks = self.pick(state, promotion, scope, Limit::default(), Per::Unit);
        self.sort(state, &mut picks, choice);
        picks
    }

    /// How often a promotion applies at once where units are not used up.
    fn repeats(&self, promotion: usize, units: i64, per_set: i64) -> i64 {
        let max = self.promotions[promotion]
            .max_applications
            .map_or(i64::MAX, i64::from);
        match self.policy.consumption {
            Consumption::PerPromotion => i64::from(units >= per_set),
            Consumption::Free => (units / per_set.max(1)).min(max),
        }
    }

    /// The cheapest unit is free: one for each time the quantity condition is
    /// met.
    pub(crate) fn cheapest_free(&self, state: &State, promotion: usize, scope: &Scope) -> Effect {
        let picks = self.all_by(state, promotion, scope, UnitChoice::CheapestFirst);
        let count: i64 = picks.iter().map(|pick| pick.units).sum();
        let per_set = self.promotions[promotion]
            .conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::Quantity { min, .. } => Some(*min),
                _ => None,
            });
        let free = match (per_set, self.policy.consumption) {
            (Some(per_set), Consumption::Free) => self.repeats(promotion, count, per_set),
            _ => 1,
        };
        let picks = take(picks, free);
        let amounts: Vec<Exact> = picks
            .iter()
            .map(|&pick| {
                let base = self.base(state, pick, self.policy.items);
                self.policy.item_rounding.mode.apply(base)
            })
            .collect();
        self.shares(state, promotion, &picks, &amounts, Limit::default())
    }

    /// So many units for one price.
    pub(crate) fn bundle(
        &self,
        state: &State,
        promotion: usize,
        (size, price_minor): (i64, i64),
        scope: &Scope,
    ) -> Effect {
        let picks = self.all_by(state, promotion, scope, self.policy.unit_choice);
        let count: i64 = picks.iter().map(|pick| pick.units).sum();
        let bundles = self.repeats(promotion, count, size);
        let bundles = self.worthwhile(state, &picks, bundles, (size, price_minor));
        if bundles == 0 {
            return Effect::default();
        }
        let picks = take(picks, bundles * size);
        let bases: Vec<Exact> = picks
            .iter()
            .map(|&pick| self.base(state, pick, self.policy.items))
            .collect();
        let value: Exact = bases.iter().copied().sum();
        let amount = value - Exact::new(price_minor) * Exact::new(bundles);
        let amount = self.policy.item_rounding.mode.apply(amount);
        if !amount.is_positive() {
            return Effect::default();
        }
        self.spread(state, promotion, &picks, &bases, amount, Level::Item)
    }

    /// How many of the complete bundles cost more one by one than together:
    /// units are worked through from the dearest on, so the rest do not either.
    fn worthwhile(
        &self,
        state: &State,
        picks: &[Pick],
        complete: i64,
        (size, price_minor): (i64, i64),
    ) -> i64 {
        let value = |bundles: i64| -> Exact {
            let taken = take(picks.to_vec(), bundles * size);
            let each = taken
                .iter()
                .map(|&pick| self.base(state, pick, self.policy.items));
            each.sum()
        };
        let pays = |number: i64| value(number) - value(number - 1) > Exact::new(price_minor);
        let (mut worth, mut beyond) = (0, complete + 1);
        while beyond - worth > 1 {
            let middle = worth + (beyond - worth) / 2;
            if pays(middle) {
                worth = middle;
            } else {
                beyond = middle;
            }
        }
        worth
    }

    /// Units of every part together for one price, the dearest first, as long
    /// as a set costs less together.
    pub(crate) fn parts(
        &self,
        state: &State,
        promotion: usize,
        parts: &[(i64, Scope)],
        price_minor: i64,
    ) -> Effect {
        let price = Exact::new(price_minor);
        let most = self.promotions[promotion]
            .max_applications
            .map_or(MAX_SETS, |most| i64::from(most).min(MAX_SETS));
        let mut left: Vec<i64> = state
            .lines
            .iter()
            .map(|line| line.qty - line.given)
            .collect();
        let mut units = vec![0_i64; state.lines.len()];
        let mut amount = Exact::ZERO;
        for _ in 0..most {
            let Some(set) = self.one_of_each(state, promotion, parts, &left) else {
                break;
            };
            let each = set
                .iter()
                .map(|&pick| self.base(state, pick, self.policy.items));
            let off = each.sum::<Exact>() - price;
            if !off.is_positive() {
                break;
            }
            amount += off;
            for pick in set {
                left[pick.line] -= pick.units;
                units[pick.line] += pick.units;
            }
        }
        let picks: Vec<Pick> = (0..units.len())
            .filter(|&line| units[line] > 0)
            .map(|line| Pick {
                line,
                units: units[line],
            })
            .collect();
        let bases: Vec<Exact> = picks
            .iter()
            .map(|&pick| self.base(state, pick, self.policy.items))
            .collect();
        let amount = self.policy.item_rounding.mode.apply(amount);
        if !amount.is_positive() {
            return Effect::default();
        }
        self.spread(state, promotion, &picks, &bases, amount, Level::Item)
    }

    /// The units of one set; none where a part is incomplete.
    fn one_of_each(
        &self,
        state: &State,
        promotion: usize,
        parts: &[(i64, Scope)],
        left: &[i64],
    ) -> Option<Vec<Pick>> {
        let mut left = left.to_vec();
        let mut set = Vec::new();
        for (count, scope) in parts {
            let picks = self.set_units(state, promotion, scope, &left, *count);
            if picks.iter().map(|pick| pick.units).sum::<i64>() < *count {
                return None;
            }
            for pick in &picks {
                left[pick.line] -= pick.units;
            }
            set.extend(picks);
        }
        Some(set)
    }

    /// Buy X, get Y reduced.
    pub(crate) fn buy_get(&self, state: &State, promotion: usize, rule: BuyGet<'_>) -> Effect {
        let mut free: Vec<i64> = state
            .lines
            .iter()
            .map(|line| line.qty - line.given)
            .collect();
        let mut bought: Vec<i64> = state.lines.iter().map(|line| line.qty).collect();
        let mut reduced = vec![0_i64; state.lines.len()];
        let mut order = Vec::new();
        for _ in 0..rule.max_sets {
            let buys = self.buy_units(state, promotion, &rule, &bought);
            if buys.iter().map(|pick| pick.units).sum::<i64>() < rule.buy {
                break;
            }
            let mut rest = free.clone();
            if !self.policy.buy_get.overlap {
                for pick in &buys {
                    rest[pick.line] = (rest[pick.line] - pick.units).max(0);
                }
            }
            let gets = self.get_units(state, promotion, &rule, &rest);
            let found: i64 = gets.iter().map(|pick| pick.units).sum();
            if found == 0 || (found < rule.get && !self.policy.buy_get.partial) {
                break;
            }
            for pick in &buys {
                bought[pick.line] -= pick.units;
                if !self.policy.buy_get.overlap {
                    free[pick.line] -= pick.units;
                }
            }
            for pick in gets {
                free[pick.line] -= pick.units;
                if !self.policy.buy_get.overlap {
                    bought[pick.line] -= pick.units;
                }
                reduced[pick.line] += pick.units;
                if !order.contains(&pick.line) {
                    order.push(pick.line);
                }
            }
        }
        self.buy_get_shares(state, promotion, rule.percent, &order, &reduced)
    }

    fn buy_units(
        &self,
        state: &State,
        promotion: usize,
        rule: &BuyGet<'_>,
        left: &[i64],
    ) -> Vec<Pick> {
        self.set_units(state, promotion, rule.buy_scope, left, rule.buy)
    }

    fn get_units(
        &self,
        state: &State,
        promotion: usize,
        rule: &BuyGet<'_>,
        left: &[i64],
    ) -> Vec<Pick> {
        self.set_units(state, promotion, rule.get_scope, left, rule.get)
    }

    /// The first `count` units of a scope that are left, by the policy's
    /// choice.
    fn set_units(
        &self,
        state: &State,
        promotion: usize,
        scope: &Scope,
        left: &[i64],
        count: i64,
    ) -> Vec<Pick> {
        let mut picks = self.pick(state, promotion, scope, Limit::default(), Per::Unit);
        if self.policy.buy_get.last_of_equals {
            picks.sort_by_key(|pick| std::cmp::Reverse(pick.line));
        }
        self.sort(state, &mut picks, self.policy.buy_get.choice);
        for pick in &mut picks {
            pick.units = pick.units.min(left[pick.line]);
        }
        picks.retain(|pick| pick.units > 0);
        take(picks, count)
    }

    fn buy_get_shares(
        &self,
        state: &State,
        promotion: usize,
        percent: Exact,
        order: &[usize],
        reduced: &[i64],
    ) -> Effect {
        let mut effect = Effect::default();
        for &line in order {
            let units = Exact::new(reduced[line]);
            let base = Exact::new(state.lines[line].start_minor) * units;
            let rounding = self.policy.item_rounding;
            let raw = base.percent(percent);
            let amount = if rounding.at == RoundAt::Unit {
                rounding.discount(base.over(units), raw.over(units)) * units
            } else {
                rounding.discount(base, raw)
            };
            let amount = amount.to_millionths().min(state.lines[line].room());
            if amount.is_positive() {
                effect.shares.push(Share {
                    promotion,
                    target: Target::Line(line),
                    level: Level::Item,
                    amount,
                    units: reduced[line],
                    given: true,
                });
            }
        }
        effect
    }

    /// Units missing for the first complete set of a mechanic, if it has
    /// sets; for "add one more".
    pub(crate) fn missing_units(&self, state: &State, promotion: usize) -> Option<i64> {
        use crate::quote::promotion::Mechanic;
        let count = |scope: &Scope| -> i64 {
            self.pick(state, promotion, scope, Limit::default(), Per::Unit)
                .iter()
                .map(|pick| pick.units)
                .sum()
        };
        self.promotions[promotion]
            .mechanics
            .iter()
            .find_map(|mechanic| match mechanic {
                Mechanic::Bundle { size, scope, .. } | Mechanic::Group { size, scope, .. } => {
                    Some((count(scope), *size))
                }
                Mechanic::BuyGet {
                    buy,
                    buy_scope,
                    get,
                    get_scope,
                    ..
                } if buy_scope == get_scope => Some((count(buy_scope), buy + get)),
                Mechanic::BuyGet {
                    buy,
                    buy_scope,
                    get,
                    get_scope,
                    ..
                } => Some((
                    count(buy_scope).min(*buy) + count(get_scope).min(*get),
                    buy + get,
                )),
                Mechanic::Parts { parts, .. } => {
                    let have = parts.iter().map(|(size, scope)| count(scope).min(*size));
                    let sizes = parts.iter().map(|(size, _)| *size);
                    Some((have.sum(), sizes.sum()))
                }
                _ => None,
            })
            .filter(|(have, size)| have > &0 && have < size)
            .map(|(have, size)| size - have)
    }
}
