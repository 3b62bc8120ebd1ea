//! What a restore must not undo or replace: sessions that were ended, accounts that were shut out, versions that devices
//! have seen, files that are none; and how the operator finds a backup.

use super::backup::{backup, backups, files, used, user};
use super::{Home, Ran};
use crate::servers::mariadb;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A home whose store is in a file, and one whose store is on a server.
fn homes() -> [Home; 2] {
    let mut served = Home::new();
    served.env.push(("TANDEM_DATABASE_URL", mariadb::database()));
    [Home::new(), served]
}

fn restore(home: &Home, words: &str) -> Ran {
    home.run(&format!("restore {words}"))
}

fn log_in(home: &Home, name: &str, password: &str) -> String {
    home.call("", "POST", "/api/auth/login/", &json!({"username": name, "password": password}).to_string()).0
}

#[test]
fn what_was_revoked_since_the_backup_stays_revoked_or_is_told() {
    for home in homes() {
        let token = used(&home);
        for name in ["ben", "carl", "eva"] {
            user(&home, name);
        }
        home.ok("user disable eva");
        let file = backup(&home);
        home.ok_with("user password anna --password-stdin", "another horse 9\n");
        home.ok("user disable ben");
        home.ok("user enable eva");
        let carl = home.call("", "POST", "/api/auth/login/", r#"{"username":"carl","password":"correct horse 9"}"#).1;
        let gone = home.call(carl["access"].as_str().unwrap(), "DELETE", "/api/auth/me/", r#"{"password":"correct horse 9"}"#);
        assert_eq!(gone.0, "204", "{}", gone.1);
        user(&home, "dora");
        let ran = restore(&home, &format!("{} --force", file.display()));
        assert_eq!(ran.code, 0, "{ran:?}");
        for told in [
            "every session has ended",
            "anna got another password after the backup and has its old one again; to change it: `tandem user password anna`",
            "ben was disabled after the backup and may sign in again; to keep it out: `tandem user disable ben`",
            "carl was deleted after the backup and is there again",
            "dora was made after the backup and is gone",
            "eva was enabled after the backup and is disabled again",
        ] {
            assert!(ran.out.contains(told), "{told:?} is not in {}", ran.out);
        }
        assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "401", "a session of before");
        assert_eq!(log_in(&home, "anna", "correct horse 9"), "200", "the backup's password");
    }
}

#[test]
fn sessions_go_on_after_a_restore_if_the_operator_says_so() {
    for home in homes() {
        let token = used(&home);
        let file = backup(&home);
        let ran = restore(&home, &format!("{} --keep-sessions", file.display()));
        assert!(ran.code == 0 && !ran.out.contains("session has ended") && !ran.out.contains("after the backup"), "{ran:?}");
        assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "200");
        let told = home.call(&token, "GET", "/api/sync/changes/?since=2000-01-01&include=messages", "").1;
        let reasons: Vec<_> = told["messages"].as_array().unwrap().iter().map(|message| &message["data"]["reason"]).collect();
        assert_eq!(reasons, ["restore"], "what the backup's messages told is of before");
    }
}

/// Sends a record; its status and version.
fn send(home: &Home, token: &str, id: &str, version: i64, text: &str) -> (String, i64) {
    let entry = json!({"mobile_id": id, "version": version, "title": text, "content": text});
    let body = json!({"entries": [entry], "client_id": "phone-1"}).to_string();
    let said = home.call(token, "POST", "/api/sync/journal/sync/", &body).1;
    let item = &said["synced_items"][0];
    assert_eq!(said["errors"], json!([]), "{said}");
    (item["status"].as_str().unwrap().to_owned(), item["server_version"].as_i64().unwrap())
}

