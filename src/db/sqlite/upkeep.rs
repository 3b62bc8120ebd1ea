//! What is done with the whole file: its log emptied, its size, the file built anew.

use super::{Sqlite, failure, wait_a_little, wait_for_lock};
use crate::base::error::Result;

impl Sqlite {
    /// Moves what is in the write-ahead log into the file and cuts the log to nothing: old pages in it hold what was deleted
    /// since. Answers `false` while others read or write.
    pub fn empty_log(&mut self) -> Result<bool> {
        if !self.log.is_in_place() {
            return Ok(false);
        }
        self.wrote = true;
        self.connection.busy_handler(Some(wait_a_little)).map_err(failure)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        self.connection.busy_handler(Some(wait_for_lock)).map_err(failure)?;
        match busy.map_err(failure) {
            Err(error) if error.is_busy() => Ok(false),
            busy => busy.map(|busy| busy == 0),
        }
    }

    /// Builds the whole file anew. Nobody writes meanwhile.
    pub fn compact(&mut self) -> Result<()> {
        self.wrote = true;
        self.erase_what_is_deleted()?;
        self.connection.execute_batch("VACUUM").map_err(failure)?;
        self.empty_log().map(drop)
    }

    /// Bytes of the file, and those of them that are free pages.
    pub fn pages(&mut self) -> Result<(u64, u64)> {
        let number = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failure);
        let page = number("PRAGMA page_size")?;
        let bytes = |pages: i64| (pages * page).unsigned_abs();
        Ok((bytes(number("PRAGMA page_count")?), bytes(number("PRAGMA freelist_count")?)))
    }
}
