//! The database's files damaged: told, named, and left alone for whoever can mend them.

use super::{assert_kept, assert_logged, assert_unavailable, goal, made, operate, options};
use crate::api::Phone;
use crate::servers::{Kind, Server, empty_log};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// SQLite's pages, in bytes.
const PAGE: usize = 4_096;
/// Goals of 10,000 characters: some pages of everything.
const GOALS: usize = 20;

/// A store that is sound, of a server whose processes end with each request.
struct Store {
    server: Server,
    phone: Phone,
    made: Vec<String>,
    /// Its file, closed, and what is in it.
    file: PathBuf,
    sound: Vec<u8>,
}

fn store() -> Store {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let made = (0..GOALS).map(|_| made(&phone)).collect();
    let file = server.data_dir.join("tandem.db");
    empty_log(&file);
    let sound = fs::read(&file).unwrap();
    Store { server, phone, made, file, sound }
}

/// What happens to the bytes of a file.
type Harm = fn(&mut Vec<u8>);
/// What happens to a database's file, and what the log says of it.
type Damage = (Harm, &'static str);

const DAMAGES: [Damage; 5] = [
    (|file| file[..100].fill(b'#'), "tandem.db: file is not a database: restore the newest backup"),
    (|file| file.fill(0), "tandem.db: file is not a database: restore the newest backup"),
    (|file| file.truncate(file.len() / 2), "tandem.db: database disk image is malformed: restore the newest backup"),
    (|file| file.truncate(50), "tandem.db: file is not a database: restore the newest backup"),
    (Vec::clear, "tandem.db: the file is empty: restore the newest backup"),
];

#[test]
fn a_damaged_database_is_told_and_left_alone() {
    let Store { server, phone, made, file, sound } = store();
    for (harm, words) in DAMAGES {
        let mut damaged = sound.clone();
        harm(&mut damaged);
        fs::write(&file, &damaged).unwrap();
        for answer in [goal(&phone, "meanwhile"), phone.get("/goals/"), phone.get("/health/")] {
            assert_unavailable(&answer, 503, "60");
        }
        assert_logged(&server, &server.data_dir, words);
        assert_eq!(fs::read(&file).unwrap(), damaged, "the file was changed: {words}");
        fs::write(&file, &sound).unwrap();
        phone.get("/goals/").expect(200);
    }
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}

/// Pages in the middle are found by whoever needs them; the rest is served.
#[test]
fn damaged_pages_are_told_by_whoever_needs_them() {
    let Store { server, phone, made, file, sound } = store();
    let (mut damaged, pages) = (sound.clone(), sound.len() / PAGE);
    // The last third holds goals alone: they were written last.
    damaged[pages * 2 / 3 * PAGE..].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&file, &damaged).unwrap();
    assert_unavailable(&phone.get("/goals/"), 503, "60");
    phone.get("/couple/").expect(200);
    assert_logged(&server, &server.data_dir, "malformed: restore the newest backup");
    assert_eq!(fs::read(&file).unwrap(), damaged, "the file was changed");
    fs::write(&file, &sound).unwrap();
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}

/// The database's files as they lie on the disk when the power fails, in a folder of their own.
fn cut_off(data: &Path) -> TempDir {
    let folder = TempDir::with_prefix("tandem-cut-").unwrap();
    for name in ["tandem.db", "tandem.db-wal", "tandem.db-journal", "secret"] {
        if data.join(name).exists() {
            fs::copy(data.join(name), folder.path().join(name)).unwrap();
        }
    }
    folder
}

/// What was in the log and cannot be read is gone; what was in the file is there, and the store is sound.
#[test]
fn a_damaged_write_ahead_log_costs_what_stood_in_it_and_no_more() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(1, None));
    let phone = Phone::single(&server);
    let before = made(&phone);
    empty_log(&server.data_dir.join("tandem.db"));
    let later = [made(&phone), made(&phone)];
    let garbage = |log: &mut Vec<u8>| log.fill(b'#');
    let torn = |log: &mut Vec<u8>| log.truncate(log.len() - PAGE / 2);
    let flipped = |log: &mut Vec<u8>| log.iter_mut().rev().take(PAGE).for_each(|byte| *byte ^= 0xff);
    let harms: [(Harm, usize); 4] = [(|_| (), 2), (garbage, 0), (torn, 1), (flipped, 1)];
    for (harm, kept) in harms {
        let data = cut_off(&server.data_dir);
        let log = data.path().join("tandem.db-wal");
        let mut bytes = fs::read(&log).unwrap();
        harm(&mut bytes);
        fs::write(&log, bytes).unwrap();
        let other = Server::start(Kind::LighttpdFastcgi, &options(1, Some(data.path())));
        let phone = Phone { port: other.port, ..phone.clone() };
        assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1 + kept);
        let after = made(&phone);
        assert_kept(data.path(), &[&[before.clone(), after], &later[..kept]].concat());
    }
}

/// A process died in the middle of a transaction that had begun to write to the file: its journal undoes that.
#[test]
fn a_journal_that_a_killed_process_left_undoes_its_half_transaction() {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let made: Vec<String> = (0..GOALS).map(|_| made(&phone)).collect();
    let file = server.data_dir.join("tandem.db");
    let sound = fs::read(&file).unwrap();
    let db = Connection::open(&file).unwrap();
    let half = "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE goals SET title = 'half', why_for_us = 'half'";
    db.execute_batch(half).unwrap();
    let killed = cut_off(&server.data_dir);
    db.execute_batch("ROLLBACK").unwrap();
    drop(db);
    assert_ne!(fs::read(killed.path().join("tandem.db")).unwrap(), sound, "nothing was half done");
    for name in ["tandem.db", "tandem.db-journal"] {
        fs::copy(killed.path().join(name), server.data_dir.join(name)).unwrap();
    }
    let goals = phone.get("/goals/").expect(200).json();
    assert!(goals["count"] == GOALS && !goals.to_string().contains("half"), "{goals:.300}");
    goal(&phone, "after").expect(201);
    assert_kept(&server.data_dir, &made);
}

/// A folder that loses power may name a journal again that was deleted a moment before: what it holds would undo what was acknowledged.
/// So it is cut, which lasts, and not deleted.
#[test]
fn a_loss_of_power_finds_no_journal_of_what_was_committed() {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let journal = server.data_dir.join("tandem.db-journal");
    let number = |journal: &Path| fs::metadata(journal).map(|meta| (meta.ino(), meta.len())).unwrap();
    let first = number(&journal);
    goal(&phone, "first").expect(201);
    assert_eq!((number(&journal), first.1), (first, 0));
    // An older program deletes it; the next of ours makes another.
    fs::remove_file(&journal).unwrap();
    goal(&phone, "second").expect(201);
    assert_eq!(number(&journal).1, 0);
    operate(&server.data_dir, &["maintain", "--quiet"]);
    assert_eq!(number(&journal).1, 0);
}
