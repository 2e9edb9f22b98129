//! When an offer holds in a market: local times and weekly windows as instants.
//!
//! # Where clocks are changed
//!
//! A *start* is the first instant at which a clock in the zone shows that time
//! or a later one. An *end* is the first instant after which no clock there
//! shows an earlier one. So:
//!
//! - a start or an end in a gap (clocks go forward over it) is the first
//!   instant after the gap;
//! - a start that comes twice (clocks go back) is the first of the two, an end
//!   that comes twice the second: whoever reads "until 02:30" and sees 02:15 on
//!   the clock is inside, both times. An end at the very time to which clocks
//!   go back is the first, since no earlier time is shown again;
//! - times that lie in one gap together name no instant, and such a window is
//!   not there on that day. An offer whose only start and end do is refused.
//!
//! The zones are those of the IANA database that is bundled with the build,
//! never those of the machine: equal builds resolve to equal bytes.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Span as Duration, Timestamp};
use offercast_contract::Instant;

use crate::source::{Market, Moment, Offer, Weekday, WeeklyWindow};

/// A half-open interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Start, inclusive.
    pub from: Instant,
    /// End, exclusive; none for open.
    pub until: Option<Instant>,
}

impl Span {
    /// Whether it holds at `at`.
    #[must_use]
    pub fn holds_at(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether no instant lies in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| until <= self.from)
    }

    /// Its ends.
    pub fn boundaries(&self) -> impl Iterator<Item = Instant> + use<> {
        [Some(self.from), self.until].into_iter().flatten()
    }
}

/// When an offer holds in one market.
#[derive(Debug, Clone)]
pub struct Schedule {
    period: Span,
    weekly: Option<Weekly>,
}

#[derive(Debug, Clone)]
struct Weekly {
    windows: Vec<WeeklyWindow>,
    zone: TimeZone,
}

/// The market's time zone; UTC where the database does not know it, which a
/// change set refuses.
#[must_use]
pub fn zone_of(market: &Market) -> TimeZone {
    let found = TimeZoneDatabase::bundled().get(&market.time_zone);
    found.unwrap_or(TimeZone::UTC)
}

impl Schedule {
    /// The schedule of an offer in a market with this time zone.
    #[must_use]
    pub fn new(offer: &Offer, zone: &TimeZone) -> Self {
        let until = offer.valid_until.map(|moment| match moment {
            Moment::Instant(instant) => instant,
            Moment::Local(local) => end_of(zone, local),
        });
        let from = match offer.valid_from {
            Moment::Instant(instant) => instant,
            Moment::Local(local) => start_of(zone, local),
        };
        let weekly = (!offer.weekly.is_empty()).then(|| Weekly {
            windows: offer.weekly.clone(),
            zone: zone.clone(),
        });
        Self {
            period: Span { from, until },
            weekly,
        }
    }

    /// From its start to its end, whatever its weekly windows.
    #[must_use]
    pub fn period(&self) -> &Span {
        &self.period
    }

    /// Whether it has weekly windows.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.weekly.is_some()
    }

    /// Whether it ended at `now` or before.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.period.until.is_some_and(|until| until <= now)
    }

    /// The intervals in which it holds, in order and apart from each other: all
    /// that reach into `[from, until)`, with their own ends inside of it (where
    /// one goes on for days beyond it, it may be cut there).
    #[must_use]
    pub fn spans(&self, from: Instant, until: Instant) -> Vec<Span> {
        let mut spans = self.expanded(from, until);
        spans.retain(|span| span.from < until && span.until.is_none_or(|end| from < end));
        spans
    }

    /// Whether it begins or ceases to hold in `[from, until)`.
    #[must_use]
    pub fn has_boundary(&self, from: Instant, until: Instant) -> bool {
        let spans = self.expanded(from, until);
        let mut ends = spans.iter().flat_map(Span::boundaries);
        ends.any(|at| from <= at && at < until)
    }

    /// The intervals on all days of the window, and on some days around it.
    fn expanded(&self, from: Instant, until: Instant) -> Vec<Span> {
        let Some(weekly) = &self.weekly else {
            return vec![self.period];
        };
        // Nothing beyond the period is looked at, however long the window.
        let from = from.max(self.period.from);
        let until = self.period.until.map_or(until, |end| end.min(until));
        if until < from {
            return Vec::new();
        }
        let mut spans = weekly.expanded(from, until);
        spans.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if last.until >= Some(span.from) => {
                    last.until = last.until.max(span.until);
                }
                _ => merged.push(span),
            }
        }
        for span in &mut merged {
            span.from = span.from.max(self.period.from);
            let ends = [span.until, self.period.until];
            span.until = ends.into_iter().flatten().min();
        }
        merged.retain(|span| !span.is_empty());
        merged
    }
}

