//! The data folder read-only, closed, gone, replaced.

use super::{
    Disk, assert_kept, assert_logged, assert_unavailable, backup_in, goal, made, operate, options, run, set_mode, unwell,
};
use crate::api::Phone;
use crate::servers::{Kind, Server};
use rusqlite::Connection;
use rustix::process::geteuid;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;
use tempfile::TempDir;

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
                    set_mode(&entry.path(), if allow { 0o600 } else { 0o400 });
                }
                set_mode(folder.path(), if allow { 0o700 } else { 0o500 });
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
    let made = vec![made(&phone)];
    sleep(Duration::from_millis(200));
    folder.allow_writing(false);
    assert_unavailable(&goal(&phone, "meanwhile"), 503, "60");
    assert_logged(&server, folder.path(), "let the account write");
    unwell(&phone, "database");
    folder.allow_writing(true);
    goal(&phone, "after").expect(201);
    assert_kept(folder.path(), &made);
}

/// What ext4 does when its disk fails: it becomes read-only under whoever writes.
#[test]
fn a_disk_that_fails_under_workers_is_told_and_costs_nothing_that_was_saved() {
    let Some(disk) = geteuid().is_root().then(Disk::ext4).flatten() else {
        println!("No disk image can be mounted here.");
        return;
    };
    let data = disk.path().join("data");
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(&data)));
    let phone = Phone::single(&server);
    let made = vec![made(&phone), made(&phone)];
    disk.remount("abort");
    for _ in 0..4 {
        let refused = goal(&phone, "meanwhile");
        assert_unavailable(&refused, refused.status, "60");
    }
    phone.get("/goals/").expect(200);
    assert_logged(&server, &data, "ask the host");
    drop(server);
    run(Command::new("umount").arg(disk.path()));
    assert!(disk.mount());
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(&data)));
    goal(&Phone { port: server.port, ..phone }, "after").expect(201);
    assert_kept(&data, &made);
}

/// Apache runs programs as an account without rights, when root started it; else everything is run by whoever tests.
#[test]
fn a_data_folder_that_lets_nobody_in_is_told() {
    for kind in [Kind::ApacheFcgid, Kind::ApacheCgi] {
        let server = Server::start(kind, &options(1, None));
        let phone = Phone::single(&server);
        let made = vec![made(&phone)];
        set_mode(&server.data_dir, 0);
        for answer in [goal(&phone, "meanwhile"), phone.get("/goals/"), phone.get("/health/")] {
            assert_unavailable(&answer, 503, "60");
        }
        assert_logged(&server, &server.data_dir, if kind.is_fastcgi() { "permissions 0700" } else { "Permission denied" });
        set_mode(&server.data_dir, 0o700);
        goal(&phone, "after").expect(201);
        assert_kept(&server.data_dir, &made);
    }
}

/// As after files were put back by another account. A process that has a file open keeps it: a new one must tell.
#[test]
fn files_of_another_account_are_told() {
    let server = Server::start(Kind::ApacheCgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = vec![made(&phone)];
    let file = |name: &str| server.data_dir.join(name);
    for (name, mode, words) in [
        ("tandem.db", 0, "the account may write to it"),
        ("secret", 0, "cannot read the secret"),
        ("tandem.db", 0o400, "let the account write"),
    ] {
        set_mode(&file(name), mode);
        assert_unavailable(&goal(&phone, "meanwhile"), 503, "60");
        assert_eq!(phone.get("/goals/").status, if mode == 0 { 503 } else { 200 }, "{name}");
        assert_logged(&server, &server.data_dir, words);
        if mode != 0 {
            // It can be read, so only who asks whether it can be written sees it.
            unwell(&phone, "database");
        }
        set_mode(&file(name), 0o600);
        goal(&phone, "after").expect(201);
    }
    assert_kept(&server.data_dir, &made);
}

#[test]
fn a_data_folder_that_vanishes_under_a_worker_takes_no_writes_along() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = vec![made(&phone)];
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

/// The log beside the database is deleted while processes have it open: what they acknowledged is moved into the file, and
/// they go on with another log.
#[test]
fn a_deleted_write_ahead_log_takes_nothing_along_that_was_acknowledged() {
    for files in [&["tandem.db-wal"][..], &["tandem.db-wal", "tandem.db-shm"]] {
        let server = Server::start(Kind::LighttpdFastcgi, &options(3, None));
        let phone = Phone::single(&server);
        let mut kept: Vec<String> = (0..10).map(|_| made(&phone)).collect();
        for _ in 0..3 {
            files.iter().for_each(|name| fs::remove_file(server.data_dir.join(name)).unwrap());
            for _ in 0..6 {
                let answer = goal(&phone, "meanwhile");
                match answer.status {
                    201 => kept.push(answer.json()["id"].as_str().unwrap().to_owned()),
                    _ => assert_unavailable(&answer, 503, "60"),
                }
            }
            assert!(server.data_dir.join("tandem.db-wal").exists());
        }
        assert!(kept.len() > 15, "{}", kept.len());
        for id in &kept {
            phone.get(&format!("/goals/{id}/")).expect(200);
        }
        assert_kept(&server.data_dir, &kept);
    }
}

#[test]
fn a_write_ahead_log_deleted_among_many_writers_takes_nothing_along() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(4, None));
    let phones: Vec<Phone> = (0..4).map(|_| Phone::single(&server)).collect();
    let log = server.data_dir.join("tandem.db-wal");
    let kept = scope(|scope| {
        let write = |phone: &Phone| -> Vec<String> {
            let answers = (0..60).map(|_| goal(phone, "meanwhile"));
            let made = answers.filter(|answer| answer.status != 503);
            made.map(|answer| answer.expect(201).json()["id"].as_str().unwrap().to_owned()).collect()
        };
        let writers: Vec<_> = phones.iter().map(|phone| scope.spawn(move || write(phone))).collect();
        let mut deleted = 0;
        while writers.iter().any(|writer| !writer.is_finished()) {
            deleted += usize::from(fs::remove_file(&log).is_ok());
            sleep(Duration::from_millis(100));
        }
        assert!(deleted > 0, "{deleted}");
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(kept.len() > 60, "{}", kept.len());
    println!("{} of 240 acknowledged", kept.len());
    assert_kept(&server.data_dir, &kept);
}

#[test]
fn a_restored_database_is_used_by_the_workers_that_run() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let made = vec![made(&phone)];
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

#[test]
fn a_backup_is_restored_while_requests_come_in() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let made = vec![made(&phone)];
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
        operate(&server.data_dir, &["restore", &file, "--force", "--keep-sessions"]);
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
