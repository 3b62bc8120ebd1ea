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
