//! The write-ahead log of a connection: it may be deleted, or replaced by others, while a program runs.

use super::{DbConfig, Sqlite};
use crate::base::error::{DbError, DbFault, Error, Result};
use crate::db::Place;
use crate::db::wal::look;
use rustix::io::Errno;

/// What a writer is told whose log was taken away.
pub fn log_gone() -> Error {
    let text = "the write-ahead log was deleted or replaced while the program ran";
    Error::Db(DbError { kind: DbFault::Missing, text: text.to_owned() })
}

impl Sqlite {
    /// Is the file still in its place? With WAL, SQLite itself does not look, and would go on writing to a deleted file.
    pub fn place(&self) -> Place {
        match look(&self.path) {
            Ok(found) if Some(found) == self.file && (self.log.was_in_place() || !self.leave_log()) => Place::Same,
            Ok(_) => Place::Other,
            Err(Errno::ACCESS | Errno::PERM) => Place::Closed,
            Err(_) => Place::Gone,
        }
    }

    /// Nobody begins to write to a log that is gone: others, who have another, would not see it, nor it theirs.
    pub(super) fn log_holds(&mut self) -> Result<()> {
        if !self.writes || self.log.is_in_place() {
            return Ok(());
        }
        self.rollback();
        self.leave_log();
        Err(log_gone())
    }

    /// Gives up a log that is not in its place any more, and what is in it goes into the file if that can be. Answers `true`:
    /// the database is to be opened anew.
    fn leave_log(&self) -> bool {
        if !self.rescue() {
            log::warn!(
                "the write-ahead log of the database was deleted or replaced while the program ran: what was in it is lost, unless \
                 another process has saved it"
            );
        }
        true
    }

    /// Moves what is in a log that was deleted into the file. That is safe as long as nobody has written to another log, and
    /// all go by the same index.
    pub(super) fn rescue(&self) -> bool {
        // Whoever closes must take neither another's log for its own, nor that away.
        let kept = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let moved = || self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        kept.is_ok() && self.log.is_nobody_elses() && moved().is_ok_and(|busy| busy == 0)
    }
}

#[cfg(test)]
mod tests {
    use crate::base::error::DbFault;
    use crate::db::{Address, Db, Journal, Mode};
    use rusqlite::Connection;

    /// A database with a log that another connection has open, and a connection that has noted which, and has not opened it yet.
    fn noted() -> (tempfile::TempDir, Connection, Db) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let mut db = Db::sqlite_create(&path, Journal::Wal).unwrap();
        db.begin(Mode::Define).unwrap();
        db.define(1, 1, "CREATE TABLE t (id BIGINT PRIMARY KEY)").unwrap();
        db.commit().unwrap();
        let other = Connection::open(&path).unwrap();
        other.query_row("SELECT COUNT(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
        drop(db);
        let mut db = Db::open(&Address::Sqlite(path)).unwrap();
        db.begin(Mode::Read).unwrap();
        (folder, other, db)
    }

    fn count(db: &mut Db) -> Option<i64> {
        db.one("SELECT COUNT(*) FROM t", &[], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_log_that_its_last_user_takes_along_before_it_is_opened_is_not_missed() {
        let (_folder, other, mut db) = noted();
        drop(other);
        assert_eq!(count(&mut db), Some(0));
        db.commit().unwrap();
        db.begin(Mode::Write).unwrap();
        db.run("INSERT INTO t (id) VALUES (1)", &[]).unwrap();
        db.commit().unwrap();
        assert_eq!(count(&mut db), Some(1));
    }

    #[test]
    fn a_log_that_is_replaced_once_it_is_open_is_missed() {
        let (folder, other, mut db) = noted();
        assert_eq!(count(&mut db), Some(0));
        db.commit().unwrap();
        let log = folder.path().join("x.db-wal");
        std::fs::rename(&log, folder.path().join("gone")).unwrap();
        std::fs::write(&log, "another's").unwrap();
        let refused = db.begin(Mode::Write).unwrap_err();
        assert!(matches!(refused, crate::base::error::Error::Db(ref fault) if fault.kind == DbFault::Missing), "{refused:?}");
        drop(other);
    }
}
