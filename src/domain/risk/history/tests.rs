//! The rules of what is remembered, and that features look at nothing that came later.

use super::edit::{Edit, Version, names, read_names, seen};
use super::features::{Asked, Counts, Days, Known, MOST, SPAN, before, day, features, known, met_rate};
use crate::base::time::{DAY, HOUR, Timestamp};
use crate::feature::news::{Before, EditKey, Landed, Outcome};
use proptest::prelude::*;

/// A landing over a record of version 5, whose device had seen this one.
fn landed(base: i64) -> Landed<'static> {
    Landed {
        domain: "task",
        record: "r",
        device: "d",
        key: EditKey { stamp: Timestamp(700), place: 1 },
        earlier: EditKey::default(),
        remembered: Box::leak(Box::default()),
        base,
        before: Before { version: 5, created_at: Timestamp(1), stamp: Timestamp(500) },
        version: 6,
        fields: &[],
        edited_at: Timestamp(600),
        cursor: None,
        outcome: Outcome::Written,
    }
}

fn version(number: i64, device: i64) -> Version {
    Version { number, stamp: Timestamp(number * 100), device }
}

#[test]
fn whose_version_is_met_counts() {
    assert_eq!(seen(&landed(5), None, 7), (Timestamp(500), false), "it had seen the newest");
    let versions = [version(3, 7), version(4, 7), version(5, 7)];
    assert_eq!(seen(&landed(3), Some(&versions), 7), (Timestamp(300), false), "its own");
    assert_eq!(seen(&landed(3), Some(&versions), 8), (Timestamp(300), true));
    let mixed = [version(3, 8), version(4, 8), version(5, 7)];
    assert_eq!(seen(&landed(3), Some(&mixed), 7), (Timestamp(300), true));
    assert_eq!(seen(&landed(4), Some(&mixed[1..]), 7), (Timestamp(400), false), "another's that it had seen");
    assert_eq!(seen(&landed(3), Some(&[]), 7), (Timestamp(1), true), "nobody remembers whose it is");
}

#[test]
fn names_of_fields_are_words_and_have_their_room() {
    assert_eq!(names(&["title", "a field", "me@example.org", "a,b", "", "x-y_2"]), "title,x-y_2");
    assert_eq!(names(&[&"n".repeat(51), &"n".repeat(50)]), "n".repeat(50));
    let many: Vec<String> = (0..100).map(|n| format!("{n:040}")).collect();
    let kept = names(&many.iter().map(String::as_str).collect::<Vec<_>>());
    assert!((960..=1_000).contains(&kept.len()), "{}", kept.len());
    assert_eq!(read_names(&kept).count(), 24);
    assert_eq!(read_names("").count(), 0);
}

const NOW: Timestamp = Timestamp(1_000 * DAY + 7 * HOUR);

fn edit(stamp: Timestamp, device: i64) -> Edit {
    Edit {
        stamp,
        place: 1,
        user: device,
        device,
        base: 1,
        base_at: stamp.plus(-HOUR),
        version: 2,
        edited_at: stamp.plus(-1),
        cursor: None,
        outcome: Outcome::Written,
        met: false,
    }
}

fn asked(cursor: Option<Timestamp>) -> Asked {
    Asked { at: NOW, device: 1, base_at: NOW.plus(-8 * HOUR), cursor, open_editors: 2 }
}

#[test]
fn features_are_what_their_names_say() {
    let (old, other, own) =
        (edit(NOW.plus(-40 * DAY), 2), edit(NOW.plus(-3 * HOUR), 3), Edit { met: true, ..edit(NOW.plus(-2 * HOUR), 1) });
    let clash = Edit { outcome: Outcome::Conflict, met: true, ..edit(NOW.plus(-5 * DAY), 2) };
    let edits = [own, other, clash, old];
    let tenant = Counts { edits: 80, contested: 4, met: 20 };
    let known = Known { tenant, user: Counts { edits: 20, contested: 0, met: 3 }, week: 9 };
    let row = features(&asked(Some(NOW.plus(-HOUR))), &before(NOW, edits.iter()), &known);
    let (contested, met) = ((4.0 + 1.0) / 100.0, (20.0 + 1.0) / 100.0);
    let wanted = [
        1.0,
        3.0,
        3.0,
        2.0,
        2.0 / 6.0,
        2.0,
        (0.0 + 20.0 * contested) / 40.0,
        (1.0 + 5.0 * contested) / 9.0,
        (3.0 + 20.0 * met) / 40.0,
        (2.0 + 5.0 * met) / 9.0,
        9.0,
    ];
    assert_eq!(row, wanted);
    assert_eq!(met_rate(Counts::default(), Counts::default()), 0.05);
    let unknown = features(&asked(Some(NOW.plus(1))), &[], &Known::default());
    assert_eq!(&unknown[..5], [8.0, 8_760.0, 0.0, 0.0, 0.5], "a poll after the ask is none");
}

#[test]
fn days_before_the_ask_s_own_count() {
    let mut days = Days::default();
    for back in [0, 1, 7, 8, 45, 46] {
        days.add(&edit(NOW.plus(-back * DAY), 1));
    }
    let none = Days::default();
    let known = known(&days, &none, day(NOW));
    assert_eq!((known.tenant.edits, known.week, known.user), (4, 2, Counts::default()));
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let span = SPAN / HOUR + 24;
    (-span..48, 1_i64..5, 0_usize..4, any::<bool>()).prop_map(|(hours, device, outcome, met)| Edit {
        outcome: Outcome::ALL[outcome].0,
        met,
        ..edit(NOW.plus(hours * HOUR), device)
    })
}

fn told(edits: &[Edit]) -> [u64; 11] {
    let mut newest_first = edits.to_vec();
    newest_first.sort_by_key(|edit| std::cmp::Reverse(edit.stamp));
    let (mut tenant, mut user) = (Days::default(), Days::default());
    for edit in edits {
        tenant.add(edit);
        if edit.user == 1 {
            user.add(edit);
        }
    }
    let found = before(NOW, newest_first.iter());
    assert!(found.len() <= MOST);
    features(&asked(None), &found, &known(&tenant, &user, day(NOW))).map(f64::to_bits)
}

proptest! {
    #[test]
    fn nothing_that_came_after_the_ask_changes_a_feature(
        edits in prop::collection::vec(any_edit(), 0..300),
        others in prop::collection::vec(any_edit(), 0..300),
    ) {
        let (past, future): (Vec<_>, Vec<_>) = edits.iter().partition(|edit| edit.stamp < NOW);
        let altered = past.iter().copied().chain(others.iter().copied().filter(|edit| edit.stamp >= NOW));
        prop_assert_eq!(told(&edits), told(&altered.collect::<Vec<_>>()));
        prop_assert!(future.iter().all(|edit| edit.stamp >= NOW));
    }
}
