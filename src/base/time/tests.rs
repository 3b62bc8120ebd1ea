//! What phones write, and what it means.

use super::*;
use proptest::prelude::*;

const AT: Timestamp = Timestamp(1_768_573_845_123);

fn seoul() -> Zone {
    Zone::named("Asia/Seoul").unwrap()
}

#[test]
fn reads_what_clients_send() {
    for text in [
        "2026-01-16T14:30:45.123Z",
        "2026-01-16T15:30:45.123+01:00",
        "2026-01-16T15:30:45.123 01:00",
        "2026-01-16T15:30:45.123 0100",
        "2026-01-16 14:30:45.123",
        "2026-01-16 14:30:45.123 +0000",
        "2026-01-16 14:30:45.123 UTC",
        "2026-01-16T14:30:45.123456Z",
        "2026-01-16T14:30:45,123456789Z",
        "2026-01-16T09:30:45.123-0500",
        "2026-01-16T09:30:45.123\u{2212}05",
        "2026-01-16T15:30:45.123+01:00[Europe/Paris]",
        "2026-01-16T15:30:45.123[Europe/Paris][u-ca=iso8601]",
        "2026-01-16T23:30:45.123[GMT+09:00]",
        "2026-01-16T14:30:45.123Z[UTC]",
        "2026-01-16T14:39:06.123+00:08:21",
        "20260116T143045.123Z",
        "20260116T153045,123+0100",
        "2026-016T14:30:45.123Z",
        "2026016T143045.123Z",
        "2026-W03-5T14:30:45.123Z",
        "2026W035T143045.123Z",
        "+002026-01-16T14:30:45.123Z",
        " 002026-01-16T14:30:45.123Z",
        "2026-01-16t14:30:45.123z",
        " 2026-01-16T14:30:45.123Z ",
    ] {
        assert_eq!(Timestamp::parse(text), Some(AT), "{text}");
    }
    for (text, at) in [
        ("2026-01-16", 1_768_521_600_000),
        ("20260116", 1_768_521_600_000),
        ("2026-01-16Z", 1_768_521_600_000),
        ("2026-01-16+09:00", 1_768_489_200_000),
        ("2026-01-15T24:00:00", 1_768_521_600_000),
        ("2026-01-15T24:00Z", 1_768_521_600_000),
        ("2026-01-15T23:59:60Z", 1_768_521_600_000),
        ("2026-01-16T00", 1_768_521_600_000),
        ("2026-01-16T14:30", 1_768_573_800_000),
        ("2026-01-16T14:30.5Z", 1_768_573_830_000),
        ("2026-01-16T14,5Z", 1_768_573_800_000),
    ] {
        assert_eq!(Timestamp::parse(text), Some(Timestamp(at)), "{text}");
    }
}

#[test]
fn an_instant_beyond_the_stores_range_is_its_end() {
    for first in
        ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00", "0000-01-01", "-000001-01-01T00:00:00Z", "1970-01-01T00:30+01:00"]
    {
        assert_eq!(Timestamp::parse(first), Some(Timestamp(0)), "{first}");
    }
    for last in
        ["9999-12-31T23:59:59.9999999", "+010000-01-01T00:00:00Z", "+275760-09-13T00:00:00.000Z", "+999999999-12-31T23:59:59Z"]
    {
        assert_eq!(Timestamp::parse(last), Some(Timestamp(LAST)), "{last}");
    }
}

#[test]
fn impossible_instants_are_unreadable() {
    for text in [
        "",
        "x",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "99999-01-01",
        "2026-01-16T25:00:00Z",
        "2026-01-16T24:00:01Z",
        "2026-01-16T",
        "2026-01-16T14:60Z",
        "2026-01-16T14:30:45.Z",
        "2026-01-16T14:30:45+24:00",
        "2026-366",
        "2026-W54-1",
        "2026-W03-8",
        "1768573845123",
        "2026-01-16T14:30:45Z[",
        "2026-01-16T14:30:45Zx",
        "2026-1-16",
        "20260116-",
        "2026-01",
        "2026-01-16T14:30:45 x",
    ] {
        assert_eq!(Timestamp::parse(text), None, "{text}");
    }
}

