//! Defining tables where every definition commits itself: what was done is noted after each, so that a migration that
//! was interrupted goes on where it stopped.
//!
//! `migration_steps` is there only while a migration runs. `trying` names the definition that is under way. If the
//! process ends between the definition and its note, the next one meets a table that is there already, and knows from
//! `trying` that it is its own. A definition that the server refused is not under way any more: a table of somebody
//! else's that bears the name is never taken for ours.

use super::{Mysql, Transaction, fault, say};
use crate::base::error::{DbError, DbFault, Error, Result};
use mysql::params;
use mysql::prelude::Queryable;

/// Every table as SQLite's: rows in the order of the primary key, text compared byte by byte.
const TABLE: &str = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=/*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */";
/// Where the steps are noted.
const STEPS: &str = "migration_steps";
/// What a definition begins with; anything else changes rows and can be undone.
const DEFINITIONS: [&str; 3] = ["CREATE ", "ALTER ", "DROP "];

impl Mysql {
    /// Waits until no other process defines tables in this database. A cluster's nodes do not share the lock.
    pub fn take_turn(&mut self) -> Result<()> {
        self.be_patient();
        let sql = "SELECT GET_LOCK(MD5(CONCAT('tandem migrate ', DATABASE())), 60)";
        let got: Option<Option<i64>> = self.ask(&mut |line| line.query_first(sql))?;
        if got.flatten() == Some(1) {
            return Ok(());
        }
        Err(Error::Db(DbError { kind: DbFault::Busy, text: "another process is migrating".to_owned() }))
    }

    /// Lets the next process have its turn.
    pub fn end_turn(&mut self) -> Result<()> {
        self.state = Transaction::Idle;
        self.tell("DO RELEASE_LOCK(MD5(CONCAT('tandem migrate ', DATABASE())))")
    }

    /// Carries out a migration's statement, unless that was done before. Statements count from 1.
    pub fn define(&mut self, version: i64, number: i64, sql: &str) -> Result<()> {
        if number == 1 {
            self.tell(&format!(
                "CREATE TABLE IF NOT EXISTS {STEPS} (version BIGINT PRIMARY KEY, done BIGINT NOT NULL, trying BIGINT NOT NULL) {TABLE}"
            ))?;
        }
        let noted = format!("SELECT done, trying FROM {STEPS} WHERE version = {version}");
        let (done, trying): (i64, i64) = self.ask(&mut |line| line.query_first(&noted))?.unwrap_or_default();
        match DEFINITIONS.iter().any(|word| sql.trim_start().starts_with(word)) {
            _ if number <= done => Ok(()),
            true => self.commit_itself(version, (done, number), trying == number, &definition(sql)),
            false => self.alter_rows(version, number, sql),
        }
    }

    /// A definition: `steps` is the last one done and this one.
    fn commit_itself(&mut self, version: i64, steps: (i64, i64), tried: bool, sql: &str) -> Result<()> {
        let (done, number) = steps;
        self.tell(&note(version, done, number))?;
        let mut carried_out = true;
        let outcome = self.ask(&mut |line| match say(line, sql) {
            Err(error) if tried && fault::is_done(&error) => Ok(()),
            Err(error) => {
                carried_out = fault::is_lost(&error);
                Err(error)
            }
            Ok(()) => Ok(()),
        });
        if !carried_out {
            self.tell(&note(version, done, 0))?;
        }
        outcome?;
        self.tell(&note(version, number, 0))
    }

    /// A change of rows and its note, in one transaction.
    fn alter_rows(&mut self, version: i64, number: i64, sql: &str) -> Result<()> {
        self.tell("START TRANSACTION")?;
        let done = self.tell(sql).and_then(|()| self.tell(&note(version, number, 0)));
        self.tell(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }

    /// The newest version that was applied in full; 0 where there is none.
    pub fn schema_version(&mut self) -> Result<i64> {
        let sql = "SELECT MAX(version) FROM migrations";
        self.ask(&mut |line| match line.query_first::<Option<i64>, _>(sql) {
            Err(error) if fault::is_no_table(&error) => Ok(0),
            found => Ok(found?.flatten().unwrap_or_default()),
        })
    }

    /// A migration is through: its row in `migrations` says so, and its steps are of no more use. Nothing else leaves any,
    /// and to drop a table in a transaction would end it.
    pub fn forget_steps(&mut self) -> Result<()> {
        if self.state != Transaction::Defining {
            return Ok(());
        }
        self.tell(&format!("DROP TABLE IF EXISTS {STEPS}"))
    }

    /// The tables of this database, in the order of their names.
    pub fn tables(&mut self) -> Result<Vec<String>> {
        let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> :steps";
        let mut tables: Vec<String> = self.ask(&mut |line| line.exec(sql, params! { "steps" => STEPS }))?;
        tables.sort_unstable();
        Ok(tables)
    }

    /// The columns of a table, in their order.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let sql = "SELECT column_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = :table ORDER BY ordinal_position";
        self.ask(&mut |line| line.exec(sql, params! { "table" => table }))
    }
}

/// The statement that notes how far a migration is.
fn note(version: i64, done: i64, trying: i64) -> String {
    format!("REPLACE INTO {STEPS} (version, done, trying) VALUES ({version}, {done}, {trying})")
}

/// A table gets the engine and the collation that this program builds on, whatever the database's own.
fn definition(sql: &str) -> String {
    if sql.contains("CREATE TABLE") { format!("{sql} {TABLE}") } else { sql.to_owned() }
}
