//! `tandem doctor`: the doctor's report on the command line. It changes nothing.

use super::{Action, Command, SETTING_UP, Verdict, flag, json_flag, out};
use crate::app::doctor::{CHECKS, Level, Patient, Report, examine, problems};
use crate::base::error::Result;
use clap::ArgMatches;
use clap::builder::styling::Style;
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

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let reports = examine(CHECKS, &mut Patient::new(matches.get_flag("full")));
    let problems = problems(&reports);
    if matches.get_flag("json") {
        out::json(&json!({"ok": problems == 0, "problems": problems, "checks": reports}))?
    } else {
        tell(&reports, problems)?
    }
    Ok(if problems == 0 { Verdict::Well } else { Verdict::Wrong })
}

fn tell(reports: &[Report], problems: usize) -> Result<()> {
    for report in reports {
        let (style, mark) = mark(report.finding.level);
        out::line(format!("{}  {:14} {}", out::paint(style, mark), report.name, report.finding.saw))?;
        if let Some(todo) = &report.finding.todo {
            let why =
                if report.finding.level == Level::Problem { format!("{INDENT}why:  {}\n", report.why) } else { String::new() };
            out::line(format!("{why}{INDENT}do:   {todo}"))?;
        }
    }
    match problems {
        0 => out::line("\nno problems"),
        n => out::line(format!("\n{}", out::count(n as u64, "problem"))),
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
const INDENT: &str = "                        ";
