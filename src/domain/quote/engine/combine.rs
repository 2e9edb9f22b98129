//! How promotions meet: sequence, levels, groups, best and first.

use super::Engine;
use super::state::{Effect, State};
use crate::quote::exact::Exact;
use crate::quote::policy::BudgetCheck;
use crate::quote::policy::{Consumption, Exclusivity, Grouping, Levels, Stacking};
use crate::quote::promotion::{Budget, Mechanic};
use crate::quote::result::{Reason, Target};

/// Applications are bounded by the units of a basket; this bounds them for
/// promotions that use none.
const MAX_APPLICATIONS: u32 = 1_000;

/// Which mechanics a pass works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    All,
    Items,
    Rest,
}

impl Pass {
    fn takes(self, mechanic: &Mechanic) -> bool {
        match self {
            Self::All => true,
            Self::Items => mechanic.is_item_level(),
            Self::Rest => !mechanic.is_item_level(),
        }
    }
}

/// What became of each promotion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) applications: u32,
    pub(crate) reason: Option<Reason>,
    pub(crate) budget_exceeded: bool,
}

impl Engine<'_> {
    /// Runs the basket stage over the offered promotions, in order.
    pub(crate) fn run(&mut self, state: &mut State, offered: &[usize]) {
        let offered = self.without_excluded(state, offered);
        match self.policy.levels {
            Levels::Mixed => self.pass(state, &offered, Pass::All),
            Levels::ItemsFirst => {
                self.pass(state, &offered, Pass::Items);
                self.pass(state, &offered, Pass::Rest);
            }
        }
    }

    /// An exclusive promotion that holds removes all the others.
    fn without_excluded(&mut self, state: &State, offered: &[usize]) -> Vec<usize> {
        if self.policy.exclusivity != Exclusivity::RemovesOthers {
            return offered.to_vec();
        }
        let only = offered
            .iter()
            .copied()
            .find(|&index| self.promotions[index].exclusive && self.holds(state, index).is_ok());
        let Some(only) = only else {
            return offered.to_vec();
        };
        for &index in offered.iter().filter(|&&index| index != only) {
            let by = self.promotions[only].id.clone();
            self.note(index, Reason::ExcludedBy(by));
        }
        vec![only]
    }

    fn pass(&mut self, state: &mut State, offered: &[usize], pass: Pass) {
        let members: Vec<usize> = offered
            .iter()
            .copied()
            .filter(|&index| {
                let mechanics = &self.promotions[index].mechanics;
                mechanics.iter().any(|mechanic| pass.takes(mechanic))
                    || (mechanics.is_empty() && pass != Pass::Items)
            })
            .collect();
        let in_turn = matches!(self.policy.items, Stacking::Compound | Stacking::Additive);
        if pass == Pass::Items && self.policy.items_line_by_line && in_turn {
            for line in 0..state.lines.len() {
                for &index in &members {
                    self.one(state, index, pass, Some(line));
                }
            }
            return;
        }
        let mut done = vec![false; self.promotions.len()];
        let mut first_of = Vec::new();
        for &index in &members {
            if done[index] {
                continue;
            }
            let stacking = self.stacking(index, pass);
            match stacking {
                Stacking::Compound | Stacking::Additive => self.one(state, index, pass, None),
                Stacking::First => {
                    if let Some(&winner) = first_of.first() {
                        let by: usize = winner;
                        let by = self.promotions[by].id.clone();
                        self.note(index, Reason::BetterOffer(by));
                    } else {
                        self.one(state, index, pass, None);
                        if self.outcomes[index].applications > 0 {
                            first_of.push(index);
                        }
                    }
                }
                Stacking::BestOnly | Stacking::BestPerGroup => {
                    let rivals: Vec<usize> = members
                        .iter()
                        .copied()
                        .filter(|&other| {
                            self.stacking(other, pass) == stacking
                                && (stacking == Stacking::BestOnly || self.same_group(index, other))
                        })
                        .collect();
                    for &rival in &rivals {
                        done[rival] = true;
                    }
                    self.best(state, &rivals, pass, stacking == Stacking::BestPerGroup);
                }
            }
        }
    }

    /// The stacking rule for the mechanics of a promotion in a pass.
    fn stacking(&self, index: usize, pass: Pass) -> Stacking {
        let mut mechanics = self.promotions[index]
            .mechanics
            .iter()
            .filter(|mechanic| pass.takes(mechanic));
        match mechanics.next() {
            Some(mechanic) if mechanic.is_item_level() => self.policy.items,
            Some(Mechanic::Shipping { .. }) => self.policy.shipping,
            _ => self.policy.orders,
        }
    }

    fn same_group(&self, left: usize, right: usize) -> bool {
        let (left, right) = (self.promotions[left], self.promotions[right]);
        match self.policy.grouping {
            Grouping::ByPriority => left.priority.unwrap_or(0) == right.priority.unwrap_or(0),
            Grouping::ByName => left.group == right.group,
        }
    }

    /// Applies one promotion on the running state, to all lines or to one.
    fn one(&mut self, state: &mut State, index: usize, pass: Pass, only: Option<usize>) {
        match self.attempt(state, index, pass) {
            Ok((mut effect, applications)) => {
                if let Some(line) = only {
                    let target = Target::Line(line);
                    effect.shares.retain(|share| share.target == target);
                    if effect.is_empty() {
                        return;
                    }
                }
                state.commit(index, &effect);
                self.applied(index, applications, effect);
            }
            Err(reason) => self.note(index, reason),
        }
    }

    /// Of rivals that all start from the same state, the best one, or for
    /// each target the best one.
    fn best(&mut self, state: &mut State, rivals: &[usize], pass: Pass, per_target: bool) {
        let mut attempts = Vec::new();
        for &index in rivals {
            match self.attempt(state, index, pass) {
                Ok((effect, applications)) => attempts.push((index, effect, applications)),
                Err(reason) => self.note(index, reason),
            }
        }
        let kept = if per_target {
            best_per_target(&attempts)
        } else {
            best_whole(&attempts)
        };
        let winners: Vec<usize> = kept
            .iter()
            .zip(&attempts)
            .filter(|(effect, _)| !effect.is_empty())
            .map(|(_, attempt)| attempt.0)
            .collect();
        for (effect, (index, _, applications)) in kept.into_iter().zip(attempts) {
            if effect.is_empty() {
                if let Some(&winner) = winners.iter().find(|&&winner| winner != index) {
                    let by = self.promotions[winner].id.clone();
                    self.note(index, Reason::BetterOffer(by));
                }
                continue;
            }
            state.commit(index, &effect);
            self.applied(index, applications, effect);
        }
    }

    fn applied(&mut self, index: usize, applications: u32, effect: Effect) {
        let outcome = &mut self.outcomes[index];
        outcome.applications = outcome.applications.max(applications);
        outcome.reason = Some(Reason::Applied);
        self.shares.extend(effect.shares);
    }

    /// Remembers why a promotion did not apply, unless it did elsewhere.
    pub(crate) fn note(&mut self, index: usize, reason: Reason) {
        let outcome = &mut self.outcomes[index];
        if reason == Reason::BudgetExceeded {
            outcome.budget_exceeded = true;
        }
        if outcome.applications == 0 && outcome.reason.is_none() {
            outcome.reason = Some(reason);
        }
    }

    /// What a promotion would do on this state, and how often it applies.
    fn attempt(
        &mut self,
        state: &State,
        index: usize,
        pass: Pass,
    ) -> Result<(Effect, u32), Reason> {
        let repeated = self.policy.consumption == Consumption::PerPromotion;
        let most = match (repeated, self.promotions[index].max_applications) {
            (_, Some(0)) => 0,
            (false, _) => 1,
            (true, most) => most.unwrap_or(MAX_APPLICATIONS).min(MAX_APPLICATIONS),
        };
        let mut scratch = state.clone();
        let mut effect = Effect::default();
        let mut applications = 0;
        let mut stopped = None;
        while applications < most {
            if let Err(reason) = self.holds(&scratch, index) {
                stopped = Some(reason);
                break;
            }
            let once = self.once(&scratch, index, pass);
            if once.is_empty() {
                break;
            }
            scratch.commit(index, &once);
            effect.append(once);
            applications += 1;
        }
        if effect.is_empty() {
            return Err(stopped.unwrap_or_else(|| self.why_nothing(state, index)));
        }
        let effect = self.within_budget(index, effect);
        if effect.is_empty() {
            return Err(Reason::BudgetExceeded);
        }
        Ok((effect, applications))
    }

    /// Why a promotion whose conditions hold gives nothing.
    fn why_nothing(&self, state: &State, index: usize) -> Reason {
        if let Some(missing) = self.missing_units(state, index) {
            return Reason::IncompleteSet { missing };
        }
        let rule = self.promotions[index];
        let reached: Vec<usize> = (0..state.lines.len())
            .filter(|&line| {
                rule.mechanics.iter().any(|mechanic| {
                    mechanic
                        .scope()
                        .is_some_and(|scope| self.in_scope(state, line, scope))
                })
            })
            .collect();
        if reached.is_empty() {
            return Reason::NotInTarget;
        }
        if !rule.applies_to_reduced && reached.iter().all(|&line| state.lines[line].reduced) {
            return Reason::AlreadyReduced;
        }
        let holder = reached.iter().find_map(|&line| {
            let taken = self.is_taken(state, line, index);
            let others = &state.lines[line].used;
            taken
                .then(|| others.iter().find(|(other, _)| *other != index))
                .flatten()
        });
        if let Some((holder, _)) = holder {
            return Reason::ExcludedBy(self.promotions[*holder].id.clone());
        }
        Reason::FloorReached
    }

    fn within_budget(&mut self, index: usize, mut effect: Effect) -> Effect {
        let Some(Budget::Spend {
            limit_minor,
            used_minor,
        }) = self.promotions[index].budget
        else {
            return effect;
        };
        let left = Exact::new(limit_minor) - Exact::new(used_minor);
        let before = effect.shares.len();
        match self.policy.budget {
            BudgetCheck::PerShare => effect.shares.retain(|share| share.amount <= left),
            BudgetCheck::PerPromotion if effect.total() > left => effect = Effect::default(),
            BudgetCheck::PerPromotion => {}
        }
        if effect.shares.len() < before {
            self.outcomes[index].budget_exceeded = true;
        }
        effect
    }

    /// One application of the mechanics of a pass.
    fn once(&self, state: &State, index: usize, pass: Pass) -> Effect {
        let mut scratch = None;
        let mut effect = Effect::default();
        let mechanics = &self.promotions[index].mechanics;
        for mechanic in mechanics.iter().filter(|mechanic| pass.takes(mechanic)) {
            let part = self.give(scratch.as_ref().unwrap_or(state), index, mechanic);
            if mechanics.len() > 1 {
                scratch
                    .get_or_insert_with(|| state.clone())
                    .commit(index, &part);
            }
            effect.append(part);
        }
        if !effect.is_empty() {
            let reduced = picks_of(&effect);
            effect.consumed = self.consume(state, index, &reduced);
        }
        effect
    }
}

