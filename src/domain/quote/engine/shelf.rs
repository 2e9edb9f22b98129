//! How the reductions of one item combine: the one function behind the shelf,
//! the site and the basket. Who an offer is for, when, and what it targets is
//! decided before; here is only arithmetic and the policy.

use crate::quote::exact::Exact;
use crate::quote::policy::{AtFloor, Base, BestBy, Exclusivity, Grouping, Policy, Stacking};
use crate::quote::promotion::Value;

/// One reduction that is offered for the item now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reduction<'a> {
    /// Whether it applies on top of another reduction.
    pub(crate) applies_to_reduced: bool,
    /// Does not combine, where the policy knows exclusivity.
    pub(crate) exclusive: bool,
    /// Its group under [`Stacking::BestPerGroup`] and [`Grouping::ByName`].
    pub(crate) group: Option<&'a str>,
    /// Higher goes first; for [`BestBy::Priority`] and
    /// [`Grouping::ByPriority`]. The order of consideration is the order in
    /// which reductions are given.
    pub(crate) priority: i64,
    /// What it takes off, one after the other.
    pub(crate) values: &'a [Value],
}

/// What the reductions start from, in minor units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The price before them.
    pub(crate) before_minor: i64,
    /// No reduction goes below it.
    pub(crate) floor_minor: i64,
    /// The regular price, where it is known.
    pub(crate) regular_minor: Option<i64>,
    /// Whether a special price holds.
    pub(crate) special: bool,
}

impl Start {
    /// The regular price, never below the price before the reductions.
    pub(crate) fn regular_minor(&self) -> i64 {
        self.regular_minor
            .map_or(self.before_minor, |was| was.max(self.before_minor))
    }
}

/// What became of a reduction; places are those in the list that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It applied.
    Applied,
    /// It does not apply to what is reduced already.
    AlreadyReduced,
    /// Another one does not combine.
    ExcludedBy(usize),
    /// Another one was taken instead.
    BetterOffer(usize),
    /// It would go below the floor.
    FloorReached,
    /// It would not lower the price.
    NotLower,
}

/// The price that results.
#[derive(Clone, Debug)]
pub(crate) struct Combined {
    /// What each that applied took off, in the order of application.
    pub(crate) applied: Vec<(usize, Exact)>,
    /// The price, minor units; never above the one before.
    pub(crate) price_minor: i64,
    /// One for each reduction.
    pub(crate) verdicts: Vec<Verdict>,
}

/// Combines reductions, given in the order in which the policy considers them.
pub(crate) fn combine(policy: &Policy, start: Start, reductions: &[Reduction<'_>]) -> Combined {
    let mut shelf = Shelf::new(policy, start, reductions);
    shelf.leave_out();
    match policy.catalogue.stacking {
        Stacking::BestOnly => shelf.best(),
        Stacking::BestPerGroup => shelf.best_per_group(),
        Stacking::Compound | Stacking::Additive | Stacking::First => shelf.one_after_another(),
    }
    shelf.finish()
}

struct Shelf<'a> {
    applied: Vec<(usize, Exact)>,
    first: Exact,
    floor: Exact,
    policy: &'a Policy,
    price: Exact,
    reductions: &'a [Reduction<'a>],
    start: Start,
    /// Those that may apply, as far as they do not depend on each other.
    valid: Vec<usize>,
    verdicts: Vec<Verdict>,
}

