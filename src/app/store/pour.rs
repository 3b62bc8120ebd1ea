//! Everything in some tables on its way from one store to another, and what there is of it on either side.

use super::Progress;
use crate::base::error::{DbError, Error, Result};
use crate::db::rows::{self, Batch, Content, Table};
use crate::db::{Db, Mode};

/// Rows that are copied in a transaction: few enough to undo at once, many enough that their commits do not count.
const TRANSACTION: u64 = 20_000;

/// How many rows some tables hold.
pub fn total(db: &mut Db, tables: &[Table]) -> Result<u64> {
    tables.iter().map(|table| rows::count(db, table)).sum()
}

/// Copies everything in many transactions; answers what was copied, table by table.
pub fn fill(source: &mut Db, target: &mut Db, tables: &[Table], progress: &mut Progress<'_>) -> Result<Vec<Content>> {
    target.begin(Mode::Write)?;
    let mut pause = |target: &mut Db| target.commit().and_then(|()| target.begin(Mode::Write));
    match pour(source, target, tables, progress, &mut pause) {
        Ok(contents) => target.commit().map(|()| contents),
        Err(error) => {
            target.rollback();
            Err(error)
        }
    }
}

/// Copies everything in the transaction that is open; `pause` is called after so many rows. Answers what was copied.
pub fn pour(
    source: &mut Db,
    target: &mut Db,
    tables: &[Table],
    progress: &mut Progress<'_>,
    pause: &mut dyn FnMut(&mut Db) -> Result<()>,
) -> Result<Vec<Content>> {
    let each = |table| one(source, target, table, progress, pause).map_err(|error| at(table, error));
    tables.iter().map(each).collect()
}

fn one(
    source: &mut Db,
    target: &mut Db,
    table: &Table,
    progress: &mut Progress<'_>,
    pause: &mut dyn FnMut(&mut Db) -> Result<()>,
) -> Result<Content> {
    let (mut batch, mut content) = (Batch::default(), Content::default());
    rows::each(source, table, &mut |row| {
        content.add(&row);
        batch.push(target, table, row)?;
        progress.add(1);
        if content.rows.is_multiple_of(TRANSACTION) { pause(target) } else { Ok(()) }
    })?;
    batch.flush(target, table)?;
    Ok(content)
}

/// An error with the table where it happened.
fn at(table: &Table, error: Error) -> Error {
    match error {
        Error::Db(fault) => Error::Db(DbError { text: format!("table {}: {}", table.name, fault.text), ..fault }),
        other => other,
    }
}

/// What some tables hold.
pub fn contents(db: &mut Db, tables: &[Table], progress: &mut Progress<'_>) -> Result<Vec<Content>> {
    let content = |table| {
        let mut content = Content::default();
        rows::each(db, table, &mut |row| {
            content.add(&row);
            progress.add(1);
            Ok(())
        })?;
        Ok(content)
    };
    tables.iter().map(content).collect()
}

/// The first table that does not hold what it should, and what either side holds.
pub fn difference<'t>(tables: &'t [Table], is: &[Content], should: &[Content]) -> Option<(&'t Table, Content, Content)> {
    let mut all = tables.iter().zip(is).zip(should);
    all.find(|((_, is), should)| is != should).map(|((table, is), should)| (table, *is, *should))
}
