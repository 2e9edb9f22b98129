//! The catalogue stage: from the product's price to its shelf price.

use super::conditions::is_offered;
use super::shelf::{Reduction, Start, Verdict, combine};
use crate::quote::basket::{Basket, Product};
use crate::quote::exact::Exact;
use crate::quote::policy::{Policy, ReducedMeans, Sequence};
use crate::quote::promotion::{Mechanic, Promotion, Stage, Value};
use crate::quote::result::Reason;

/// The shelf price of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfPrice {
    /// The regular ("was") unit price, minor units.
    pub regular_minor: i64,
    /// The price before catalogue promotions, minor units.
    pub before_minor: i64,
    /// The price to show and to start the basket from, minor units.
    pub price_minor: i64,
    /// What each promotion took off, in order.
    pub applied: Vec<(usize, Exact)>,
    /// Each promotion looked at, with the reason.
    pub considered: Vec<(usize, Reason)>,
    /// Whether it counts as already reduced for basket promotions.
    pub reduced: bool,
}

/// Puts promotions into the order a policy considers them in.
pub(crate) fn in_sequence(policy: &Policy, promotions: &[&Promotion]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..promotions.len()).collect();
    match policy.sequence {
        Sequence::Listed => {}
        Sequence::Priority => {
            order.sort_by_key(|&index| -promotions[index].priority.unwrap_or(0));
        }
        Sequence::ThresholdsLast => order.sort_by_key(|&index| {
            promotions[index].conditions.iter().any(|condition| {
                matches!(condition, crate::quote::promotion::Condition::Total { .. })
            })
        }),
        Sequence::BuyGetFirst => order.sort_by_key(|&index| {
            !promotions[index]
                .mechanics
                .iter()
                .any(|mechanic| matches!(mechanic, Mechanic::BuyGet { .. }))
        }),
    }
    order
}

/// The shelf price of one product under the catalogue promotions given.
pub(crate) fn shelf_price(
    policy: &Policy,
    basket: &Basket,
    product: &Product,
    promotions: &[&Promotion],
) -> ShelfPrice {
    let start = Start {
        before_minor: product.price_minor,
        floor_minor: product.floor_minor,
        regular_minor: product.regular_minor,
        special: is_special(product),
    };
    let mut considered = Vec::new();
    let mut valid: Vec<(usize, Vec<Value>)> = Vec::new();
    for index in in_sequence(policy, promotions) {
        if promotions[index].stage != Stage::Catalogue {
            continue;
        }
        match offered(policy, basket, product, promotions[index]) {
            Ok(values) => valid.push((index, values)),
            Err(reason) => considered.push((index, reason)),
        }
    }
    let reductions: Vec<Reduction<'_>> = valid
        .iter()
        .map(|(index, values)| {
            let promotion = promotions[*index];
            Reduction {
                applies_to_reduced: promotion.applies_to_reduced,
                exclusive: promotion.exclusive,
                group: promotion.group.as_deref(),
                priority: promotion.priority.unwrap_or(0),
                values,
            }
        })
        .collect();
    let combined = combine(policy, start, &reductions);
    let id = |at: usize| promotions[valid[at].0].id.clone();
    for (&(index, _), verdict) in valid.iter().zip(&combined.verdicts) {
        let reason = match *verdict {
            Verdict::Applied => Reason::Applied,
            Verdict::AlreadyReduced => Reason::AlreadyReduced,
            Verdict::ExcludedBy(other) => Reason::ExcludedBy(id(other)),
            Verdict::BetterOffer(other) => Reason::BetterOffer(id(other)),
            Verdict::FloorReached | Verdict::NotLower => Reason::FloorReached,
        };
        considered.push((index, reason));
    }
    ShelfPrice {
        regular_minor: start.regular_minor(),
        before_minor: product.price_minor,
        price_minor: combined.price_minor,
        reduced: !combined.applied.is_empty()
            || (policy.reduced_means == ReducedMeans::AnyReduction && start.special),
        applied: combined
            .applied
            .into_iter()
            .map(|(at, off)| (valid[at].0, off))
            .collect(),
        considered,
    }
}

fn is_special(product: &Product) -> bool {
    product.on_sale
        || product
            .regular_minor
            .is_some_and(|was| was > product.price_minor)
}

/// What the promotion takes off the product, one value for each mechanic that
/// reaches it; or why it is not for it.
fn offered(
    policy: &Policy,
    basket: &Basket,
    product: &Product,
    promotion: &Promotion,
) -> Result<Vec<Value>, Reason> {
    is_offered(promotion, basket, policy)?;
    let mut reaches = false;
    let mut values = Vec::new();
    for mechanic in &promotion.mechanics {
        let holds =
            |scope: &crate::quote::promotion::Scope| scope.holds(product, product.price_minor);
        reaches |= mechanic.scope().is_some_and(holds);
        if let Mechanic::Item { value, scope, .. } = mechanic
            && holds(scope)
        {
            values.push(*value);
        }
    }
    if reaches {
        Ok(values)
    } else {
        Err(Reason::NotInTarget)
    }
}
