//! From the final state to a quote: sums, tax, reasons, near misses.

use super::Engine;
use super::catalogue::ShelfPrice;
use super::state::State;
use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::CatalogueAs;
use crate::quote::promotion::Stage;
use crate::quote::result::{
    Considered, GiftLine, Level, Missing, NearMiss, Quote, QuotedLine, QuotedShare, QuotedShipping,
    Reason, Target, Totals,
};

impl Engine<'_> {
    /// Puts the quote together.
    pub(crate) fn finish(
        mut self,
        before: &State,
        state: &State,
        shelves: &[ShelfPrice],
        coupons: Vec<(String, bool)>,
    ) -> Quote {
        let lines: Vec<QuotedLine> = (0..state.lines.len())
            .map(|line| self.line(state, line, shelves))
            .collect();
        let shipping: Vec<QuotedShipping> = self
            .basket
            .shipping
            .iter()
            .zip(&state.shipping)
            .map(|(way, now)| QuotedShipping {
                id: way.id.clone(),
                price_minor: way.price_minor,
                off: now.off,
            })
            .collect();
        let gifts: Vec<GiftLine> = state
            .gifts
            .iter()
            .map(|gift| GiftLine {
                sku: gift.sku.clone(),
                qty: gift.qty,
                price_minor: gift.price_minor,
                promotion: self.promotions[gift.promotion].id.clone(),
            })
            .collect();
        let totals = totals(&lines, &gifts, &shipping);
        let shares = self.all_shares(state, shelves, &gifts);
        let near = self.near_misses(before);
        let applications = self
            .outcomes
            .iter()
            .map(|outcome| outcome.applications)
            .sum();
        Quote {
            used_units: state
                .lines
                .iter()
                .map(|line| {
                    let used: i64 = line.used.iter().map(|(_, units)| units).sum();
                    used.min(line.qty)
                })
                .sum(),
            lines,
            gifts,
            shipping,
            shares,
            considered: self.considered(shelves),
            near,
            coupons,
            totals,
            applications,
        }
    }

    fn line(&self, state: &State, index: usize, shelves: &[ShelfPrice]) -> QuotedLine {
        let line = &state.lines[index];
        let product = state.product(self.basket, index);
        let payable = line.running();
        let (net, gross) = taxed(payable, product.tax_percent, self.basket.prices_include_tax);
        let shown_off = match self.policy.catalogue.shown_as {
            CatalogueAs::Price => Exact::ZERO,
            CatalogueAs::LineDiscount => {
                let off = Exact::new(shelves[line.product].before_minor - line.start_minor);
                off.max(Exact::ZERO) * Exact::new(line.qty)
            }
        };
        QuotedLine {
            sku: product.sku.clone(),
            qty: line.qty,
            regular_unit_minor: line.regular_minor,
            current_unit_minor: line.start_minor,
            catalogue_unit_off: Exact::new(shelves[line.product].before_minor - line.start_minor)
                .max(Exact::ZERO),
            catalogue_off_shown: shown_off,
            item_off: line.item_off,
            order_off: line.order_off,
            payable,
            net,
            gross,
        }
    }

    /// Catalogue shares first, then those of the basket in order of
    /// application; shares of one promotion on one target are added up.
    fn all_shares(
        &self,
        state: &State,
        shelves: &[ShelfPrice],
        gifts: &[GiftLine],
    ) -> Vec<QuotedShare> {
        let mut shares: Vec<QuotedShare> = Vec::new();
        for (index, line) in state.lines.iter().enumerate() {
            for (promotion, off) in &shelves[line.product].applied {
                shares.push(QuotedShare {
                    promotion: self.promotions[*promotion].id.clone(),
                    target: Target::Line(index),
                    level: Level::Catalogue,
                    amount: *off * Exact::new(line.qty),
                });
            }
        }
        for share in &self.shares {
            let id = &self.promotions[share.promotion].id;
            let same = shares.iter_mut().find(|other| {
                other.promotion == *id && other.target == share.target && other.level == share.level
            });
            match same {
                Some(other) => other.amount += share.amount,
                None => shares.push(QuotedShare {
                    promotion: id.clone(),
                    target: share.target,
                    level: share.level,
                    amount: share.amount,
                }),
            }
        }
        for (index, gift) in gifts.iter().enumerate() {
            if gift.price_minor == 0 {
                continue;
            }
            shares.push(QuotedShare {
                promotion: gift.promotion.clone(),
                target: Target::Gift(index),
                level: Level::Item,
                amount: Exact::new(gift.price_minor) * Exact::new(gift.qty),
            });
        }
        shares
    }

    fn considered(&mut self, shelves: &[ShelfPrice]) -> Vec<Considered> {
        for shelf in shelves {
            for (index, reason) in &shelf.considered {
                let outcome = &mut self.outcomes[*index];
                let better = *reason == Reason::Applied
                    || outcome.reason.is_none()
                    || outcome.reason == Some(Reason::NotInTarget);
                if better && outcome.reason != Some(Reason::Applied) {
                    outcome.reason = Some(reason.clone());
                    outcome.applications += u32::from(*reason == Reason::Applied);
                }
            }
        }
        let mut considered = Vec::new();
        for stage in [Stage::Catalogue, Stage::Basket] {
            for (rule, outcome) in self.promotions.iter().zip(&self.outcomes) {
                if rule.stage != stage {
                    continue;
                }
                let reason = outcome.reason.clone().unwrap_or(Reason::NotInTarget);
                considered.push(Considered {
                    promotion: rule.id.clone(),
                    reason,
                });
                if outcome.budget_exceeded && outcome.reason != Some(Reason::BudgetExceeded) {
                    considered.push(Considered {
                        promotion: rule.id.clone(),
                        reason: Reason::BudgetExceeded,
                    });
                }
            }
        }
        considered
    }

    /// What would apply with a little more: at least half of a threshold is
    /// there, or a set has begun.
    fn near_misses(&self, before: &State) -> Vec<NearMiss> {
        let mut near = Vec::new();
        for (index, outcome) in self.outcomes.iter().enumerate() {
            let missing = match &outcome.reason {
                Some(Reason::BelowThreshold { have, need, units }) if have * 2 >= *need => {
                    let missing = need - have;
                    if *units {
                        Missing::Units(missing)
                    } else {
                        Missing::Minor(missing)
                    }
                }
                Some(Reason::IncompleteSet { missing }) => Missing::Units(*missing),
                Some(Reason::BelowThreshold { .. }) => match self.missing_units(before, index) {
                    Some(missing) => Missing::Units(missing),
                    None => continue,
                },
                _ => continue,
            };
            near.push(NearMiss {
                promotion: self.promotions[index].id.clone(),
                missing,
            });
        }
        near
    }
}

