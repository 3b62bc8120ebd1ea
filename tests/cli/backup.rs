//! Backup, restore, export: what they promise, what they refuse, and what is left when they are killed on the way.

use super::Home;
use super::setup::old_store;
use flate2::read::GzDecoder;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often each command is killed, at moments spread over its run.
const KILLS: u32 = 8;

/// A store with an account, somebody signed in, and a goal in it; the access token.
pub fn used(home: &Home) -> String {
    let body = r#"{"username":"anna","password":"correct horse 9"}"#;
    let token = home.call("", "POST", "/api/auth/register/", body).1["access"].as_str().unwrap().to_owned();
    assert_eq!(home.call(&token, "POST", "/api/couple/create/", "{}").0, "201");
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title":"Kept"}"#).0, "201");
    token
}

/// The files of a folder whose names begin so, oldest first.
pub fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    found.sort();
    found
}

pub fn backups(home: &Home) -> Vec<PathBuf> {
    files(&home.path("tandem/backups"), "tandem-")
}

/// Makes a backup; its file.
pub fn backup(home: &Home) -> PathBuf {
    home.ok("backup --quiet");
    backups(home).pop().unwrap()
}

fn restore(home: &Home, file: &Path) -> String {
    home.ok(&format!("restore --keep-sessions {}", file.display()))
}

/// What a backup holds, as a database in a file of its own.
pub fn unpacked(home: &Home, file: &Path) -> Connection {
    let (mut bytes, copy) = (Vec::new(), home.path("unpacked.db"));
    GzDecoder::new(File::open(file).unwrap()).read_to_end(&mut bytes).unwrap();
    fs::write(&copy, bytes).unwrap();
    Connection::open(copy).unwrap()
}

pub fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

pub fn sound(db: &Connection) {
    assert_eq!(db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
}

fn store(home: &Home) -> Connection {
    Connection::open(home.data().join("tandem.db")).unwrap()
}

pub fn names(home: &Home) -> Vec<String> {
    let users = home.json("user list --json");
    users.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

pub fn user(home: &Home, name: &str) {
    home.ok_with(&format!("user create {name} --password-stdin"), "correct horse 9\n");
}

/// Drafts in a folder: what an interrupted command leaves.
pub fn drafts(folder: &Path) -> usize {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "draft"))
        .count()
}

