//! A backup in the place of what a server keeps: one transaction, so that whoever reads meanwhile reads what was there, and
//! a process that is killed leaves it. Whoever writes meanwhile waits, and is refused when that takes too long.

use super::{PREFIX, changed, kept};
use crate::app::advice;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::cli::backup as copies;
use crate::cli::copy::{pour, store};
use crate::cli::site::within;
use crate::cli::{out, progress};
use crate::db::migrate::{self, Standing};
use crate::db::{Address, Db, Mode, backup};
use crate::feature::Settings;
use indicatif::ProgressBar;
use std::path::Path;
use store::Table;

/// Puts what the draft holds, which was last changed at `until`, in the place of everything in the database. What was there
/// is backed up first.
///
/// # Errors
/// What is wrong; everything is as it was then, but perhaps brought to this program's schema.
pub fn restore(settings: &Settings, address: &Address, draft: &Path, until: Option<Timestamp>, force: bool) -> Result<()> {
    let mut draft = backup::open(draft)?;
    if let Standing::Ahead(version) = migrate::standing(&mut draft)? {
        return Err(Error::NotReady(migrate::newer(version)));
    }
    let mut db = Db::open(address)?;
    let standing = migrate::standing(&mut db)?;
    if matches!(standing, Standing::Ahead(_) | Standing::Newer(_) | Standing::Unfinished) {
        let found = advice::describe(standing);
        return Err(Error::NotReady(format!(
            "nothing was restored ({found}): make an empty database, set database_url to it, and restore there"
        )));
    }
    kept(changed(&mut db)?, until, force)?;
    if standing != Standing::Empty {
        let saved = copies::save(&mut db, &copies::folder(settings), PREFIX)?;
        out::line(format!("the store as it was: {}", saved.path.display()))?;
    }
    migrate::migrate(&mut db, &mut |_| {})?;
    replace(&mut db, &mut draft)
}

fn replace(db: &mut Db, draft: &mut Db) -> Result<()> {
    let tables = store::tables(draft)?;
    // Each row is written, and then read again to be compared.
    let bar = progress::bar(pour::total(draft, &tables)? * 2, "restoring");
    within(db, Mode::Alone, |db| {
        bar.set_position(0);
        rows(db, draft, &tables, &bar)
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// All tables are locked first: from then on nobody can make this transaction give way.
fn rows(db: &mut Db, draft: &mut Db, tables: &[Table], bar: &ProgressBar) -> Result<()> {
    tables.iter().try_for_each(|table| store::lock(db, table))?;
    tables.iter().rev().try_for_each(|table| store::clear(db, table))?;
    let should = pour::pour(draft, db, tables, bar, &mut |_| Ok(()))?;
    let is = pour::contents(db, tables, bar)?;
    match pour::difference(tables, &is, &should) {
        None => Ok(()),
        Some((table, ..)) => Err(Error::NotReady(format!(
            "nothing was restored: in table {} the server would keep other values than the backup holds",
            table.name
        ))),
    }
}
