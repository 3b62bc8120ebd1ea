//! The tables of the documents are printed from the tables in the code: settings, commands, roles, routes. A document that tells
//! something else fails here. To print them anew:
//!
//! ```text
//! PRINT_DOCS=1 cargo test --test all -- docs
//! ```

use crate::cli::Home;
use clap::Arg;
use std::fmt::Write;
use std::fs;
use tandem::app::config::{SETTINGS, Setting, Value, variable};
use tandem::cli::{Action, COMMANDS, Command};
use tandem::feature::rights::{COLUMNS, RIGHTS};
use tandem::feature::{Reach, Right};

/// A table of a document: the document, the table's name in its markers, and what prints it.
type Printed = (&'static str, &'static str, fn() -> String);

const PRINTED: [Printed; 4] = [
    ("docs/operator.md", "settings", settings),
    ("docs/operator.md", "commands", commands),
    ("docs/client.md", "roles", roles),
    ("docs/client.md", "routes", routes),
];

/// The marks of a printed table.
fn marks(name: &str) -> (String, String) {
    (format!("<!-- {name}: printed by tests/docs.rs -->\n"), format!("<!-- end of {name} -->\n"))
}

/// A document with this between the marks of a table.
fn filled(document: &str, name: &str, table: &str) -> String {
    let (begin, end) = marks(name);
    let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end}"));
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_documents_tell_what_the_code_does() {
    for (path, name, print) in PRINTED {
        let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        let document = fs::read_to_string(&file).unwrap();
        let now = filled(&document, name, &print());
        if std::env::var_os("PRINT_DOCS").is_some() {
            fs::write(&file, now).unwrap();
        } else {
            assert!(now == document, "the {name} of {path} are others now: PRINT_DOCS=1 cargo test --test all -- docs");
        }
    }
}

/// A table in Markdown.
fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&heads.map(str::to_owned)) + &line(&heads.map(|_| "---".to_owned()));
    rows.into_iter().for_each(|row| text.push_str(&line(&row.map(|cell| cell.replace('|', "\\|")))));
    text
}

fn code(text: impl AsRef<str>) -> String {
    format!("`{}`", text.as_ref())
}

fn settings() -> String {
    let row =
        |s: &Setting| [code(s.name), code(variable(s.name)), s.default.to_owned(), format!("{}{}", s.help, range(&s.value))];
    table(["setting", "variable", "default", "meaning"], SETTINGS.iter().map(row))
}

/// Which values a setting takes, where its help does not say it.
fn range(value: &Value) -> String {
    match value {
        Value::Number(0, u32::MAX, _) => String::new(),
        Value::Number(least, most, _) => format!(" {least} to {most}."),
        Value::Word(words, _) => format!(" One of: {}.", words.join(", ")),
        Value::Text(_) | Value::Checked(_) | Value::List(_) | Value::Limit(_) => String::new(),
    }
}

/// The commands under the headings of the help.
fn commands() -> String {
    let mut groups: Vec<&str> = COMMANDS.iter().map(|command| command.group).collect();
    groups.sort_by_key(|group| COMMANDS.iter().position(|command| command.group == *group));
    groups.dedup();
    let mut text = String::new();
    for group in groups {
        let rows = COMMANDS.iter().filter(|command| command.group == group).flat_map(|command| rows("tandem", command));
        let _ = write!(text, "\n**{group}**\n\n{}", table(["command", "what it does", "options"], rows));
    }
    text + "\n"
}

/// A command's row, or those of its own commands.
fn rows(above: &str, command: &Command) -> Vec<[String; 3]> {
    let name = format!("{above} {}", command.name);
    match &command.action {
        Action::Commands(inner) => inner.iter().flat_map(|command| rows(&name, command)).collect(),
        Action::Run(_) => vec![row(&name, command)],
    }
}

fn row(name: &str, command: &Command) -> [String; 3] {
    let parser = (command.args)(clap::Command::new(command.name));
    let (places, options): (Vec<&Arg>, Vec<&Arg>) = parser.get_arguments().partition(|arg| arg.is_positional());
    let shown =
        |arg: &Arg| arg.get_value_names().map_or_else(|| arg.get_id().to_string().to_uppercase(), |names| names[0].to_string());
    let typed = places.iter().fold(name.to_owned(), |line, arg| format!("{line} {}", shown(arg)));
    let options: Vec<String> =
        options.into_iter().filter_map(|arg| arg.get_long().map(|long| code(format!("--{long}")))).collect();
    [code(typed), command.about.to_owned(), options.join(" ")]
}

/// What each role may do.
fn roles() -> String {
    let reach = |reach: Reach| match reach {
        Reach::Nothing => "–",
        Reach::Own => "one's own",
        Reach::All => "yes",
    };
    let [partner, member, staff, admin] = COLUMNS;
    let row = |(_, columns, name): &(Right, [Reach; 4], &str)| {
        let [a, b, c, d] = columns.map(|column| reach(column).to_owned());
        [(*name).to_owned(), a, b, c, d]
    };
    table(["may", partner, member, staff, admin], RIGHTS.iter().map(row))
}

fn routes() -> String {
    let routes = Home::new().json("routes --json");
    let text = |route: &serde_json::Value, member: &str| route[member].as_str().unwrap().to_owned();
    let row = |route| [text(route, "method"), code(text(route, "path")), text(route, "access"), text(route, "summary")];
    table(["method", "path", "who may call", "what it does"], routes.as_array().unwrap().iter().map(row))
}

#[test]
fn a_printed_table_takes_the_place_of_the_old_one() {
    let (begin, end) = marks("x");
    let document = format!("before\n{begin}old\n{end}after\n");
    assert_eq!(filled(&document, "x", "| new |\n"), format!("before\n{begin}| new |\n{end}after\n"));
    assert_eq!(table(["a", "b"], [["1|2".to_owned(), String::new()]]), "| a | b |\n| --- | --- |\n| 1\\|2 |  |\n");
}
