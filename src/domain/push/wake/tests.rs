//! The rules against histories that nobody thought of.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn wishes(saver: bool, visible: bool, quiet: Option<(i64, i64)>) -> Wishes {
    Wishes { saver, visible, quiet: quiet.map(|(from, to)| Quiet { from, to }), zone: Zone::named("Europe/Paris").unwrap() }
}

fn waits(priority: Priority, first: i64, last: i64) -> Unseen {
    let mut unseen = Unseen::default();
    unseen[priority as usize] = Some(Waiting { first: NOW.plus(first), last: NOW.plus(last) });
    unseen
}

/// How long after now it is woken, and of what.
fn wait(wishes: Wishes, unseen: &Unseen, past: &Past) -> Option<(i64, Priority)> {
    wishes.next(unseen, past, NOW).map(|(at, priority)| (at.0 - NOW.0, priority))
}

#[test]
fn the_table_is_kept() {
    let none = Past::default();
    let usual = wishes(false, false, None);
    let saving = wishes(true, false, None);
    for (wishes, priority, first, last, wanted) in [
        (usual, Priority::Normal, 0, 0, 10 * SECOND),
        (usual, Priority::Normal, -55 * SECOND, 0, 5 * SECOND),
        (usual, Priority::High, -SECOND, 0, SECOND),
        (usual, Priority::Critical, 0, 0, 0),
        (saving, Priority::Normal, 0, 0, 15 * MINUTE),
        (saving, Priority::High, 0, 0, MINUTE),
        (saving, Priority::Critical, 0, 0, 0),
    ] {
        assert_eq!(wait(wishes, &waits(priority, first, last), &none), Some((wanted, priority)), "{priority:?}");
    }
    let both = [waits(Priority::Normal, 0, 0)[0], waits(Priority::High, 0, 0)[1], None];
    assert_eq!(wait(usual, &both, &none), Some((2 * SECOND, Priority::High)));
    assert_eq!(usual.next(&both, &none, NOW.plus(MINUTE)).unwrap().1, Priority::High, "the highest holds the others");
    assert_eq!(wait(wishes(false, true, None), &waits(Priority::Normal, 0, 0), &none), None);
    assert_eq!((usual.urgency(Priority::High), saving.urgency(Priority::Normal)), ("normal", "very-low"));
    assert_eq!((ttl(Priority::Normal), ttl(Priority::Critical)), (3_600, 259_200));
    assert_eq!(wait(usual, &Unseen::default(), &none), None);
}

#[test]
fn what_was_sent_before_has_it_wait() {
    let usual = wishes(false, false, None);
    let past = Past::default().and(NOW.plus(-5 * SECOND), Priority::High);
    assert_eq!(wait(usual, &waits(Priority::High, -9 * SECOND, 0), &past), Some((10 * SECOND, Priority::High)));
    assert_eq!(wait(usual, &waits(Priority::Normal, -MINUTE, 0), &past), Some((55 * SECOND, Priority::Normal)));
    assert_eq!(wait(usual, &waits(Priority::Critical, 0, 0), &past), Some((0, Priority::Critical)));
    let six = (0..6).fold(Past::default(), |past, n| past.and(NOW.plus((n - 50) * MINUTE), Priority::Critical));
    assert_eq!(wait(usual, &waits(Priority::Critical, 0, 0), &six), Some((10 * MINUTE, Priority::Critical)));
    assert_eq!(six.critical(), Some(NOW.plus(-45 * MINUTE)));
    assert_eq!((again(0, NOW), again(2, NOW), again(3, NOW)), (Some(NOW.plus(5 * MINUTE)), Some(NOW.plus(3 * HOUR)), None));
}

#[test]
fn quiet_hours_are_the_users_own_and_only_what_is_critical_passes() {
    let night = wishes(false, false, Some((22 * 60, 7 * 60)));
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let next = |now: &str, priority: Priority| {
        let mut unseen = Unseen::default();
        unseen[priority as usize] = Some(Waiting { first: at(now), last: at(now) });
        night.next(&unseen, &Past::default(), at(now)).unwrap().0.to_string()
    };
    // Paris: an hour ahead of UTC in winter, two in summer, from 29 March 2026, 1:00 UTC, on.
    assert_eq!(next("2026-01-10T12:00:00Z", Priority::High), "2026-01-10T12:00:02.000Z");
    assert_eq!(next("2026-01-10T20:59:58Z", Priority::High), "2026-01-11T06:00:00.000Z", "at ten to the second");
    assert_eq!(next("2026-01-11T03:00:00Z", Priority::Normal), "2026-01-11T06:00:00.000Z");
    assert_eq!(next("2026-01-11T06:00:00Z", Priority::High), "2026-01-11T06:00:02.000Z");
    assert_eq!(next("2026-03-28T23:00:00Z", Priority::High), "2026-03-29T05:00:00.000Z", "the night of a change");
    assert_eq!(next("2026-01-11T03:00:00Z", Priority::Critical), "2026-01-11T03:00:00.000Z");
    // What should have gone at seven, and was not sent before eleven in the evening, waits for seven again.
    let unseen = [None, Some(Waiting { first: at("2026-01-11T03:00:00Z"), last: at("2026-01-11T03:00:00Z") }), None];
    let late = night.next(&unseen, &Past::default(), at("2026-01-11T22:00:00Z")).unwrap().0;
    assert_eq!(late, at("2026-01-12T06:00:00Z"));
    assert_eq!(night.next(&unseen, &Past::default(), at("2026-01-11T08:00:00Z")).unwrap().0, at("2026-01-11T03:00:02Z"));
    let whole = Wishes { quiet: Some(Quiet { from: 60, to: 60 }), ..night };
    assert!(whole.next(&unseen, &Past::default(), at("2026-01-11T08:00:00Z")).unwrap().0 > at("2026-01-11T08:00:00Z"));
}

