//! The clock, proved: no change is lost between writers and pollers in many processes, through the built program under
//! lighttpd with eight FastCGI workers.
//!
//! Ten writer processes create, change and delete objects of two couples at random and note what the server acknowledged;
//! five poller processes follow the feed, each with its own cursor and its own kind of query, most with messages, which writers send
//! to the pollers of their own user. Afterwards the books are compared ([`judge`]): what was acknowledged, what each poller holds, and the store itself, which must agree exactly.
//!
//! | variant | what is done to the server meanwhile |
//! |---|---|
//! | [`nothing_is_lost_among_many_writers`] | nothing |
//! | [`nothing_is_lost_when_workers_are_killed`] | `kill -9` of a random worker, again and again |
//! | [`nothing_is_lost_with_hints_when_workers_are_killed`] | the same, with a rollback journal and hints, and every third worker writes without registering |
//! | [`nothing_is_lost_when_clocks_disagree`] | half of the workers see the wall clock an hour behind (libfaketime) |
//! | [`replica`] | polls are read from a replica that lags, stands still, hangs, comes back and is gone |
//! | [`cluster::nothing_is_lost_when_nodes_fail`] | one node of three is killed and comes back, another is cut off |
//!
//! On a cluster the workers prefer different nodes, so that each request may come to another one than the last, and the
//! books are compared with every node's store. The last poll asks for the latest; it alone must not lag.
//!
//! Ten times in a row, with 12 seconds of load each time:
//!
//! ```text
//! CLOCK_ROUNDS=10 CLOCK_SECONDS=12 cargo test clock:: -- --nocapture
//! ```
//!
//! That it can fail was tried, five seconds each, with the product broken on purpose:
//!
//! | broken | variant | operations | what it found |
//! |---|---|---|---|
//! | stamp = the wall clock before `BEGIN IMMEDIATE` | calm | 2,544 | 78 changes lost |
//! | the same | clocks disagree | 6,037 | 4,477 changes lost |
//! | the same | killed | 2,304 | 80 changes lost |
//! | `server_time` = the wall clock | calm | 2,325 | 132 changes lost |
//! | clock = max(now, clock), without + 1 | calm | 1,917 | 85 changes lost |
//! | a page ends inside a stamp | calm | 2,006 | 29 changes lost |
//! | messages up to before the clock | calm | 2,638 | 16 messages lost |
//! | no idempotency | killed | 1,624 | 2 operations made two objects |
//! | `server_time` = the wall clock | calm, cluster | 720 | 631 changes lost |
//! | no transaction is run again | calm, cluster | | a writer was told 503 |
//! | a refusal is believed though its transaction was undone | killed, cluster | 440 | a new question was answered 404 |

mod actor;
mod cluster;
mod judge;
mod poller;
mod replica;
mod writer;

use crate::api::{Phone, devices};
use crate::servers::{Engine, Kind, Options, Server, galera};
use actor::{Actor, Role, Task};
use judge::Verdict;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::thread::{scope, sleep};
use std::time::Duration;
use tandem::db::hints::Sample;
use tandem::db::{Address, Db};
use tempfile::TempDir;

/// FastCGI processes of the server.
const WORKERS: usize = 8;
/// Writers of the first and of the second couple; within a couple they take turns as its two partners.
const WRITERS: [usize; 2] = [8, 2];
/// Pollers by the couple they belong to and what they ask for.
const POLLERS: [(usize, &str); 5] = [
    (0, "include=messages"),
    (0, "limit=7&include=messages"),
    (0, "limit=7"),
    (0, "include=objects,messages"),
    (1, "include=messages"),
];
/// Seconds of load of a round, unless CLOCK_SECONDS says otherwise.
const SECONDS: u64 = 6;
/// The secret of every server: another one on the same database must know its tokens.
const SECRET: &str = "thirty-two bytes and a few more, for tests";
/// Between two kills: lighttpd replaces what ended once a second, so that some of the workers always live.
const BETWEEN_KILLS: Duration = Duration::from_millis(200);

/// One load at a time: side by side they would only slow each other.
static ALONE: Mutex<()> = Mutex::new(());

