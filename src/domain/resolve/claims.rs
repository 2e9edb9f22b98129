//! Which reductions may be claimed, by rule 6.

use super::Paid;
use super::law::Prior;

/// The reference prices and the percentage that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) prior: Option<i64>,
    pub(super) reduction_percent: Option<u8>,
    pub(super) regular: Option<i64>,
}

pub(super) fn claims(paid: &Paid<'_>, prior: &Prior) -> Claims {
    if !paid.may_claim {
        return Claims {
            prior: None,
            reduction_percent: None,
            regular: None,
        };
    }
    let below_prior = match prior {
        Prior::Known(prior) => paid.price < *prior,
        Prior::NotAsked => true,
        Prior::NoClaim(_) => false,
    };
    let regular = paid
        .regular
        .filter(|regular| paid.price < *regular && below_prior);
    let prior = prior.known().filter(|_| paid.is_reduced());
    // Without a regular price that may be claimed there is nothing to be a
    // share of; with one, the prior price is what the law counts from.
    let base = regular.map(|regular| prior.unwrap_or(regular));
    Claims {
        prior,
        reduction_percent: base.and_then(|base| percent_below(paid.price, base)),
        regular,
    }
}

/// Whole percent that `price` is below `base`, rounded down; none below 1.
fn percent_below(price: i64, base: i64) -> Option<u8> {
    let percent = (i128::from(base) - i128::from(price)) * 100 / i128::from(base);
    u8::try_from(percent).ok().filter(|percent| *percent >= 1)
}
