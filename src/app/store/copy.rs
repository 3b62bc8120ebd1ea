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

/// Copies everything from one database into an empty one, and leaves the original as it is.
///
/// # Errors
/// The engines'; what keeps either from being used; a difference between the two at the end.
pub fn copy(from: &Address, to: &Address, journal: Journal, told: Told<'_>) -> Result<Copied> {
    let mut source = source(from)?;
    transfer(&mut source, &mut target(to, journal)?, told)
}

/// As [`copy`], and the original is marked as moved before the first row is read: nobody writes to what nobody will read any
/// more. A move that fails takes the mark back.
pub fn move_over(from: &Address, to: &Address, journal: Journal, told: Told<'_>) -> Result<Copied> {
    let (mut source, mut target) = (source(from)?, target(to, journal)?);
    let was_moved = migrate::standing(&mut source)? == Standing::Moved;
    migrate::move_to(&mut source, &to.to_string())?;
    let copied = transfer(&mut source, &mut target, told);
    if copied.is_err() && !was_moved {
        migrate::unmove(&mut source)?;
    }
    copied
}

fn transfer(source: &mut Db, target: &mut Db, told: Told<'_>) -> Result<Copied> {
    let tables = rows::tables(source)?;
    // Each row is read once to be copied, and then on both sides to be compared.
    let mut progress = Progress::new(told, "copying", Of::Parts(pour::total(source, &tables)? * 3));
    within(target, Mode::Write, rows::begin)?;
    source.begin(Mode::Read)?;
    let copied = pour::fill(source, target, &tables, &mut progress);
    source.rollback();
    copied?;
    progress.turn_to("comparing");
    let rows = compare(source, target, &tables, &mut progress)?;
    within(target, Mode::Write, |target| rows::finish(source, target))?;
    Ok(Copied { rows, tables: tables.len() })
}

/// Opens the database that is copied. One that was moved may be copied again.
fn source(address: &Address) -> Result<Db> {
    if let Some(store) = address.file().filter(|store| !store.exists()) {
        return Err(Error::NotReady(format!("there is nothing to copy: {} is not there", store.display())));
    }
    let mut db = Db::open(address)?;
    match migrate::standing(&mut db)? {
        Standing::Current | Standing::Moved => Ok(db),
        standing => Err(Error::NotReady(format!("{address}: {}", advice::describe(standing)))),
    }
}

/// Opens the database that is copied to, with an empty schema; another one is left alone.
fn target(address: &Address, journal: Journal) -> Result<Db> {
    let mut db = open::store(address, journal, &|| Ok(()), &mut |_| {})?;
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
    let copies = rows::tables(target)?;
    let [is, should] = [(target, copies.as_slice()), (source, tables)]
        .map(|(db, tables)| within(db, Mode::Read, |db| pour::contents(db, tables, progress)));
    let (is, should) = (is?, should?);
    match pour::difference(tables, &is, &should) {
        None => Ok(is.iter().map(|content| content.rows).sum()),
        Some((table, is, should)) => Err(Error::NotReady(format!(
            "table {}: {} in the copy, {} in the original: it was written to meanwhile. Delete the copy and start \
             again: with --move, or while the site is off the web",
            table.name,
            advice::count(is.rows, "row"),
            advice::count(should.rows, "row"),
        ))),
    }
}
