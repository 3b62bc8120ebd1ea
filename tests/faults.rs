//! The store in trouble, through the built program and a real web server: locked, full, read-only, deleted, damaged.
//!
//! The caller gets a problem in JSON that says when to try again, the operator a line in the log that says what to do,
//! nothing that was acknowledged is lost, and when the trouble is over everything works as before.

use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::{Kind, Options, Server};
use rusqlite::Connection;
use rustix::process::geteuid;
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long another process keeps the database: a slow backup, a busy neighbour.
const LOCKED: Duration = Duration::from_secs(2);
/// Longer than the busy time-out of 20 s.
const LOCKED_TOO_LONG: Duration = Duration::from_secs(23);
/// Goals of 10,000 characters that fill the small disks below many times over.
const MANY: usize = 2_000;

fn options(workers: usize, data: Option<&Path>) -> Options {
    let mut env = vec![("TANDEM_LIMITS_AUTH".into(), "off".into()), ("TANDEM_LIMITS_REQUESTS".into(), "off".into())];
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

/// Makes goals until the server refuses; the ids of those that it acknowledged, and the refusal.
fn fill(phone: &Phone) -> (Vec<String>, Answer) {
    let mut made = Vec::new();
    for number in 0..MANY {
        let answer = goal(phone, &format!("goal {number}"));
        if answer.status != 201 {
            return (made, answer);
        }
        made.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    panic!("{MANY} goals fit on the disk");
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

/// Holds the right to write for a while, as another process; the answer to a write meanwhile, and how long it took.
fn write_while_locked(server: &Server, phone: &Phone, held: Duration) -> (Answer, Duration) {
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    scope(|scope| {
        let writing = scope.spawn(|| {
            let started = Instant::now();
            (goal(phone, "patient"), started.elapsed())
        });
        let started = Instant::now();
        phone.get("/goals/").expect(200);
        assert!(started.elapsed() < LOCKED, "readers do not wait for a writer");
        sleep(held);
        db.execute_batch("ROLLBACK").unwrap();
        writing.join().unwrap()
    })
}

#[test]
fn a_write_waits_for_a_locked_database() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let (answer, took) = write_while_locked(&server, &phone, LOCKED);
    answer.expect(201);
    assert!(took >= LOCKED, "{took:?}");
}

#[test]
#[ignore = "waits out the busy time-out of 20 s"]
fn a_database_that_stays_locked_is_said_to_be_busy() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let (answer, _) = write_while_locked(&server, &phone, LOCKED_TOO_LONG);
    assert_unavailable(&answer, 503, "1");
    assert_logged(&server, &server.data_dir, "keeps the database locked");
    goal(&phone, "later").expect(201);
}

/// A disk of its own, which root alone can have; it is given back when this is dropped.
struct Disk(TempDir);

impl Disk {
    fn new(size: &str) -> Disk {
        let disk = Disk(TempDir::with_prefix("tandem-disk-").unwrap());
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(disk.path()));
        disk
    }

    fn remount(&self, options: &str) {
        run(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.path()));
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_saved() {
    if !geteuid().is_root() {
        println!("Only root can mount a small disk: a_full_quota_… shows the same with a limit on the size of files.");
        return;
    }
    let disk = Disk::new("2m");
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(disk.path())));
    let phone = Phone::single(&server);
    let (made, refusal) = fill(&phone);
    assert_unavailable(&refusal, 507, "60");
    assert_logged(&server, disk.path(), "free some space or raise the quota");
    assert!(made.len() > 10);
    phone.get(&format!("/goals/{}/", made[0])).expect(200);
    unwell(&phone, "disk");
    // Sound, and made elsewhere: what does not fit is its copy on this disk.
    let elsewhere = TempDir::with_prefix("tandem-copies-").unwrap();
    operate(disk.path(), &["backup", "--quiet", "--to", elsewhere.path().to_str().unwrap()]);
    let copy = backup_in(elsewhere.path());
    for line in [vec!["backup", "--to", disk.path().to_str().unwrap()], vec!["restore", "--force", &copy]] {
        let ran = tandem(disk.path(), &line).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(1) && said.contains("full"), "{line:?}: {said}");
    }
    let left = fs::read_dir(disk.path()).unwrap().flatten().map(|entry| entry.path());
    assert!(
        !left.into_iter().any(|path| path.extension().is_some_and(|end| end == "draft" || end == "gz")),
        "something was left"
    );
    disk.remount("size=64m");
    goal(&phone, "there is space again").expect(201);
    assert_kept(disk.path(), &made);
}

#[test]
fn a_full_quota_is_told_and_costs_nothing_that_was_saved() {
    let folder = TempDir::with_prefix("tandem-quota-").unwrap();
    let data = folder.path().join("data");
    let limited = limited(&options(2, Some(&data)), folder.path());
    let server = Server::start(Kind::LighttpdFastcgi, &limited);
    let phone = Phone::single(&server);
    let (made, refusal) = fill(&phone);
    assert_unavailable(&refusal, 507, "60");
    assert_logged(&server, &data, "free some space or raise the quota");
    assert!(made.len() > 10);
    drop(server);
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(&data)));
    goal(&Phone { port: server.port, ..phone }, "there is space again").expect(201);
    assert_kept(&data, &made);
}

