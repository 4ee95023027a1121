//! When schedules tick: a year of ticks in zones whose clocks change.

use engine::schedules::Calendar;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

/// Cron text and time zone; how many ticks there are in 2026 by the zone's own calendar; those of up to
/// an hour before and after the clocks change, as the clocks show them.
type Year = (&'static str, &'static str, usize, &'static [&'static str]);

const YEARS: &[Year] = &[
    // Each time of day once a day.
    (
        "30 2 * * *",
        "Europe/Berlin",
        365,
        &["03-29 03:00+02:00", "10-25 02:30+02:00"],
    ),
    (
        "0 3 * * *",
        "Europe/Berlin",
        365,
        &["03-29 03:00+02:00", "10-25 03:00+01:00"],
    ),
    (
        "0 */2 * * *",
        "Europe/Berlin",
        4380,
        &[
            "03-29 03:00+02:00",
            "03-29 04:00+02:00",
            "10-25 02:00+02:00",
        ],
    ),
    // Four times that do not exist are one tick, and that one is there anyway.
    (
        "*/30 1-3 * * *",
        "Europe/Berlin",
        2188,
        &[
            "03-29 01:00+01:00",
            "03-29 01:30+01:00",
            "03-29 03:00+02:00",
            "03-29 03:30+02:00",
            "10-25 02:00+02:00",
            "10-25 02:30+02:00",
            "10-25 03:00+01:00",
        ],
    ),
    (
        "30 2 * * *",
        "America/New_York",
        365,
        &["03-08 03:00-04:00"],
    ),
    (
        "30 1 * * *",
        "America/New_York",
        365,
        &["03-08 01:30-05:00", "11-01 01:30-04:00"],
    ),
    // Half an hour is left out or comes twice.
    (
        "45 1 * * *",
        "Australia/Lord_Howe",
        365,
        &["04-05 01:45+11:00", "10-04 01:45+10:30"],
    ),
    (
        "15 2 * * *",
        "Australia/Lord_Howe",
        365,
        &["04-05 02:15+10:30", "10-04 02:30+11:00"],
    ),
    ("0 6 * * *", "Australia/Lord_Howe", 365, &[]),
    // Midnight itself is left out or comes twice.
    (
        "0 0 * * *",
        "America/Havana",
        365,
        &["03-08 01:00-04:00", "11-01 00:00-04:00"],
    ),
    ("0 */6 * * *", "UTC", 1460, &[]),
    // Every hour: what the clocks show counts, and no more and no less time passes between two ticks.
    (
        "*/30 * * * *",
        "Europe/Berlin",
        17520,
        &[
            "03-29 01:00+01:00",
            "03-29 01:30+01:00",
            "03-29 03:00+02:00",
            "03-29 03:30+02:00",
            "03-29 04:00+02:00",
            "10-25 02:00+02:00",
            "10-25 02:30+02:00",
            "10-25 02:00+01:00",
            "10-25 02:30+01:00",
            "10-25 03:00+01:00",
        ],
    ),
    (
        "45 * * * *",
        "America/New_York",
        8760,
        &[
            "03-08 01:45-05:00",
            "03-08 03:45-04:00",
            "11-01 01:45-04:00",
            "11-01 01:45-05:00",
        ],
    ),
    (
        "*/30 * * * *",
        "Australia/Lord_Howe",
        17520,
        &[
            "04-05 01:00+11:00",
            "04-05 01:30+11:00",
            "04-05 01:30+10:30",
            "04-05 02:00+10:30",
            "04-05 02:30+10:30",
            "10-04 01:00+10:30",
            "10-04 01:30+10:30",
            "10-04 02:30+11:00",
            "10-04 03:00+11:00",
            "10-04 03:30+11:00",
        ],
    ),
    // No clock shows two o'clock that night.
    (
        "0 * * * *",
        "Australia/Lord_Howe",
        8759,
        &[
            "04-05 01:00+11:00",
            "04-05 02:00+10:30",
            "10-04 01:00+10:30",
            "10-04 03:00+11:00",
        ],
    ),
];

fn check_year(&(cron, zone, ticks, at_changes): &Year) {
    const INSTANT: SignedDuration = SignedDuration::from_millis(1);
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    let calendar = Calendar::parse(cron, zone).unwrap();
    let zone = calendar.zone();
    let begin = |year| {
        let midnight = date(year, 1, 1).at(0, 0, 0, 0);
        midnight.to_zoned(zone.clone()).unwrap().timestamp()
    };
    let (begin, end) = (begin(2026) - INSTANT, begin(2027) - INSTANT);
    let found = calendar.between(begin, end).unwrap();
    assert_eq!(found.len(), ticks, "{cron} {zone:?}");
    assert!(found.is_sorted_by(|a, b| a < b), "{cron} {zone:?}");

    let changes: Vec<Timestamp> = zone
        .following(begin)
        .map(|change| change.timestamp())
        .take_while(|change| *change < end)
        .collect();
    let is_near = |tick: &Timestamp| {
        changes
            .iter()
            .any(|change| tick.duration_since(*change).abs() <= HOUR)
    };
    let shown: Vec<String> = found
        .into_iter()
        .filter(is_near)
        .map(|tick| tick.to_zoned(zone.clone()))
        .map(|tick| tick.strftime("%m-%d %H:%M%:z").to_string())
        .collect();
    assert_eq!(shown, at_changes, "{cron} {zone:?}");
}

#[test]
fn a_year_of_ticks_is_as_promised_where_the_clocks_change() {
    YEARS.iter().for_each(check_year);
}
