//! A backup in the place of what a server keeps: one transaction, so that whoever reads meanwhile reads what was there, and
//! a process that is killed leaves it. Whoever writes meanwhile waits, and is refused when that takes too long.

use super::restored::{Left, PREFIX, Ready, Restored, Wish, changed, kept};
use super::{Of, Progress, Told, backup as copies, pour};
use crate::app::advice;
use crate::base::error::{Error, Result};
use crate::db::migrate::{self, Standing};
use crate::db::rows::{self, Table};
use crate::db::{Address, Db, Mode, backup, within};
use crate::feature::Settings;

/// Puts what the draft holds in the place of everything in the database. What was there is backed up first.
///
/// # Errors
/// What is wrong; everything is as it was then, but perhaps brought to this program's schema.
pub fn restore(settings: &Settings, address: &Address, ready: &Ready, wish: Wish, told: Told<'_>) -> Result<Restored> {
    let mut draft = backup::open(ready.draft.path())?;
    if let Standing::Ahead(version) = migrate::standing(&mut draft)? {
        return Err(Error::NotReady(migrate::newer(version)));
    }
    let mut db = Db::open(address)?;
    let standing = migrate::standing(&mut db)?;
    if matches!(standing, Standing::Ahead(_) | Standing::Newer(_) | Standing::Unfinished | Standing::Moved) {
        let found = advice::describe(standing);
        return Err(Error::NotReady(format!(
            "nothing was restored ({found}): make an empty database, set database_url to it, and restore there"
        )));
    }
    kept(changed(&mut db)?, ready.until, wish)?;
    let revoked = ready.revoked(&mut db);
    let known = (standing != Standing::Empty).then_some(&mut db);
    ready.end_connections(settings, known)?;
    let left = match standing {
        Standing::Empty => None,
        _ => Some(Left::Backup(copies::save(&mut db, &copies::folder(settings), PREFIX, told)?.path)),
    };
    migrate::migrate(&mut db, &mut |_| {})?;
    replace(&mut db, &mut draft, told)?;
    Ok(Restored { tenants: ready.tenants, left, revoked })
}

fn replace(db: &mut Db, draft: &mut Db, told: Told<'_>) -> Result<()> {
    let tables = rows::tables(draft)?;
    // Each row is written, and then read again to be compared.
    let mut progress = Progress::new(told, "restoring", Of::Parts(pour::total(draft, &tables)? * 2));
    within(db, Mode::Alone, |db| {
        progress.restart();
        fill(db, draft, &tables, &mut progress)
    })
}

/// All tables are locked first: from then on nobody can make this transaction give way.
fn fill(db: &mut Db, draft: &mut Db, tables: &[Table], progress: &mut Progress<'_>) -> Result<()> {
    tables.iter().try_for_each(|table| rows::lock(db, table))?;
    tables.iter().rev().try_for_each(|table| rows::clear(db, table))?;
    let should = pour::pour(draft, db, tables, progress, &mut |_| Ok(()))?;
    let is = pour::contents(db, tables, progress)?;
    match pour::difference(tables, &is, &should) {
        None => Ok(()),
        Some((table, ..)) => Err(Error::NotReady(format!(
            "nothing was restored: in table {} the server would keep other values than the backup holds",
            table.name
        ))),
    }
}
