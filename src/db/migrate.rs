//! Migrations: forward only, never edited, one text for both databases.

use super::{Db, Mode};
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
}

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "0001_core", sql: include_str!("../../sql/0001_core.sql") },
    Migration { version: 2, name: "0002_couples", sql: include_str!("../../sql/0002_couples.sql") },
    Migration { version: 3, name: "0003_mobile", sql: include_str!("../../sql/0003_mobile.sql") },
    Migration { version: 4, name: "0004_teams", sql: include_str!("../../sql/0004_teams.sql") },
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

/// How a store's schema stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was ever made.
    Empty,
    /// They fit.
    Current,
    /// Migrations are to be run.
    Old(i64),
    /// The store is newer than the program.
    Newer(i64),
    /// It was being filled, and that did not come to its end.
    Unfinished,
}

/// Compares the store's schema with this program's.
///
/// # Errors
/// The engine's.
pub fn standing(db: &mut Db) -> Result<Standing> {
    Ok(match db.schema_version()? {
        0 => Standing::Empty,
        version if version == newest() => Standing::Current,
        version if version < newest() => Standing::Old(version),
        UNFINISHED => Standing::Unfinished,
        version => Standing::Newer(version),
    })
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
///
/// # Errors
/// As [`migrate`].
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

fn apply(db: &mut Db, migration: &Migration) -> Result<bool> {
    let version = db.schema_version()?;
    if version > newest() {
        return Err(Error::NotReady(newer(version)));
    }
    if version >= migration.version {
        return Ok(false);
    }
    for (number, statement) in (1..).zip(statements(migration.sql)) {
        db.define(migration.version, number, &statement)?;
    }
    let done = params![migration.version, migration.name, Timestamp::now()];
    db.run("INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)", done)?;
    db.set_schema_version(migration.version)?;
    Ok(true)
}

/// When the store was made: the instant of its first migration.
///
/// # Errors
/// The engine's.
pub fn made_at(db: &mut Db) -> Result<Option<Timestamp>> {
    Ok(db.one("SELECT MIN(applied_at) FROM migrations", &[], |row| row.get::<Option<Timestamp>>(0))?.flatten())
}

/// What the operator is told about a store that was not filled to its end.
pub const NOT_FINISHED: &str = "a copy to this database did not finish: delete it, make an empty one and run `tandem copy` again";

/// What the operator is told about a store that is newer than the program.
pub fn newer(version: i64) -> String {
    if version == UNFINISHED {
        return NOT_FINISHED.to_owned();
    }
    format!(
        "the database has schema {version}, this program knows only {}: put the newer program back, or restore the backup made before the upgrade",
        newest()
    )
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
    }

    #[test]
    fn statements_are_split_at_line_ends() {
        let sql = "-- a\nCREATE TABLE a (x BIGINT);\n-- b\n\nCREATE INDEX b\n  ON a (x);\n-- end\n";
        let found: Vec<String> = statements(sql).collect();
        assert_eq!(found, ["CREATE TABLE a (x BIGINT)", "CREATE INDEX b\n  ON a (x)"]);
    }
}
