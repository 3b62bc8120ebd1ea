//! The operator's commands: a table, a file each.
//!
//! [`COMMANDS`] is walked to build the parser and the help, and to find what runs. Exit codes: 0 all is well, 1 something is
//! wrong, 2 the command line was not understood.

mod api;
mod backup;
mod bench;
mod client;
mod compact;
mod config;
mod copy;
mod courier;
mod demo;
mod device;
mod doctor;
mod export;
mod files;
mod health;
mod logs;
mod mail;
mod maintain;
mod migrate;
mod openapi;
mod out;
mod password;
mod progress;
mod push;
mod restore;
mod risk;
mod routes;
mod schema;
mod site;
mod snapshots;
mod tenant;
mod trust;
mod upgrade;
mod user;

use crate::base::error::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::{Arg, ArgAction, ArgMatches};
use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

/// One command.
pub struct Command {
    /// Its name on the command line.
    pub name: &'static str,
    /// The heading that the help lists it under.
    pub group: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The rest of its help: what is good to know.
    pub help: &'static str,
    /// Examples: a command line, and what it does. A command that leaves it to others has none of its own.
    pub examples: &'static [(&'static str, &'static str)],
    /// Adds its arguments.
    pub args: fn(clap::Command) -> clap::Command,
    /// What it does: runs itself, or has commands of its own.
    pub action: Action,
}

/// What a command does.
pub enum Action {
    /// Runs.
    Run(fn(&ArgMatches) -> Result<Verdict>),
    /// Leaves it to one of these.
    Commands(&'static [Command]),
}

/// How a command that ran to its end found things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As they should be.
    Well,
    /// Something is wrong, and the command has said what.
    Wrong,
    /// It was asked for what does not exist, and has said so.
    Unknown,
}

/// Every command, in the order of the help.
pub const COMMANDS: &[Command] = &[
    doctor::COMMAND,
    migrate::COMMAND,
    config::COMMAND,
    maintain::COMMAND,
    courier::COMMAND,
    mail::COMMAND,
    copy::COMMAND,
    logs::COMMAND,
    backup::COMMAND,
    restore::COMMAND,
    compact::COMMAND,
    upgrade::COMMAND,
    export::COMMAND,
    health::COMMAND,
    snapshots::COMMAND,
    user::COMMAND,
    device::COMMAND,
    tenant::COMMAND,
    risk::COMMAND,
    push::COMMAND,
    api::COMMAND,
    routes::COMMAND,
    openapi::COMMAND,
    schema::COMMAND,
    demo::COMMAND,
    bench::COMMAND,
];

/// The headings of the help, in its order.
const GROUPS: &[&str] = &[SETTING_UP, RUNNING, DEVELOPING];
const SETTING_UP: &str = "Setting up";
const RUNNING: &str = "Keeping it running";
const DEVELOPING: &str = "Developing an app";

const ABOUT: &str =
    "Tandem is the backend of an offline-first mobile app, on the cheapest hosting there is. This is its operator's program.";

/// What an operator does who has just uploaded Tandem.
const FIRST_STEPS: &[(&str, &str)] = &[
    ("tandem doctor", "is everything as it should be? It says what to do"),
    ("tandem user create anna", "make an account; it asks for the password"),
    ("tandem maintain --quiet", "let cron run this every night"),
    ("tandem backup --keep 14 --quiet", "and this: a copy of everything"),
];

/// Runs the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match parser().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // What is wrong with the configuration, the command itself will say.
    config_warnings().iter().for_each(|text| out::warning(text));
    match dispatch(COMMANDS, &matches) {
        Ok(Verdict::Well) => ExitCode::SUCCESS,
        Ok(Verdict::Wrong) => ExitCode::FAILURE,
        Ok(Verdict::Unknown) => ExitCode::from(2),
        Err(error) => {
            out::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn config_warnings() -> Vec<String> {
    crate::app::config::load().map(|loaded| loaded.warnings).unwrap_or_default()
}

fn dispatch(commands: &[Command], matches: &ArgMatches) -> Result<Verdict> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(Verdict::Well) };
    match commands.iter().find(|command| command.name == name).map(|command| &command.action) {
        Some(Action::Run(run)) => run(matches),
        Some(Action::Commands(inner)) => dispatch(inner, matches),
        None => Ok(Verdict::Well),
    }
}

