//! Maintenance without cron, through the built program and real web servers: requests do it after their answers.

use crate::cli::Home;
use crate::servers::client::request;
use crate::servers::{Engine, Kind, Options, Server};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};
use tandem::app::work::lease::{Turn, take};
use tandem::app::work::nightly::{self, DUTY, Starter};
use tandem::base::time::{DAY, SECOND, Timestamp};
use tandem::db::Db;
use tandem::feature::store::{MAINTAINED_AT, fact, put_fact};
use tandem::params;

/// What makes the deletion of a session slow, in the engine itself: it counts so far.
fn slow_deletion(to: u32) -> String {
    format!(
        "CREATE TRIGGER slow BEFORE DELETE ON sessions BEGIN SELECT COUNT(*) FROM (WITH RECURSIVE n(x) AS \
         (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {to}) SELECT x FROM n); END"
    )
}

/// What notes each time that maintenance was done in full.
const NOTED: &str = "CREATE TABLE ends (n BIGINT); \
     CREATE TRIGGER added AFTER INSERT ON facts WHEN NEW.name = 'maintained_at' BEGIN INSERT INTO ends VALUES (1); END; \
     CREATE TRIGGER changed AFTER UPDATE ON facts WHEN NEW.name = 'maintained_at' BEGIN INSERT INTO ends VALUES (1); END";
/// Longer than a process believes that nothing is due.
const LOOK: Duration = Duration::from_millis(1_100);
/// How long what is promised may take: whoever finds others writing, as a courier does that has just begun, looks again when
/// a lease has run out.
const PATIENCE: Duration = Duration::from_secs(40 + (nightly::LEASE / SECOND) as u64);

fn start(kind: Kind, workers: usize, engine: Engine) -> Server {
    let server = Server::start(kind, &Options { workers, engine, ..Options::default() });
    // The first request has its work, too: it finds that nothing is due in a new store.
    let mark = server.data_dir.join("next-work");
    let is_set = || fs::metadata(&mark).is_ok_and(|file| file.modified().unwrap() > SystemTime::now() + 60 * LOOK);
    assert!(
        (0..300).any(|_| is_set() || {
            sleep(LOOK / 10);
            false
        }),
        "{}",
        server.log()
    );
    server
}

fn ask(server: &Server) {
    request("GET", "/api/").send(server.port).expect(200);
}

/// Three days without maintenance, and a session that has expired.
fn neglected(server: &Server) -> &Server {
    let mut db = server.store();
    db.run("DELETE FROM users", &[]).unwrap();
    db.run("DELETE FROM facts", &[]).unwrap();
    let user = "INSERT INTO users (id, username, username_key, password, first_name, last_name, language, timezone, disabled, \
         created_at, updated_at) VALUES (7, 'u', 'u', '', '', '', 'ko', 'UTC', 0, 1, 1)";
    db.run(user, &[]).unwrap();
    let session = "INSERT INTO sessions (id, user_id, generation, generation_at, rotated_at, successor_at, created_at, expires_at) \
         VALUES ('expired', 7, 0, 1, 1, 0, 1, 5)";
    db.run(session, &[]).unwrap();
    db.run("UPDATE migrations SET applied_at = ?", params![Timestamp::now().plus(-3 * DAY)]).unwrap();
    look_again(server);
    server
}

/// Lets time pass: whatever was put off is due.
fn look_again(server: &Server) {
    for mark in ["next-maintenance", "next-work"] {
        let mark = File::options().write(true).create(true).truncate(false).open(server.data_dir.join(mark)).unwrap();
        mark.set_modified(SystemTime::now() - Duration::from_secs(9)).unwrap();
    }
    server.hand_over();
    let mut db = server.store();
    if let Some(text) = fact(&mut db, "maintenance_lease").unwrap() {
        let mut lease: Value = serde_json::from_str(&text).unwrap();
        lease["until"] = "2020-01-01T00:00:00.000Z".into();
        put_fact(&mut db, "maintenance_lease", &lease.to_string()).unwrap();
    }
    sleep(LOOK);
}

fn sql(server: &Server, statements: &str) {
    Connection::open(server.data_dir.join("tandem.db")).unwrap().execute_batch(statements).unwrap();
}

fn number(server: &Server, query: &str) -> i64 {
    server.store().one(query, &[], |row| row.get(0)).unwrap().unwrap()
}

fn sessions(server: &Server) -> i64 {
    number(server, "SELECT COUNT(*) FROM sessions")
}

fn is_maintained(db: &mut Db) -> bool {
    fact(db, MAINTAINED_AT).unwrap().is_some()
}

/// When the next piece may come, by the files and by the lease.
fn planned(server: &Server) -> String {
    let marks = ["next-maintenance", "next-work"].map(|mark| {
        let at = fs::metadata(server.data_dir.join(mark)).and_then(|file| file.modified());
        at.map(|at| format!("{mark} in {:?}", at.duration_since(SystemTime::now()).unwrap_or_default()))
    });
    format!("{marks:?}, {:?}", fact(&mut server.store(), "maintenance_lease"))
}

