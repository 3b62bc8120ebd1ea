//! Every row of the couples contract, through the built program and real web servers.
//!
//! A case is a line in its noun's table. All cases run on each kind of server, against one server of the kind: each
//! makes users of its own. Cases that need settings of their own start their own server. `CASE=goal` in the environment
//! runs the cases alone whose name or module has that word.

mod attempts;
mod auth;
mod catalog;
mod check;
mod checkins;
mod conflicts;
mod conventions;
mod couples;
pub mod devices;
mod domains;
mod edits;
mod expect;
pub mod feed;
mod feed_kinds;
mod feed_pages;
mod feed_start;
mod fuzz;
mod goals;
mod graphql;
mod graphql_cost;
mod graphql_errors;
mod graphql_uploads;
mod handoff;
mod history;
mod home;
mod idempotency;
mod identities;
mod ids;
mod inbox;
mod instants;
mod isolation;

mod kept;
mod landed;
mod leaving;
mod letters;
mod limits;
mod linking;
mod marks;
mod mobile;
mod object_versions;
mod objects;
mod offline;
mod offline_sides;
mod openapi;
mod pages;
pub mod phone;
mod plain;
mod policies;
mod preconditions;
mod priorities;
pub mod push;
mod qna;
mod records;
mod records_changes;
mod records_rules;
mod resolutions;
mod revocation;
mod risk;
mod roles;
mod room;
mod room_use;
pub mod routes;
mod seen;
mod sessions;
mod shown;
mod spent;
mod stamps;
mod subscribed;
pub mod subscriptions;
mod sync;
mod team_members;
mod teams;
mod tokens;
mod values;
mod versions;
mod ways_in;

use crate::servers::{Engine, Kind, Options, Server, described};
pub use phone::Phone;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A case: what is promised, and how it is seen.
pub type Case = (&'static str, fn(&Server));

/// A module's cases, by the module's name.
type Table = (&'static str, &'static [Case]);

/// The tables of these modules.
macro_rules! tables {
    ($($module:ident),+ $(,)?) => { &[$((stringify!($module), $module::CASES)),+] };
}
use tables;

/// Every noun's cases.
const TABLES: &[Table] = tables![
    home,
    conventions,
    routes,
    objects,
    pages,
    preconditions,
    push,
    subscriptions,
    subscribed,
    inbox,
    versions,
    shown,
    isolation,
    openapi,
    idempotency,
    auth,
    sessions,
    tokens,
    ways_in,
    linking,
    handoff,
    devices,
    revocation,
    seen,
    couples,
    leaving,
    teams,
    team_members,
    qna,
    goals,
    graphql,
    graphql_errors,
    graphql_uploads,
    checkins,
    letters,
    domains,
    records,
    records_rules,
    records_changes,
    landed,
    history,
    edits,
    marks,
    risk,
    policies,
    priorities,
    conflicts,
    resolutions,
    roles,
    sync,
    feed_pages,
    feed_start,
    stamps,
    spent,
    catalog,
    feed_kinds,
    values,
    object_versions,
    offline,
    offline_sides,
    ids,
    instants,
    identities,
];

/// Cases that run side by side: as many as the server has workers.
const SIDE_BY_SIDE: usize = 4;

/// Runs every case on a server of this kind over this database, and fails with the names of those that fail.
fn every_case_on(kind: Kind, engine: Engine) {
    // Every case comes from one address and logs in anew: the limits have cases of their own.
    let limits = ["AUTH", "REQUESTS", "UPLOADS", "BURST", "COST"];
    let mut env = limits.map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())).to_vec();
    env.push(("TANDEM_PUSH_CONTACT".to_owned(), "mailto:ops@example.org".to_owned()));
    // The night of one case must not give the others a model: all edits of all of them are enough for one, by chance.
    env.push(("TANDEM_RISK_TRAIN".to_owned(), "off".to_owned()));
    let server = Server::start(kind, &Options { engine, workers: SIDE_BY_SIDE, env, ..Options::default() });
    let word = std::env::var("CASE").unwrap_or_default();
    let cases = cases(&word);
    assert!(!cases.is_empty(), "CASE={word}: no case's name or module has that word");
    let next = AtomicUsize::new(0);
    let failed: Vec<&str> = thread::scope(|scope| {
        let runner = || run_some(&server, &cases, &next);
        let runners: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(runner)).collect();
        runners.into_iter().flat_map(|runner| runner.join().unwrap()).collect()
    });
    let count = format!("{kind:?}, {engine:?}: {} of {} cases failed", failed.len(), cases.len());
    assert!(failed.is_empty(), "{count}:\n  {}\n{}", failed.join("\n  "), server.log());
    let log = std::fs::read_to_string(server.data_dir.join("tandem.log")).unwrap_or_default();
    assert!(!log.contains("panic at"), "{log}");
    room::assert_exact(&server);
    let unseen = if word.is_empty() { described::unseen() } else { Vec::new() };
    assert_eq!(unseen, Vec::<String>::new(), "{kind:?}: answers that are described and that no case got");
}

/// The cases whose name or module has this word, in small letters or large.
fn cases(word: &str) -> Vec<Case> {
    let word = word.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&word);
    let tables = TABLES.iter().chain(mobile::TABLES);
    let all = tables.flat_map(|(module, cases)| cases.iter().map(move |case| (*module, *case)));
    all.filter(|(module, (name, _))| has(module) || has(name)).map(|(_, case)| case).collect()
}

fn run_some<'c>(server: &Server, cases: &'c [Case], next: &AtomicUsize) -> Vec<&'c str> {
    let mut failed = Vec::new();
    while let Some((name, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
        if catch_unwind(AssertUnwindSafe(|| case(server))).is_err() {
            eprintln!("^ {name} on {:?} over {:?}", server.kind, server.engine);
            failed.push(*name);
        }
    }
    failed
}

#[test]
fn the_contract_holds_on_lighttpd_fastcgi() {
    every_case_on(Kind::LighttpdFastcgi, Engine::Sqlite);
}

#[test]
fn the_contract_holds_on_lighttpd_cgi() {
    every_case_on(Kind::LighttpdCgi, Engine::Sqlite);
}

#[test]
fn the_contract_holds_on_apache_fcgid() {
    every_case_on(Kind::ApacheFcgid, Engine::Sqlite);
}

#[test]
fn the_contract_holds_on_apache_cgi() {
    every_case_on(Kind::ApacheCgi, Engine::Sqlite);
}

#[test]
fn the_contract_holds_over_mariadb() {
    every_case_on(Kind::LighttpdFastcgi, Engine::Mariadb);
}

#[test]
fn a_word_chooses_cases() {
    let names = |word| cases(word).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let all = names("");
    assert!(names("no such word anywhere").is_empty());
    let (home, head) = (names("home"), names("head works"));
    assert!(home::CASES.iter().all(|(name, _)| home.contains(name)) && home.len() < all.len(), "by module");
    assert_eq!(head, ["HEAD works wherever GET does and says the same without the content"], "by name");
}
