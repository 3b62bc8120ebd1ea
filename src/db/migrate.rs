//! Migrations: forward only, never edited, one text for both databases.

use super::{Db, Mode, Upsert};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::params;

/// One step of the schema.
#[derive(Debug)]
pub struct Migration {
    /// Counted from 1 without a gap.
    pub version: i64,
    /// The file's name.
    pub name: &'static str,
    /// The statements, each ended by `;` at the end of a line.
    pub sql: &'static str,
    /// The schema of the oldest programs that may still use the store: they find all that they know in it, and what they
    /// write is whole. So an upgrade can migrate first and replace the programs then, and an older program can be put back.
    pub oldest: i64,
}

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "0001_core", sql: include_str!("../../sql/0001_core.sql"), oldest: 1 },
    Migration { version: 2, name: "0002_couples", sql: include_str!("../../sql/0002_couples.sql"), oldest: 1 },
    Migration { version: 3, name: "0003_mobile", sql: include_str!("../../sql/0003_mobile.sql"), oldest: 2 },
    Migration { version: 4, name: "0004_teams", sql: include_str!("../../sql/0004_teams.sql"), oldest: 3 },
    Migration { version: 5, name: "0005_room", sql: include_str!("../../sql/0005_room.sql"), oldest: 3 },
    Migration { version: 6, name: "0006_versions", sql: include_str!("../../sql/0006_versions.sql"), oldest: 3 },
    Migration { version: 7, name: "0007_spent", sql: include_str!("../../sql/0007_spent.sql"), oldest: 3 },
    Migration { version: 8, name: "0008_keys", sql: include_str!("../../sql/0008_keys.sql"), oldest: 3 },
    // An older program that serves while this is installed notes no departure: nobody else reads that table.
    Migration { version: 9, name: "0009_leaving", sql: include_str!("../../sql/0009_leaving.sql"), oldest: 3 },
    Migration { version: 10, name: "0010_usage", sql: include_str!("../../sql/0010_usage.sql"), oldest: 3 },
    // An older program that serves while this is installed takes every code for one of a member.
    Migration { version: 11, name: "0011_codes", sql: include_str!("../../sql/0011_codes.sql"), oldest: 3 },
    Migration { version: 12, name: "0012_editors", sql: include_str!("../../sql/0012_editors.sql"), oldest: 3 },
    Migration { version: 13, name: "0013_devices", sql: include_str!("../../sql/0013_devices.sql"), oldest: 3 },
    // An older program writes no codes, and an address that it writes is not the one that was verified.
    Migration { version: 14, name: "0014_mail", sql: include_str!("../../sql/0014_mail.sql"), oldest: 3 },
    // What an older program changes is told under the author of before: a wake-up may be missing.
    Migration { version: 15, name: "0015_inbox", sql: include_str!("../../sql/0015_inbox.sql"), oldest: 3 },
    // What an older program writes meanwhile is not remembered: nothing is learned from it, and no fact leans on it alone.
    Migration { version: 16, name: "0016_history", sql: include_str!("../../sql/0016_history.sql"), oldest: 3 },
    // An older program lets nobody in by another device, takes the devices' priority for
    // most_recent_wins, and does not say from which device an edit came.
    Migration { version: 17, name: "0017_linking", sql: include_str!("../../sql/0017_linking.sql"), oldest: 3 },
    Migration { version: 18, name: "0018_marks", sql: include_str!("../../sql/0018_marks.sql"), oldest: 3 },
    Migration { version: 19, name: "0019_models", sql: include_str!("../../sql/0019_models.sql"), oldest: 3 },
    // No program that was released knows the two tables that end here.
    Migration { version: 20, name: "0020_shelf", sql: include_str!("../../sql/0020_shelf.sql"), oldest: 3 },
    // What an older program writes wakes nobody, and a session that it ends leaves its device's subscription to the night.
    Migration { version: 21, name: "0021_push", sql: include_str!("../../sql/0021_push.sql"), oldest: 3 },
    // No program that was released knows the table that changes here.
    Migration { version: 22, name: "0022_shards", sql: include_str!("../../sql/0022_shards.sql"), oldest: 3 },
    // The same. An edit that an older program lands is not remembered, and the record names the one before it.
    Migration { version: 23, name: "0023_chain", sql: include_str!("../../sql/0023_chain.sql"), oldest: 3 },
];

/// The version that this program works with.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

/// The migrations that lead to a version.
pub fn up_to(version: i64) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(move |migration| migration.version <= version)
}

/// The version of a store that is being filled. It is above every migration, so that older programs, which do not know
/// it, refuse such a store, too.
pub const UNFINISHED: i64 = 1_000_000;

/// What the row of that version is called in a store that was moved. The one of a store that is being filled has another name.
const MOVED: &str = "moved";