/// Sends requests until something holds.
#[track_caller]
fn ask_until(server: &Server, what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{:?}: not {what}: {}\n{}", server.kind, planned(server), server.log());
        ask(server);
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_has_expired_goes_after_an_answer_that_did_not_wait_for_it() {
    for kind in Kind::ALL.into_iter().chain([Kind::ApachePrefork]) {
        let server = start(kind, 2, Engine::Sqlite);
        // Not so slow that mod_cgid ends it on a busy machine, after 3 s.
        sql(&server, &slow_deletion(500_000));
        // A machine with other things to do may let the work overtake the answer, but not each time.
        let is_first = (0..10).any(|_| {
            neglected(&server);
            ask(&server);
            sessions(&server) == 1
        });
        assert!(is_first, "{kind:?} answers after the work");
        ask_until(&server, "maintained", || is_maintained(&mut server.store()));
        assert_eq!((sessions(&server), nightly::starter(&mut server.store()).unwrap()), (0, Starter::Requests));
    }
}

#[test]
fn a_server_s_database_is_maintained_too() {
    let server = start(Kind::LighttpdFastcgi, 2, Engine::Mariadb);
    neglected(&server);
    ask_until(&server, "maintained", || is_maintained(&mut server.store()));
    assert_eq!(sessions(&server), 0);
}

#[test]
fn of_many_processes_one_does_it() {
    let server = start(Kind::LighttpdFastcgi, 4, Engine::Sqlite);
    sql(&server, NOTED);
    neglected(&server);
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| ask(&server)));
        }
    });
    ask_until(&server, "maintained", || is_maintained(&mut server.store()));
    sleep(LOOK);
    (0..20).for_each(|_| ask(&server));
    assert_eq!(number(&server, "SELECT COUNT(*) FROM ends"), 1);
}

/// Whatever the file says: on several machines each has its own.
#[test]
fn of_many_machines_one_has_the_lease() {
    for engine in [Engine::Sqlite, Engine::Mariadb] {
        let server = start(Kind::LighttpdFastcgi, 1, engine);
        server.alter("UPDATE migrations SET applied_at = 1", &[]);
        for round in 0..5 {
            let now = Timestamp::now().plus(round * DAY);
            let turns: Vec<Turn> = scope(|scope| {
                let takers: Vec<_> = (0..6).map(|_| scope.spawn(|| take(&mut server.store(), &DUTY, now).unwrap())).collect();
                takers.into_iter().map(|taker| taker.join().unwrap()).collect()
            });
            assert_eq!(turns.iter().filter(|turn| matches!(turn, Turn::Mine(_))).count(), 1, "{engine:?}: {turns:?}");
        }
    }
}

#[test]
fn a_process_that_is_killed_in_the_middle_loses_nothing() {
    let server = start(Kind::LighttpdFastcgi, 1, Engine::Sqlite);
    sql(&server, &slow_deletion(5_000_000));
    neglected(&server);
    ask(&server);
    let lease = || fact(&mut server.store(), "maintenance_lease").unwrap().unwrap_or_default();
    assert!(
        (0..500).any(|_| lease().contains(r#""job":"sessions""#) || {
            sleep(LOOK / 100);
            false
        }),
        "it does not begin"
    );
    for pid in server.descendants() {
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    sql(&server, "DROP TRIGGER slow");
    assert_eq!(sessions(&server), 1, "it was too fast for this test");
    let up = || request("GET", "/api/").send(server.port).status == 200;
    assert!((0..100).any(|_| up() || {
        sleep(LOOK);
        false
    }));
    assert_eq!(sessions(&server), 1, "the lease of the killed process holds");
    look_again(&server);
    ask_until(&server, "noticed", || server.log().contains("expired sessions: its process was ended in the middle"));
    assert_eq!(sessions(&server), 1, "the job that it was killed in waits");
    // The piece that noticed it goes through the other jobs, and puts off the rest: what is set before that is lost.
    ask_until(&server, "left", || lease().contains(r#""holder":"""#));
    look_again(&server);
    ask_until(&server, "maintained", || is_maintained(&mut server.store()));
    assert_eq!(sessions(&server), 0);
}

#[test]
fn a_job_that_fails_is_told_once_and_the_others_are_done() {
    let server = start(Kind::LighttpdFastcgi, 2, Engine::Sqlite);
    sql(&server, "DROP TABLE attempts");
    neglected(&server);
    let told =
        || fs::read_to_string(server.data_dir.join("tandem.log")).unwrap_or_default().matches("old failed attempts").count();
    ask_until(&server, "done", || sessions(&server) == 0 && told() == 1);
    sleep(LOOK);
    (0..50).for_each(|_| ask(&server));
    assert_eq!((told(), is_maintained(&mut server.store())), (1, false));
    look_again(&server);
    ask_until(&server, "tried again", || told() == 2);
}

#[test]
fn a_database_that_is_locked_keeps_no_process_waiting() {
    let server = start(Kind::LighttpdFastcgi, 1, Engine::Sqlite);
    neglected(&server);
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    (0..3).for_each(|_| ask(&server));
    let took = started.elapsed();
    db.execute_batch("ROLLBACK").unwrap();
    assert!(took < Duration::from_secs(3), "{took:?} for three answers");
    assert_eq!(sessions(&server), 1);
    look_again(&server);
    ask_until(&server, "maintained", || is_maintained(&mut server.store()));
    assert!(!server.log().contains("maintenance after"), "nothing failed: {}", server.log());
}

#[test]
fn the_doctor_tells_who_does_it() {
    let home = Home::new();
    let call = || assert_eq!(home.call("", "GET", "/api/", "").0, "200");
    call();
    assert!(home.ok("doctor").contains("has never run"));
    home.sql("UPDATE migrations SET applied_at = applied_at - 100000000");
    for mark in ["next-maintenance", "next-work"] {
        fs::remove_file(home.data().join(mark)).unwrap();
    }
    let told = (0..10).map(|_| {
        call();
        sleep(LOOK);
        home.ok("doctor")
    });
    let told = told.into_iter().find(|told| !told.contains("has never run")).unwrap();
    for words in ["within the hour, by requests after their answers", "Add New Cron Job", "/tandem maintain --quiet`"] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    home.ok("maintain");
    assert!(home.ok("doctor").contains("within the hour, by `tandem maintain`"));
}