fn picks_of(effect: &Effect) -> Vec<super::target::Pick> {
    effect
        .shares
        .iter()
        .filter_map(|share| match share.target {
            Target::Line(line) => Some(super::target::Pick {
                line,
                units: share.units,
            }),
            _ => None,
        })
        .collect()
}

type Attempt = (usize, Effect, u32);

fn best_whole(attempts: &[Attempt]) -> Vec<Effect> {
    let mut winner: Option<(usize, Exact)> = None;
    for (position, (_, effect, _)) in attempts.iter().enumerate() {
        let total = effect.total();
        if winner.is_none_or(|(_, most)| total > most) {
            winner = Some((position, total));
        }
    }
    attempts
        .iter()
        .enumerate()
        .map(|(position, (_, effect, _))| match winner {
            Some((won, _)) if won == position => effect.clone(),
            _ => Effect::default(),
        })
        .collect()
}

fn best_per_target(attempts: &[Attempt]) -> Vec<Effect> {
    let on = |effect: &Effect, target: Target| -> Exact {
        effect
            .shares
            .iter()
            .filter(|share| share.target == target)
            .map(|share| share.amount)
            .sum()
    };
    attempts
        .iter()
        .enumerate()
        .map(|(position, (_, effect, _))| {
            let mut kept = effect.clone();
            kept.shares.retain(|share| {
                let own = on(effect, share.target);
                attempts.iter().enumerate().all(|(other, (_, rival, _))| {
                    let theirs = on(rival, share.target);
                    other == position || theirs < own || (theirs == own && other > position)
                })
            });
            kept
        })
        .collect()
}