#[test]
fn a_backup_is_private_sound_and_holds_nothing_that_was_deleted() {
    let home = Home::new();
    let token = used(&home);
    let gone = home.call(&token, "POST", "/api/goals/", r#"{"title":"Nobody may read this again"}"#).1["id"].clone();
    assert_eq!(home.call(&token, "DELETE", &format!("/api/goals/{}/", gone.as_str().unwrap()), "").0, "204");
    let told = home.ok("backup");
    let file = backups(&home).pop().unwrap();
    assert!(told.contains(file.to_str().unwrap()) && told.contains("read back and sound"), "{told}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert!(fs::read_to_string(home.path("tandem/backups/.htaccess")).unwrap().contains("Require all denied"));
    let db = unpacked(&home, &file);
    sound(&db);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM goals"), 1);
    assert_eq!(number(&db, "PRAGMA user_version"), tandem::db::migrate::newest());
    let bytes = fs::read(home.path("unpacked.db")).unwrap();
    assert!(!bytes.windows(20).any(|window| window == b"Nobody may read this"), "a deleted title is in the backup");
    let secret = fs::read(home.data().join("secret")).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    assert_eq!(drafts(file.parent().unwrap()), 0);
}

#[test]
fn the_newest_backups_are_kept() {
    let home = Home::new();
    used(&home);
    let first = backup(&home);
    restore(&home, &first);
    let (second, third) = (backup(&home), backup(&home));
    assert!(home.ok("backup --keep 2").contains("2 older backups deleted"));
    assert_eq!(backups(&home).len(), 2);
    assert!(!first.exists() && !second.exists() && third.exists());
    assert_eq!(files(&home.path("tandem/backups"), "before-restore-").len(), 1, "these are not counted");
    assert_eq!(home.run("backup --keep 0").code, 2);
    home.ok(&format!("backup --quiet --to {}", home.path("elsewhere").display()));
    for name in ["elsewhere/today.db.gz", "copy.DB"] {
        let (file, ran) = (home.path(name), home.run(&format!("backup --to {}", home.path(name).display())));
        assert!(ran.code == 1 && ran.err.contains("--to takes a folder") && !file.exists(), "{name}: {ran:?}");
        let said = format!("write `--to {}`", file.parent().unwrap().display());
        assert!(ran.err.contains(&said), "{ran:?}");
    }
    let (file, folder) = (home.path("plain"), home.path("meant.gz"));
    fs::write(&file, "kept").unwrap();
    assert_eq!(home.run(&format!("backup --to {}", file.display())).code, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    fs::create_dir(&folder).unwrap();
    home.ok(&format!("backup --quiet --to {}", folder.display()));
    assert_eq!(files(&home.path("elsewhere"), "tandem-").len(), 1);
}

#[test]
fn a_store_that_is_missing_old_or_damaged() {
    let home = Home::new();
    let nothing = home.run("backup");
    assert!(nothing.code == 1 && nothing.err.contains("nothing to copy yet"), "{nothing:?}");
    assert!(!home.path("tandem").exists());
    old_store(&home);
    let old = backup(&home);
    home.ok("migrate");
    assert!(restore(&home, &old).contains("restored"));
    assert_eq!(
        number(&store(&home), "PRAGMA user_version"),
        tandem::db::migrate::newest(),
        "a restored store is brought up to date"
    );
    fs::write(
        home.data().join("tandem.db"),
        "no database, whatever its name says, and long enough to be read as one. ".repeat(80),
    )
    .unwrap();
    let damaged = home.run("backup");
    assert!(damaged.code == 1 && damaged.err.contains("damaged"), "{damaged:?}");
    assert_eq!((backups(&home).len(), drafts(&home.path("tandem/backups"))), (1, 0));
}

#[test]
fn a_store_with_newer_changes_is_left_alone_unless_forced() {
    let home = Home::new();
    let token = used(&home);
    let epoch = home.call(&token, "GET", "/api/sync/changes/", "").1["epoch"].clone();
    let file = backup(&home);
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title":"Later"}"#).0, "201");
    let cursor = home.call(&token, "GET", "/api/sync/changes/", "").1["server_time"].clone();
    let line = format!("restore --keep-sessions {}", file.display());
    let refused = home.run(&line);
    assert!(refused.code == 1 && refused.err.contains("nothing was restored") && refused.err.contains("--force"), "{refused:?}");
    assert_eq!(number(&store(&home), "SELECT COUNT(*) FROM goals"), 2);
    assert!(home.ok(&format!("{line} --force")).contains("the clients of 1 tenant start over"));
    sound(&store(&home));
    assert_eq!(number(&store(&home), "SELECT COUNT(*) FROM goals"), 1);
    let asked = format!("/api/sync/changes/?since={}&epoch={}", cursor.as_str().unwrap(), epoch.as_str().unwrap());
    let poll = home.call(&token, "GET", &asked, "").1;
    assert!(poll["reset"] == true && poll["epoch"] != epoch, "{poll}");
    let undo = files(&home.path("tandem/backups"), "before-restore-").pop().unwrap();
    restore(&home, &undo);
    assert_eq!(number(&store(&home), "SELECT COUNT(*) FROM goals"), 2, "a restore can be undone");
    assert_eq!((drafts(&home.data()), home.call(&token, "GET", "/api/health/", "").0), (0, "200".to_owned()));
}

#[test]
fn what_is_no_good_backup_is_refused() {
    let home = Home::new();
    let token = used(&home);
    let file = backup(&home);
    let packed = fs::read(&file).unwrap();
    let database = |name: &str, sql: &str| {
        Connection::open(home.path(name)).unwrap().execute_batch(sql).unwrap();
        fs::read(home.path(name)).unwrap()
    };
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("cut", packed[..packed.len() / 2].to_vec(), "damaged"),
        ("flipped", packed.iter().enumerate().map(|(n, b)| if n == packed.len() / 2 { b ^ 1 } else { *b }).collect(), "damaged"),
        ("text", b"Dear you".to_vec(), "is no backup"),
        ("empty", Vec::new(), "is no backup"),
        ("other", database("other.db", "CREATE TABLE x (y)"), "none of Tandem"),
        ("newer", database("newer.db", "CREATE TABLE x (y); PRAGMA user_version = 99"), "schema 99"),
    ];
    for (name, bytes, words) in cases {
        let path = home.path(name);
        fs::write(&path, bytes).unwrap();
        let ran = home.run(&format!("restore --force {}", path.display()));
        assert!(ran.code == 1 && ran.err.contains(words), "{name}: {ran:?}");
        assert_eq!(drafts(&home.data()), 0, "{name}");
    }
    assert_eq!(home.run("restore nowhere").code, 1);
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").1["count"], 1);
}

#[test]
fn a_store_that_is_gone_or_damaged_is_replaced_and_what_was_left_is_kept() {
    let home = Home::new();
    let token = used(&home);
    let (file, db) = (backup(&home), home.data().join("tandem.db"));
    // The remains of a log that must not be taken for a part of the next database.
    fs::remove_file(&db).unwrap();
    fs::write(home.data().join("tandem.db-wal"), "remains").unwrap();
    assert!(restore(&home, &file).contains("what was left"));
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").1["count"], 1, "who was signed in still is, as the operator said");
    let rubbish = "not a database any more, whatever it was called before. ".repeat(200);
    fs::write(&db, &rubbish).unwrap();
    assert!(restore(&home, &file).contains("what was left"));
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").1["count"], 1);
    let aside = files(&home.data(), "damaged-");
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    assert!(aside.iter().any(|folder| read(folder, "tandem.db-wal") == "remains"));
    assert!(aside.iter().any(|folder| read(folder, "tandem.db") == rubbish));
}

#[test]
fn an_export_holds_what_the_apps_own_export_holds() {
    let home = Home::new();
    let token = used(&home);
    let without_time = |mut export: Value| {
        export.as_object_mut().unwrap().remove("exported_at").unwrap();
        export
    };
    let own = without_time(home.call(&token, "GET", "/api/auth/export/", "").1);
    assert_eq!(without_time(home.json("export --user Anna")), own);
    assert_eq!(own["data"]["goals"][0]["title"], "Kept");
    home.ok("user disable anna");
    let mut signed_out = own["data"].clone();
    signed_out["own_sessions"] = json!([]);
    assert_eq!(without_time(home.json("export --user anna"))["data"], signed_out, "even of a disabled account");
    let id = own["data"]["couple"][0]["id"].as_str().unwrap();
    let file = home.path("couple.json");
    assert_eq!(home.ok(&format!("export --tenant {id} --out {}", file.display())), "");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let tenant: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(tenant["members"][0]["user"]["username"], "anna");
    let mut both = tenant["data"].as_object().unwrap().clone();
    both.extend(tenant["members"][0]["data"].as_object().unwrap().clone());
    assert_eq!(json!(both), signed_out);
    assert!(!tenant.to_string().contains("argon2"));
    for (line, code) in [("export --user nobody", 1), ("export --tenant 1", 1), ("export", 2), ("export --user a --tenant b", 2)]
    {
        assert_eq!(home.run(line).code, code, "{line}");
    }
}

/// Kills a command so many times, at moments spread over the time that it takes; `check` looks at what is left.
pub fn kill_on_the_way(home: &Home, line: &str, mut check: impl FnMut()) {
    let command = || {
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        command.args(line.split_whitespace()).stdout(std::process::Stdio::null());
        command
    };
    let started = Instant::now();
    assert!(command().status().unwrap().success(), "{line}");
    let whole = started.elapsed();
    check();
    for round in 1..=KILLS {
        let mut child = command().spawn().unwrap();
        sleep(whole * round / KILLS);
        child.kill().unwrap();
        child.wait().unwrap();
        check();
    }
}

/// A store that takes a moment to copy, in this journal.
fn large(home: &mut Home, journal: &str) {
    home.env.push(("TANDEM_JOURNAL", journal.to_owned()));
    home.ok("migrate");
    home.ok("bench data --changes 30000");
}

#[test]
fn a_backup_that_is_killed_leaves_nothing_that_looks_like_one() {
    let mut home = Home::new();
    large(&mut home, "wal");
    kill_on_the_way(&home, "backup --quiet", || {
        sound(&store(&home));
        for file in backups(&home) {
            let db = unpacked(&home, &file);
            assert_eq!(number(&db, "SELECT COUNT(*) FROM changes"), 30_000, "{}", file.display());
        }
    });
    let folder = home.path("tandem/backups");
    assert!(drafts(&folder) > 0, "no kill came on the way");
    for entry in fs::read_dir(&folder).unwrap() {
        let file = File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(25 * 60 * 60)).unwrap();
    }
    home.ok("backup --quiet");
    assert_eq!(drafts(&folder), 0, "the next backup sweeps up");
}

/// Kills restores of a backup with these users on the way: the store is the one of before, with one user more, or the one
/// that was restored, and both are met. A last one is not killed.
pub fn kill_restores(home: &Home, file: &Path, before: &[String], mut check: impl FnMut()) {
    let line = format!("restore --force {}", file.display());
    let (mut old, mut new) = (0, 0);
    kill_on_the_way(home, &line, || {
        check();
        if names(home) == before {
            new += 1;
            user(home, "later");
        } else {
            old += 1;
            assert_eq!(names(home).len(), before.len() + 1);
        }
    });
    assert!(old > 0 && new > 0, "{old} old, {new} new");
    home.ok(&line);
    assert_eq!(names(home), before);
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_store_or_the_new() {
    for journal in ["wal", "rollback"] {
        let mut home = Home::new();
        large(&mut home, journal);
        let file = backup(&home);
        let before = names(&home);
        user(&home, "later");
        let held = store(&home);
        kill_restores(&home, &file, &before, || {
            sound(&store(&home));
            assert_eq!(number(&store(&home), "SELECT COUNT(*) FROM changes"), 30_000, "{journal}");
            assert_eq!(number(&held, "SELECT COUNT(*) FROM changes"), 30_000, "a connection that was open before");
        });
    }
}

#[test]
fn an_export_that_is_killed_leaves_a_whole_file_or_none() {
    let mut home = Home::new();
    large(&mut home, "wal");
    let (name, file) = (names(&home).pop().unwrap(), home.path("export.json"));
    kill_on_the_way(&home, &format!("export --user {name} --out {}", file.display()), || {
        if file.exists() {
            let export: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            assert_eq!(export["user"]["username"], name.as_str());
            fs::remove_file(&file).unwrap();
        }
        sound(&store(&home));
    });
}