/// Two edits are lost by the restore; two others get their numbers. Whoever saw the lost ones must not be taken for one who saw
/// these.
#[test]
fn no_version_of_the_lost_time_is_met_again_after_a_restore() {
    let (id, high) = ("0198c1b0-0000-4000-8000-000000000001", "0198c1b0-0000-4000-8000-000000000002");
    let late = "0198c1b0-0000-4000-8000-000000000003";
    for home in homes() {
        let token = used(&home);
        assert_eq!(send(&home, &token, id, 0, "first").1, 1);
        assert_eq!(send(&home, &token, high, 0, "first").1, 1);
        let raise = format!("UPDATE records SET version = 1000000000 WHERE id = '{high}'");
        if home.env.is_empty() {
            home.sql(&raise);
            let file = backup(&home);
            home.ok(&format!("restore --keep-sessions {}", file.display()));
            assert_eq!(send(&home, &token, high, 1_000_000_000, "second").1, 1_000_000_001, "the highest stays");
        }
        let goal = format!("/api/goals/{}/", home.call(&token, "GET", "/api/goals/", "").1["results"][0]["id"].as_str().unwrap());
        let version = |home: &Home| home.call(&token, "GET", &goal, "").1["version"].as_i64().unwrap();
        let file = backup(&home);
        let goal_before = version(&home);
        assert_eq!(home.call(&token, "PATCH", &goal, r#"{"title":"lost"}"#).0, "200");
        let before = send(&home, &token, id, 1, "probe").1;
        let lost = send(&home, &token, late, 0, "as it was when others saw it").1;
        let made = |home: &Home| home.call(&token, "POST", "/api/goals/", r#"{"title":"new"}"#).1["version"].as_i64().unwrap();
        let goal_lost = made(&home);
        let ran = restore(&home, &format!("--force --keep-sessions {}", file.display()));
        assert_eq!(ran.code, 0, "{ran:?}");
        let after = send(&home, &token, id, before + 10_000 - 1, "again").1;
        assert!(after > before + 9_000, "{before} {after}");
        // What the backup lacks is sent again by whoever made it, and is not what others hold of it.
        let (status, anew) = send(&home, &token, late, 0, "as it is made anew");
        assert_eq!((status.as_str(), anew), ("created", lost + 10_000));
        assert_eq!(send(&home, &token, late, lost, "an edit of what was lost").0, "conflict");
        assert_eq!(made(&home), goal_lost + 10_000);
        assert_eq!(version(&home), goal_before + 10_000);
        let told = home.call(&token, "GET", "/api/sync/changes/?since=2000-01-01", "").1;
        assert_eq!(told["changes"]["goals"][0]["version"], goal_before + 10_000, "{told}");
    }
}

#[test]
fn a_backup_is_found_by_its_name_the_newest_by_a_flag_and_all_in_a_list() {
    let home = Home::new();
    let none = restore(&home, "--latest");
    assert!(none.code == 1 && none.err.contains("there is no backup in"), "{none:?}");
    assert!(home.ok("restore --list").contains("there is no backup in"));
    used(&home);
    let first = backup(&home);
    user(&home, "ben");
    let second = backup(&home);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let listed = home.json("restore --list --json");
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, [name(&second), name(&first)], "the newest first");
    assert!(listed[0]["rows"].as_i64() > listed[1]["rows"].as_i64() && listed[0]["bytes"].as_u64() > Some(0), "{listed}");
    assert!(home.ok("restore --list").contains(&name(&first)));
    let ran = restore(&home, &format!("{} --force", name(&first)));
    assert!(ran.code == 0 && super::backup::names(&home) == ["anna"], "{ran:?}");
    let ran = restore(&home, "--latest");
    assert!(ran.code == 0 && ran.out.contains(&name(&second)), "{ran:?}");
    assert_eq!(super::backup::names(&home), ["anna", "ben"]);
    let ran = restore(&home, "tandem-20200101T000000.000Z.db.gz");
    assert!(ran.code == 1 && ran.err.contains("neither here nor in") && ran.err.contains("restore --list"), "{ran:?}");
    for line in ["restore", "restore x --latest", "restore x --list", "restore --latest --json"] {
        assert_eq!(home.run(line).code, 2, "{line}");
    }
}

#[test]
fn a_file_that_is_no_backup_is_called_so() {
    let home = Home::new();
    used(&home);
    let packed = |name: &str, text: &[u8]| {
        let mut packer = GzEncoder::new(fs::File::create(home.path(name)).unwrap(), Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap();
        home.path(name)
    };
    fs::create_dir(home.path("folder")).unwrap();
    fs::write(home.path("short"), "SQLite").unwrap();
    for file in [packed("letter.gz", b"Dear you"), packed("nothing.gz", b""), home.path("folder"), home.path("short")] {
        let ran = restore(&home, &format!("--force {}", file.display()));
        assert!(ran.code == 1 && ran.err.contains("is no backup of Tandem"), "{}: {ran:?}", file.display());
    }
    assert_eq!(super::backup::names(&home), ["anna"]);
}

/// The same backup under the name of another instant.
fn dated(file: &Path, instant: &str) -> PathBuf {
    let other = file.with_file_name(format!("tandem-{instant}.db.gz"));
    fs::copy(file, &other).unwrap();
    other
}

#[test]
fn the_backup_just_made_stays_whatever_the_clock_said() {
    let home = Home::new();
    used(&home);
    let first = backup(&home);
    let ahead = ["20990101T000000.000Z", "20990102T000000.000Z"].map(|instant| dated(&first, instant));
    home.ok("backup --keep 1 --quiet");
    assert!(!first.exists() && ahead.iter().all(|path| !path.exists()), "{:?}", backups(&home));
    assert_eq!(backups(&home).len(), 1);
    let newest = backups(&home).pop().unwrap();
    let ahead = ["20990101T000000.000Z", "20990102T000000.000Z"].map(|instant| dated(&newest, instant));
    home.ok("backup --keep 2 --quiet");
    assert!(!ahead[0].exists() && ahead[1].exists() && !newest.exists());
    assert_eq!(backups(&home).len(), 2, "the newest of before, and the one just made");
}

#[test]
fn only_backups_of_the_same_store_are_deleted() {
    let (one, other) = (Home::new(), Home::new());
    let shared = one.path("shared");
    for home in [&one, &other] {
        used(home);
        home.ok(&format!("backup --quiet --to {}", shared.display()));
    }
    let unlabelled = shared.join("tandem-20200101T000000.000Z.db.gz");
    fs::write(&unlabelled, "of an older program, or of somebody else").unwrap();
    for _ in 0..3 {
        one.ok(&format!("backup --keep 1 --quiet --to {}", shared.display()));
    }
    assert_eq!(files(&shared, "tandem-").len(), 3, "one's own, the other's, and nobody knows whose");
    assert!(unlabelled.exists());
    // In a folder that is one store's alone, what has no label is its own.
    let old = dated(&backup(&one), "20200101T000000.000Z");
    fs::write(&old, "of an older program").unwrap();
    one.ok("backup --keep 1 --quiet");
    assert!(!old.exists());
    // A store that was begun anew is another: the backups of the one that was lost stay.
    let lost = backup(&one);
    fs::remove_file(one.data().join("tandem.db")).unwrap();
    one.ok("migrate --fresh");
    one.ok("backup --keep 1 --quiet");
    assert!(lost.exists());
}

#[test]
fn a_device_a_pipe_or_a_link_is_never_replaced() {
    let home = Home::new();
    used(&home);
    let (target, link, pipe) = (home.path("target.json"), home.path("link.json"), home.path("pipe"));
    fs::write(&target, "mine").unwrap();
    symlink(&target, &link).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let folder = home.path("folder");
    fs::create_dir(&folder).unwrap();
    for (path, kind) in [(&link, "a link"), (&pipe, "a device or a pipe"), (&folder, "a folder")] {
        let ran = home.run(&format!("export --user anna --out {}", path.display()));
        assert!(ran.code == 1 && ran.err.contains(kind) && ran.err.contains("is not replaced"), "{ran:?}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink() && fs::metadata(&pipe).unwrap().file_type().is_fifo());
    // A folder behind a link takes backups; a file or a device is no folder.
    symlink(&folder, home.path("elsewhere")).unwrap();
    home.ok(&format!("backup --quiet --to {}", home.path("elsewhere").display()));
    assert_eq!(files(&folder, "tandem-").len(), 1);
    for to in [&target, &pipe] {
        assert_eq!(home.run(&format!("backup --to {}", to.display())).code, 1);
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}

/// The store lies on another disk, behind a link; a damaged one is replaced there.
#[test]
fn a_store_behind_a_link_is_restored_where_it_lies() {
    let home = Home::new();
    used(&home);
    let (file, store, real) = (backup(&home), home.data().join("tandem.db"), home.path("disk/real.db"));
    fs::create_dir(home.path("disk")).unwrap();
    for name in ["-wal", "-shm"] {
        let _ = fs::remove_file(home.data().join(format!("tandem.db{name}")));
    }
    fs::remove_file(&store).unwrap();
    symlink(&real, &store).unwrap();
    for rubbish in [None, Some("no database, whatever its name says. ".repeat(200))] {
        rubbish.into_iter().for_each(|text| fs::write(&real, text).unwrap());
        let ran = restore(&home, &format!("{}", file.display()));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(fs::symlink_metadata(&store).unwrap().is_symlink() && real.is_file());
        assert_eq!(super::backup::names(&home), ["anna"]);
    }
}