#[test]
fn what_was_sent_is_read_as_it_was_written() {
    let many = (0..300).fold(Past::default(), |past, n| {
        past.and(NOW.plus((n - 300) * 4 * MINUTE), Priority::ALL[usize::try_from(n % 3).unwrap()].0)
    });
    let text = many.written();
    assert!(text.len() <= 700 && Past::read(&text, NOW) == many, "{text}");
    assert_eq!(Past::read("n12", NOW), Past::default());
    assert_eq!(Past::read("é23456x1zzzzzzn00000", NOW), Past::default());
    let ahead = Past::default().and(NOW.plus(HOUR), Priority::High).written();
    assert_eq!(Past::read(&ahead, NOW), Past::default(), "a clock that was wrong");
    assert_eq!(Past::read(&text, NOW.plus(2 * DAY)), Past::default());
}

/// How a device that is sent everything that is due fares: what came, and what it was woken of when.
struct Played {
    came: Vec<(Timestamp, Priority)>,
    woken: Vec<(Timestamp, Priority)>,
}

/// Plays what comes, each so long after the one before, with a courier that is a bit late.
fn play(wishes: Wishes, coming: &[(i64, usize)], late: i64) -> Played {
    let mut played = Played { came: Vec::new(), woken: Vec::new() };
    let (mut unseen, mut past, mut now) = (Unseen::default(), String::new(), NOW);
    let mut due = |until: Timestamp, unseen: &mut Unseen, now: &mut Timestamp| {
        while let Some((at, priority)) = wishes.next(unseen, &Past::read(&past, *now), *now) {
            let sent = at.plus(late).max(*now);
            if sent > until {
                return;
            }
            // The courier looks again when it gets there: by then it may be quiet, or something more is due.
            *now = sent;
            match wishes.next(unseen, &Past::read(&past, sent), sent) {
                Some((at, now_of)) if at <= sent => {
                    assert!(now_of >= priority);
                    past = Past::read(&past, sent).and(sent, now_of).written();
                    played.woken.push((sent, now_of));
                    *unseen = Unseen::default();
                }
                _ => {}
            }
        }
    };
    let mut came = Vec::new();
    for (pause, priority) in coming {
        let at = now.max(came.last().map_or(NOW, |(at, _)| *at)).plus(*pause);
        due(at, &mut unseen, &mut now);
        now = at;
        came.push((at, Priority::ALL[*priority].0));
        unseen[*priority] = Some(Waiting::and(unseen[*priority], at));
    }
    due(now.plus(4 * DAY), &mut unseen, &mut now);
    played.came = came;
    played
}

/// The most of these in any stretch of so long.
fn most(woken: &[(Timestamp, Priority)], within: i64, counts: impl Fn(Priority) -> bool) -> usize {
    let all: Vec<Timestamp> = woken.iter().filter(|(_, priority)| counts(*priority)).map(|(at, _)| *at).collect();
    let from = |start: usize| all[start..].iter().take_while(|at| at.0 < all[start].0 + within).count();
    (0..all.len()).map(from).max().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_waits_for_ever_and_no_bound_is_exceeded(
        saver: bool,
        visible: bool,
        quiet in prop::option::of((0_i64..1_440, 0_i64..1_440)),
        coming in prop::collection::vec((prop_oneof![0..3 * SECOND, 0..5 * MINUTE, 0..HOUR], 0_usize..3), 1..120),
        late in 0_i64..1_500,
    ) {
        let quiet = quiet.filter(|(from, to)| (from - to).abs() > 1);
        let wishes = wishes(saver, visible, quiet);
        let Played { came, woken } = play(wishes, &coming, late);
        let (normal_gap, high_gap) = if saver { (15 * MINUTE, 5 * MINUTE) } else { (MINUTE, 15 * SECOND) };
        let of = |wanted: Priority| move |priority: Priority| priority == wanted;
        prop_assert!(most(&woken, normal_gap, of(Priority::Normal)) <= 1);
        prop_assert!(most(&woken, high_gap, of(Priority::High)) <= 1);
        prop_assert!(most(&woken, DAY, of(Priority::Normal)) <= 20);
        prop_assert!(most(&woken, DAY, of(Priority::High)) <= 60);
        prop_assert!(most(&woken, HOUR, of(Priority::Critical)) <= 6);
        prop_assert!(most(&woken, MINUTE, |_| true) <= 10);
        if visible {
            prop_assert!(most(&woken, DAY, |_| true) <= 20);
            prop_assert!(woken.iter().all(|(_, priority)| *priority > Priority::Normal));
        }
        for (at, priority) in &came {
            let told = woken.iter().find(|(woken, _)| woken >= at);
            prop_assert!(told.is_some() || visible && *priority == Priority::Normal, "{at} {priority:?} is never told");
            let room = |past: &[(Timestamp, Priority)]| past.iter().filter(|(woken, _)| woken.0 > at.0 - HOUR - SECOND).count() < 6;
            let before: Vec<_> = woken.iter().copied().filter(|(woken, _)| woken < at).collect();
            if *priority == Priority::Critical && !visible && room(&before) {
                prop_assert!(told.is_some_and(|(woken, _)| woken.0 - at.0 <= late), "critical passes: {at} {told:?} {before:?}");
            }
        }
        for (at, priority) in &woken {
            let is_quiet = wishes.quiet.is_some_and(|quiet| quiet.covers(wishes.zone.minute(*at)));
            prop_assert!(*priority == Priority::Critical || !is_quiet, "{at} is quiet");
        }
    }
}
