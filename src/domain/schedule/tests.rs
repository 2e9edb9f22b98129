use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;
use crate::source::Effect;

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn wall(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// A zone, a local time, the instant of a start and of an end.
const MOMENTS: [(&str, &str, &str, &str); 22] = [
    // Zagreb and Warsaw: 2026-03-29 02:00 to 03:00, 2026-10-25 03:00 to 02:00.
    ("Europe/Zagreb", "2026-03-29T01:59", "00:59Z", "00:59Z"),
    ("Europe/Zagreb", "2026-03-29T02:00", "01:00Z", "01:00Z"),
    ("Europe/Zagreb", "2026-03-29T02:30", "01:00Z", "01:00Z"),
    ("Europe/Zagreb", "2026-03-29T03:00", "01:00Z", "01:00Z"),
    (
        "Europe/Warsaw",
        "2026-10-25T01:59",
        "-1 23:59Z",
        "-1 23:59Z",
    ),
    ("Europe/Warsaw", "2026-10-25T02:00", "00:00Z", "00:00Z"),
    ("Europe/Warsaw", "2026-10-25T02:30", "00:30Z", "01:30Z"),
    ("Europe/Warsaw", "2026-10-25T03:00", "02:00Z", "02:00Z"),
    // São Paulo changed clocks at midnight, until 2019.
    ("America/Sao_Paulo", "2018-11-04T00:00", "03:00Z", "03:00Z"),
    ("America/Sao_Paulo", "2018-11-04T00:30", "03:00Z", "03:00Z"),
    (
        "America/Sao_Paulo",
        "2018-02-17T23:30",
        "+1 01:30Z",
        "+1 02:30Z",
    ),
    (
        "America/Sao_Paulo",
        "2018-02-17T23:00",
        "+1 01:00Z",
        "+1 01:00Z",
    ),
    ("America/Sao_Paulo", "2026-11-04T00:30", "03:30Z", "03:30Z"),
    // Lord Howe: half an hour. 2026-10-04 02:00 to 02:30, 2026-04-05 back.
    (
        "Australia/Lord_Howe",
        "2026-10-04T02:15",
        "-1 15:30Z",
        "-1 15:30Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-04T02:30",
        "-1 15:30Z",
        "-1 15:30Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-04-05T01:45",
        "-1 14:45Z",
        "-1 15:15Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-04-05T01:30",
        "-1 14:30Z",
        "-1 14:30Z",
    ),
    // Cairo has had summer time again since 2023: from midnight.
    ("Africa/Cairo", "2026-04-24T00:30", "-1 22:00Z", "-1 22:00Z"),
    ("Africa/Cairo", "2026-10-29T23:30", "20:30Z", "21:30Z"),
    // Moscow stays where it is; it moved back for good on 2014-10-26.
    (
        "Europe/Moscow",
        "2026-03-29T02:30",
        "-1 23:30Z",
        "-1 23:30Z",
    ),
    (
        "Europe/Moscow",
        "2014-10-26T01:30",
        "-1 21:30Z",
        "-1 22:30Z",
    ),
    // Samoa had no 30 December 2011.
    ("Pacific/Apia", "2011-12-30T12:00", "10:00Z", "10:00Z"),
];

#[test]
fn local_times_are_instants_also_where_clocks_are_changed() {
    for (name, local, start, end) in MOMENTS {
        let expected = |text: &str| {
            let date = wall(local).date();
            let (days, time) = text.split_once(' ').unwrap_or(("0", text));
            let days: i64 = days.parse().unwrap();
            let date = date.saturating_add(Duration::new().days(days));
            instant(&format!("{date}T{}:00Z", time.trim_end_matches('Z')))
        };
        let (zone, local_time) = (zone(name), wall(local));
        let found = (start_of(&zone, local_time), end_of(&zone, local_time));
        assert_eq!(found, (expected(start), expected(end)), "{name} {local}");
    }
}

fn offer(from: &str, until: Option<&str>, weekly: &str) -> Offer {
    Offer {
        valid_until: until.map(|text| text.parse().unwrap()),
        weekly: serde_json::from_str(weekly).unwrap(),
        ..Offer::new(
            "friday".parse().unwrap(),
            "hr".parse().unwrap(),
            Effect::PercentOff(1_000),
            from.parse::<Moment>().unwrap(),
        )
    }
}

fn spans(offer: &Offer, name: &str, from: &str, until: &str) -> Vec<String> {
    let schedule = Schedule::new(offer, &zone(name));
    let words = |span: &Span| match span.until {
        Some(until) => format!("{} {until}", span.from),
        None => format!("{} -", span.from),
    };
    let found = schedule.spans(instant(from), instant(until));
    found.iter().map(words).collect()
}

const FRIDAYS: &str = r#"[{"days": ["friday"], "from": "18:00", "until": "22:00"}]"#;
const NIGHTS: &str = r#"[{"days": ["saturday"], "from": "22:00", "until": "02:30"}]"#;

#[test]
fn weekly_windows_are_in_local_time_within_the_offers_own() {
    let offer_of = |weekly| offer("2026-03-20T19:00", Some("2026-04-03T20:00"), weekly);
    assert_eq!(
        spans(
            &offer_of(FRIDAYS),
            "Europe/Zagreb",
            "2026-03-01T00:00:00Z",
            "2026-05-01T00:00:00Z"
        ),
        [
            "2026-03-20T18:00:00Z 2026-03-20T21:00:00Z",
            "2026-03-27T17:00:00Z 2026-03-27T21:00:00Z",
            "2026-04-03T16:00:00Z 2026-04-03T18:00:00Z",
        ]
    );
    // Clocks go forward over the end: it is the first instant after the gap.
    assert_eq!(
        spans(
            &offer_of(NIGHTS),
            "Europe/Zagreb",
            "2026-03-22T00:00:00Z",
            "2026-04-01T00:00:00Z"
        ),
        [
            "2026-03-21T21:00:00Z 2026-03-22T01:30:00Z",
            "2026-03-28T21:00:00Z 2026-03-29T01:00:00Z",
        ]
    );
    // Clocks go back: the second 02:30 ends it.
    let autumn = offer("2026-10-01T00:00:00Z", None, NIGHTS);
    assert_eq!(
        spans(
            &autumn,
            "Europe/Zagreb",
            "2026-10-24T00:00:00Z",
            "2026-10-26T00:00:00Z"
        ),
        ["2026-10-24T20:00:00Z 2026-10-25T01:30:00Z"]
    );
    assert_eq!(
        spans(
            &autumn,
            "Europe/Moscow",
            "2026-10-24T00:00:00Z",
            "2026-10-26T00:00:00Z"
        ),
        ["2026-10-24T19:00:00Z 2026-10-24T23:30:00Z"]
    );
}

#[test]
fn a_window_within_a_gap_is_not_there_and_whole_days_are_one() {
    let gap = r#"[{"days": ["sunday"], "from": "02:15", "until": "02:45"}]"#;
    let offer_of = |weekly| offer("2026-03-01T00:00:00Z", None, weekly);
    let (from, until) = ("2026-03-23T00:00:00Z", "2026-04-06T00:00:00Z");
    assert_eq!(
        spans(&offer_of(gap), "Europe/Warsaw", from, until),
        ["2026-04-05T00:15:00Z 2026-04-05T00:45:00Z"]
    );
    let weekend = r#"[{"days": ["saturday", "sunday"], "from": "00:00", "until": "24:00"}]"#;
    assert_eq!(
        spans(
            &offer_of(weekend),
            "Europe/Warsaw",
            "2026-03-27T00:00:00Z",
            "2026-04-01T00:00:00Z"
        ),
        ["2026-03-27T23:00:00Z 2026-03-29T22:00:00Z"]
    );
}

const ZONES: [&str; 7] = [
    "Europe/Zagreb",
    "Europe/Warsaw",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Gaza",
    "Africa/Cairo",
    "Europe/Moscow",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a clock on the wall says is inside a window is inside of it, and
    /// what is neither that nor between two times that are is outside.
    #[test]
    fn whoever_reads_the_clock_is_right(
        name in prop::sample::select(ZONES.to_vec()),
        days in prop::sample::subsequence(Weekday::ALL.to_vec(), 1..4),
        from in 0_u16..1_440,
        until in 0_u16..1_440,
        // Between 2014 and 2029, at noon.
        day in 16_071_i64..21_550,
    ) {
        prop_assume!(from != until);
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let weekly = serde_json::json!([{"days": days, "from": time(from), "until": time(until)}]);
        let made = offer("2010-01-01T00:00", None, &weekly.to_string());
        let zone = zone(name);
        let schedule = Schedule::new(&made, &zone);
        let begin = Instant::from_micros((day * 24 + 12) * 3_600 * 1_000_000);
        let end = begin.plus_micros(9 * 86_400 * 1_000_000);
        let spans = schedule.spans(begin, end);
        prop_assert!(spans.windows(2).all(|pair| pair[0].until < Some(pair[1].from)));
        let shown = |at: Instant| {
            let local = zone.to_datetime(at.to_timestamp());
            let minutes = local.hour() as u16 * 60 + local.minute() as u16;
            let today = days.contains(&Weekday::of(local.date()));
            let yesterday = days.contains(&Weekday::of(local.date().yesterday().unwrap()));
            if from < until {
                today && from <= minutes && minutes < until
            } else {
                (today && from <= minutes) || (yesterday && minutes < until)
            }
        };
        let mut surplus = 0;
        for quarter in 0..9 * 24 * 4 {
            let at = begin.plus_micros(quarter * 15 * 60 * 1_000_000 + 1);
            let inside = spans.iter().any(|span| span.holds_at(at));
            prop_assert!(inside || !shown(at), "{at}");
            surplus += i64::from(inside && !shown(at));
        }
        // Only the hour that comes twice can be in a window whose ends are in it.
        prop_assert!(surplus <= 8, "{surplus}");
    }

    /// Looking at more days changes nothing of those between, and a boundary
    /// is found where it is.
    #[test]
    fn the_window_that_is_looked_at_does_not_matter(
        name in prop::sample::select(ZONES.to_vec()),
        day in 16_071_i64..21_550,
        offset in 0_i64..9,
        whole in any::<bool>(),
    ) {
        let weekly = if whole {
            r#"[{"days": ["friday", "saturday"], "from": "00:00", "until": "24:00"},
                {"days": ["sunday"], "from": "00:00", "until": "12:00"}]"#
        } else {
            FRIDAYS
        };
        let made = offer("2010-01-01T00:00", None, weekly);
        let schedule = Schedule::new(&made, &zone(name));
        let at = |day: i64| Instant::from_micros(day * 86_400 * 1_000_000);
        let all = schedule.spans(at(day), at(day + 30));
        let (from, until) = (at(day + offset), at(day + offset + 9));
        let some = schedule.spans(from, until);
        // What is beyond the window may be cut.
        let clipped = |spans: &[Span]| -> Vec<Span> {
            let clip = |span: &Span| Span {
                from: span.from.max(from),
                until: span.until.min(Some(until)),
            };
            spans.iter().map(clip).filter(|span| !span.is_empty()).collect()
        };
        prop_assert_eq!(clipped(&some), clipped(&all));
        let mut ends = all.iter().flat_map(Span::boundaries);
        let is_there = ends.any(|at| from <= at && at < until);
        prop_assert_eq!(schedule.has_boundary(from, until), is_there);
    }
}
