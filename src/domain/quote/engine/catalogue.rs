//! The catalogue stage: from the product's price to its shelf price.

use super::conditions::is_offered;
use crate::quote::basket::{Basket, Product};
use crate::quote::exact::Exact;
use crate::quote::policy::{Base, Exclusivity, Policy, ReducedMeans, Sequence, Stacking};
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
    let regular_minor = product
        .regular_minor
        .map_or(product.price_minor, |regular| {
            regular.max(product.price_minor)
        });
    let mut shelf = ShelfPrice {
        regular_minor,
        before_minor: product.price_minor,
        price_minor: product.price_minor,
        applied: Vec::new(),
        considered: Vec::new(),
        reduced: false,
    };
    let mut valid = Vec::new();
    for index in in_sequence(policy, promotions) {
        if promotions[index].stage != Stage::Catalogue {
            continue;
        }
        match offered(policy, basket, product, promotions[index]) {
            Ok(()) => valid.push(index),
            Err(reason) => shelf.considered.push((index, reason)),
        }
    }
    keep_exclusive(policy, promotions, &mut valid, &mut shelf);
    match policy.catalogue.stacking {
        Stacking::BestOnly | Stacking::BestPerGroup => {
            best(policy, product, promotions, &valid, &mut shelf);
        }
        _ => one_after_another(policy, product, promotions, &valid, &mut shelf),
    }
    let special = product.on_sale
        || product
            .regular_minor
            .is_some_and(|was| was > product.price_minor);
    shelf.reduced = !shelf.applied.is_empty()
        || (policy.reduced_means == ReducedMeans::AnyReduction && special);
    shelf
}

fn offered(
    policy: &Policy,
    basket: &Basket,
    product: &Product,
    promotion: &Promotion,
) -> Result<(), Reason> {
    is_offered(promotion, basket, policy)?;
    let reaches = promotion.mechanics.iter().any(|mechanic| {
        mechanic
            .scope()
            .is_some_and(|scope| scope.holds(product, product.price_minor))
    });
    if !reaches {
        return Err(Reason::NotInTarget);
    }
    let special = product.on_sale
        || product
            .regular_minor
            .is_some_and(|was| was > product.price_minor);
    if special && !promotion.applies_to_reduced {
        return Err(Reason::AlreadyReduced);
    }
    Ok(())
}

fn keep_exclusive(
    policy: &Policy,
    promotions: &[&Promotion],
    valid: &mut Vec<usize>,
    shelf: &mut ShelfPrice,
) {
    if policy.exclusivity == Exclusivity::Ignored {
        return;
    }
    let Some(only) = valid
        .iter()
        .copied()
        .find(|&index| promotions[index].exclusive)
    else {
        return;
    };
    for &index in valid.iter().filter(|&&index| index != only) {
        let by = promotions[only].id.clone();
        shelf.considered.push((index, Reason::ExcludedBy(by)));
    }
    *valid = vec![only];
}

/// The price after a promotion, from a price, not below the floor.
fn after(policy: &Policy, product: &Product, promotion: &Promotion, from: Exact) -> Exact {
    let floor = Exact::new(product.floor_minor.max(0));
    let mut price = from;
    for mechanic in &promotion.mechanics {
        let Mechanic::Item { value, scope, .. } = mechanic else {
            continue;
        };
        if !scope.holds(product, product.price_minor) {
            continue;
        }
        let rounding = policy.catalogue.rounding;
        let off = match value {
            Value::Percent(percent) => rounding.discount(price, price.percent(*percent)),
            Value::Amount(amount) => Exact::new(*amount),
            Value::FixedPrice(fixed) => price - Exact::new(*fixed),
        };
        price = (price - off.max(Exact::ZERO)).max(floor.min(price));
    }
    price
}

/// Where the first promotion starts.
fn start(policy: &Policy, shelf: &ShelfPrice) -> Exact {
    Exact::new(match policy.catalogue.base {
        Base::Regular => shelf.regular_minor,
        Base::Current => shelf.before_minor,
    })
}

fn one_after_another(
    policy: &Policy,
    product: &Product,
    promotions: &[&Promotion],
    valid: &[usize],
    shelf: &mut ShelfPrice,
) {
    let first = start(policy, shelf);
    let mut price = first;
    for &index in valid {
        let stop = policy.catalogue.stacking == Stacking::First && !shelf.applied.is_empty();
        let from = match policy.catalogue.stacking {
            Stacking::Additive => first,
            _ => price,
        };
        let next = price - (from - after(policy, product, promotions[index], from));
        let next = next.max(Exact::new(product.floor_minor.max(0)).min(price));
        if stop {
            let by = promotions[shelf.applied[0].0].id.clone();
            shelf.considered.push((index, Reason::BetterOffer(by)));
        } else if next < price {
            shelf.applied.push((index, price - next));
            shelf.considered.push((index, Reason::Applied));
            price = next;
        } else {
            shelf.considered.push((index, Reason::FloorReached));
        }
    }
    if !shelf.applied.is_empty() {
        shelf.price_minor = price.nearest_minor();
    }
}

fn best(
    policy: &Policy,
    product: &Product,
    promotions: &[&Promotion],
    valid: &[usize],
    shelf: &mut ShelfPrice,
) {
    let from = start(policy, shelf);
    let before = Exact::new(shelf.before_minor);
    let mut winner: Option<(usize, Exact)> = None;
    for &index in valid {
        let price = after(policy, product, promotions[index], from);
        if price < before && winner.is_none_or(|(_, lowest)| price < lowest) {
            winner = Some((index, price));
        }
    }
    for &index in valid {
        let reason = match winner {
            Some((won, _)) if won == index => Reason::Applied,
            Some((won, _)) => Reason::BetterOffer(promotions[won].id.clone()),
            None => Reason::FloorReached,
        };
        shelf.considered.push((index, reason));
    }
    if let Some((index, price)) = winner {
        shelf.applied.push((index, before - price));
        shelf.price_minor = price.nearest_minor();
    }
}