/// The program with files of 1 MiB at most. Beyond that a write fails with EFBIG, as with EDQUOT beyond a quota.
fn limited(options: &Options, folder: &Path) -> Options {
    let script = folder.join("limited");
    fs::write(&script, format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 2048\nexec '{}'\n", options.program.display())).unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    Options { program: script, ..options.clone() }
}

/// A data folder that can be made read-only: for root a disk, for anybody else the folder's permissions do.
enum Folder {
    Disk(Disk),
    Plain(TempDir),
}

impl Folder {
    fn new() -> Folder {
        if geteuid().is_root() { Folder::Disk(Disk::new("64m")) } else { Folder::Plain(TempDir::new().unwrap()) }
    }

    fn path(&self) -> &Path {
        match self {
            Folder::Disk(disk) => disk.path(),
            Folder::Plain(folder) => folder.path(),
        }
    }

    fn allow_writing(&self, allow: bool) {
        match self {
            Folder::Disk(disk) => disk.remount(if allow { "rw" } else { "ro" }),
            Folder::Plain(folder) => {
                for entry in fs::read_dir(folder).unwrap().flatten() {
                    fs::set_permissions(entry.path(), Permissions::from_mode(if allow { 0o600 } else { 0o400 })).unwrap();
                }
                fs::set_permissions(folder, Permissions::from_mode(if allow { 0o700 } else { 0o500 })).unwrap();
            }
        }
    }
}

#[test]
fn a_read_only_data_folder_is_told() {
    let folder = Folder::new();
    // CGI: nothing is open between requests, so that the disk lets itself be made read-only.
    let server = Server::start(Kind::LighttpdCgi, &options(1, Some(folder.path())));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    sleep(Duration::from_millis(200));
    folder.allow_writing(false);
    assert_unavailable(&goal(&phone, "meanwhile"), 503, "60");
    assert_logged(&server, folder.path(), "write to");
    unwell(&phone, "database");
    folder.allow_writing(true);
    goal(&phone, "after").expect(201);
    assert_kept(folder.path(), &made);
}

#[test]
fn a_data_folder_that_vanishes_under_a_worker_takes_no_writes_along() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    let aside = server.home().join("aside");
    fs::rename(&server.data_dir, &aside).unwrap();
    for _ in 0..2 {
        assert_unavailable(&goal(&phone, "meanwhile"), 503, "60");
        assert_unavailable(&phone.get("/goals/"), 503, "60");
    }
    assert_logged(&server, &server.data_dir, "put the data folder back or restore a backup");
    assert!(!server.data_dir.exists(), "an empty folder in its place would hide that it is gone");
    fs::rename(&aside, &server.data_dir).unwrap();
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}

#[test]
fn a_restored_database_is_used_by_the_workers_that_run() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    let backup = server.home().join("backup.db");
    Connection::open(server.data_dir.join("tandem.db")).unwrap().execute("VACUUM INTO ?", [backup.to_str().unwrap()]).unwrap();
    let later = goal(&phone, "after the backup").expect(201).json()["id"].as_str().unwrap().to_owned();
    replace_database(&server.data_dir, &backup);
    for _ in 0..10 {
        phone.get(&format!("/goals/{later}/")).expect(404);
        goal(&phone, "after the restore").expect(201);
    }
    assert_kept(&server.data_dir, &made);
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

#[test]
fn a_backup_is_restored_while_requests_come_in() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    let folder = server.home().join("copies");
    operate(&server.data_dir, &["backup", "--quiet", "--to", folder.to_str().unwrap()]);
    let file = backup_in(&folder);
    let later = goal(&phone, "after the backup").expect(201).json()["id"].as_str().unwrap().to_owned();
    let restored = AtomicBool::new(false);
    let kept: Vec<String> = scope(|scope| {
        let writing = scope.spawn(|| {
            let mut kept = Vec::new();
            while kept.len() < 20 {
                let after = restored.load(Ordering::SeqCst);
                let id = goal(&phone, "meanwhile").expect(201).json()["id"].as_str().unwrap().to_owned();
                kept.extend(after.then_some(id));
            }
            kept
        });
        operate(&server.data_dir, &["restore", &file, "--force"]);
        restored.store(true, Ordering::SeqCst);
        writing.join().unwrap()
    });
    phone.get(&format!("/goals/{later}/")).expect(404);
    assert_kept(&server.data_dir, &[made, kept].concat());
}

/// Puts a backup in place of the database: what belongs to the old file goes first.
fn replace_database(data: &Path, backup: &Path) {
    for name in ["tandem.db", "tandem.db-wal", "tandem.db-shm"] {
        let _ = fs::remove_file(data.join(name));
    }
    fs::rename(backup, data.join("tandem.db")).unwrap();
}

/// Moves everything from the log into the file, as the last connection does that is closed: a log that is left holds
/// whole pages, the first one too, and would heal what is done to the file below.
fn close(file: &Path) {
    let db = Connection::open(file).unwrap();
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0);
}

#[test]
fn a_damaged_database_is_told_and_left_alone() {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = vec![goal(&phone, "before").expect(201).json()["id"].as_str().unwrap().to_owned()];
    let file: PathBuf = server.data_dir.join("tandem.db");
    close(&file);
    let sound = fs::read(&file).unwrap();
    let damaged = [&[b'#'; 100], &sound[100..]].concat();
    fs::write(&file, &damaged).unwrap();
    for answer in [goal(&phone, "meanwhile"), phone.get("/goals/"), phone.get("/health/")] {
        assert_unavailable(&answer, 503, "60");
    }
    assert_logged(&server, &server.data_dir, "tandem.db: file is not a database: restore the newest backup");
    assert_eq!(fs::read(&file).unwrap(), damaged, "the file was changed");
    fs::write(&file, &sound).unwrap();
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}