/// How a store's schema stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was ever made.
    Empty,
    /// They fit.
    Current,
    /// Migrations are to be run.
    Old(i64),
    /// The store is newer than the program, which may use it all the same.
    Ahead(i64),
    /// The store is too new for the program.
    Newer(i64),
    /// It was being filled, and that did not come to its end.
    Unfinished,
    /// What it holds was moved to another database, which is to be used in its place.
    Moved,
}

/// Compares the store's schema with this program's.
pub fn standing(db: &mut Db) -> Result<Standing> {
    Ok(match db.schema_version()? {
        0 => Standing::Empty,
        version if version == newest() => Standing::Current,
        version if version < newest() => Standing::Old(version),
        UNFINISHED if is_moved(db)? => Standing::Moved,
        UNFINISHED => Standing::Unfinished,
        version if oldest(db)? <= newest() => Standing::Ahead(version),
        version => Standing::Newer(version),
    })
}

fn is_moved(db: &mut Db) -> Result<bool> {
    let name = db.one("SELECT name FROM migrations WHERE version = ?", params![UNFINISHED], |row| row.get::<String>(0))?;
    Ok(name.as_deref() == Some(MOVED))
}

/// The oldest program that may use a store: the name of that fact, which the migrations of newer programs write.
const OLDEST: &str = "oldest_schema";

/// The schema of the oldest programs that may use the store. A store that does not say is for its own.
fn oldest(db: &mut Db) -> Result<i64> {
    if !db.tables()?.iter().any(|table| table == FACT.table) {
        return Ok(i64::MAX);
    }
    let said = db.one("SELECT value FROM facts WHERE name = ?", params![OLDEST], |row| row.get::<String>(0))?;
    Ok(said.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX))
}

/// Applies what is missing, one migration after the other, and tells `progress` the name of each.
/// Several processes may do so at once: the second finds nothing to do.
///
/// # Errors
/// The engine's; a store that is newer than the program.
pub fn migrate(db: &mut Db, progress: &mut dyn FnMut(&Migration)) -> Result<()> {
    migrate_to(db, newest(), progress)
}

/// Applies what is missing up to a version.
pub fn migrate_to(db: &mut Db, version: i64, progress: &mut dyn FnMut(&Migration)) -> Result<()> {
    for migration in up_to(version) {
        db.begin(Mode::Define)?;
        match apply(db, migration) {
            Ok(true) => {
                db.commit()?;
                progress(migration);
            }
            Ok(false) => db.rollback(),
            Err(error) => {
                db.rollback();
                return Err(error);
            }
        }
    }
    Ok(())
}

const FACT: Upsert = Upsert { table: "facts", key: &["name"], set: &["value"] };

fn apply(db: &mut Db, migration: &Migration) -> Result<bool> {
    match standing(db)? {
        Standing::Newer(version) => return Err(Error::NotReady(newer(version))),
        Standing::Unfinished => return Err(Error::NotReady(NOT_FINISHED.to_owned())),
        Standing::Moved => return Err(Error::NotReady(moved(db)?)),
        _ if db.schema_version()? >= migration.version => return Ok(false),
        _ => {}
    }
    for (number, statement) in (1..).zip(statements(part(migration.sql, db.writes_alone()))) {
        db.define(migration.version, number, &statement)?;
    }
    let done = params![migration.version, migration.name, Timestamp::now()];
    db.run("INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)", done)?;
    db.put(&FACT, params![OLDEST, &migration.oldest.to_string()])?;
    db.set_schema_version(migration.version)?;
    Ok(true)
}

/// When the store was made: the instant of its first migration.
pub fn made_at(db: &mut Db) -> Result<Option<Timestamp>> {
    Ok(db.one("SELECT MIN(applied_at) FROM migrations", &[], |row| row.get::<Option<Timestamp>>(0))?.flatten())
}

/// The operator's message about a store that was not filled to its end.
pub const NOT_FINISHED: &str = "a copy to this database did not finish: delete it, make an empty one and run `tandem copy` again";

/// Where the store was moved to: the name of that fact.
pub const MOVED_TO: &str = "moved_to";
/// The most characters of a fact's value.
const MOST: usize = 255;
/// The table without which nobody who is signed in is answered, and nobody can sign in.
const DOOR: &str = "sessions";
/// What that table is called in a store that was moved.
const SHUT: &str = "moved_sessions";