/// What is done to the server during the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Calm,
    Killed,
    /// As CGI has the store, with a rollback journal and hints; some workers are of a program that registers nothing, and some are killed.
    Hinted,
    Skewed,
    Nodes,
}

#[test]
fn nothing_is_lost_among_many_writers() {
    rounds(Variant::Calm, Engine::Sqlite);
}

#[test]
fn nothing_is_lost_among_many_writers_over_mariadb() {
    rounds(Variant::Calm, Engine::Mariadb);
}

#[test]
fn nothing_is_lost_when_workers_are_killed() {
    rounds(Variant::Killed, Engine::Sqlite);
}

#[test]
fn nothing_is_lost_with_hints_when_workers_are_killed() {
    rounds(Variant::Hinted, Engine::Sqlite);
}

#[test]
fn nothing_is_lost_when_workers_are_killed_over_mariadb() {
    rounds(Variant::Killed, Engine::Mariadb);
}

#[test]
fn nothing_is_lost_when_clocks_disagree() {
    rounds(Variant::Skewed, Engine::Sqlite);
}

#[test]
fn nothing_is_lost_when_clocks_disagree_over_mariadb() {
    rounds(Variant::Skewed, Engine::Mariadb);
}

#[test]
fn nothing_is_lost_among_many_writers_over_galera() {
    rounds(Variant::Calm, Engine::Galera);
}

#[test]
fn nothing_is_lost_when_workers_are_killed_over_galera() {
    rounds(Variant::Killed, Engine::Galera);
}

#[test]
fn nothing_is_lost_when_clocks_disagree_over_galera() {
    rounds(Variant::Skewed, Engine::Galera);
}

/// A number from the environment.
fn knob(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Waits until no other load is on.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn rounds(variant: Variant, engine: Engine) {
    let _alone = alone();
    for number in 1..=knob("CLOCK_ROUNDS", 1) {
        let (verdicts, kills) = round(variant, engine, number);
        println!("{engine:?} {variant:?} {number}: {kills} kills, {}", verdicts[0]);
        for verdict in verdicts {
            assert!(verdict.is_clean(), "{engine:?}, {variant:?}, round {number}: {verdict}");
            check_the_round_was_one(variant, &verdict, kills);
        }
    }
}

/// A test that did nothing proves nothing.
fn check_the_round_was_one(variant: Variant, verdict: &Verdict, kills: usize) {
    // A rollback journal waits for the disk four times a commit.
    let enough = if variant == Variant::Hinted { 20 } else { 100 };
    assert!(verdict.acknowledged > enough && verdict.messages > 0, "{verdict}");
    assert_eq!(verdict.behind > 0, variant == Variant::Skewed, "{verdict}");
    assert!(verdict.polls > verdict.behind, "{verdict}");
    assert_eq!(kills > 5, matches!(variant, Variant::Killed | Variant::Hinted), "{kills} kills");
}

/// Two couples, and what all the writers of one change.
struct Couple {
    partners: [Phone; 2],
    /// The same users, signed in once more: nobody is told of their own device's messages.
    pollers: [Phone; 2],
    shared: String,
}

impl Couple {
    /// The invite is good for long: a worker an hour behind may have made it.
    fn new(server: &Server) -> Couple {
        let partners = [Phone::register(server), Phone::register(server)];
        partners[0].post("/couple/create/", &json!({})).expect(201);
        let invite = partners[0].post("/couple/invite/", &json!({"ttl_minutes": 600})).expect(200).json();
        partners[1].post("/couple/join/", &json!({"code": invite["invite"]["code"]})).expect(200);
        let shared = partners[0].make("/goals/", &json!({"title": "shared"}));
        let pollers = [0, 1].map(|partner| devices::again(server, &partners[partner], &json!({"device_id": "poller"})));
        Couple { partners, pollers, shared }
    }
}

/// What came of a round, by every store there is, and how many processes were killed in it.
fn round(variant: Variant, engine: Engine, number: u64) -> (Vec<Verdict>, usize) {
    let folder = TempDir::with_prefix("tandem-clock-").unwrap();
    let server = Server::start(Kind::LighttpdFastcgi, &options(variant, engine, folder.path()));
    let couples = [Couple::new(&server), Couple::new(&server)];
    let tasks = tasks(variant, engine, number, &couples, folder.path());
    let (pollers, writers): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.role == Role::Poller);
    let pollers: Vec<Actor> = pollers.into_iter().map(Actor::start).collect();
    let writers: Vec<Actor> = writers.into_iter().map(Actor::start).collect();
    let kills = match variant {
        Variant::Killed | Variant::Hinted => kill_workers(&server, writers, number),
        Variant::Nodes => {
            let kills = cluster::fail(&server, &couples[0].partners[0], number);
            fs::write(folder.path().join("enough"), "").unwrap();
            kills + finish(writers)
        }
        Variant::Calm | Variant::Skewed => finish(writers),
    };
    fs::write(folder.path().join("stop"), "").unwrap();
    finish(pollers);
    assert_eq!(hints_help(&server, &couples[0].pollers[0]), variant == Variant::Hinted);
    let users = couples.map(|couple| couple.partners[0].id);
    (stores(&server).into_iter().map(|store| judge::judge(store, &tasks, users)).collect(), kills)
}