#[test]
fn a_local_time_is_the_zones_or_utc_by_what_is_likely() {
    let nearest = Local::Nearest(seoul(), AT);
    let read = |text: &str, local| Timestamp::parse_as(text, local).unwrap().0 - AT.0;
    assert_eq!(read("2026-01-16T23:30:45.123", nearest), 0, "a phone in Seoul, now");
    assert_eq!(read("2026-01-16T14:30:45.123", nearest), 0, "one that sends UTC is not moved");
    assert_eq!(read("2026-01-16T23:30:45.123Z", nearest), 9 * HOUR, "what says Z is UTC");
    assert_eq!(read("2026-01-17T14:30:45.123", nearest), DAY, "UTC when both lie in the future");
    assert_eq!(read("2026-01-16T20:30:45.123", nearest), -3 * HOUR);
    assert_eq!(read("2026-01-16T14:30:45.123", Local::Earlier(seoul())), -9 * HOUR);
    assert_eq!(read("2026-01-16T14:30:45.123", Local::Earlier(Zone::named("America/New_York").unwrap())), 0);
    assert_eq!(nearest.settled(Some("2026-01-16T23:30:40")), Local::In(seoul()));
    assert_eq!(nearest.settled(Some("2026-01-16T14:30:40")), Local::Utc);
    assert_eq!(nearest.settled(Some("2026-01-16T14:30:40Z")), nearest);
    assert_eq!(nearest.settled(None), nearest);
}

#[test]
fn clocks_that_change_show_an_instant() {
    let paris = Zone::named("Europe/Paris").unwrap();
    let of = |text: &str| Timestamp::parse_as(text, Local::In(paris)).unwrap().to_string();
    assert_eq!(of("2026-03-29T02:30:00"), "2026-03-29T01:30:00.000Z", "left out: by the offset before");
    assert_eq!(of("2026-10-25T02:30:00"), "2026-10-25T00:30:00.000Z", "twice: the earlier");
    assert_eq!(of("2026-07-01T12:00"), "2026-07-01T10:00:00.000Z");
}

#[test]
fn zones_are_known_by_the_names_that_phones_give_them() {
    for (text, name) in [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("AMERICA/NEW_YORK", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("GMT+09:00", "Etc/GMT-9"),
        ("UTC+9", "Etc/GMT-9"),
        ("GMT-0500", "Etc/GMT+5"),
        ("GMT+05:30", "GMT+05:30"),
        ("gmt-03:30", "GMT-03:30"),
        ("KST", "Asia/Seoul"),
        ("Z", "UTC"),
        ("GMT+00:00", "UTC"),
        ("GMT", "GMT"),
        ("utc", "UTC"),
        ("GMT+14:00", "Etc/GMT-14"),
        ("Etc/GMT-9", "Etc/GMT-9"),
    ] {
        let zone = Zone::named(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(zone.name(), name, "{text}");
        assert_eq!(Zone::named(&zone.name()), Some(zone), "{text}");
    }
    for text in ["", "+09:00", "Nowhere/Land", "GMT+15:00", "GMT-13", "GMT+", "+", "GMT+09:00:30", "Europe", "09:00"] {
        assert_eq!(Zone::named(text), None, "{text}");
    }
    assert_eq!(date_in(AT, "GMT+09:30").to_string(), "2026-01-17");
}

#[test]
fn writes_milliseconds() {
    assert_eq!(Timestamp(1_768_573_845_120).to_string(), "2026-01-16T14:30:45.120Z");
}

#[test]
fn months_exist() {
    assert!(is_month("2026-12") && !is_month("2026-13") && !is_month("2026-1") && !is_month("2026-00"));
}

#[test]
fn what_is_finer_than_a_millisecond_is_known() {
    let finer = |text: &str| Written::read(text).unwrap().finer;
    assert_eq!(finer("2026-01-16T14:30:45.1234567Z"), "4567");
    assert_eq!(finer("2026-01-16T14:30:45.123400Z"), "4");
    assert_eq!(finer("2026-01-16T14:30:45.123000Z"), "");
}

proptest! {
    #[test]
    fn every_instant_is_read_as_it_is_written(ms in 0..=LAST) {
        prop_assert_eq!(Timestamp::parse(&Timestamp(ms).to_string()), Some(Timestamp(ms)));
    }

    #[test]
    fn no_text_panics(text in "[-+ 0-9TZW:.,\\[\\]a-zé\u{2212}]{0,40}") {
        let _ = (Timestamp::parse_as(&text, Local::Nearest(seoul(), AT)), Zone::named(&text));
    }
}