/// The name that a table of the schema has in this store.
pub fn name_in(db: &mut Db, table: &'static str) -> Result<&'static str> {
    Ok(if table == DOOR && has_table(db, SHUT)? { SHUT } else { table })
}

fn has_table(db: &mut Db, name: &str) -> Result<bool> {
    Ok(db.tables()?.iter().any(|table| table == name))
}

/// Marks a store as moved: from now on no program uses it. A process that has it open misses a table at its next request,
/// opens it anew, and learns why; so a poll need not look for the mark.
///
/// # Errors
/// The engine's; a store that was marked in part stays shut until this is done again or [`unmove`] is.
pub fn move_to(db: &mut Db, address: &str) -> Result<()> {
    defining(db, |db| {
        // On MySQL each of these stands for itself: nobody new may take the store for one in use before it is shut.
        db.put(&FACT, params![MOVED_TO, address.chars().take(MOST).collect::<String>().as_str()])?;
        db.put(&APPLIED, params![UNFINISHED, MOVED, Timestamp::now()])?;
        // Notes of a step that was interrupted are of the other direction, or of no use: what counts is which table is there.
        db.set_schema_version(UNFINISHED)?;
        if !has_table(db, SHUT)? {
            db.define(UNFINISHED, 1, "ALTER TABLE sessions RENAME TO moved_sessions")?;
        }
        db.set_schema_version(UNFINISHED)
    })
}

/// Takes that mark back: the store is used again, as it was then.
pub fn unmove(db: &mut Db) -> Result<()> {
    defining(db, |db| {
        db.set_schema_version(UNFINISHED)?;
        if has_table(db, SHUT)? {
            db.define(UNFINISHED, 1, "ALTER TABLE moved_sessions RENAME TO sessions")?;
        }
        db.run("DELETE FROM facts WHERE name = ?", params![MOVED_TO])?;
        db.run("DELETE FROM migrations WHERE version = ?", params![UNFINISHED])?;
        let version = db.one("SELECT MAX(version) FROM migrations", &[], |row| row.get::<Option<i64>>(0))?.flatten();
        db.set_schema_version(version.unwrap_or_default())
    })
}

const APPLIED: Upsert = Upsert { table: "migrations", key: &["version"], set: &["name", "applied_at"] };

fn defining(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<()>) -> Result<()> {
    db.begin(Mode::Define)?;
    match work(db) {
        Ok(()) => db.commit(),
        Err(error) => {
            db.rollback();
            Err(error)
        }
    }
}

/// The operator's message about a store that was moved.
pub fn moved(db: &mut Db) -> Result<String> {
    let to = db.one("SELECT value FROM facts WHERE name = ?", params![MOVED_TO], |row| row.get::<String>(0))?;
    let to = to.unwrap_or_else(|| "another database".to_owned());
    Ok(format!("this database was moved to {to}: set database_url to that one; {UNMOVE}"))
}

/// How a store that was moved is used again all the same.
pub const UNMOVE: &str =
    "if the move did not come to its end, run `tandem copy --move` again, or go on with this database: `tandem migrate --unmove`";

/// The operator's message about a store that is too new for the program.
pub fn newer(version: i64) -> String {
    format!(
        "the database has schema {version}, this program knows only {}: put the newer programs back, or restore the backup made before the upgrade",
        newest()
    )
}

/// What begins the part of a migration for servers, where one text does not do for both: SQLite makes a table anew to change its
/// key, and a server, where others write meanwhile, must not.
const ON_A_SERVER: &str = "\n-- On a server:";

/// The part of a migration for an engine; usually it is all of it.
fn part(sql: &str, in_a_file: bool) -> &str {
    let at = sql.find(ON_A_SERVER).map(|at| sql.split_at(at));
    at.map_or(sql, |(file, server)| if in_a_file { file } else { server })
}

/// The statements of a migration, without comments.
fn statements(sql: &str) -> impl Iterator<Item = String> {
    let code = |part: &str| part.lines().filter(|line| !line.trim().starts_with("--")).collect::<Vec<_>>().join("\n");
    sql.split(";\n").map(move |part| code(part).trim().to_owned()).filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_without_a_gap() {
        for (n, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, n);
            assert!(migration.name.starts_with(&format!("{n:04}_")), "{}", migration.name);
        }
        for pair in MIGRATIONS.windows(2) {
            let [before, after] = pair else { unreachable!() };
            assert!(before.oldest <= after.oldest, "{} lets in whom {} kept out", after.name, before.name);
            // The programs of the release before this one serve while it is installed.
            assert!(after.oldest < after.version, "{} shuts out the programs before it", after.name);
        }
    }

    #[test]
    fn an_engine_has_its_own_part_where_there_is_one() {
        let both = "CREATE TABLE a (x BIGINT);\n";
        let apart = "DROP TABLE a;\n\n-- On a server: in place.\nALTER TABLE a ADD x BIGINT;\n";
        let first = |in_a_file| [both, apart].map(|sql| statements(part(sql, in_a_file)).collect::<Vec<_>>().join(" "));
        assert_eq!(first(true), ["CREATE TABLE a (x BIGINT)", "DROP TABLE a"]);
        assert_eq!(first(false), ["CREATE TABLE a (x BIGINT)", "ALTER TABLE a ADD x BIGINT"]);
    }

    #[test]
    fn statements_are_split_at_line_ends() {
        let sql = "-- a\nCREATE TABLE a (x BIGINT);\n-- b\n\nCREATE INDEX b\n  ON a (x);\n-- end\n";
        let found: Vec<String> = statements(sql).collect();
        assert_eq!(found, ["CREATE TABLE a (x BIGINT)", "CREATE INDEX b\n  ON a (x)"]);
    }
}
