//! A store that was made and is gone: nobody begins anew in its place as if nothing had been there.

use super::Home;
use super::backup::{backup, names, used};
use super::doctor::check;
use crate::servers::mariadb;
use std::fs;
use tandem::db::{Address, Db};

/// Every way in must refuse: the API, and the commands that need a store.
#[track_caller]
fn refused(home: &Home) {
    let (status, problem) = home.call("", "GET", "/api/health/", "");
    assert_eq!(status, "503", "{problem}");
    let log = home.ok("logs");
    assert!(log.contains("`tandem restore --latest`") && log.contains("`tandem migrate --fresh`"), "{log}");
    for line in ["user list", "migrate", "maintain", "demo"] {
        let ran = home.run(line);
        assert!(ran.code == 1 && ran.err.contains("is lost") && ran.err.contains("--fresh"), "{line}: {ran:?}");
    }
    let (level, told) = check(&home.json("doctor --json"), "database");
    assert!(level == "problem" && told.contains("is lost") && told.contains("tandem restore --latest"), "{told}");
    assert!(told.contains("File Manager: "), "the way without a shell: {told}");
}

#[test]
fn a_database_that_is_lost_is_told_until_it_is_back() {
    let home = Home::new();
    let token = used(&home);
    let (store, mark) = (home.data().join("tandem.db"), home.data().join("database-was-made.txt"));
    assert!(fs::read_to_string(&mark).unwrap().contains("delete this file"));
    fs::remove_file(&store).unwrap();
    refused(&home);
    assert!(!store.exists(), "an empty one in its place would hide that it is gone");
    // By the file manager, as the mark itself says.
    fs::remove_file(&mark).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(home.data().join(format!("tandem.db{end}")));
    }
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "401", "an empty one, begun on purpose");
    assert!(mark.exists());
}

#[test]
fn backups_tell_of_a_database_whose_whole_folder_is_lost() {
    let home = Home::new();
    used(&home);
    backup(&home);
    fs::remove_dir_all(home.data()).unwrap();
    refused(&home);
    home.ok("restore --latest");
    assert_eq!(names(&home), ["anna"]);
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
}

#[test]
fn a_lost_database_is_given_up_on_purpose() {
    let home = Home::new();
    used(&home);
    backup(&home);
    let there = home.run("migrate --fresh");
    assert!(there.code == 1 && there.err.contains("is there") && there.err.contains("nothing was changed"), "{there:?}");
    fs::remove_file(home.data().join("tandem.db")).unwrap();
    // What is left must not be taken for a part of the next.
    fs::write(home.data().join("tandem.db-wal"), "remains").unwrap();
    assert!(home.ok("migrate --fresh").contains("applied 0001_core"));
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
    assert!(names(&home).is_empty());
    assert!(home.ok("migrate").contains("nothing to do"));
}

#[test]
fn what_sqlite_left_beside_a_file_tells_that_it_is_lost() {
    let home = Home::new();
    used(&home);
    fs::remove_file(home.data().join("database-was-made.txt")).unwrap();
    fs::remove_file(home.data().join("tandem.db")).unwrap();
    fs::write(home.data().join("tandem.db-wal"), "changes that are in no other file").unwrap();
    refused(&home);
}

#[test]
fn a_secret_alone_is_no_store() {
    let home = Home::new();
    used(&home);
    let secret = fs::read(home.data().join("secret")).unwrap();
    fs::remove_dir_all(home.data()).unwrap();
    fs::create_dir_all(home.data()).unwrap();
    fs::write(home.data().join("secret"), secret).unwrap();
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
}

/// An older program made the store and left no mark.
#[test]
fn a_store_without_a_mark_gets_one_from_any_command() {
    let home = Home::new();
    used(&home);
    let mark = home.data().join("database-was-made.txt");
    for line in ["maintain --quiet", "migrate"] {
        fs::remove_file(&mark).unwrap();
        home.ok(line);
        assert!(mark.exists(), "{line}");
    }
}

#[test]
fn a_database_on_a_server_that_is_empty_all_at_once_is_lost() {
    let mut home = Home::new();
    let url = mariadb::database();
    home.env.push(("TANDEM_DATABASE_URL", url.clone()));
    used(&home);
    backup(&home);
    let mut db = Db::open(&Address::parse(&url).unwrap()).unwrap();
    let empty = |db: &mut Db| {
        db.run("SET FOREIGN_KEY_CHECKS = 0", &[]).unwrap();
        for table in db.tables().unwrap() {
            db.run(&format!("DROP TABLE {table}"), &[]).unwrap();
        }
    };
    empty(&mut db);
    refused(&home);
    home.ok("restore --latest");
    assert_eq!(names(&home), ["anna"]);
    empty(&mut db);
    assert!(home.ok("migrate --fresh").contains("applied 0001_core"));
    assert!(names(&home).is_empty());
}
