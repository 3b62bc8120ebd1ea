//! The rules of room.

use super::DELETED;
use super::rules::{Bounds, Change, GROWN_UP, Growth, MIB, Standing, Weighed, Whose, site_has_room, store_limit};
use crate::base::error::{Refusal, Refused};
use crate::base::text::Language;
use crate::base::time::Timestamp;
use crate::feature::{Settings, TenantKind};

const ONE: Growth = Growth { objects: 1, bytes: 0 };

fn bytes(bytes: i64) -> Growth {
    Growth { objects: 0, bytes }
}

fn standing(whose: Whose, used: &[(&str, i64, i64)]) -> Standing {
    let used = used.iter().map(|(kind, objects, bytes)| ((*kind).to_owned(), Growth { objects: *objects, bytes: *bytes }));
    Standing { whose, used: used.collect(), site: true }
}

fn check(standing: &Standing, kind: &str, growth: Growth, bounds: Bounds) -> Option<Refusal> {
    standing.check(kind, growth, bounds, &Settings::default())
}

#[test]
fn a_couple_has_its_whole_room_when_both_have_been_there_for_a_week() {
    let (now, week) = (Timestamp(100 * GROWN_UP), Timestamp(99 * GROWN_UP));
    assert_eq!(Whose::of(TenantKind::Couple, 2, week, now), Whose::Couple);
    assert_eq!(Whose::of(TenantKind::Couple, 1, week, now), Whose::NewCouple);
    assert_eq!(Whose::of(TenantKind::Couple, 2, week.plus(1), now), Whose::NewCouple);
    assert_eq!(Whose::of(TenantKind::Team, 1, now, now), Whose::Team);
    let settings = Settings::default();
    let rooms = [Whose::Couple, Whose::NewCouple, Whose::Team].map(|whose| whose.room(&settings) / MIB);
    assert_eq!(rooms, [256, 16, 4_096]);
}

#[test]
fn what_a_write_changes_of_the_sums() {
    let change = |before, after| {
        let Change { live, deleted } = Growth::between(before, after);
        (live.objects, live.bytes, deleted.objects)
    };
    assert_eq!(change(Weighed::Absent, Some(7)), (1, 7, 0));
    assert_eq!(change(Weighed::Alive(7), Some(3)), (0, -4, 0));
    assert_eq!(change(Weighed::Alive(7), None), (-1, -7, 1));
    assert_eq!(change(Weighed::Deleted, Some(2)), (1, 2, -1));
    assert_eq!(change(Weighed::Deleted, None), (0, 0, 0));
    assert_eq!(change(Weighed::Absent, None), (0, 0, 1));
}

#[test]
fn the_last_byte_fits_and_the_next_does_not() {
    let full = standing(Whose::NewCouple, &[("goals", 3, 10 * MIB), ("voice", 9, 6 * MIB - 5)]);
    assert!(check(&full, "goals", bytes(5), Bounds::OBJECTS).is_none());
    let refusal = check(&full, "goals", bytes(6), Bounds::OBJECTS).unwrap();
    let room = refusal.room.unwrap();
    assert_eq!((room.whose, room.unit, room.used, room.most), ("couple", "bytes", Some(16 * MIB - 5), Some(16 * MIB)));
    assert!(matches!(refusal.kind, Refused::NoRoom(3_600)));
    for language in [Language::En, Language::Fr, Language::Ko] {
        let said = refusal.detail.render(language);
        assert!(said.contains("16") && !said.contains('{'), "{said}");
    }
}

#[test]
fn a_tenth_more_is_for_who_may() {
    let full = standing(Whose::NewCouple, &[("conflicts", 1, 16 * MIB)]);
    assert!(check(&full, "conflicts", bytes(MIB), Bounds { above: true, number: true }).is_none());
    assert!(check(&full, "conflicts", bytes(2 * MIB), Bounds { above: true, number: true }).is_some());
    assert!(check(&full, "goals", bytes(1), Bounds::OBJECTS).is_some());
}

#[test]
fn objects_are_counted_by_kind_and_deletions_together() {
    let many = standing(Whose::Team, &[("goals", 100_000, 0), ("letters", 99_999, 0)]);
    let refusal = check(&many, "goals", ONE, Bounds::OBJECTS).unwrap();
    assert_eq!(refusal.room.unwrap().unit, "objects");
    assert!(check(&many, "letters", ONE, Bounds::OBJECTS).is_none());
    assert!(check(&many, "goals", bytes(9), Bounds::OBJECTS).is_none());
    assert!(check(&many, "goals", ONE, Bounds { above: false, number: false }).is_none());
    let deleted = standing(Whose::Team, &[(DELETED, 100_001, 0)]);
    assert!(check(&deleted, "goals", ONE, Bounds::OBJECTS).is_some());
}

#[test]
fn what_older_programs_deleted_makes_no_room_for_others() {
    let strange = standing(Whose::NewCouple, &[("goals", -5, -9 * MIB), ("voice", 1, 16 * MIB)]);
    assert_eq!(strange.bytes(), 16 * MIB);
    assert!(check(&strange, "goals", bytes(1), Bounds::OBJECTS).is_some());
}

#[test]
fn the_servers_own_room_comes_first_and_its_figures_are_nobodys() {
    let full = Standing { site: false, ..standing(Whose::Team, &[]) };
    let room = check(&full, "goals", ONE, Bounds::OBJECTS).unwrap().room.unwrap();
    assert_eq!((room.whose, room.used, room.most), ("server", None, None));
    assert!(site_has_room(None, None, 64, None) && site_has_room(Some(10), Some(9), 64, Some(64)));
    assert!(!site_has_room(Some(10), Some(10), 64, None) && !site_has_room(None, None, 64, Some(63)));
    let settings = Settings::default();
    assert_eq!((store_limit(&settings, Some(1_000)), store_limit(&settings, None)), (Some(800), None));
    assert_eq!(store_limit(&Settings { store_limit: Some(5), ..settings }, Some(1_000)), Some(5));
}
