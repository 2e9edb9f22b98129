//! Prices of one change set that contradict each other.
//!
//! A `set_price` replaces what held *before* the change set: that is what a
//! person who types a price means. Two of one set for the same thing at the
//! same time are another matter: both are meant to hold, whoever wrote them did
//! not say which, and the order of rows in a file is chance. They are refused,
//! and both are named. Equal amounts do no harm.

use std::cmp::Ordering;

use offercast_contract::measure::Quantity;
use offercast_contract::{Amount, Instant};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{Change, SetPrice, prices};

/// A price that is set, and where it stands in the set.
struct Set<'c> {
    change: &'c SetPrice,
    from: Instant,
    index: usize,
    tier: Option<Quantity>,
}

impl Set<'_> {
    /// Sorts by what a price is for.
    fn by_subject(&self, other: &Self) -> Ordering {
        let (a, b) = (self.change, other.change);
        (&a.sku, &a.market, &a.zone, &a.audience, a.kind, self.tier).cmp(&(
            &b.sku,
            &b.market,
            &b.zone,
            &b.audience,
            b.kind,
            other.tier,
        ))
    }
}

/// Refuses each price that overlaps one earlier in time, of the same subject
/// and with another amount.
pub(super) fn check(
    problems: &mut Problems,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if let Change::SetPrice(change) = change {
            let from = change.valid_from.unwrap_or(now);
            let tier = prices::tier(&change.sku, change.minimum_quantity, state);
            sets.push(Set {
                change,
                from,
                index,
                tier,
            });
        }
    }
    sets.sort_unstable_by(|a, b| {
        a.by_subject(b)
            .then_with(|| (a.from, a.index).cmp(&(b.from, b.index)))
    });
    for subject in sets.chunk_by(|a, b| a.by_subject(b) == Ordering::Equal) {
        let [_, _, ..] = subject else { continue };
        for (at, later) in subject.iter().enumerate() {
            let earlier = subject.iter().take(at);
            for earlier in earlier.filter(|earlier| contradict(earlier, later, state)) {
                refuse(problems, earlier, later);
            }
        }
    }
}

/// `earlier` starts no later than `later`.
fn contradict(earlier: &Set<'_>, later: &Set<'_>, state: &Overlay<'_>) -> bool {
    let ends = |set: &Set<'_>, at: Instant| set.change.valid_until.is_some_and(|until| until <= at);
    let is_empty = |set: &Set<'_>| ends(set, set.from);
    if ends(earlier, later.from) || is_empty(earlier) || is_empty(later) {
        return false;
    }
    let market = state.market(&later.change.market);
    let amount = |set: &Set<'_>| {
        let currency = market.as_ref()?.currency;
        Amount::parse_lenient(&set.change.amount, currency).ok()
    };
    // An amount that cannot be read is refused for that.
    amount(earlier)
        .zip(amount(later))
        .is_some_and(|(earlier, later)| earlier != later)
}

fn refuse(problems: &mut Problems, earlier: &Set<'_>, later: &Set<'_>) {
    // The one that stands later in the set is refused and names the other.
    let (first, second) = if earlier.index < later.index {
        (earlier, later)
    } else {
        (later, earlier)
    };
    let SetPrice {
        kind, market, sku, ..
    } = second.change;
    let zone = second.change.zone.as_ref();
    let place = zone.map_or_else(|| market.to_string(), |zone| format!("{market}/{zone}"));
    let tier = second
        .tier
        .map(|from| format!(" from a quantity of {from}"));
    let until = [earlier, later]
        .into_iter()
        .filter_map(|set| set.change.valid_until)
        .min()
        .map(|until| format!(" until {until}"));
    let reason = format!(
        "contradicts change {}: {} and {} are both set as the {kind} price of {sku} in {place} \
         for {}{}, from {}{}",
        first.index,
        first.change.amount,
        second.change.amount,
        second.change.audience,
        tier.unwrap_or_default(),
        later.from,
        until.unwrap_or_default(),
    );
    problems.contradict(second.index, first.index, "amount", reason);
}
