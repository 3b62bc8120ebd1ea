//! The lease and the mark on a store of their own; `tests/upkeep.rs` has the web servers.

use super::lease::{Lease, Turn, take};
use super::*;
use crate::db::{Address, Journal, migrate};
use tempfile::TempDir;

const FIRST: Job = Job { name: "first", run: |_, _, _| Ok(0) };
const SECOND: Job = Job { name: "second", run: |_, _, _| Ok(0) };
const THIRD: Job = Job { name: "third", run: |_, _, _| Ok(0) };
const JOBS: [&Job; 3] = [&FIRST, &SECOND, &THIRD];

/// A store in which maintenance has just become due, and its settings.
fn store() -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tandem.db");
    let mut db = Db::sqlite_create(&file, Journal::Wal).unwrap();
    migrate::migrate(&mut db, &mut |_| {}).unwrap();
    put_fact(&mut db, MAINTAINED_AT, &Timestamp::now().plus(-PERIOD).to_string()).unwrap();
    let settings =
        Settings { data: folder.path().into(), database_url: format!("sqlite:{}", file.display()), ..Settings::default() };
    (folder, settings)
}

fn open(settings: &Settings) -> Db {
    Db::open(&Address::parse(&settings.database_url).unwrap()).unwrap()
}

#[track_caller]
fn mine(turn: Turn) -> Lease {
    match turn {
        Turn::Mine(lease) => lease,
        Turn::Wait(until) => panic!("wait until {until}"),
    }
}

#[test]
fn one_process_has_its_turn_and_the_next_goes_on_where_it_stopped() {
    let (_folder, settings) = store();
    let (mut one, mut other) = (open(&settings), open(&settings));
    let now = Timestamp::now();
    let mut lease = mine(take(&mut one, now).unwrap());
    assert_eq!(lease.start(&JOBS), 0);
    assert_eq!(take(&mut other, now).unwrap(), Turn::Wait(now.plus(LEASE)));
    lease.enter(&mut one, &SECOND).unwrap();
    let until = lease.hand_over(&mut one, PAUSE).unwrap();
    assert_eq!(take(&mut other, now).unwrap(), Turn::Wait(until));
    let mut next = mine(take(&mut other, until).unwrap());
    assert_eq!((next.start(&JOBS), next.failed), (1, false));
}

#[test]
fn a_process_that_was_killed_loses_its_turn_and_its_job_is_tried_later() {
    let (_folder, settings) = store();
    let (mut one, mut other) = (open(&settings), open(&settings));
    let now = Timestamp::now();
    let mut killed = mine(take(&mut one, now).unwrap());
    killed.enter(&mut one, &SECOND).unwrap();
    let mut lease = mine(take(&mut other, now.plus(LEASE)).unwrap());
    assert_eq!((lease.start(&JOBS), lease.failed), (2, true), "not the job that it was killed in");
    // It was not killed, it was slow: it must not disturb who came after it.
    killed.hand_over(&mut one, 0).unwrap();
    assert!(matches!(take(&mut one, now.plus(LEASE)).unwrap(), Turn::Wait(_)));
    let until = lease.again(&mut other, BACK_OFF).unwrap();
    let mut later = mine(take(&mut one, until).unwrap());
    assert_eq!((later.start(&JOBS), later.failed), (0, false), "from the first job on");
}

#[test]
fn nothing_is_due_where_cron_comes() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    finish(&mut db, &settings, Starter::Cron).unwrap();
    let now = Timestamp::now();
    assert_eq!(starter(&mut db).unwrap(), Starter::Cron);
    assert!(!Upkeep::default().due(&settings), "the file says so");
    assert!(matches!(take(&mut db, now.plus(PERIOD - MINUTE)).unwrap(), Turn::Wait(_)), "and the database");
    mine(take(&mut db, now.plus(PERIOD + MINUTE)).unwrap());
}

#[test]
fn a_clock_that_was_wrong_does_not_put_it_off() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    let now = Timestamp::now();
    put_fact(&mut db, MAINTAINED_AT, &now.plus(1_000 * PERIOD).to_string()).unwrap();
    mark::set(&settings, now.plus(1_000 * PERIOD)).unwrap();
    assert!(Upkeep::default().due(&settings));
    mine(take(&mut db, now).unwrap());
    assert!(matches!(take(&mut db, now).unwrap(), Turn::Wait(_)), "and by one process");
}

#[test]
fn a_process_looks_at_the_file_once_in_a_while() {
    let (_folder, settings) = store();
    let (mut upkeep, now) = (Upkeep::default(), Timestamp::now());
    mark::set(&settings, now.plus(HOUR)).unwrap();
    assert!(!upkeep.due(&settings));
    mark::set(&settings, now).unwrap();
    assert!(!upkeep.due(&settings), "it has just looked");
    upkeep.look = now;
    assert!(upkeep.due(&settings));
    upkeep.look = now.plus(HOUR);
    assert!(upkeep.due(&settings), "the clock was set back");
}
