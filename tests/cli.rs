//! The operator's program as it is built, run as an operator runs it, each test in a home folder of its own.

mod accounts;
mod api;
mod backup;
mod backup_mariadb;
mod compact;
mod content;
mod copy;
mod device;
mod doctor;
mod doctor_outside;
mod doctor_page;
mod doctor_tries;
mod lost;
mod mariadb;
mod names;
mod outputs;
mod push;
mod replica;
mod restore;
mod risk;
mod risk_kept;
mod risk_own;
mod risk_registry;
mod risk_told;
mod risk_training;
mod risk_watch;
mod setup;
mod tenants;
mod uploads;

pub use setup::old_store;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// An account on a host: a home folder with nothing in it.
pub struct Home {
    folder: TempDir,
    /// More environment variables.
    pub env: Vec<(&'static str, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn data(&self) -> PathBuf {
        self.path("tandem/data")
    }

    /// The program with this home and nothing else of the test's environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(crate::servers::coverage())
            .envs(self.env.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Runs `tandem` with the words of a line.
    pub fn run(&self, line: &str) -> Ran {
        self.run_with(line, "")
    }

    /// Runs `tandem` with the words of a line, and this on standard input.
    pub fn run_with(&self, line: &str, input: &str) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_tandem"));
        command.args(line.split_whitespace());
        ran(command, input)
    }

    /// Runs `tandem`, which must succeed; what it printed.
    pub fn ok(&self, line: &str) -> String {
        self.ok_with(line, "")
    }

    pub fn ok_with(&self, line: &str, input: &str) -> String {
        let ran = self.run_with(line, input);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{line}: {ran:?}");
        ran.out
    }

    /// The answer of a command that prints JSON, whatever its exit code.
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.run(line).out).unwrap()
    }

    /// Calls the API as CGI; the status and the JSON.
    pub fn call(&self, token: &str, method: &str, uri: &str, body: &str) -> (String, Value) {
        let mut command = self.command(env!("CARGO_BIN_EXE_api"));
        command.env("REQUEST_METHOD", method).env("REQUEST_URI", uri).env("REMOTE_ADDR", "192.0.2.1");
        command.env("CONTENT_TYPE", "application/json").env("CONTENT_LENGTH", body.len().to_string());
        command.env("HTTP_AUTHORIZATION", format!("Bearer {token}"));
        let answer = ran(command, body).out;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.lines().next().unwrap().trim_start_matches("Status: ")[..3].to_owned();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// The store, for what no command does.
    pub fn sql(&self, statement: &str) {
        rusqlite::Connection::open(self.data().join("tandem.db")).unwrap().execute_batch(statement).unwrap();
    }
}

fn ran(mut command: Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A terminal: the side that a person sees and types at, and the side for the program.
pub fn terminal() -> (File, OwnedFd) {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&outer).unwrap();
    unlockpt(&outer).unwrap();
    let name = ptsname(&outer, Vec::new()).unwrap().into_string().unwrap();
    let inner = OpenOptions::new().read(true).write(true).open(name).unwrap();
    (File::from(outer), inner.into())
}

/// What no program prints.
pub const NEVER: &str = "\0never";

/// Reads until a text was shown, or the program has closed the terminal (EIO).
pub fn read_until(terminal: &mut File, shown: &mut String, text: &str) {
    let mut bytes = [0; 512];
    while !shown.ends_with(text) {
        match terminal.read(&mut bytes) {
            Ok(n) if n > 0 => shown.push_str(&String::from_utf8_lossy(&bytes[..n])),
            _ => return,
        }
    }
}

/// Runs `tandem` at a terminal and types an answer to each question; its exit code, and everything the terminal showed.
pub fn at_terminal(home: &Home, line: &str, dialogue: &[(&str, &str)]) -> (i32, String) {
    let (mut terminal, inner) = terminal();
    let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
    command.args(line.split_whitespace()).stdin(inner.try_clone().unwrap()).stderr(inner).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut shown = String::new();
    for (question, answer) in dialogue {
        read_until(&mut terminal, &mut shown, question);
        writeln!(terminal, "{answer}").unwrap();
    }
    let code = child.wait().unwrap().code().unwrap();
    read_until(&mut terminal, &mut shown, NEVER);
    (code, shown)
}