/// Are polls answered from the hint file, now that nobody else writes? One in 16 is counted. None is, until the next commit of a
/// worker that registers, where the last one registered nothing or was killed.
fn hints_help(server: &Server, phone: &Phone) -> bool {
    let helped = || Sample::beside(&server.data_dir.join("tandem.db")).map(|sample| sample.hits > 0);
    for _ in 0..20 {
        if helped() != Some(false) {
            break;
        }
        polled(phone, |asker, turn| {
            // In the midst of the others' polls: what comes alone goes to the first worker each time, which may be one without hints.
            if (asker, turn) == (WORKERS / 2, 5) {
                devices::login(server, phone, &json!({"device_id": "another"})).expect_one_of(&[200, 500, 503]);
            }
        });
        // A sign-in is news: what is asked from here on has none.
        polled(phone, |_, _| ());
    }
    helped() == Some(true)
}

/// Polls without news side by side, so that all workers are asked. A worker that was killed a moment ago may still be.
fn polled(phone: &Phone, between: impl Fn(usize, usize) + Sync) {
    let ask = |path: &str| (0..500).map(|_| phone.get(path)).find(|answer| answer.status == 200).unwrap().json();
    let next = |known: &Value| {
        let text = |name: &str| known[name].as_str().unwrap();
        format!("/sync/changes/?since={}&epoch={}", text("server_time"), text("epoch"))
    };
    let mut known = ask("/sync/changes/");
    while known["has_more"] == true {
        known = ask(&next(&known));
    }
    let (path, between) = (&next(&known), &between);
    scope(|scope| {
        for asker in 0..WORKERS {
            scope.spawn(move || {
                for turn in 0..20 {
                    phone.get(path).expect_one_of(&[200, 500, 503]);
                    between(asker, turn);
                }
            });
        }
    });
}

/// The store, on every node.
fn stores(server: &Server) -> Vec<Db> {
    let open = |url: String| Db::open(&Address::parse(&url).unwrap()).unwrap();
    match server.engine {
        Engine::Sqlite | Engine::Mariadb => vec![server.store()],
        Engine::Galera => (0..galera::NODES).map(|node| open(galera::cluster().on_node(&server.database, node))).collect(),
    }
}

fn finish(actors: Vec<Actor>) -> usize {
    actors.into_iter().for_each(Actor::finish);
    0
}

fn tasks(variant: Variant, engine: Engine, number: u64, couples: &[Couple; 2], folder: &Path) -> Vec<Task> {
    let writers = WRITERS.iter().enumerate().flat_map(|(couple, count)| (0..*count).map(move |_| (couple, Role::Writer, "")));
    let pollers = POLLERS.iter().map(|(couple, query)| (*couple, Role::Poller, *query));
    let all = writers.chain(pollers).enumerate();
    all.map(|(index, (couple, role, query))| {
        let phones = if role == Role::Poller { &couples[couple].pollers } else { &couples[couple].partners };
        let phone = &phones[index % 2];
        Task {
            role,
            couple,
            index: index as u64,
            port: phone.port,
            user: phone.id,
            token: phone.access.clone(),
            query: query.to_owned(),
            shared: couples[couple].shared.clone(),
            seed: number * 1_000 + index as u64,
            seconds: if variant == Variant::Nodes { cluster::SECONDS } else { knob("CLOCK_SECONDS", SECONDS) },
            server_may_fail: matches!(variant, Variant::Killed | Variant::Hinted | Variant::Nodes),
            cursor_may_go_back: engine == Engine::Galera,
            folder: folder.to_owned(),
        }
    })
    .collect()
}

