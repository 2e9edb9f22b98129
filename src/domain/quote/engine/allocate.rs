//! Spreading an amount over lines.

use crate::quote::exact::{Exact, Whole};
use crate::quote::policy::{Allocation, Spare, WeightBy, ZeroWeights};

/// Spreads `amount` in proportion to `weights`, none above its cap.
///
/// Without caps the parts add up to the amount, unless all weights are zero
/// and the rule gives nothing then. With caps, what does not fit moves to the
/// others or is lost, as the rule says.
#[must_use]
pub fn allocate(
    rule: &Allocation,
    amount: Exact,
    weights: &[Exact],
    caps: Option<&[Exact]>,
) -> Vec<Exact> {
    let mut parts = vec![Exact::ZERO; weights.len()];
    let mut left = amount;
    // Each round fills at least one cap, so there are at most as many rounds
    // as weights, and one more.
    for _ in 0..=weights.len() {
        if left.is_zero() {
            break;
        }
        let open: Vec<usize> = (0..weights.len())
            .filter(|&index| caps.is_none_or(|caps| parts[index] < caps[index]))
            .collect();
        let open_weights: Vec<Exact> = open.iter().map(|&index| weights[index]).collect();
        let shares = shares(rule, left, &open_weights);
        let mut placed = Exact::ZERO;
        for (&index, share) in open.iter().zip(shares) {
            let share = match caps {
                Some(caps) => share.min(caps[index] - parts[index]),
                None => share,
            };
            parts[index] += share;
            placed += share;
        }
        left -= placed;
        if placed.is_zero() || !rule.redistribute {
            break;
        }
    }
    parts
}

/// One round without caps.
fn shares(rule: &Allocation, amount: Exact, weights: &[Exact]) -> Vec<Exact> {
    let total: Exact = weights.iter().copied().sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if total.is_zero() {
        return match rule.zero {
            ZeroWeights::Nothing => vec![Exact::ZERO; weights.len()],
            ZeroWeights::Even => rounded(rule, amount, &vec![Exact::new(1); weights.len()]),
        };
    }
    if rule.weight == WeightBy::Units {
        return by_units(amount, weights, total);
    }
    rounded(rule, amount, weights)
}

/// Rounds each share, then hands out what is missing or too much.
fn rounded(rule: &Allocation, amount: Exact, weights: &[Exact]) -> Vec<Exact> {
    if rule.spare == Spare::CarriedToFirst {
        return carried(rule, amount, weights);
    }
    let total: Exact = weights.iter().copied().sum();
    let raw: Vec<Exact> = weights
        .iter()
        .map(|&weight| (amount * weight).over(total))
        .collect();
    if rule.spare == Spare::None {
        return unrounded(amount, &raw);
    }
    let mut parts: Vec<Exact> = raw.iter().map(|share| share.round(rule.share)).collect();
    let mut rest = amount - parts.iter().copied().sum();
    // A zero weight takes no part, spare cents included.
    let mut order: Vec<usize> = (0..weights.len())
        .filter(|&index| !weights[index].is_zero())
        .collect();
    match rule.spare {
        Spare::Last => {
            if let Some(&last) = order.last() {
                parts[last] += rest;
            }
            return parts;
        }
        Spare::LargestRemainder => {
            order.sort_by_key(|&index| parts[index] - raw[index]);
            if !rest.is_positive() {
                order.reverse();
            }
        }
        Spare::First | Spare::CarriedToFirst | Spare::None => {}
    }
    let cent = Exact::new(1);
    for &index in order.iter().cycle() {
        if rest.is_zero() {
            break;
        }
        // The rest can be a fraction only where the amount was one.
        let step = if rest.is_positive() {
            rest.min(cent)
        } else {
            rest.max(-cent)
        };
        parts[index] += step;
        rest -= step;
    }
    parts
}

/// Each share of what the later ones left, the first one takes the rest.
fn carried(rule: &Allocation, amount: Exact, weights: &[Exact]) -> Vec<Exact> {
    let mut left = amount;
    let mut open: Exact = weights.iter().copied().sum();
    let mut parts = vec![Exact::ZERO; weights.len()];
    let first = weights.iter().position(|weight| !weight.is_zero());
    for (index, &weight) in weights.iter().enumerate().rev() {
        let share = (left * weight).over(open).round(rule.share);
        parts[index] = if first == Some(index) { left } else { share };
        left -= parts[index];
        open -= weight;
    }
    parts
}

/// Fractions to millionths; the last share closes the sum.
fn unrounded(amount: Exact, raw: &[Exact]) -> Vec<Exact> {
    let mut parts: Vec<Exact> = raw.iter().map(|share| share.to_millionths()).collect();
    let rest = amount.to_millionths() - parts.iter().copied().sum();
    if let Some(last) = parts.iter_mut().rev().find(|part| !part.is_zero()) {
        *last += rest;
    }
    parts
}

/// The same whole amount for each unit, the remaining cents to the first
/// units.
fn by_units(amount: Exact, units: &[Exact], total: Exact) -> Vec<Exact> {
    let each = amount.over(total).round(Whole::Down);
    let mut rest = amount - each * total;
    units
        .iter()
        .map(|&count| {
            let extra = rest.min(count);
            rest -= extra;
            each * count + extra
        })
        .collect()
}

/// Spreads a discount, as the rule's sign convention has it: a system that
/// keeps discounts as negative adjustments rounds them the other way round.
#[must_use]
pub(crate) fn allocate_discount(
    rule: &Allocation,
    amount: Exact,
    weights: &[Exact],
    caps: &[Exact],
) -> Vec<Exact> {
    if !rule.negative {
        return allocate(rule, amount, weights, Some(caps));
    }
    let parts: Vec<Exact> = allocate(rule, -amount, weights, None)
        .into_iter()
        .map(|part| -part)
        .collect();
    if parts.iter().zip(caps).all(|(part, cap)| part <= cap) {
        return parts;
    }
    allocate(rule, amount, weights, Some(caps))
}
