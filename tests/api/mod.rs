//! Every row of the couples contract, through the built program and real web servers.
//!
//! A case is a line in its noun's table. All cases run on each kind of server, against one server of the kind: each
//! makes users of its own. Cases that need settings of their own start their own server.

mod auth;
mod check;
mod checkins;
mod conflicts;
mod conventions;
mod couples;
mod expect;
mod feed;
mod feed_kinds;
mod feed_pages;
mod fuzz;
mod goals;
mod graphql;
mod graphql_errors;
mod graphql_uploads;
mod home;
mod idempotency;
mod identities;
mod instants;
mod isolation;
mod letters;
mod limits;
mod mobile;
mod objects;
mod openapi;
pub mod phone;
mod policies;
mod qna;
mod records;
mod records_changes;
mod records_rules;
mod resolutions;
mod routes;
mod sessions;
mod sync;
mod team_members;
mod teams;
mod tokens;
mod values;

use crate::servers::{Engine, Kind, Options, Server, described};
pub use phone::Phone;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A case: what is promised, and how it is seen.
pub type Case = (&'static str, fn(&Server));

/// Every noun's cases.
const CASES: &[&[Case]] = &[
    home::CASES,
    conventions::CASES,
    routes::CASES,
    objects::CASES,
    isolation::CASES,
    openapi::CASES,
    idempotency::CASES,
    auth::CASES,
    sessions::CASES,
    tokens::CASES,
    couples::CASES,
    teams::CASES,
    team_members::CASES,
    qna::CASES,
    goals::CASES,
    graphql::CASES,
    graphql_errors::CASES,
    graphql_uploads::CASES,
    checkins::CASES,
    letters::CASES,
    records::CASES,
    records_rules::CASES,
    records_changes::CASES,
    policies::CASES,
    conflicts::CASES,
    resolutions::CASES,
    sync::CASES,
    feed_pages::CASES,
    feed_kinds::CASES,
    values::CASES,
    instants::CASES,
    identities::CASES,
];

/// Cases that run side by side: as many as the server has workers.
const SIDE_BY_SIDE: usize = 4;

/// Runs every case on a server of this kind over this database, and fails with the names of those that fail.
fn every_case_on(kind: Kind, engine: Engine) {
    // Every case comes from one address and logs in anew: the limits have cases of their own.
    let limits = ["AUTH", "REQUESTS", "UPLOADS", "BURST", "COST"];
    let env = limits.map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())).to_vec();
    let server = Server::start(kind, &Options { engine, workers: SIDE_BY_SIDE, env, ..Options::default() });
    let cases: Vec<Case> = CASES.iter().chain(mobile::CASES).copied().flatten().copied().collect();
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
    assert_eq!(described::unseen(), Vec::<String>::new(), "{kind:?}: answers that are described and that no case got");
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
