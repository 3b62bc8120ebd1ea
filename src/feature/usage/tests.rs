//! The file: what is counted, who is one of the others, and that folding takes each count once.

use super::slot::short;
use super::*;
use crate::db::migrate::migrate;
use crate::db::{Db, Journal, Mode, within};

const NOW: Timestamp = Timestamp(1_798_000_000_000);

fn use_of<'u>(target: &'u str, name: &'u str) -> Use<'u> {
    Use { target, version: 1, client: Client { name, version: Some("1.0") }, times: 1 }
}

fn store_in(folder: &tempfile::TempDir) -> Db {
    let mut db = Db::sqlite_create(&folder.path().join("tandem.db"), Journal::Auto).unwrap();
    migrate(&mut db, &mut |_| {}).unwrap();
    db
}

fn folded(db: &mut Db, usage: &mut Usage, folder: &tempfile::TempDir, now: Timestamp, all: bool) -> u64 {
    within(db, Mode::Write, |db| fold(db, usage, folder.path(), day_of(now), all)).unwrap()
}

fn total(db: &mut Db) -> i64 {
    store::since(db, 0).unwrap().iter().map(|day| day.requests).sum()
}

#[test]
fn a_slot_is_read_as_it_was_written() {
    let long = format!("graphql:Mutation.{}", "x".repeat(80));
    for (target, name) in
        [("version:1", "T"), (long.as_str(), "a-name-of-an-app-that-is-as-long-as-may-be"), ("GET /a/", "unknown")]
    {
        let slot = Slot::of(day_of(NOW), &use_of(target, name));
        assert_eq!(Slot::read(&slot.bytes()), Some(slot));
    }
    assert_eq!((Slot::read(&[0; SLOT]), short("abc", 3), short(&"é".repeat(30), 20).len()), (None, "abc".to_owned(), 19));
}

#[test]
fn each_count_is_folded_in_once_and_a_slot_that_is_made_anew_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut db, mut usage, mut other) = (store_in(&folder), Usage::default(), Usage::default());
    let count = |usage: &mut Usage, times: usize, now| {
        (0..times).for_each(|_| usage.count(folder.path(), &use_of("version:1", "T"), now));
    };
    count(&mut usage, 3, NOW);
    count(&mut other, 2, NOW);
    assert_eq!((folded(&mut db, &mut usage, &folder, NOW, false), folded(&mut db, &mut other, &folder, NOW, false)), (1, 0));
    assert_eq!(total(&mut db), 5);
    count(&mut usage, 1, NOW);
    assert_eq!((folded(&mut db, &mut usage, &folder, NOW, true), total(&mut db)), (1, 6));
    assert_eq!((folded(&mut db, &mut usage, &folder, NOW, true), total(&mut db)), (0, 6));
    count(&mut usage, 4, NOW);
    assert_eq!((folded(&mut db, &mut usage, &folder, NOW, false), total(&mut db)), (1, 10), "its place was freed");
    // Undone, it is folded again.
    count(&mut usage, 1, NOW);
    db.begin(Mode::Write).unwrap();
    assert_eq!(fold(&mut db, &mut usage, folder.path(), day_of(NOW), true).unwrap(), 1);
    db.rollback();
    assert_eq!((folded(&mut db, &mut usage, &folder, NOW, true), total(&mut db)), (1, 11));
    let later = NOW.plus(2 * DAY);
    assert_eq!(folded(&mut db, &mut usage, &folder, later, false), 0);
    assert!(slots(usage.file(folder.path()).unwrap()).unwrap().iter().all(Option::is_none), "old days are freed");
}

#[test]
fn names_that_are_made_up_are_others_and_a_full_file_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut db, mut usage) = (store_in(&folder), Usage::default());
    usage.count(folder.path(), &use_of("version:1", "seen-yesterday"), NOW.plus(-DAY));
    for n in 0..MOST_CLIENTS + 100 {
        usage.count(folder.path(), &use_of("version:1", &format!("made-up-{n}")), NOW);
    }
    usage.count(folder.path(), &use_of("version:1", "seen-yesterday"), NOW);
    folded(&mut db, &mut usage, &folder, NOW, false);
    let today: Vec<_> = store::since(&mut db, day_of(NOW)).unwrap();
    let of = |client: &str| today.iter().find(|day| day.client == client).map(|day| day.requests);
    assert_eq!((today.len(), of("other"), of("seen-yesterday/1.0")), (MOST_CLIENTS + 2, Some(100), Some(1)));
    let mut counted = total(&mut db);
    for n in 0..2_400 {
        usage.count(folder.path(), &use_of(&format!("GET /{n}/"), "seen-yesterday"), NOW);
        counted += 1;
        if usage.is_full() {
            folded(&mut db, &mut usage, &folder, NOW, true);
            folded(&mut db, &mut usage, &folder, NOW, true);
            usage.settle(folder.path()).unwrap();
            assert!(!usage.is_full());
        }
    }
    folded(&mut db, &mut usage, &folder, NOW, false);
    assert_eq!(total(&mut db), counted);
}
