//! `tandem doctor`: the doctor's report on the command line, with what the site shows when it is asked from outside.

mod exposed;
mod outside;
mod services;
mod visit;
mod visitor;

use super::{Action, Command, SETTING_UP, Verdict, flag, json_flag, out, text};
use crate::app::advice;
use crate::app::doctor::{CHECKS, Finding, GATEWAY, Level, Patient, Report, examine, problems, worst_first};
use crate::base::error::Result;
use clap::builder::styling::Style;
use clap::{Arg, ArgMatches};
use outside::OUTSIDE;
use serde_json::json;
use visitor::Visitor;

pub const COMMAND: Command = Command {
    name: "doctor",
    group: SETTING_UP,
    about: "Check the installation and say what to do",
    help: "It tries what it tells of, a file, a transaction, a program, a request, and leaves everything as it was. Problems stand first, and make \
           the exit code 1; notes do not. Run it as the account that the web server runs \
           Tandem as. Once site_url is set it asks the site its own address, too, as a phone would; no token and nothing private is \
           sent. SSL_CERT_FILE may name a file of certificates to believe in the place of the usual authorities'.",
    examples: &[
        ("tandem doctor", "every check, with advice"),
        ("tandem doctor --url https://example.org/api", "ask this address"),
        ("tandem doctor --quiet", "say nothing when all is well, as cron likes it"),
        ("tandem doctor --full", "read the whole database for damage, too"),
        ("tandem doctor --json", "for monitoring"),
    ],
    args: |command| {
        command
            .arg(Arg::new("url").long("url").value_name("URL").help("Ask this address in the place of site_url"))
            .arg(flag("quiet", "Say nothing unless there is a problem"))
            .arg(flag("full", "Read the whole database for damage, which takes a while when it is large"))
            .arg(json_flag().conflicts_with("quiet"))
    },
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let mut patient = Patient::new(matches.get_flag("full"));
    // Before the database is opened: closing its file, which is read to know it again, would end SQLite's locks.
    let outside = from_outside(&mut patient, text(matches, "url"));
    let mut reports = examine(CHECKS, &mut patient);
    reports.extend(outside);
    reports.extend(services::reached(&patient));
    worst_first(&mut reports);
    let problems = problems(&reports);
    if matches.get_flag("json") {
        out::json(&json!({"ok": problems == 0, "problems": problems, "checks": reports}))?
    } else if problems > 0 || !matches.get_flag("quiet") {
        tell(&reports, problems)?
    }
    Ok(if problems == 0 { Verdict::Well } else { Verdict::Wrong })
}

/// What the site shows, if its address is known.
fn from_outside(patient: &mut Patient, url: Option<&str>) -> Vec<Report> {
    let loaded = patient.loaded.as_ref().ok();
    let address = url.or_else(|| loaded.map(|loaded| loaded.settings.site_url.as_str())).unwrap_or_default();
    if address.is_empty() {
        return vec![unknown(Finding::note("not asked from outside: its address is not known", SITE_URL))];
    }
    let mut visitor = match Visitor::of(address, loaded) {
        Ok(visitor) => visitor,
        Err(what) => return vec![unknown(Finding::problem(what, SITE_URL))],
    };
    let mut reports = examine(OUTSIDE, &mut visitor);
    if let Some(mut seen) = visitor.seen {
        reports.extend(examine(GATEWAY, &mut seen));
        patient.seen = Some(seen);
    }
    reports
}

/// What to write, and where.
const SITE_URL: &str = "File Manager → tandem/tandem.toml, write the line site_url = \"https://YOUR.SITE/api\", or use --url";

/// The first check from outside, which needs an address.
fn unknown(finding: Finding) -> Report {
    Report { name: OUTSIDE[0].name, why: OUTSIDE[0].why, finding }
}

fn tell(reports: &[Report], problems: usize) -> Result<()> {
    for report in reports {
        let (style, mark) = mark(report.finding.level);
        out::line(format!("{}  {:17} {}", out::paint(style, mark), report.name, report.finding.saw))?;
        if let Some(todo) = &report.finding.todo {
            let why =
                if report.finding.level == Level::Problem { format!("{INDENT}why:  {}\n", report.why) } else { String::new() };
            out::line(format!("{why}{INDENT}do:   {todo}"))?;
        }
    }
    match problems {
        0 => out::line("\nno problems"),
        n => out::line(format!("\n{}", advice::count(n as u64, "problem"))),
    }
}

fn mark(level: Level) -> (Style, &'static str) {
    match level {
        Level::Ok => (out::GOOD, "ok     "),
        Level::Note => (out::NOTE, "note   "),
        Level::Problem => (out::BAD, "PROBLEM"),
    }
}

/// Below the names.
const INDENT: &str = "                           ";
