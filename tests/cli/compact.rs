//! What is kept of what was deleted, and how it is got rid of: old backups by age, the database file built anew.

use super::Home;
use super::backup::{backups, files, used};
use rusqlite::Connection;
use std::fs;

#[test]
fn backups_older_than_so_many_days_are_deleted_when_asked_and_everybody_is_told() {
    let home = Home::new();
    let token = used(&home);
    let export = || home.call(&token, "GET", "/api/auth/export/", "").1["backups"].clone();
    assert!(export()["detail"].as_str().unwrap().contains("no backups"), "{}", export());
    home.ok("backup --quiet");
    assert!(export()["detail"].as_str().unwrap().contains("until the operator"), "{}", export());
    assert!(home.run("doctor").out.contains("until the operator deletes them"));
    let folder = home.path("tandem/backups");
    let old = |name: &str| fs::copy(&backups(&home)[0], folder.join(name)).unwrap();
    old("tandem-20200101T000000.000Z.db.gz");
    old("before-restore-20200101T000000.000Z.db.gz");
    assert!(home.ok("backup --days 30").contains("2 older backups deleted"));
    assert_eq!((backups(&home).len(), files(&folder, "before-restore-").len()), (2, 0));
    assert_eq!((&export()["days"], &export()["newest"]), (&30.into(), &serde_json::Value::Null));
    // One more that says nothing of old ones changes nothing of that.
    assert!(!home.ok("backup").contains("deleted"));
    assert_eq!(export()["days"], 30);
    assert_eq!(home.json("export --user anna")["backups"]["days"], 30);
    old("tandem-20200101T000000.000Z.db.gz");
    assert!(home.ok("backup --keep 2 --days 30").contains("3 older backups deleted"), "each file once");
    assert_eq!((&export()["days"], &export()["newest"]), (&30.into(), &2.into()));
}

#[test]
fn the_file_is_built_anew_when_the_operator_says_so_and_size_and_time_come_first() {
    let home = Home::new();
    used(&home);
    let file = home.data().join("tandem.db");
    {
        // As an older program left it.
        let db = Connection::open(&file).unwrap();
        let fill = "CREATE TABLE filler (t TEXT); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) \
             INSERT INTO filler SELECT 'deleted long ago ' || hex(randomblob(500)) FROM n; DROP TABLE filler";
        db.execute_batch(fill).unwrap();
    }
    let holds = || fs::read(&file).unwrap().windows(16).any(|window| window == b"deleted long ago");
    assert!(holds(), "an older program overwrites nothing");
    let before = fs::metadata(&file).unwrap().len();
    let asked = home.run("compact");
    assert!(asked.out.contains("MiB") && asked.out.contains("It takes about") && asked.err.contains("--yes"), "{asked:?}");
    assert!(holds() && fs::metadata(&file).unwrap().len() == before);
    home.ok("maintain");
    assert_eq!(fs::metadata(&file).unwrap().len(), before, "nothing else builds it anew");
    assert!(home.ok("compact --yes").contains("now, after"));
    assert!(!holds() && fs::metadata(&file).unwrap().len() < before / 2);
    assert_eq!(super::backup::names(&home), ["anna"]);
}
