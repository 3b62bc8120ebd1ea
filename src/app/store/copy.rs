//! A copy: everything in one database moves to another, of whatever engine, and both are compared.

use super::{Of, Progress, Told, pour};
use crate::app::{advice, open};
use crate::base::error::{Error, Result};
use crate::db::migrate::{self, Standing};
use crate::db::rows::{self, Table};
use crate::db::{Address, Db, Journal, Mode, within};

/// What was copied.
pub struct Copied {
    /// How many rows.
    pub rows: u64,
    /// In how many tables.
    pub tables: usize,
}

/// Copies everything from one database into an empty one.
///
/// # Errors
/// The engines'; what keeps either from being used; a difference between the two at the end.
pub fn copy(from: &Address, to: &Address, journal: Journal, told: Told<'_>) -> Result<Copied> {
    let (mut source, mut target) = (source(from)?, target(to, journal)?);
    let tables = rows::tables(&mut source)?;
    // Each row is read once to be copied, and then on both sides to be compared.
    let mut progress = Progress::new(told, "copying", Of::Parts(pour::total(&mut source, &tables)? * 3));
    within(&mut target, Mode::Write, rows::begin)?;
    source.begin(Mode::Read)?;
    let copied = pour::fill(&mut source, &mut target, &tables, &mut progress);
    source.rollback();
    copied?;
    progress.turn_to("comparing");
    let rows = compare(&mut source, &mut target, &tables, &mut progress)?;
    within(&mut target, Mode::Write, |target| rows::finish(&mut source, target))?;
    Ok(Copied { rows, tables: tables.len() })
}

/// Opens the database that is copied.
fn source(address: &Address) -> Result<Db> {
    let mut db = Db::open(address)?;
    match migrate::standing(&mut db)? {
        Standing::Current => Ok(db),
        standing => Err(Error::NotReady(format!("{address}: {}", advice::describe(standing)))),
    }
}

/// Opens the database that is copied to, with an empty schema; another one is left alone.
fn target(address: &Address, journal: Journal) -> Result<Db> {
    let mut db = open::store(address, journal, &mut |_| {})?;
    if migrate::standing(&mut db)? == Standing::Empty {
        migrate::migrate(&mut db, &mut |_| {})?;
    }
    let refuse = |why: &str| Err(Error::NotReady(format!("{address}: {why}; nothing was copied")));
    match migrate::standing(&mut db)? {
        Standing::Current => {}
        Standing::Unfinished => return refuse("an earlier copy to it did not finish: delete it and make an empty one"),
        standing => return refuse(&advice::describe(standing)),
    }
    for table in rows::tables(&mut db)? {
        if table.name != rows::NOTES && rows::count(&mut db, &table)? > 0 {
            return refuse(&format!("it is not empty, its table {} has rows", table.name));
        }
    }
    Ok(db)
}

/// Reads both sides anew, each in one snapshot; answers how many rows there are.
fn compare(source: &mut Db, target: &mut Db, tables: &[Table], progress: &mut Progress<'_>) -> Result<u64> {
    let [is, should] = [target, source].map(|db| within(db, Mode::Read, |db| pour::contents(db, tables, progress)));
    let (is, should) = (is?, should?);
    match pour::difference(tables, &is, &should) {
        None => Ok(is.iter().map(|content| content.rows).sum()),
        Some((table, is, should)) => Err(Error::NotReady(format!(
            "table {}: {} in the copy, {} in the original: it was written to meanwhile. Take the site off the web, \
             delete the copy and start again",
            table.name,
            advice::count(is.rows, "row"),
            advice::count(should.rows, "row"),
        ))),
    }
}
