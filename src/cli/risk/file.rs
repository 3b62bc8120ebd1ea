//! A history of edits as CSV. It is read line by line, and of many lines the newest asks are kept: memory stays bounded.

use crate::base::error::{Error, Result};
use crate::cli::files;
use crate::domain::risk::columns::{COLUMNS, Row, Scale, read};
use crate::domain::risk::train::{Ask, MOST_ROWS, newest};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line: what is longer is no table of numbers.
const MOST_BYTES: u64 = 65_536;

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
    let mut lines = Lines { reader: BufReader::new(files::read(path)?), number: 0, line: Vec::new() };
    parse(&mut lines).map_err(|error| match error {
        Wrong::System(error) => failed(error),
        Wrong::At { line, column, what } => {
            Error::NotReady(format!("{}, line {line}, column {column}: {what}. Nothing was trained.", path.display()))
        }
    })
}

/// Why a file is not read.
enum Wrong {
    /// The system does not let it.
    System(std::io::Error),
    /// This cell is not what it must be; both numbers count from 1.
    At { line: usize, column: usize, what: String },
}

type Read1<T> = std::result::Result<T, Wrong>;

struct Lines<R> {
    reader: R,
    number: usize,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The cells of the next line that is not empty.
    fn next(&mut self) -> Read1<Option<Vec<&str>>> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = self.reader.by_ref().take(MOST_BYTES).read_until(b'\n', &mut self.line).map_err(Wrong::System)?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == MOST_BYTES {
                return Err(self.at(1, format!("a line has at most {MOST_BYTES} bytes")));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let line = self.number;
        match std::str::from_utf8(&self.line) {
            Ok(text) => {
                Ok(Some(text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']).split(',').map(cell).collect()))
            }
            Err(error) => {
                let column = self.line[..error.valid_up_to()].iter().filter(|byte| **byte == b',').count() + 1;
                Err(Wrong::At { line, column, what: "this is no text in UTF-8".to_owned() })
            }
        }
    }

    fn at(&self, column: usize, what: String) -> Wrong {
        Wrong::At { line: self.number, column, what }
    }
}

/// A cell without the quotes and spaces around it.
fn cell(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Where a row has what is asked of it.
struct Places {
    width: usize,
    asked: usize,
    known: usize,
    behind: usize,
    met: usize,
    columns: [usize; COLUMNS.len()],
}

fn parse<R: BufRead>(lines: &mut Lines<R>) -> Read1<Vec<Ask>> {
    let head = lines.next()?.map(|cells| cells.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let places = Places::of(&head.unwrap_or_default())?;
    let (mut asks, mut number) = (Vec::new(), 0);
    while let Some(cells) = lines.next()? {
        number += 1;
        let ask = places.ask(&cells, number);
        match ask {
            Ok(ask) => asks.push(ask),
            Err((column, what)) => return Err(lines.at(column + 1, what)),
        }
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
    fn of(head: &[String]) -> Read1<Places> {
        let place = |name: &str| {
            let missing = || Wrong::At { line: 1, column: head.len() + 1, what: format!("a column {name} is missing") };
            head.iter().position(|known| known == name).ok_or_else(missing)
        };
        let mut columns = [0; COLUMNS.len()];
        for (column, at) in COLUMNS.iter().zip(&mut columns) {
            *at = place(column.name)?;
        }
        let (asked, known, behind, met) = (place(ASKED)?, place(KNOWN)?, place(BEHIND)?, place(MET)?);
        Ok(Places { width: head.len(), asked, known, behind, met, columns })
    }

    fn ask(&self, cells: &[&str], number: usize) -> std::result::Result<Ask, Fault> {
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
fn one(cells: &[&str], place: usize, name: &str, is_good: impl Fn(f64) -> bool, wanted: &str) -> std::result::Result<f64, Fault> {
    let value: Option<f64> = cells.get(place).and_then(|cell| cell.parse().ok());
    let good = value.filter(|value| value.is_finite() && is_good(*value));
    good.ok_or_else(|| (place, format!("{name} is not {wanted}")))
}
