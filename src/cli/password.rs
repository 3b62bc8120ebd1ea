//! Reads a password: from the terminal without showing it, or from standard input. Never from the arguments, which every
//! process of the machine can read.

use super::out;
use crate::base::error::{Error, Result};
use clap::{Arg, ArgMatches};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Read, Stdin};

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
    let (first, second) =
        twice().map_err(|error| Error::NotReady(format!("The password cannot be read from the terminal: {error}.")))?;
    if first.is_empty() {
        wrong("No password was given. Nothing was changed.")
    } else if first != second {
        wrong("The two passwords differ. Nothing was changed; try again.")
    } else {
        Ok(first)
    }
}

fn wrong<T>(text: &str) -> Result<T> {
    Err(Error::NotReady(text.to_owned()))
}

/// The first line on standard input, without its line break: whoever keeps the pipe open is not waited for.
fn from_pipe() -> Result<String> {
    let mut text = String::new();
    let read = io::stdin().lock().take(MAX_BYTES).read_line(&mut text);
    read.map_err(|error| Error::NotReady(format!("The password on standard input cannot be read: {error}.")))?;
    Ok(without_break(&text).to_owned())
}

fn without_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Asks twice at the terminal, which shows nothing of it: it is silent before the first question.
fn twice() -> io::Result<(String, String)> {
    let _silent = Silent::new()?;
    Ok((hidden("Password: ")?, hidden("The same again: ")?))
}

fn hidden(question: &str) -> io::Result<String> {
    out::ask(question);
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    out::ask("\n");
    Ok(without_break(&line).to_owned())
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
