//! Backup and restore of a store on MariaDB: the same files, the same promises, whatever is killed on the way.

use super::backup::{backup, backups, drafts, files, kill_on_the_way, kill_restores, names, number, sound, unpacked, used, user};
use super::{Home, Ran};
use crate::servers::mariadb;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tandem::db::migrate::{self, migrate_to};
use tandem::db::{Address, Db};

fn home() -> Home {
    let mut home = Home::new();
    home.env.push(("TANDEM_DATABASE_URL", mariadb::database()));
    home
}

/// Has another database from now on.
fn moved(home: &mut Home, url: String) {
    home.env[0].1 = url;
}

fn open(home: &Home) -> Db {
    Db::open(&Address::parse(&home.env[0].1).unwrap()).unwrap()
}

fn restore(home: &Home, file: &std::path::Path, more: &str) -> Ran {
    home.run(&format!("restore --keep-sessions {} {more}", file.display()))
}

/// What somebody who asks for everything is told, but for the epoch, and for versions, which are 10,000 higher after a restore.
fn held(home: &Home, token: &str) -> String {
    let (status, all) = home.call(token, "GET", "/api/sync/changes/?since=1970-01-01T00:00:00Z&include=objects", "");
    assert_eq!(status, "200", "{all}");
    all["changes"].to_string().replace("\"version\":1000", "\"version\":")
}

#[test]
fn a_store_on_mariadb_is_backed_up_and_put_back() {
    let mut home = home();
    assert!(home.run("backup").err.contains("nothing to copy yet"));
    let token = used(&home);
    let before = held(&home, &token);
    let epoch = home.call(&token, "GET", "/api/sync/changes/", "").1["epoch"].clone();
    let told = home.ok("backup");
    assert!(told.contains("read back and sound"), "{told}");
    let file = backups(&home).pop().unwrap();
    let db = unpacked(&home, &file);
    sound(&db);
    assert_eq!((number(&db, "SELECT COUNT(*) FROM goals"), number(&db, "PRAGMA user_version")), (1, migrate::newest()));
    drop(db);
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title":"Later"}"#).0, "201");
    let later = held(&home, &token);
    let refused = restore(&home, &file, "");
    assert!(refused.code == 1 && refused.err.contains("nothing was restored") && refused.err.contains("--force"), "{refused:?}");
    assert_eq!(held(&home, &token), later);
    let done = restore(&home, &file, "--force");
    assert!(done.code == 0 && done.out.contains("the clients of 1 tenant start over"), "{done:?}");
    assert_eq!(held(&home, &token), before);
    assert_ne!(home.call(&token, "GET", "/api/sync/changes/", "").1["epoch"], epoch);
    let undo = files(&home.path("tandem/backups"), "before-restore-").pop().unwrap();
    assert_eq!(restore(&home, &undo, "").code, 0);
    assert_eq!(held(&home, &token), later, "a restore can be undone");
    // The same file serves an empty database, and SQLite.
    for url in [mariadb::database(), format!("sqlite:{}", home.path("other.db").display())] {
        moved(&mut home, url);
        assert_eq!(restore(&home, &file, "").code, 0);
        assert_eq!(held(&home, &token), before);
        assert_eq!(home.run("doctor --full").code, 0);
    }
    assert_eq!((drafts(&home.data()), drafts(&home.path("tandem/backups"))), (0, 0));
}

#[test]
fn a_store_of_an_older_program_is_backed_up_as_it_is_and_a_newer_one_left_alone() {
    let home = home();
    migrate_to(&mut open(&home), 2, &mut |_| {}).unwrap();
    let file = backup(&home);
    assert_eq!(number(&unpacked(&home, &file), "PRAGMA user_version"), 2);
    home.ok("migrate");
    assert_eq!(restore(&home, &file, "").code, 0);
    assert_eq!(open(&home).schema_version().unwrap(), migrate::newest());
    open(&home).run("INSERT INTO migrations (version, name, applied_at) VALUES (99, 'newer', 0)", &[]).unwrap();
    assert!(home.run("backup").err.contains("schema 99"));
    let newer = restore(&home, &file, "--force");
    assert!(newer.code == 1 && newer.err.contains("make an empty database"), "{newer:?}");
}

/// Others write while a store is put back: they wait, and nothing of theirs from before is left.
#[test]
fn a_store_is_put_back_while_others_write() {
    let home = home();
    let token = used(&home);
    home.ok("bench data --changes 3000");
    let (file, before, over) = (backup(&home), names(&home), AtomicBool::new(false));
    let mut written = (0, 0);
    thread::scope(|scope| {
        let registered = scope.spawn(|| {
            let mut all = 0;
            while !over.load(Ordering::Relaxed) {
                let body = format!(r#"{{"username":"extra-{all}","password":"correct horse 9"}}"#);
                all += u32::from(home.call("", "POST", "/api/auth/register/", &body).0 == "201");
            }
            all
        });
        let goals = scope.spawn(|| {
            let mut all = 0;
            while !over.load(Ordering::Relaxed) {
                all += u32::from(home.call(&token, "POST", "/api/goals/", r#"{"title":"x"}"#).0 == "201");
            }
            all
        });
        let ran: Vec<Ran> = (0..3).map(|_| restore(&home, &file, "--force")).collect();
        over.store(true, Ordering::Relaxed);
        written = (registered.join().unwrap(), goals.join().unwrap());
        assert!(ran.iter().all(|ran| ran.code == 0), "{ran:?}");
    });
    assert!(written.0 > 5 && written.1 > 5, "{written:?}");
    let ran = restore(&home, &file, "--force");
    assert_eq!((ran.code, names(&home)), (0, before), "{ran:?}");
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").1["count"], 1);
}

/// A store that takes a moment to copy.
fn large(home: &Home) {
    home.ok("migrate");
    home.ok("bench data --changes 10000");
}

fn changes(home: &Home) -> i64 {
    open(home).one("SELECT COUNT(*) FROM changes", &[], |row| row.get(0)).unwrap().unwrap()
}

#[test]
fn a_backup_of_mariadb_that_is_killed_leaves_nothing_that_looks_like_one() {
    let home = home();
    large(&home);
    kill_on_the_way(&home, "backup --quiet", || {
        for file in backups(&home) {
            let db = unpacked(&home, &file);
            assert_eq!(number(&db, "SELECT COUNT(*) FROM changes"), 10_000, "{}", file.display());
        }
    });
    assert!(drafts(&home.path("tandem/backups")) > 0, "no kill came on the way");
    assert_eq!(changes(&home), 10_000);
}

#[test]
fn a_restore_to_mariadb_that_is_killed_leaves_the_old_store_or_the_new() {
    let home = home();
    large(&home);
    let (file, before) = (backup(&home), names(&home));
    user(&home, "later");
    kill_restores(&home, &file, &before, || assert_eq!(changes(&home), 10_000));
}
