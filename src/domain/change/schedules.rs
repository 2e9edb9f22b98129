//! Checks of when an offer holds.

use super::ErrorCode;
use super::overlay::Overlay;
use super::problem::Problems;
use crate::schedule::{Schedule, Span, zone_of};
use crate::source::{Market, Moment, Offer, WeeklyWindow};

/// The most weekly windows of an offer.
const WINDOWS_MAX: usize = 50;

/// Every weekday and every change of clocks that can matter comes within it.
const LOOKED_AT_MICROS: i64 = 15 * 86_400 * 1_000_000;

/// The offer ends after it starts, in each of its markets, and a weekly window
/// falls between.
pub(super) fn check_schedule(
    problems: &mut Problems,
    index: usize,
    offer: &Offer,
    state: &Overlay<'_>,
) {
    let before = problems.errors.len();
    check_windows(problems, index, &offer.weekly);
    if problems.errors.len() > before {
        return;
    }
    let markets = offer.markets.iter().filter_map(|id| state.market(id));
    for market in markets {
        if let Some((field, reason)) = wrong_in(offer, &market) {
            problems.refuse(index, field, ErrorCode::Invalid, reason);
            return;
        }
    }
}

fn wrong_in(offer: &Offer, market: &Market) -> Option<(&'static str, String)> {
    let schedule = Schedule::new(offer, &zone_of(market));
    let period = *schedule.period();
    if period.is_empty() {
        return Some(("offer.valid_until", empty_words(offer, market)));
    }
    let until = period.until.filter(|_| schedule.is_weekly())?;
    let least = until.min(period.from.plus_micros(LOOKED_AT_MICROS));
    let none = schedule
        .spans(period.from, least)
        .iter()
        .all(Span::is_empty);
    none.then(|| {
        let reason = format!(
            "has no window between start and end in market {}",
            market.id
        );
        ("offer.weekly", reason)
    })
}

fn empty_words(offer: &Offer, market: &Market) -> String {
    match (offer.valid_from, offer.valid_until) {
        (Moment::Local(from), Some(Moment::Local(until))) if from < until => format!(
            "no clock in market {} shows a time between {from} and {until}: clocks go forward \
             over it",
            market.id
        ),
        (Moment::Instant(from), Some(Moment::Instant(until))) if until <= from => {
            "ends before it starts".to_owned()
        }
        _ => format!("ends before it starts in market {}", market.id),
    }
}

fn check_windows(problems: &mut Problems, index: usize, windows: &[WeeklyWindow]) {
    let mut refuse = |field: String, reason: &str| {
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    };
    if windows.len() > WINDOWS_MAX {
        let reason = format!("has more than {WINDOWS_MAX} windows");
        refuse("offer.weekly".to_owned(), &reason);
    }
    for (at, window) in windows.iter().enumerate() {
        let field = |part: &str| format!("offer.weekly.{at}.{part}");
        if window.days.is_empty() {
            refuse(field("days"), "needs at least one day");
        }
        if window.from.is_midnight_after() {
            refuse(
                field("from"),
                "is the end of the day: write 00:00 of the next day",
            );
        }
        if window.from == window.until {
            let reason = "is the start: a whole day is from 00:00 until 24:00";
            refuse(field("until"), reason);
        }
    }
}
