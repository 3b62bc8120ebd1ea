//! Reads a password: from the terminal without showing it, or from standard input. Never from the arguments, which every
//! process of the machine can read.

use super::out;
use crate::base::error::{Error, Result};
use clap::{Arg, ArgMatches};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal, Read, Stdin};

/// The most bytes that are read: far more than the longest password.
const MAX_BYTES: u64 = 4_096;

/// The argument of commands that need a password.
pub fn arg() -> Arg {
    super::flag("password-stdin", "Read the password from standard input, one line")
}

/// The password that the operator gives.
///
/// # Errors
/// When the two entries differ, or there is neither a terminal nor `--password-stdin`.
pub fn read(matches: &ArgMatches) -> Result<String> {
    if matches.get_flag("password-stdin") {
        return from_pipe();
    }
    if !io::stdin().is_terminal() {
        return wrong("There is no terminal to ask for the password. Give it on standard input with --password-stdin.");
    }
    let first = hidden("Password: ")?;
    let second = hidden("The same again: ")?;
    if first == second { Ok(first) } else { wrong("The two passwords differ. Nothing was changed; try again.") }
}

fn wrong<T>(text: &str) -> Result<T> {
    Err(Error::NotReady(text.to_owned()))
}

/// Everything on standard input, without the line break at its end.
fn from_pipe() -> Result<String> {
    let mut text = String::new();
    let read = io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
    read.map_err(|error| Error::NotReady(format!("The password on standard input cannot be read: {error}.")))?;
    Ok(without_break(&text).to_owned())
}

fn without_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Asks at the terminal, which does not show what is typed.
fn hidden(question: &str) -> Result<String> {
    let failed = |error: io::Error| Error::NotReady(format!("The password cannot be read from the terminal: {error}."));
    out::ask(question);
    let mut line = String::new();
    let silent = Silent::new().map_err(failed)?;
    let read = io::stdin().read_line(&mut line).map_err(failed);
    drop(silent);
    out::ask("\n");
    match read? {
        0 => wrong("No password was given. Nothing was changed."),
        _ => Ok(without_break(&line).to_owned()),
    }
}

/// A terminal that does not echo, until this is dropped.
struct Silent {
    terminal: Stdin,
    before: Termios,
}

impl Silent {
    fn new() -> io::Result<Silent> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Silent { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
