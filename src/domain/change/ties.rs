//! Offers that nothing but their id tells apart.
//!
//! Offers of one priority are taken by the price they make, then by id. Where
//! two make the same price for every product at every time, the id decides
//! whose words are shown, and nobody chose it for that: it is the same offer
//! entered twice. It is refused, and the other one is named.

use super::ErrorCode;
use super::overlay::Overlay;
use super::problem::Problems;
use crate::schedule::{Schedule, Span, zone_of};
use crate::source::Offer;

/// Refuses an offer that equals another one of the state in all but its id,
/// its words and its time, at a time that both share.
pub(super) fn check(problems: &mut Problems, index: usize, offer: &Offer, state: &Overlay<'_>) {
    let twin = offer
        .markets
        .iter()
        .flat_map(|market| state.offers(market))
        .find(|other| {
            other.id != offer.id && is_same(offer, other) && overlap(offer, other, state)
        });
    if let Some(twin) = twin {
        let reason = format!(
            "offers {} and {} have the same effect, priority, target and customers at the same \
             time: which one is shown would depend on their ids; give one of them another \
             priority, or end it",
            twin.id, offer.id
        );
        problems.refuse(index, "offer.id", ErrorCode::Duplicate, reason);
    }
}

/// Whether both hold at some time in one market, whatever their hours.
fn overlap(a: &Offer, b: &Offer, state: &Overlay<'_>) -> bool {
    let shared = a.markets.iter().filter(|market| b.is_in(market));
    let mut markets = shared.filter_map(|market| state.market(market));
    markets.any(|market| {
        let zone = zone_of(&market);
        let [a, b] = [a, b].map(|offer| *Schedule::new(offer, &zone).period());
        let before =
            |first: Span, second: Span| first.until.is_some_and(|until| until <= second.from);
        !before(a, b) && !before(b, a)
    })
}

/// Whether all that is left to tell them apart is id, words, markets and time.
fn is_same(a: &Offer, b: &Offer) -> bool {
    let bare = |offer: &Offer| Offer {
        id: a.id.clone(),
        labels: a.labels.clone(),
        markets: a.markets.clone(),
        valid_from: a.valid_from,
        valid_until: a.valid_until,
        ..offer.clone()
    };
    bare(a) == bare(b)
}
