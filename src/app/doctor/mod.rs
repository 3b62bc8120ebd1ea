//! The doctor: a table of checks. Each says what it saw, why it matters and what to do. A check tries what it tells of, a file, a
//! transaction, a program, a request, and undoes it: the doctor leaves everything as it was.

mod courier;
pub mod echo;
pub mod effective;
mod files;
mod lifecycle;
mod limits;
mod link;
mod mail;
mod model;
mod page;
mod pass;
pub mod probe;
pub mod programs;
mod push;
pub mod quota;
mod replica;
mod room;
mod sockets;
mod store;

pub use mail::missing as missing_mailer;

use super::advice;
use super::config::{self, Loaded};
use crate::base::time::SECOND;
use crate::db::Db;
use crate::feature::{Content, Face, Feature, Route};
use crate::http::{Method, html};
use probe::Seen;
use serde::Serialize;
use std::path::Path;

/// Where the settings are written.
const FILE: &str = "File Manager → tandem/tandem.toml";

/// The registry entry.
pub const FEATURE: Feature = Feature::new("doctor", ROUTES);

const ROUTES: &[Route] = &[
    Route::apart(Method::Get, "/doctor/", page::ask, "How to get the doctor's report without a shell")
        .through(Face::Page)
        .answers(200, PAGE),
    Route::apart(Method::Post, "/doctor/", page::report, "The doctor's report, for a key that is good once")
        .through(Face::Page)
        .takes_nothing()
        .answers(200, PAGE),
    Route::apart(Method::Post, probe::PATH, probe::answer, "What the program sees of a request, for `tandem doctor`")
        .through(Face::Operator)
        .takes_nothing(),
    Route::apart(Method::Get, echo::PATH, echo::answer, "A connection that is held for `tandem doctor`").through(Face::Operator),
];
const PAGE: Content = Content::Bytes(html::MEDIA_TYPE);

/// Clocks that differ by more than this, in milliseconds, are wrong: a header has whole seconds, and an answer takes some.
pub const SKEW: i64 = 30 * SECOND;

/// One check.
pub struct Check<P> {
    /// Its name.
    pub name: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Looks.
    pub look: fn(&mut P) -> Finding,
}

/// The checks in their order: a later one builds on what an earlier one opened.
pub const CHECKS: &[Check<Patient>] = &[
    Check {
        name: "configuration",
        why: "with a configuration that cannot be read, every request is answered with 503",
        look: files::configuration,
    },
    Check { name: "data folder", why: "it holds everything that people wrote; nobody else may read it", look: files::folder },
    Check { name: "web root", why: "what lies in a web root can be downloaded, or started, by anybody", look: files::web_root },
    Check {
        name: "web programs",
        why: "what others could have changed is not started: every request is answered with 500",
        look: programs::programs,
    },
    Check { name: "secret", why: "who knows it can sign in as anybody", look: files::secret },
    Check { name: "database", why: "requests are answered only with a sound database of this version", look: store::database },
    Check {
        name: "journal",
        why: "the wrong journal makes requests wait for each other, or damages the database",
        look: store::journal,
    },
    Check { name: "hints", why: "most polls bring nothing new, and need not open the database", look: store::hints },
    Check { name: "foreign keys", why: "without them deletions leave orphans", look: store::foreign_keys },
    Check {
        name: "replica",
        why: "polls are read there as long as it answers; one that stands still tells phones nothing new",
        look: replica::replica,
    },
    Check { name: "clock", why: "tokens end too early or too late by a wrong clock", look: store::clock },
    Check {
        name: "names",
        why: "two accounts of older versions may have one name in two spellings: who types the other's is that one",
        look: store::names,
    },
    Check { name: "disk", why: "on a full disk nothing can be written any more", look: files::disk },
    Check {
        name: "room",
        why: "a couple or team that has used up its room can save nothing more, and a store that has used up the account nobody can",
        look: room::room,
    },
    Check {
        name: "limits",
        why: "a process that passes a limit fails or is ended in the middle of a request",
        look: limits::limits,
    },
    Check { name: "backups", why: "they hold what people deleted until they are deleted themselves", look: store::backups },
    Check { name: "log", why: "failures that users met stand there", look: files::log },
    Check {
        name: "maintenance",
        why: "without it expired data stay, and the store grows for ever; cron does it at night, whether or not requests come",
        look: store::maintenance,
    },
    Check {
        name: "courier",
        why: "what waits for other servers is done by a process of its own, soon after a request; without it cron does that once a day",
        look: courier::courier,
    },
    Check {
        name: "mail",
        why: "who forgets their password gets back in by a mail; without a mailer you are asked for a link (`tandem user link NAME`)",
        look: mail::mail,
    },
    Check {
        name: "push",
        why: "a device that is woken hears of a change within seconds; others when they next poll",
        look: push::push,
    },
    Check {
        name: "sockets",
        why: "who holds a socket or a stream hears of a change at once, as long as Pushpin is told of it",
        look: sockets::sockets,
    },
    Check {
        name: "lifecycle",
        why: "what lifecycle.json announces holds only as long as it can be read; apps that still use what goes stop working on its day",
        look: lifecycle::lifecycle,
    },
    Check {
        name: "model",
        why: "before an edit people are told what is likely; a model that tells too little misleads them",
        look: model::model,
    },
];

