//! Which order conditions hold, by rule 10.

use std::cmp::Reverse;

use offercast_contract::{Amount, DeliveryFee, Instant, OrderTerms, SalesMode};

use super::Inputs;
use super::explain::{Considered, Reason, Subject};
use crate::source::OrderConditions;

/// The order conditions of the view; none where nothing is said.
pub(super) fn order(input: &Inputs<'_>, at: Instant) -> Option<OrderTerms> {
    let amount = |minor: i64| Amount::new(minor, input.market.currency);
    let fee = giving(input, at, DELIVERY_FEE).and_then(|from| from.delivery_fee);
    let minimum = giving(input, at, "minimum_order_minor");
    let terms = OrderTerms {
        delivery_fee: fee.map(|fee| DeliveryFee {
            amount: amount(fee.amount_minor),
            free_from: fee.free_from_minor.map(amount),
        }),
        minimum_order: minimum
            .and_then(|from| from.minimum_order_minor)
            .filter(|minor| *minor > 0)
            .map(amount),
        payment: giving(input, at, "payment")
            .map(|from| from.payment.clone())
            .unwrap_or_default(),
        returns: giving(input, at, "returns")
            .and_then(|from| from.returns.as_ref())
            .map(Into::into),
    };
    (!terms.is_empty()).then_some(terms)
}

const DELIVERY_FEE: &str = "delivery_fee";

/// The most specific conditions that give a part.
fn giving<'a>(input: &Inputs<'a>, at: Instant, part: &str) -> Option<&'a OrderConditions> {
    if part == DELIVERY_FEE && input.mode != SalesMode::Delivery {
        return None;
    }
    input
        .order
        .iter()
        .copied()
        .filter(|from| from.parts().contains(&part) && judge(input, from, at).is_none())
        .min_by_key(|from| rank(input, from))
}

/// Smaller is more specific. The ids only make the answer independent of
/// chance: what would be ambiguous is refused when it is recorded.
fn rank<'a>(input: &Inputs<'_>, from: &'a OrderConditions) -> (usize, Reverse<bool>, &'a str) {
    let distance = input.distance(from.zone.as_ref()).unwrap_or(usize::MAX);
    (distance, Reverse(from.mode.is_some()), from.id.as_str())
}

/// Why conditions do not hold here and now.
fn judge(input: &Inputs<'_>, from: &OrderConditions, at: Instant) -> Option<Reason> {
    if at < from.valid_from {
        let from = from.valid_from;
        Some(Reason::NotYetValid { from })
    } else if let Some(at) = from.valid_until.filter(|until| *until <= at) {
        Some(Reason::Ended { at })
    } else if from.market != input.market.id || input.distance(from.zone.as_ref()).is_none() {
        Some(Reason::OtherPlace)
    } else if from.mode.is_some_and(|mode| mode != input.mode) {
        Some(Reason::OtherMode)
    } else {
        None
    }
}

/// Every part of all conditions of the market with what became of it.
pub(super) fn considered(input: &Inputs<'_>, at: Instant) -> Vec<Considered> {
    let mut all = input.order.to_vec();
    all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let mut considered = Vec::new();
    for from in all {
        for part in from.parts() {
            let is_taken = giving(input, at, part).is_some_and(|taken| taken.id == from.id);
            let misplaced = part == DELIVERY_FEE && input.mode != SalesMode::Delivery;
            let reason = match judge(input, from, at) {
                Some(reason) => reason,
                None if is_taken => Reason::Applied,
                None if misplaced => Reason::OtherMode,
                None => Reason::LessSpecific,
            };
            let subject = Subject::OrderConditions {
                id: from.id.clone(),
                part: part.to_owned(),
            };
            considered.push(Considered::new(subject, reason));
        }
    }
    considered
}