/// Net and gross of a line, the computed one rounded half up; a line without
/// a rate is its own net and gross.
fn taxed(payable: Exact, percent: Option<Exact>, include: bool) -> (Exact, Exact) {
    let Some(percent) = percent else {
        return (payable, payable);
    };
    let hundred = Exact::new(100);
    if include {
        let net = (payable * hundred).over(hundred + percent);
        (net.round(Whole::HalfUp), payable)
    } else {
        let gross = payable + payable.percent(percent);
        (payable, gross.round(Whole::HalfUp))
    }
}

fn totals(lines: &[QuotedLine], gifts: &[GiftLine], shipping: &[QuotedShipping]) -> Totals {
    let sum = |of: &dyn Fn(&QuotedLine) -> Exact| -> Exact { lines.iter().map(of).sum() };
    let gifts: Exact = gifts
        .iter()
        .map(|gift| Exact::new(gift.price_minor) * Exact::new(gift.qty))
        .sum();
    let items = sum(&|line| line.payable);
    let fees: Exact = shipping
        .iter()
        .map(|way| Exact::new(way.price_minor) - way.off)
        .sum();
    Totals {
        regular: sum(&|line| Exact::new(line.regular_unit_minor) * Exact::new(line.qty)) + gifts,
        current: sum(&|line| Exact::new(line.current_unit_minor) * Exact::new(line.qty)) + gifts,
        item_off: sum(&|line| line.item_off) + gifts,
        order_off: sum(&|line| line.order_off),
        items,
        shipping: fees,
        total: items + fees,
        items_net: sum(&|line| line.net),
        items_gross: sum(&|line| line.gross),
    }
}
