//! A copy of a store that a server keeps: every row of one instant, in a file like any other backup.

use super::{Of, Progress, Told, pour};
use crate::base::error::{Error, Result};
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Journal, Mode, rows, within};
use std::path::Path;

/// Copies the whole store, whatever its schema as long as this program knows it, from one snapshot into an empty file, and
/// reads that again. Others go on meanwhile.
///
/// # Errors
/// The engines'; a store that is empty, newer than this program or not whole.
pub fn copy(db: &mut Db, to: &Path, told: Told<'_>) -> Result<()> {
    let version = match migrate::standing(db)? {
        Standing::Current => migrate::newest(),
        Standing::Old(version) => version,
        Standing::Empty => return Err(Error::NotReady("there is nothing to copy yet: the database is empty".into())),
        Standing::Ahead(version) | Standing::Newer(version) => return Err(Error::NotReady(migrate::newer(version))),
        Standing::Unfinished => return Err(Error::NotReady(migrate::NOT_FINISHED.to_owned())),
        Standing::Moved => return Err(Error::NotReady(migrate::moved(db)?)),
    };
    let mut file = Db::sqlite_create(to, Journal::Rollback)?;
    migrate::migrate_to(&mut file, version, &mut |_| {})?;
    db.begin(Mode::Read)?;
    let copied = fill(db, &mut file, told);
    db.rollback();
    copied
}

/// The tables are the file's: a migration that was interrupted may have left more on the server.
fn fill(db: &mut Db, file: &mut Db, told: Told<'_>) -> Result<()> {
    let tables = rows::tables(file)?;
    // Each row is read on the server, and then in the file to be compared.
    let mut progress = Progress::new(told, "copying", Of::Parts(pour::total(db, &tables)? * 2));
    within(file, Mode::Write, rows::begin)?;
    let should = pour::fill(db, file, &tables, &mut progress)?;
    within(file, Mode::Write, |file| rows::finish(db, file))?;
    progress.turn_to("comparing");
    let is = within(file, Mode::Read, |file| pour::contents(file, &tables, &mut progress))?;
    match pour::difference(&tables, &is, &should) {
        None => Ok(()),
        Some((table, ..)) => Err(Error::NotReady(format!("table {}: the copy is not what the server said", table.name))),
    }
}
