//! The lease and the marks on a store of their own; `tests/after.rs` and `tests/courier.rs` have the web servers.

use super::courier;
use super::lease::{Lease, Turn, take};
use super::nightly::{BACK_OFF, DUTY, LEASE, PAUSE, Starter, finish, starter};
use super::*;
use crate::app::FEATURES;
use crate::base::time::MINUTE;
use crate::db::{Address, Journal, migrate};
use crate::feature::store::{MAINTAINED_AT, put_fact};
use std::collections::BTreeSet;
use tempfile::TempDir;

const FIRST: Job = Job::nightly("first", "the first", |_| Ok(0));
const SECOND: Job = Job::nightly("second", "the second", |_| Ok(0));
const THIRD: Job = Job::nightly("third", "the third", |_| Ok(0));
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

#[track_caller]
fn wait(turn: Turn) -> Timestamp {
    match turn {
        Turn::Mine(lease) => panic!("it is mine until {}", lease.until()),
        Turn::Wait(until) => until,
    }
}

#[test]
fn one_process_has_its_turn_and_the_next_goes_on_where_it_stopped() {
    let (_folder, settings) = store();
    let (mut one, mut other) = (open(&settings), open(&settings));
    let now = Timestamp::now();
    let mut lease = mine(take(&mut one, &DUTY, now).unwrap());
    assert_eq!(lease.start(&JOBS), 0);
    assert_eq!(wait(take(&mut other, &DUTY, now).unwrap()), now.plus(LEASE));
    lease.enter(&mut one, &SECOND).unwrap();
    let until = lease.hand_over(&mut one, PAUSE).unwrap();
    assert_eq!(wait(take(&mut other, &DUTY, now).unwrap()), until);
    let mut next = mine(take(&mut other, &DUTY, until).unwrap());
    assert_eq!((next.start(&JOBS), next.failed()), (1, false));
}

#[test]
fn a_process_that_was_killed_loses_its_turn_and_its_job_is_tried_later() {
    let (_folder, settings) = store();
    let (mut one, mut other) = (open(&settings), open(&settings));
    let now = Timestamp::now();
    let mut killed = mine(take(&mut one, &DUTY, now).unwrap());
    killed.enter(&mut one, &SECOND).unwrap();
    let mut lease = mine(take(&mut other, &DUTY, now.plus(LEASE)).unwrap());
    assert_eq!((lease.start(&JOBS), lease.failed()), (2, true), "not the job that it was killed in");
    // It was not killed, it was slow: it must not disturb who came after it.
    killed.hand_over(&mut one, 0).unwrap();
    assert!(matches!(take(&mut one, &DUTY, now.plus(LEASE)).unwrap(), Turn::Wait(_)));
    let until = lease.again(&mut other, BACK_OFF).unwrap();
    let mut later = mine(take(&mut one, &DUTY, until).unwrap());
    assert_eq!((later.start(&JOBS), later.failed()), (0, false), "from the first job on");
}

#[test]
fn nothing_is_due_where_cron_comes() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    finish(&mut db, &settings, Starter::Cron).unwrap();
    let now = Timestamp::now();
    assert_eq!(starter(&mut db).unwrap(), Starter::Cron);
    assert!(!AfterAnswers::default().due(&settings), "the file says so");
    assert!(matches!(take(&mut db, &DUTY, now.plus(PERIOD - MINUTE)).unwrap(), Turn::Wait(_)), "and the database");
    mine(take(&mut db, &DUTY, now.plus(PERIOD + MINUTE)).unwrap());
}

#[test]
fn a_clock_that_was_wrong_does_not_put_it_off() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    let now = Timestamp::now();
    put_fact(&mut db, MAINTAINED_AT, &now.plus(1_000 * PERIOD).to_string()).unwrap();
    Marks::of(&settings).nightly.set(now.plus(1_000 * PERIOD)).unwrap();
    Marks::first(&settings).set(now.plus(1_000 * PERIOD)).unwrap();
    assert!(AfterAnswers::default().due(&settings));
    mine(take(&mut db, &DUTY, now).unwrap());
    assert!(matches!(take(&mut db, &DUTY, now).unwrap(), Turn::Wait(_)), "and by one process");
}