impl<'a> Shelf<'a> {
    fn new(policy: &'a Policy, start: Start, reductions: &'a [Reduction<'a>]) -> Self {
        let first = Exact::new(match policy.catalogue.base {
            Base::Regular => start.regular_minor(),
            Base::Current => start.before_minor,
        });
        Self {
            applied: Vec::new(),
            first,
            floor: Exact::new(start.floor_minor.max(0)),
            policy,
            price: first,
            reductions,
            start,
            valid: (0..reductions.len()).collect(),
            verdicts: vec![Verdict::NotLower; reductions.len()],
        }
    }

    /// Takes out those that are not for reduced goods where a special price
    /// holds, and those that one which does not combine excludes. Where only
    /// one is taken nothing combines anyway, and the best one stays.
    fn leave_out(&mut self) {
        if self.start.special {
            let reductions = self.reductions;
            for &at in &self.valid {
                if !reductions[at].applies_to_reduced {
                    self.verdicts[at] = Verdict::AlreadyReduced;
                }
            }
            self.valid.retain(|&at| reductions[at].applies_to_reduced);
        }
        if self.policy.catalogue_excludes()
            && let Some(only) = self.first_exclusive()
        {
            for &at in self.valid.iter().filter(|&&at| at != only) {
                self.verdicts[at] = Verdict::ExcludedBy(only);
            }
            self.valid = vec![only];
        }
    }

    /// The first that does not combine and takes something off.
    fn first_exclusive(&self) -> Option<usize> {
        let lowers = |at: usize| {
            self.after(at, self.first)
                .is_ok_and(|price| price < self.first)
        };
        self.valid
            .iter()
            .copied()
            .find(|&at| self.reductions[at].exclusive && lowers(at))
    }

    /// The price after a reduction, from a price; or why it takes nothing off.
    fn after(&self, at: usize, from: Exact) -> Result<Exact, Verdict> {
        let rounding = self.policy.catalogue.rounding;
        let mut price = from;
        let mut at_floor = false;
        for value in self.reductions[at].values {
            let off = match value {
                Value::Percent(percent) => rounding.discount(price, price.percent(*percent)),
                Value::Amount(amount) => Exact::new(*amount),
                Value::FixedPrice(fixed) => price - Exact::new(*fixed),
            };
            let lowered = price - off.max(Exact::ZERO);
            if lowered < self.floor {
                at_floor = true;
            }
            price = lowered.max(self.floor.min(price));
        }
        if at_floor && (self.policy.catalogue.at_floor == AtFloor::LeaveOut || price >= from) {
            Err(Verdict::FloorReached)
        } else {
            Ok(price)
        }
    }

    fn apply(&mut self, at: usize, price: Exact) {
        self.applied.push((at, self.price - price));
        self.verdicts[at] = Verdict::Applied;
        self.price = price;
    }

    fn one_after_another(&mut self) {
        let stacking = self.policy.catalogue.stacking;
        for at in std::mem::take(&mut self.valid) {
            if let (Stacking::First, Some((taken, _))) = (stacking, self.applied.first()) {
                self.verdicts[at] = Verdict::BetterOffer(*taken);
                continue;
            }
            if !self.applied.is_empty() && !self.reductions[at].applies_to_reduced {
                self.verdicts[at] = Verdict::AlreadyReduced;
                continue;
            }
            let from = match stacking {
                Stacking::Additive => self.first,
                _ => self.price,
            };
            match self.after(at, from) {
                Err(verdict) => self.verdicts[at] = verdict,
                Ok(after) => self.take_off(at, from - after),
            }
        }
    }

    /// Takes an amount off the running price, as far as the floor lets it.
    fn take_off(&mut self, at: usize, off: Exact) {
        let lowered = self.price - off;
        let is_below = lowered < self.floor;
        if is_below && self.policy.catalogue.at_floor == AtFloor::LeaveOut {
            self.verdicts[at] = Verdict::FloorReached;
            return;
        }
        let next = lowered.max(self.floor.min(self.price));
        if next < self.price {
            self.apply(at, next);
        } else if is_below {
            self.verdicts[at] = Verdict::FloorReached;
        }
    }

    /// Of the candidates the one that is taken, and its price: below `least`,
    /// from the running price.
    fn winner(&mut self, candidates: &[usize], least: Exact) -> Option<(usize, Exact)> {
        let mut winner: Option<(usize, Exact)> = None;
        for &at in candidates {
            let price = match self.after(at, self.price) {
                Ok(price) => price,
                Err(verdict) => {
                    self.verdicts[at] = verdict;
                    continue;
                }
            };
            if price >= least {
                self.verdicts[at] = Verdict::NotLower;
                continue;
            }
            let wins = winner.is_none_or(|(other, lowest)| {
                let (own, held) = (
                    self.reductions[at].priority,
                    self.reductions[other].priority,
                );
                match self.policy.catalogue.best_by {
                    BestBy::Price => price < lowest,
                    BestBy::Priority => own > held || (own == held && price < lowest),
                }
            });
            if wins {
                winner = Some((at, price));
            }
            self.verdicts[at] = Verdict::Applied;
        }
        if let Some((won, _)) = winner {
            for &at in candidates {
                if at != won && self.verdicts[at] == Verdict::Applied {
                    self.verdicts[at] = Verdict::BetterOffer(won);
                }
            }
        }
        winner
    }

    fn best(&mut self) {
        let before = Exact::new(self.start.before_minor);
        let valid = std::mem::take(&mut self.valid);
        if let Some((at, price)) = self.winner(&valid, before) {
            self.price = before;
            self.apply(at, price);
        }
    }

    fn best_per_group(&mut self) {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in std::mem::take(&mut self.valid) {
            let own = self.reductions[at];
            let same = |group: &&mut Vec<usize>| {
                let other = self.reductions[group[0]];
                match self.policy.grouping {
                    Grouping::ByPriority => other.priority == own.priority,
                    Grouping::ByName => other.group == own.group,
                }
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        for mut group in groups {
            if !self.applied.is_empty() {
                for &at in &group {
                    self.verdicts[at] = Verdict::AlreadyReduced;
                }
                group.retain(|&at| self.reductions[at].applies_to_reduced);
            }
            if let Some((at, price)) = self.winner(&group, self.price) {
                self.apply(at, price);
            }
        }
    }

    /// Whole minor units; nothing applies that would leave the price where it
    /// was or raise it, as reductions of the regular price can where a lower
    /// special price holds.
    fn finish(mut self) -> Combined {
        let mut price_minor = self.start.before_minor;
        if !self.applied.is_empty() {
            let reduced = self.price.nearest_minor();
            if reduced < price_minor {
                price_minor = reduced;
            } else {
                for (at, _) in self.applied.drain(..) {
                    self.verdicts[at] = Verdict::NotLower;
                }
            }
        }
        Combined {
            applied: self.applied,
            price_minor,
            verdicts: self.verdicts,
        }
    }
}

impl Policy {
    /// Whether the shelf knows offers that do not combine.
    fn catalogue_excludes(&self) -> bool {
        let takes_one = matches!(
            self.catalogue.stacking,
            Stacking::BestOnly | Stacking::First
        );
        self.exclusivity != Exclusivity::Ignored && !takes_one
    }
}
