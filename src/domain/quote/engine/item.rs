//! Reductions of single items.

use super::Engine;
use super::state::{Effect, Share, State};
use super::target::Pick;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{LimitedBase, RoundAt, RoundMode, Stacking};
use crate::quote::promotion::{Limit, Per, Scope, Tier, TierBasis, Value};
use crate::quote::result::{Level, Target};

impl Engine<'_> {
    /// A reduction of the picked units.
    pub(crate) fn item(
        &self,
        state: &State,
        promotion: usize,
        (value, per): (Value, Per),
        scope: &Scope,
        limit: Limit,
    ) -> Effect {
        let picks = self.pick(state, promotion, scope, limit, per);
        let raw: Vec<(Exact, Exact)> = picks
            .iter()
            .map(|&pick| self.raw_reduction(state, pick, value, per))
            .collect();
        let rounding = self.policy.item_rounding;
        let amounts = if rounding.at == RoundAt::Promotion && !matches!(value, Value::Amount(_)) {
            self.rounded_together(state, &picks, &raw)
        } else {
            picks
                .iter()
                .zip(&raw)
                .map(|(&pick, &(base, raw))| match value {
                    Value::Amount(_) => raw,
                    _ => self.rounded_reduction(base, raw, pick.units, rounding.at),
                })
                .collect()
        };
        self.shares(state, promotion, &picks, &amounts, limit)
    }

    /// Turns amounts into shares within rooms and the limit.
    pub(crate) fn shares(
        &self,
        state: &State,
        promotion: usize,
        picks: &[Pick],
        amounts: &[Exact],
        limit: Limit,
    ) -> Effect {
        let mut left = limit.max_amount.map(Exact::new);
        let mut effect = Effect::default();
        for (pick, &amount) in picks.iter().zip(amounts) {
            let mut amount = amount.to_millionths().min(state.lines[pick.line].room());
            if let Some(left) = &mut left {
                amount = amount.min(*left);
                *left -= amount;
            }
            if amount.is_positive() {
                effect.shares.push(Share {
                    promotion,
                    target: Target::Line(pick.line),
                    level: Level::Item,
                    amount,
                    units: pick.units,
                    given: false,
                });
            }
        }
        effect
    }

    /// The price a reduction of these units starts from.
    pub(crate) fn base(&self, state: &State, pick: Pick, stacking: Stacking) -> Exact {
        let line = &state.lines[pick.line];
        let units = Exact::new(pick.units);
        if stacking == Stacking::Additive {
            return Exact::new(line.start_minor) * units;
        }
        if pick.units == line.qty {
            return line.running();
        }
        match self.policy.limited_base {
            LimitedBase::Share => (line.running() * units).over(Exact::new(line.qty)),
            LimitedBase::LessWholeLine => {
                (Exact::new(line.start_minor) * units - line.off()).max(Exact::ZERO)
            }
        }
    }

    /// Base and discount before rounding.
    fn raw_reduction(&self, state: &State, pick: Pick, value: Value, per: Per) -> (Exact, Exact) {
        let base = self.base(state, pick, self.policy.items);
        let line = &state.lines[pick.line];
        let units = Exact::new(pick.units);
        let raw = match (value, per) {
            (Value::Percent(percent), _) => base.percent(percent),
            (Value::Amount(amount), Per::Unit) => {
                let room = line.start_minor - line.floor_minor.max(0);
                Exact::new(amount.min(room).max(0)) * units
            }
            (Value::Amount(amount), Per::Line) => {
                let whole = self.policy.item_rounding.mode.apply(base);
                Exact::new(amount).min(whole)
            }
            (Value::FixedPrice(price), _) => base - Exact::new(price) * units,
        };
        (base, raw.max(Exact::ZERO))
    }

    /// A discount rounded by unit or by line.
    fn rounded_reduction(&self, base: Exact, raw: Exact, units: i64, at: RoundAt) -> Exact {
        let rounding = self.policy.item_rounding;
        if at == RoundAt::Unit {
            let units = Exact::new(units);
            return rounding.discount(base.over(units), raw.over(units)) * units;
        }
        rounding.discount(base, raw)
    }

    /// Rounds the sum, gives each line its share rounded down, and the cents
    /// left over to the first units that have room.
    fn rounded_together(
        &self,
        state: &State,
        picks: &[Pick],
        raw: &[(Exact, Exact)],
    ) -> Vec<Exact> {
        let RoundMode::To(_) = self.policy.item_rounding.mode else {
            return raw.iter().map(|(_, raw)| *raw).collect();
        };
        let base: Exact = raw.iter().map(|(base, _)| *base).sum();
        let sum: Exact = raw.iter().map(|(_, raw)| *raw).sum();
        let total = self.policy.item_rounding.discount(base, sum);
        let mut amounts: Vec<Exact> = picks
            .iter()
            .zip(raw)
            .map(|(pick, (_, raw))| raw.round(Whole::Down).min(state.lines[pick.line].room()))
            .collect();
        let mut rest = total - amounts.iter().copied().sum();
        for (pick, amount) in picks.iter().zip(&mut amounts) {
            let line = &state.lines[pick.line];
            let extra = rest
                .min(Exact::new(line.qty))
                .min(line.room() - *amount)
                .max(Exact::ZERO);
            *amount += extra;
            rest -= extra;
        }
        amounts
    }

    /// A reduction per unit in complete groups.
    pub(crate) fn group(
        &self,
        state: &State,
        promotion: usize,
        (size, value): (i64, Value),
        scope: &Scope,
        limit: Limit,
    ) -> Effect {
        let picks = self.complete_groups(state, promotion, size, scope, limit);
        let amounts = self.per_unit(state, &picks, value);
        self.shares(state, promotion, &picks, &amounts, limit)
    }

    /// The units that fill complete groups.
    fn complete_groups(
        &self,
        state: &State,
        promotion: usize,
        size: i64,
        scope: &Scope,
        limit: Limit,
    ) -> Vec<Pick> {
        let unlimited = Limit {
            max_units: None,
            ..limit
        };
        let all = self.pick(state, promotion, scope, unlimited, Per::Unit);
        let count: i64 = all.iter().map(|pick| pick.units).sum();
        let complete = count - count.rem_euclid(size.max(1));
        let complete = limit.max_units.map_or(complete, |max| complete.min(max));
        let grouped = Limit {
            max_units: Some(complete),
            ..limit
        };
        self.pick(state, promotion, scope, grouped, Per::Unit)
    }

    /// The reduction of one unit, rounded, for each picked unit.
    fn per_unit(&self, state: &State, picks: &[Pick], value: Value) -> Vec<Exact> {
        picks
            .iter()
            .map(|&pick| {
                let (base, raw) = self.raw_reduction(state, pick, value, Per::Unit);
                match value {
                    Value::Amount(_) => raw,
                    _ => self.rounded_reduction(base, raw, pick.units, RoundAt::Unit),
                }
            })
            .collect()
    }

    /// A reduction whose value depends on thresholds.
    pub(crate) fn tiered(
        &self,
        state: &State,
        promotion: usize,
        (base, tiers): (Option<Value>, &[Tier]),
        scope: &Scope,
        group_size: Option<i64>,
        limit: Limit,
    ) -> Effect {
        let picks = match group_size {
            Some(size) => self.complete_groups(state, promotion, size, scope, limit),
            None => self.pick(state, promotion, scope, limit, Per::Unit),
        };
        let quantity: i64 = self
            .pick(state, promotion, scope, Limit::default(), Per::Unit)
            .iter()
            .map(|pick| pick.units)
            .sum();
        let everything = Scope::default();
        let order = self.total_in(state, promotion, &everything, self.policy.judged);
        let mut amounts = Vec::with_capacity(picks.len());
        for &pick in &picks {
            let line = state.lines[pick.line].running();
            let reached = tiers
                .iter()
                .filter(|tier| {
                    Exact::new(tier.from)
                        <= match tier.basis {
                            TierBasis::ItemsTotal => order,
                            TierBasis::LineTotal => line,
                            TierBasis::Quantity => Exact::new(quantity),
                        }
                })
                .max_by_key(|tier| tier.from);
            let value = reached.map(|tier| tier.value).or(base);
            amounts.push(match (value, group_size) {
                (None, _) => Exact::ZERO,
                (Some(value), Some(_)) => self.per_unit(state, &[pick], value)[0],
                (Some(value), None) => {
                    let (base, raw) = self.raw_reduction(state, pick, value, Per::Line);
                    match value {
                        Value::Amount(_) => raw,
                        _ => {
                            let at = self.policy.item_rounding.at;
                            self.rounded_reduction(base, raw, pick.units, at)
                        }
                    }
                }
            });
        }
        self.shares(state, promotion, &picks, &amounts, limit)
    }
}
