//! `tandem doctor`: a table of checks. Each says what it saw, why it matters and what to do. It changes nothing.

mod files;
mod store;

use super::{Action, Command, SETTING_UP, Verdict, flag, json_flag, out};
use crate::app::config::{self, Loaded};
use crate::base::error::Result;
use crate::db::Db;
use clap::ArgMatches;
use clap::builder::styling::Style;
use serde::Serialize;
use serde_json::json;

pub const COMMAND: Command = Command {
    name: "doctor",
    group: SETTING_UP,
    about: "Check the installation and say what to do",
    help: "It looks and changes nothing. Problems make the exit code 1; notes do not. Run it as the account that the web server runs \
           Tandem as.",
    examples: &[
        ("tandem doctor", "every check, with advice"),
        ("tandem doctor --full", "read the whole database for damage, too"),
        ("tandem doctor --json", "for monitoring"),
    ],
    args: |command| {
        command.arg(json_flag()).arg(flag("full", "Read the whole database for damage, which takes a while when it is large"))
    },
    action: Action::Run(run),
};

/// One check.
struct Check {
    name: &'static str,
    /// Why it matters.
    why: &'static str,
    look: fn(&mut Patient) -> Finding,
}

/// The checks in their order: a later one builds on what an earlier one opened.
const CHECKS: &[Check] = &[
    Check {
        name: "configuration",
        why: "with a configuration that cannot be read, every request is answered with 503",
        look: files::configuration,
    },
    Check { name: "data folder", why: "it holds everything that people wrote; nobody else may read it", look: files::folder },
    Check { name: "web root", why: "what lies in a web root can be downloaded, or started, by anybody", look: files::web_root },
    Check { name: "secret", why: "who knows it can sign in as anybody", look: files::secret },
    Check { name: "database", why: "requests are answered only with a sound database of this version", look: store::database },
    Check {
        name: "journal",
        why: "the wrong journal makes requests wait for each other, or damages the database",
        look: store::journal,
    },
    Check { name: "foreign keys", why: "without them deletions leave orphans", look: store::foreign_keys },
    Check {
        name: "replica",
        why: "polls are read there as long as it answers; one that stands still tells phones nothing new",
        look: store::replica,
    },
    Check { name: "disk", why: "on a full disk nothing can be written any more", look: files::disk },
    Check { name: "log", why: "failures that users met stand there", look: files::log },
    Check { name: "maintenance", why: "without it expired data stay, and the store grows for ever", look: store::maintenance },
];

/// What the checks look at.
struct Patient {
    /// The configuration, or what is wrong with it.
    loaded: std::result::Result<Loaded, String>,
    /// The database, once its check opened it.
    db: Option<Db>,
    /// Read the whole database?
    full: bool,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Note,
    Problem,
}

impl Level {
    fn mark(self) -> (Style, &'static str) {
        match self {
            Level::Ok => (out::GOOD, "ok     "),
            Level::Note => (out::NOTE, "note   "),
            Level::Problem => (out::BAD, "PROBLEM"),
        }
    }
}

/// What a check saw.
#[derive(Debug)]
struct Finding {
    level: Level,
    saw: String,
    /// What to do.
    todo: Option<String>,
}

impl Finding {
    fn ok(saw: impl Into<String>) -> Finding {
        Finding { level: Level::Ok, saw: saw.into(), todo: None }
    }

    fn note(saw: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { level: Level::Note, saw: saw.into(), todo: Some(todo.into()) }
    }

    fn problem(saw: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { level: Level::Problem, saw: saw.into(), todo: Some(todo.into()) }
    }

    /// Another check has said why this one could not look.
    fn skipped(until: &str) -> Finding {
        Finding::note("not looked at", format!("solve the problem of the {until} first"))
    }
}

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let loaded = config::load().map_err(|error| out::explain(&error));
    let mut patient = Patient { loaded, db: None, full: matches.get_flag("full") };
    let findings: Vec<(&Check, Finding)> = CHECKS.iter().map(|check| (check, (check.look)(&mut patient))).collect();
    let problems = findings.iter().filter(|(_, finding)| finding.level == Level::Problem).count();
    if matches.get_flag("json") {
        tell_json(&findings, problems)?
    } else {
        tell(&findings, problems)?
    }
    Ok(if problems == 0 { Verdict::Well } else { Verdict::Wrong })
}

fn tell_json(findings: &[(&Check, Finding)], problems: usize) -> Result<()> {
    let checks: Vec<_> = findings
        .iter()
        .map(|(check, f)| json!({"name": check.name, "level": f.level, "saw": f.saw, "why": check.why, "todo": f.todo}))
        .collect();
    out::json(&json!({"ok": problems == 0, "problems": problems, "checks": checks}))
}

fn tell(findings: &[(&Check, Finding)], problems: usize) -> Result<()> {
    for (check, finding) in findings {
        let (style, mark) = finding.level.mark();
        out::line(format!("{}  {:14} {}", out::paint(style, mark), check.name, finding.saw))?;
        if let Some(todo) = &finding.todo {
            let why = if finding.level == Level::Problem { format!("{INDENT}why:  {}\n", check.why) } else { String::new() };
            out::line(format!("{why}{INDENT}do:   {todo}"))?;
        }
    }
    match problems {
        0 => out::line("\nno problems"),
        n => out::line(format!("\n{}", out::count(n as u64, "problem"))),
    }
}

/// Below the names.
const INDENT: &str = "                        ";