/// Headings, and what is typed.
const HEADING: Style = AnsiColor::Yellow.on_default().bold();
const LITERAL: Style = AnsiColor::Green.on_default();

fn parser() -> clap::Command {
    let styles = Styles::styled().header(HEADING).usage(HEADING).literal(LITERAL);
    let root = clap::Command::new("tandem")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .styles(styles)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .help_template("{about}\n\n{usage-heading} {usage}{after-help}")
        .override_usage("tandem COMMAND [OPTIONS]")
        .after_help(overview());
    root.subcommands(COMMANDS.iter().map(build))
}

fn build(command: &Command) -> clap::Command {
    let built = clap::Command::new(command.name)
        .about(command.about)
        .long_about(format!("{}.\n\n{}", command.about, command.help))
        .disable_help_subcommand(true);
    let built = (command.args)(built).mut_args(named);
    match &command.action {
        Action::Run(_) => built.after_help(examples("Examples", command.examples)),
        Action::Commands(inner) => {
            built.subcommand_required(true).arg_required_else_help(true).subcommands(inner.iter().map(build))
        }
    }
}

/// The list of commands by group, and the first steps.
fn overview() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let rows: Vec<(String, &str)> = COMMANDS.iter().filter(|c| c.group == *group).flat_map(rows).collect();
        let _ = writeln!(text, "{}", listing(group, &rows));
    }
    let _ = write!(
        text,
        "{}\n{LITERAL}tandem COMMAND --help{LITERAL:#} explains a command and shows examples.",
        examples("First steps", FIRST_STEPS)
    );
    text
}

fn rows(command: &'static Command) -> Vec<(String, &'static str)> {
    match &command.action {
        Action::Run(_) => vec![(command.name.to_owned(), command.about)],
        Action::Commands(inner) => inner.iter().map(|c| (format!("{} {}", command.name, c.name), c.about)).collect(),
    }
}

fn examples(heading: &str, examples: &[(&str, &str)]) -> String {
    let rows: Vec<(String, &str)> = examples.iter().map(|(line, what)| ((*line).to_owned(), *what)).collect();
    listing(heading, &rows)
}

fn listing(heading: &str, rows: &[(String, &str)]) -> String {
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or_default();
    let mut text = format!("{HEADING}{heading}:{HEADING:#}\n");
    for (left, right) in rows {
        let _ = writeln!(text, "  {LITERAL}{left:width$}{LITERAL:#}  {right}");
    }
    text
}

/// A command without arguments.
fn no_args(command: clap::Command) -> clap::Command {
    command
}

/// The values of arguments that name a file or a folder.
const PATHS: [&str; 3] = ["FILE", "FOLDER", "OUT"];

/// An argument that names a file or a folder takes no empty name: scripts write one where a variable of theirs is not set.
fn named(arg: Arg) -> Arg {
    let is_path = arg.get_value_names().is_some_and(|names| names.iter().any(|name| PATHS.contains(&name.as_str())));
    if is_path { arg.value_parser(NonEmptyStringValueParser::new()) } else { arg }
}

/// An option that is there or is not.
fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// `--json`, which many commands have.
fn json_flag() -> Arg {
    flag("json", "Answer as JSON, for scripts")
}

/// The text of an argument, if it was given.
fn text<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m str> {
    matches.get_one::<String>(name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_makes_a_sound_parser() {
        parser().debug_assert();
    }

    /// The words of a line: what stands between two apostrophes is one.
    fn as_shell(line: &str) -> Vec<&str> {
        let pieces = line.split('\'').enumerate();
        pieces.flat_map(|(n, piece)| if n % 2 == 1 { vec![piece] } else { piece.split_whitespace().collect() }).collect()
    }

    #[test]
    fn every_command_teaches() {
        let every = COMMANDS.iter().flat_map(|command| match &command.action {
            Action::Run(_) => std::slice::from_ref(command),
            Action::Commands(inner) => inner,
        });
        for command in every {
            assert!(!command.examples.is_empty() && command.help.ends_with('.'), "{}", command.name);
            assert!(!command.about.ends_with('.') && GROUPS.contains(&command.group), "{}", command.name);
            for (line, _) in command.examples {
                let words = line.split(" | ").last().unwrap_or_default().split(" > ").next().unwrap_or_default();
                let parsed = parser().try_get_matches_from(as_shell(words));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
