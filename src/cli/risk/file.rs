//! A history of edits as CSV. It is read line by line, and of many lines the newest asks are kept: memory stays bounded.

use super::csv::{Row as Cells, Table, Wrong};
use crate::base::error::{Error, Result};
use crate::cli::files;
use crate::domain::risk::columns::{COLUMNS, Row, Scale, read};
use crate::domain::risk::train::{Ask, MOST_ROWS, newest};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What a row says beside the columns.
const ASKED: &str = "asked_at";
const KNOWN: &str = "uploaded_at";
const BEHIND: &str = "behind_by_others";
const MET: &str = "met";

/// Reads the newest asks of a file.
///
/// # Errors
/// When it cannot be read; what is wrong with it, with line and column.
pub fn asks(path: &Path) -> Result<Vec<Ask>> {
    let failed = |error: std::io::Error| Error::NotReady(format!("{} cannot be read: {error}.", path.display()));
    parse(Table::new(BufReader::new(files::read(path)?))).map_err(|error| match error {
        Wrong::System(error) => failed(error),
        Wrong::At { line, column, what } => {
            Error::NotReady(format!("{}, line {line}, column {column}: {what}. Nothing was trained.", path.display()))
        }
    })
}

type Read1<T> = std::result::Result<T, Wrong>;

/// Where a row has what is asked of it.
struct Places {
    width: usize,
    asked: usize,
    known: usize,
    behind: usize,
    met: usize,
    columns: [usize; COLUMNS.len()],
}

fn parse<R: BufRead>(mut table: Table<R>) -> Read1<Vec<Ask>> {
    let places = Places::of(table.next()?.unwrap_or(&Cells::default()))?;
    let (mut asks, mut number) = (Vec::new(), 0);
    while let Some(cells) = table.next()? {
        number += 1;
        asks.push(places.ask(cells, number).map_err(|(place, what)| cells.wrong(place, what))?);
        // Twice as many as are looked at, so that sorting is worth it.
        if asks.len() >= 2 * MOST_ROWS {
            asks = newest(asks);
        }
    }
    Ok(newest(asks))
}

/// What is wrong with a cell, and which it is, counted from 0.
type Fault = (usize, String);

impl Places {
    fn of(head: &Cells) -> Read1<Places> {
        if head.len() == 0 {
            return Err(head.wrong(0, "it is empty; its first line names its columns".to_owned()));
        }
        let place = |name: &str| {
            let mut found = head.cells().enumerate().filter(|(_, known)| *known == name).map(|(place, _)| place);
            match (found.next(), found.next()) {
                (Some(place), None) => Ok(place),
                (Some(first), Some(again)) => {
                    Err(head.wrong(again, format!("a column {name} stands here again, after column {}: leave one", first + 1)))
                }
                (None, _) if head.len() == 1 => {
                    Err(head.wrong(1, format!("a column {name} is missing; commas are between columns")))
                }
                (None, _) => Err(head.wrong(head.len(), format!("a column {name} is missing"))),
            }
        };
        let mut columns = [0; COLUMNS.len()];
        for (column, at) in COLUMNS.iter().zip(&mut columns) {
            *at = place(column.name)?;
        }
        let (asked, known, behind, met) = (place(ASKED)?, place(KNOWN)?, place(BEHIND)?, place(MET)?);
        Ok(Places { width: head.len(), asked, known, behind, met, columns })
    }

    fn ask(&self, cells: &Cells, number: usize) -> std::result::Result<Ask, Fault> {
        if cells.len() != self.width {
            let what = format!("{} cells where the first line has {}", cells.len(), self.width);
            return Err((cells.len().min(self.width), what));
        }
        let met = one(cells, self.met, MET, |value| value == 0.0 || value == 1.0, "0 or 1")?;
        let instant = |place, name| one(cells, place, name, |_| true, "an instant in seconds");
        let mut row: Row = [0.0; COLUMNS.len()];
        for ((column, place), value) in COLUMNS.iter().zip(self.columns).zip(&mut row) {
            let wanted = match column.scale {
                Scale::Count | Scale::Hours => "a number from 0 on",
                Scale::Share | Scale::Rate => "a number from 0 to 1",
            };
            *value = one(cells, place, column.name, |value| column.scale.allows(value), wanted)?;
        }
        let (asked, known) = (instant(self.asked, ASKED)?, instant(self.known, KNOWN)?);
        // Whoever knew the outcome before the ask would learn from the future.
        if known < asked {
            return Err((self.known, format!("{KNOWN} is before {ASKED}")));
        }
        Ok(Ask {
            number,
            asked,
            known,
            behind: one(cells, self.behind, BEHIND, |value| value >= 0.0, "a number from 0 on")? > 0.0,
            met: met > 0.0,
            row: read(row),
        })
    }
}

/// The number in a cell.
fn one(cells: &Cells, place: usize, name: &str, is_good: impl Fn(f64) -> bool, wanted: &str) -> std::result::Result<f64, Fault> {
    let value: Option<f64> = cells.cell(place).and_then(|cell| cell.trim().parse().ok());
    let good = value.filter(|value| value.is_finite() && is_good(*value));
    good.ok_or_else(|| (place, format!("{name} is not {wanted}")))
}