/// What the program saw of a request tells how it is run.
pub const GATEWAY: &[Check<Seen>] =
    &[Check { name: "gateway", why: "FastCGI answers sooner; plain CGI is what every host has", look: probe::gateway }];

/// What the checks look at.
pub struct Patient {
    /// The configuration, or what is wrong with it.
    pub loaded: std::result::Result<Loaded, String>,
    /// The database, once its check opened it.
    db: Option<Db>,
    /// Read the whole database?
    full: bool,
    /// What the web program saw of a request, if it was asked or asks itself.
    pub seen: Option<Seen>,
}

impl Patient {
    /// This account's installation.
    pub fn new(full: bool) -> Patient {
        Patient { loaded: config::load().map_err(|error| advice::explain(&error)), db: None, full, seen: None }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Something is wrong.
    Problem,
}

/// What a check saw.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub saw: String,
    /// What to do.
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(saw: impl Into<String>) -> Finding {
        Finding { level: Level::Ok, saw: saw.into(), todo: None }
    }

    /// Worth knowing.
    pub fn note(saw: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { level: Level::Note, saw: saw.into(), todo: Some(todo.into()) }
    }

    /// Something is wrong.
    pub fn problem(saw: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { level: Level::Problem, saw: saw.into(), todo: Some(todo.into()) }
    }

    /// Another check has said why this one could not look.
    pub fn skipped(until: &str) -> Finding {
        Finding::note("not looked at", format!("solve the problem of the {until} first"))
    }
}

/// What to do about permissions: to click, and to type.
fn chmod(mode: &str, path: &Path) -> String {
    format!("File Manager → Permissions → 0{mode}, or: chmod {mode} {}", path.display())
}

/// What one check saw.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The check.
    pub name: &'static str,
    /// How bad it is, what was seen and what to do.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it matters.
    pub why: &'static str,
}

/// Makes every check, in the table's order.
pub fn examine<P>(checks: &[Check<P>], patient: &mut P) -> Vec<Report> {
    checks.iter().map(|check| Report { name: check.name, finding: (check.look)(patient), why: check.why }).collect()
}

/// Puts problems first, then what is worth knowing; each in the tables' order.
pub fn worst_first(reports: &mut [Report]) {
    reports.sort_by_key(|report| std::cmp::Reverse(report.finding.level));
}

/// How many of these are problems.
pub fn problems(reports: &[Report]) -> usize {
    reports.iter().filter(|report| report.finding.level == Level::Problem).count()
}
