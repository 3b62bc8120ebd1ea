//! What the operator reads: lines, tables, JSON; colour only in a terminal. The one module that prints.

use crate::app::advice::explain;

use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::Timestamp;
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// All is well.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Worth knowing.
pub const NOTE: Style = AnsiColor::Yellow.on_default().bold();
/// Something is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// A heading of a table.
const HEAD: Style = Style::new().bold();

/// Prints a line.
///
/// # Errors
/// When it cannot be written. A reader that has seen enough (`tandem routes | head`) is no error.
pub fn line(text: impl Display) -> Result<()> {
    heard(text).map(drop)
}

/// Prints a line; answers whether anybody may still be reading.
pub fn heard(text: impl Display) -> Result<bool> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::internal(format!("the answer cannot be written: {error}"))),
        Ok(()) => Ok(true),
    }
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(json::pretty(value)?)
}

/// Prints a table: columns as wide as their widest cell.
pub fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> Result<()> {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([heads[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    line(paint(HEAD, cells(&heads.map(str::to_owned), &widths)))?;
    rows.iter().try_for_each(|row| line(cells(row, &widths)))
}

fn cells(row: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    padded.join("  ").trim_end().to_owned()
}

/// An instant to the minute, in UTC: `2026-01-16 14:30`.
pub fn minute(at: Timestamp) -> String {
    let shown: String = at.to_string().chars().take("2026-01-16T14:30".len()).collect();
    shown.replace('T', " ")
}

/// The text in a style, where standard output shows colours.
pub fn paint(style: Style, text: impl Display) -> String {
    paint_on(io::stdout().is_terminal(), style, text)
}

/// A terminal that can (terminfo's `dumb` cannot), and nobody asked for none (no-color.org).
fn paint_on(terminal: bool, style: Style, text: impl Display) -> String {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let colours = terminal && set("NO_COLOR").is_none() && set("TERM").is_some_and(|term| term != "dumb");
    if colours { format!("{style}{text}{style:#}") } else { text.to_string() }
}

/// Asks for something at the terminal, on standard error: standard output may be a file.
pub fn ask(question: &str) {
    let _ = write!(io::stderr().lock(), "{question}");
}

/// Says what is strange, while the command goes on.
pub fn warning(text: &str) {
    let what = paint_on(io::stderr().is_terminal(), NOTE, "warning:");
    let _ = writeln!(io::stderr().lock(), "{what} {text}");
}

/// Says why the command failed, and what to do next.
pub fn failure(error: &Error) {
    complain("error", error);
}

/// Says what failed and why, while the command goes on.
pub fn complain(what: &str, error: &Error) {
    let what = paint_on(io::stderr().is_terminal(), BAD, format_args!("{what}:"));
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{what} {}", explain(error));
}

/// Says what was not understood.
pub fn misunderstood(text: &str) {
    let what = paint_on(io::stderr().is_terminal(), BAD, "error:");
    let _ = writeln!(io::stderr().lock(), "{what} {text}");
}

/// Asks at the terminal before something is deleted; only `yes` is yes.
pub fn confirmed(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::NotReady("There is no terminal to ask at. Nothing was done; --yes does it without asking.".into()));
    }
    ask(&format!("{question} Type yes: "));
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| Error::NotReady(format!("The terminal cannot be read: {error}.")))?;
    Ok(line.trim() == "yes")
}
