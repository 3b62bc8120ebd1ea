//! Trouble, through the built program and real web servers: what a shared host does to a program sooner or later.
//!
//! The caller gets a problem in JSON that says when to try again, the operator a line in the log that says what to do,
//! nothing that was acknowledged is lost, and when the trouble is over everything works as before.

mod bodies;
mod clocks;
mod configuration;
mod damaged;
mod folder;
mod limits;
mod locked;
mod mariadb;
mod memory;
mod slow;
mod space;

use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::{Options, Server};
use rusqlite::Connection;
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

fn options(workers: usize, data: Option<&Path>) -> Options {
    let mut env = vec![("TANDEM_LIMITS_AUTH".into(), "off".into()), ("TANDEM_LIMITS_REQUESTS".into(), "off".into())];
    // The disks here are smaller than what is kept free of others.
    env.push(("TANDEM_LIMITS_DISK".into(), "0".into()));
    env.extend(data.map(|data| ("TANDEM_DATA".into(), data.to_str().unwrap().into())));
    Options { workers, env, ..Options::default() }
}

/// Is it a problem in JSON with this status and a time to try again?
#[track_caller]
fn assert_unavailable(answer: &Answer, status: u16, retry_after: &str) {
    assert_eq!(answer.status, status, "{:.200}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(answer.header("Retry-After"), Some(retry_after));
    assert!(answer.json()["detail"].is_string());
}

/// Everything that the operator can read: the program's log, the web server's.
fn logs(server: &Server, data: &Path) -> String {
    fs::read_to_string(data.join("tandem.log")).unwrap_or_default() + &server.log()
}

#[track_caller]
fn assert_logged(server: &Server, data: &Path, words: &str) {
    // The web server may write what a program says a moment later.
    let found = (0..50).any(|_| {
        sleep(Duration::from_millis(20));
        logs(server, data).contains(words)
    });
    assert!(found, "no {words:?} in:\n{}", logs(server, data));
}

/// A monitor is told that this check fails.
#[track_caller]
fn unwell(phone: &Phone, check: &str) {
    let answer = phone.get("/health/");
    assert_unavailable(&answer, 503, "60");
    assert_eq!(answer.json()["failing"][0], check, "{}", answer.text());
}

fn goal(phone: &Phone, title: &str) -> Answer {
    phone.post("/goals/", &json!({"title": title, "why_for_us": "x".repeat(10_000)}))
}

/// The store is whole, and has every goal that was acknowledged.
fn assert_kept(data: &Path, made: &[String]) {
    let db = Connection::open(data.join("tandem.db")).unwrap();
    let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    for id in made {
        let found = "SELECT COUNT(*) FROM goals g JOIN changes c ON c.id = g.id AND c.stamp = g.stamp WHERE g.id = ?";
        assert_eq!(db.query_row(found, [id], |row| row.get::<_, i64>(0)).unwrap(), 1, "{id}");
    }
}

/// The id of a goal that was made.
#[track_caller]
fn made(phone: &Phone) -> String {
    goal(phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()
}

/// A program that runs the server's after some lines of shell, which limit it.
fn limited(options: &Options, folder: &Path, lines: &str) -> Options {
    let script = folder.join("limited");
    fs::write(&script, format!("#!/bin/sh\n{lines}\nexec '{}'\n", options.program.display())).unwrap();
    set_mode(&script, 0o755);
    Options { program: script, ..options.clone() }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A disk of its own, which root alone can have; it is given back when this is dropped.
pub struct Disk {
    folder: TempDir,
    image: Option<NamedTempFile>,
}

impl Disk {
    /// In memory, of so many bytes.
    pub fn new(size: &str) -> Disk {
        let disk = Disk { folder: TempDir::with_prefix("tandem-disk-").unwrap(), image: None };
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(disk.path()));
        disk
    }

    /// With ext4, which can be made to fail as a real one does; `None` where no image can be mounted, as in a container.
    fn ext4() -> Option<Disk> {
        let image = NamedTempFile::new().unwrap();
        image.as_file().set_len(32 << 20).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image.path()));
        let disk = Disk { folder: TempDir::with_prefix("tandem-disk-").unwrap(), image: Some(image) };
        disk.mount().then_some(disk)
    }

    fn mount(&self) -> bool {
        let image = self.image.as_ref().unwrap().path();
        Command::new("mount").args(["-o", "loop"]).args([image, self.path()]).status().unwrap().success()
    }

    pub fn remount(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.path()));
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-q", "-l"]).arg(self.path()).status();
    }
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// The operator's program on these data.
fn tandem(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.args(arguments).env("TANDEM_DATA", data);
    command
}

fn operate(data: &Path, arguments: &[&str]) {
    run(&mut tandem(data, arguments));
}

/// The backup in a folder.
fn backup_in(folder: &Path) -> String {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
    paths.into_iter().find(|path| path.ends_with(".gz")).unwrap()
}