#[test]
fn a_process_looks_at_the_file_once_in_a_while() {
    let (_folder, settings) = store();
    let (mut after, now) = (AfterAnswers::default(), Timestamp::now());
    Marks::first(&settings).set(now.plus(HOUR)).unwrap();
    assert!(!after.due(&settings));
    Marks::first(&settings).set(now).unwrap();
    assert!(!after.due(&settings), "it has just looked");
    after.look = now;
    assert!(after.due(&settings));
    after.look = now.plus(HOUR);
    assert!(after.due(&settings), "the clock was set back");
}

/// Older programs wrote a job's name where its key is now.
#[test]
fn a_lease_of_an_older_program_begins_with_the_first_job() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    for holder in ["", "somebody"] {
        let old =
            format!(r#"{{"holder":"{holder}","until":"2020-01-01T00:00:00.000Z","job":"expired sessions","failed":false}}"#);
        put_fact(&mut db, DUTY.fact, &old).unwrap();
        let mut lease = mine(take(&mut db, &DUTY, Timestamp::now()).unwrap());
        assert_eq!((lease.start(&JOBS), lease.failed()), (0, false), "{holder:?}");
        lease.again(&mut db, 0).unwrap();
    }
}

#[test]
fn a_courier_has_a_lease_of_its_own_that_is_due_at_any_time() {
    let (_folder, settings) = store();
    let mut db = open(&settings);
    let now = Timestamp::now();
    mine(take(&mut db, &DUTY, now).unwrap());
    let courier = mine(take(&mut db, &courier::DUTY, now).unwrap());
    assert_eq!(wait(take(&mut db, &courier::DUTY, now).unwrap()), courier.until());
    let until = courier.again(&mut db, 0).unwrap();
    mine(take(&mut db, &courier::DUTY, until).unwrap());
}

#[test]
fn every_job_has_a_key_of_its_own() {
    let all: Vec<&str> =
        [When::Nightly, When::Soon].into_iter().flat_map(|when| jobs(&FEATURES, when)).map(|job| job.key).collect();
    assert!(all.len() > 5);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
}

/// A store whose maintenance is done, so that nothing is due.
fn calm() -> (TempDir, Settings, Marks) {
    let (folder, settings) = store();
    finish(&mut open(&settings), &settings, Starter::Cron).unwrap();
    let marks = Marks::of(&settings);
    (folder, settings, marks)
}

#[test]
fn what_is_owed_is_seen_at_once_and_by_every_process() {
    let (_folder, settings, marks) = calm();
    let (mut own, mut other, now) = (AfterAnswers::default(), AfterAnswers::default(), Timestamp::now());
    assert!(!own.due(&settings) && !marks.wants_courier(now));
    own.owe(&settings, now);
    assert!(own.due(&settings), "it has just looked, but it knows better");
    assert!(other.due(&settings) && marks.wants_courier(now));
    marks.courier.lift();
    marks.settle().unwrap();
    assert!(!AfterAnswers::default().due(&settings));
}

#[test]
fn a_courier_is_started_a_while_before_it_is_due() {
    let (_folder, settings, marks) = calm();
    let now = Timestamp::now();
    for (at, wanted) in [(now.plus(AHEAD + MINUTE), false), (now.plus(AHEAD / 2), true)] {
        marks.owe(at).unwrap();
        assert_eq!((AfterAnswers::default().due(&settings), marks.wants_courier(now)), (wanted, wanted));
    }
}

#[test]
fn while_one_has_its_turn_nobody_looks_and_its_end_tells_what_came_meanwhile() {
    let (_folder, settings, marks) = calm();
    let now = Timestamp::now();
    marks.turn.set(now.plus(MINUTE)).unwrap();
    marks.owe(now).unwrap();
    assert!(!AfterAnswers::default().due(&settings) && !marks.wants_courier(now));
    assert!(marks.wants_courier(now.plus(MINUTE)), "it was killed");
    marks.turn.lift();
    marks.settle().unwrap();
    assert!(AfterAnswers::default().due(&settings) && marks.wants_courier(now));
}

#[test]
fn a_courier_that_cannot_be_started_is_told_once_and_not_tried_again_soon() {
    let (folder, mut settings, marks) = calm();
    settings.courier_program = Some(folder.path().join("nothing"));
    let now = Timestamp::now();
    marks.owe(now).unwrap();
    soon::after_answer(&settings, &marks, now);
    let since = marks.failing.get().unwrap();
    assert!(!marks.wants_courier(Timestamp::now()) && marks.wants_courier(now.plus(MINUTE)));
    soon::after_answer(&settings, &marks, now.plus(MINUTE));
    assert_eq!(marks.failing.get(), Some(since));
}
