//! Which promotions stand in the terms, by rule 11.

use std::cmp::Reverse;

use offercast_contract::{Audience, Instant, Promotion, PromotionTerms};

use super::restrictions::Law;
use super::{Dated, Inputs, Paid, Reason, is_everyone, offers};
use crate::source::Offer;

/// The promotions that stand in the terms, in the order of rule 11.
pub(super) fn promotions(input: &Inputs<'_>, paid: &Paid<'_>, at: Instant) -> Vec<Promotion> {
    let mut standing: Vec<(&Offer, &PromotionTerms)> = all(input)
        .filter(|(dated, _)| judge(input, paid, dated, at).is_ok())
        .map(|(dated, terms)| (dated.offer, terms))
        .collect();
    standing.sort_by_key(|(offer, _)| order(offer));
    standing
        .into_iter()
        .map(|(offer, terms)| stated(offer, terms))
        .collect()
}

/// Every promotion that may be for the product, with its verdict, in the order
/// of rule 11.
pub(super) fn judged<'a>(
    input: &Inputs<'a>,
    paid: &Paid<'_>,
    at: Instant,
) -> Vec<(&'a Offer, Result<(), Reason>)> {
    let mut all: Vec<&Dated<'a>> = all(input).map(|(dated, _)| dated).collect();
    all.sort_by_key(|dated| order(dated.offer));
    all.into_iter()
        .map(|dated| (dated.offer, judge(input, paid, dated, at)))
        .collect()
}

fn all<'a>(input: &Inputs<'a>) -> impl Iterator<Item = (&'a Dated<'a>, &'a PromotionTerms)> {
    let offers = input.offers.iter();
    offers.filter_map(|dated| Some((dated, dated.offer.promotion()?)))
}

fn order(offer: &Offer) -> (Reverse<i32>, &str) {
    (Reverse(offer.priority), offer.id.as_str())
}

/// Everyone sees what members of an audience would get, with that condition; a
/// member sees what is theirs.
fn judge(
    input: &Inputs<'_>,
    paid: &Paid<'_>,
    dated: &Dated<'_>,
    at: Instant,
) -> Result<(), Reason> {
    let offer = dated.offer;
    let reader = if is_everyone(input.audience) && !offer.audience.is_personal() {
        &offer.audience
    } else {
        input.audience
    };
    if let Some(reason) = Law::at(input, at).promotion_forbidden() {
        return Err(reason);
    }
    offers::stands(input, dated, reader, paid.current, at)?;
    if !offer.applies_to_reduced && paid.is_reduced() {
        return Err(Reason::AlreadyReduced);
    }
    Ok(())
}

/// The promotion as it travels.
#[must_use]
pub fn stated(offer: &Offer, terms: &PromotionTerms) -> Promotion {
    let audience = |audience: &Audience| (!is_everyone(audience)).then(|| audience.clone());
    Promotion {
        audience: audience(&offer.audience),
        channels: Vec::new(),
        id: offer.id.clone(),
        labels: offer.labels.clone(),
        products: offercast_contract::Assortment {
            exclude: offer.target.exclude.clone(),
            include: offer.target.include.clone(),
        },
        terms: terms.clone(),
    }
}