impl Weekly {
    fn expanded(&self, from: Instant, until: Instant) -> Vec<Span> {
        // A window may have begun the day before, and zones have skipped days.
        let mut day = self.date(from, -2);
        let last = self.date(until, 1);
        let mut spans = Vec::new();
        while day <= last {
            for window in &self.windows {
                if window.days.contains(&Weekday::of(day)) {
                    spans.extend(self.on(window, day));
                }
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        spans
    }

    fn date(&self, at: Instant, days: i64) -> Date {
        let date = self.zone.to_datetime(at.to_timestamp()).date();
        date.saturating_add(Duration::new().days(days))
    }

    fn on(&self, window: &WeeklyWindow, day: Date) -> Option<Span> {
        let start = local(day, window.from.minutes());
        let end_day = if window.until <= window.from {
            day.tomorrow().ok()?
        } else {
            day
        };
        let span = Span {
            from: start_of(&self.zone, start),
            until: Some(end_of(&self.zone, local(end_day, window.until.minutes()))),
        };
        (!span.is_empty()).then_some(span)
    }
}

/// So many minutes after midnight; 1440 is the midnight after.
fn local(day: Date, minutes: u16) -> DateTime {
    let (day, minutes) = match minutes {
        1_440.. => (day.tomorrow().unwrap_or(Date::MAX), 0),
        _ => (day, minutes),
    };
    let part = |minutes: u16| i8::try_from(minutes).unwrap_or(0);
    let time = Time::new(part(minutes / 60), part(minutes % 60), 0, 0);
    day.to_datetime(time.unwrap_or(Time::MIN))
}

/// The first instant at which a clock in the zone shows this time or a later
/// one.
#[must_use]
pub fn start_of(zone: &TimeZone, local: DateTime) -> Instant {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset.to_timestamp(local)),
        AmbiguousOffset::Gap { after, .. } => after_gap(zone, after.to_timestamp(local)),
        AmbiguousOffset::Fold { before, .. } => at(before.to_timestamp(local)),
    }
}

/// The first instant after which no clock in the zone shows an earlier time.
#[must_use]
pub fn end_of(zone: &TimeZone, local: DateTime) -> Instant {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset.to_timestamp(local)),
        AmbiguousOffset::Gap { after, .. } => after_gap(zone, after.to_timestamp(local)),
        AmbiguousOffset::Fold { before, after } => {
            let again = at(after.to_timestamp(local));
            let just_before = again.plus_micros(-1).to_timestamp();
            if zone.to_offset(just_before) == before {
                at(before.to_timestamp(local))
            } else {
                again
            }
        }
    }
}

/// The first instant after a gap, from one before it that is less than the
/// gap's length away.
fn after_gap(zone: &TimeZone, earlier: Result<Timestamp, jiff::Error>) -> Instant {
    let earlier = at(earlier);
    let mut changes = zone.following(earlier.to_timestamp());
    let next = changes.next().map(|change| change.timestamp());
    next.map_or(earlier, Instant::from_timestamp)
}

/// What lies beyond the end of time is there.
fn at(timestamp: Result<Timestamp, jiff::Error>) -> Instant {
    Instant::from_timestamp(timestamp.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests;
