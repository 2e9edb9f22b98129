//! Reductions of the order, spread over its lines, and of delivery.

use super::Engine;
use super::allocate::{allocate, allocate_discount};
use super::state::{Effect, Share, State};
use super::target::Pick;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{Allocation, OrderPercent, Spare, Stacking, WeightBy};
use crate::quote::promotion::{Limit, Per, Scope, Tier, TierBasis, Value};
use crate::quote::result::{Level, Target};

impl Engine<'_> {
    /// A reduction of the order or of the part of it in scope.
    pub(crate) fn order(
        &self,
        state: &State,
        promotion: usize,
        value: Value,
        scope: &Scope,
        limit: Limit,
    ) -> Effect {
        let picks = self.pick(state, promotion, scope, limit, Per::Unit);
        let bases: Vec<Exact> = picks
            .iter()
            .map(|&pick| self.base(state, pick, self.policy.orders))
            .collect();
        let base: Exact = bases.iter().copied().sum();
        if let (Value::Percent(percent), OrderPercent::EachLine) =
            (value, self.policy.order_percent)
        {
            return self.each_line(state, promotion, percent, &picks, &bases, limit);
        }
        let amount = match value {
            Value::Percent(percent) => self.policy.order_rounding.apply(base.percent(percent)),
            Value::Amount(amount) => Exact::new(amount),
            Value::FixedPrice(total) => {
                let left = base - Exact::new(total);
                self.policy.order_rounding.apply(left)
            }
        };
        let amount = limit
            .max_amount
            .map_or(amount, |max| amount.min(Exact::new(max)))
            .min(self.policy.order_rounding.apply(base));
        if !amount.is_positive() {
            return Effect::default();
        }
        self.spread(state, promotion, &picks, &bases, amount, Level::Order)
    }

    /// An order reduction by the highest step reached.
    pub(crate) fn order_tiers(
        &self,
        state: &State,
        promotion: usize,
        tiers: &[Tier],
        scope: &Scope,
        limit: Limit,
    ) -> Effect {
        let units = Exact::new(self.units_in(state, promotion, scope).0);
        let total = self.total_in(state, promotion, scope, self.policy.judged);
        let reached = tiers
            .iter()
            .filter(|tier| {
                let have = match tier.basis {
                    TierBasis::Quantity => units,
                    TierBasis::ItemsTotal | TierBasis::LineTotal => total,
                };
                Exact::new(tier.from) <= have
            })
            .max_by_key(|tier| tier.from);
        reached.map_or_else(Effect::default, |tier| {
            self.order(state, promotion, tier.value, scope, limit)
        })
    }

    /// A percentage of each line, below the line's share of the maximum.
    fn each_line(
        &self,
        state: &State,
        promotion: usize,
        percent: Exact,
        picks: &[Pick],
        bases: &[Exact],
        limit: Limit,
    ) -> Effect {
        let whole: Vec<Exact> = bases
            .iter()
            .map(|base| self.policy.order_rounding.apply(base.percent(percent)))
            .collect();
        let amounts = match limit.max_amount {
            None => whole,
            Some(most) => {
                let shares = allocate(&self.policy.allocation, Exact::new(most), bases, None);
                whole
                    .into_iter()
                    .zip(shares)
                    .map(|(whole, share)| whole.min(share))
                    .collect()
            }
        };
        let mut effect = self.shares(state, promotion, picks, &amounts, Limit::default());
        for share in &mut effect.shares {
            share.level = Level::Order;
        }
        effect
    }

    /// Spreads an amount over picked units.
    pub(crate) fn spread(
        &self,
        state: &State,
        promotion: usize,
        picks: &[Pick],
        bases: &[Exact],
        amount: Exact,
        level: Level,
    ) -> Effect {
        let weights: Vec<Exact> = picks
            .iter()
            .zip(bases)
            .map(|(pick, &base)| self.weight(state, *pick, base))
            .collect();
        let caps: Vec<Exact> = picks
            .iter()
            .zip(bases)
            .map(|(pick, &base)| {
                // Part of a line can cost a fraction; a share of it is whole.
                let whole = match self.policy.allocation.spare {
                    Spare::None => base,
                    _ => base.round(Whole::Up),
                };
                state.lines[pick.line].room().min(whole)
            })
            .collect();
        let parts = allocate_discount(&self.policy.allocation, amount, &weights, &caps);
        let mut effect = Effect::default();
        for (pick, amount) in picks.iter().zip(parts) {
            let amount = amount.to_millionths().min(state.lines[pick.line].room());
            if amount.is_positive() {
                effect.shares.push(Share {
                    promotion,
                    target: Target::Line(pick.line),
                    level,
                    amount,
                    units: pick.units,
                    given: false,
                });
            }
        }
        effect
    }

    fn weight(&self, state: &State, pick: Pick, base: Exact) -> Exact {
        match self.policy.allocation.weight {
            WeightBy::Value => base,
            WeightBy::Units => Exact::new(pick.units),
            WeightBy::ValueWithTax => {
                let tax = state.product(self.basket, pick.line).tax_percent;
                match tax {
                    Some(tax) if !self.basket.prices_include_tax => base + base.percent(tax),
                    _ => base,
                }
            }
        }
    }

    /// A reduction of delivery fees.
    pub(crate) fn shipping(
        &self,
        state: &State,
        promotion: usize,
        value: Value,
        options: &[String],
        across: bool,
    ) -> Effect {
        let chosen: Vec<usize> = (0..state.shipping.len())
            .filter(|&index| {
                options.is_empty() || options.contains(&self.basket.shipping[index].option)
            })
            .collect();
        let rooms: Vec<Exact> = chosen
            .iter()
            .map(|&index| Exact::new(state.shipping[index].price_minor) - state.shipping[index].off)
            .collect();
        let amounts = match value {
            Value::Amount(amount) if across => {
                let room: Exact = rooms.iter().copied().sum();
                let by_value = Allocation {
                    weight: WeightBy::Value,
                    ..self.policy.allocation
                };
                allocate(
                    &by_value,
                    Exact::new(amount).min(room),
                    &rooms,
                    Some(&rooms),
                )
            }
            _ => chosen
                .iter()
                .zip(&rooms)
                .map(|(&index, &room)| self.shipping_reduction(state, index, room, value))
                .collect(),
        };
        let mut effect = Effect::default();
        for ((index, room), amount) in chosen.into_iter().zip(rooms).zip(amounts) {
            let amount = amount.to_millionths().min(room);
            if amount.is_positive() {
                effect.shares.push(Share {
                    promotion,
                    target: Target::Shipping(index),
                    level: Level::Shipping,
                    amount,
                    units: 0,
                    given: false,
                });
            }
        }
        effect
    }

    fn shipping_reduction(&self, state: &State, index: usize, room: Exact, value: Value) -> Exact {
        let base = match self.policy.shipping {
            Stacking::Additive => Exact::new(state.shipping[index].price_minor),
            _ => room,
        };
        match value {
            Value::Percent(percent) => self.policy.shipping_rounding.apply(base.percent(percent)),
            Value::Amount(amount) => Exact::new(amount),
            Value::FixedPrice(price) => room - Exact::new(price),
        }
    }
}