fn options(variant: Variant, engine: Engine, folder: &Path) -> Options {
    let env = [
        ("LIMITS_AUTH", "off"),
        ("LIMITS_REQUESTS", "off"),
        ("LIMITS_PUSH", "off"),
        ("ACCESS_MINUTES", "1440"),
        ("JWT_SECRET", SECRET),
    ];
    let journal = if variant == Variant::Hinted { "rollback" } else { "auto" };
    let env = env.into_iter().chain([("JOURNAL", journal)]);
    let env = env.map(|(name, value)| (format!("TANDEM_{name}"), value.to_owned())).collect();
    let options = Options { engine, workers: WORKERS, env, ..Options::default() };
    let database = (engine == Engine::Galera).then(|| galera::cluster().database());
    let clocks = match variant {
        Variant::Skewed => vec![String::new(), set_back()],
        Variant::Hinted => ["on", "on", "off"].map(|hints| format!("TANDEM_HINTS={hints}")).to_vec(),
        _ => vec![String::new()],
    };
    let stores = database.as_ref().map_or(vec![String::new()], |url| orders(url));
    let turns: Vec<String> =
        (0..clocks.len() * stores.len()).map(|n| format!("{} {}", clocks[n % clocks.len()], stores[n % stores.len()])).collect();
    let program = if turns.len() > 1 { in_turn(&options.program, &turns, folder) } else { options.program };
    Options { program, database, ..options }
}

/// The wall clock set back by an hour. The monotonic clock and the times of files stay as they are.
fn set_back() -> String {
    let library = libfaketime();
    format!(
        "LD_PRELOAD='{}' FAKETIME=-1h FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1",
        library.display()
    )
}

/// A cluster's nodes in different orders: of the workers that stay with the first, each node has its own.
fn orders(url: &str) -> Vec<String> {
    let order = |first| format!("TANDEM_DATABASE_URL='{}'", galera::cluster().in_order_from(url, first));
    (0..galera::NODES).map(order).collect()
}

/// A program that runs the real one, each time with the next of these environments. It counts by making folders, which
/// one process alone can do.
fn in_turn(program: &Path, turns: &[String], folder: &Path) -> PathBuf {
    let (counted, script) = (folder.join("turns"), folder.join("in-turn"));
    fs::create_dir(&counted).unwrap();
    let mut text = format!(
        "#!/bin/sh\nn=0\nwhile ! mkdir '{}'/$n 2>/dev/null; do n=$((n + 1)); done\ncase $((n % {})) in\n",
        counted.display(),
        turns.len()
    );
    for (number, turn) in turns.iter().enumerate() {
        text += &format!("{number}) exec env {turn} '{}' ;;\n", program.display());
    }
    fs::write(&script, text + "esac\n").unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    script
}

/// The library that shows a program another wall clock.
pub fn libfaketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    let mut found = folders.map(|folder| folder.join("faketime/libfaketime.so.1")).filter(|path| path.exists());
    found.next().expect("libfaketime is not installed: Debian's package faketime, which tests/run installs")
}

/// Kills workers until every writer has done its time. Answers how many.
fn kill_workers(server: &Server, mut writers: Vec<Actor>, seed: u64) -> usize {
    let mut random = actor::Random::new(seed);
    let mut kills = 0;
    while writers.iter_mut().any(Actor::runs) {
        sleep(BETWEEN_KILLS);
        let workers: Vec<u32> = server.descendants().into_iter().filter(|&pid| is_worker(pid)).collect();
        // The last one stays: on a busy machine others take longer to begin than it takes to kill them all.
        let Some(&pid) = workers.get(random.below(workers.len().max(1))).filter(|_| workers.len() > 1) else { continue };
        // It may have ended meanwhile; only one that was there counts.
        let killed = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
        kills += usize::from(killed.is_ok());
    }
    finish(writers);
    kills
}

fn is_worker(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("api"))
}
