//! A table as CSV (RFC 4180), read row by row: cells may be quoted, lines end with LF, CRLF or CR, and a mark of UTF-8 may stand before all.

use std::io::{self, BufRead};

/// The longest row: what is longer is no table of numbers.
pub const MOST_BYTES: usize = 65_536;

/// What stands before a text that says of itself that it is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Why a table is not read.
#[derive(Debug)]
pub enum Wrong {
    /// The system does not let it.
    System(io::Error),
    /// This cell is not what it must be; both numbers count from 1.
    At { line: usize, column: usize, what: String },
}

/// Reads rows.
pub struct Table<R> {
    input: R,
    /// The line that is read, from 1 on.
    line: usize,
    /// A CR has ended the row before: an LF that follows is of the same end.
    after_return: bool,
    is_begun: bool,
    row: Row,
}

/// Where in a cell the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing but spaces was read of it.
    Start,
    Plain,
    Quoted,
    /// The quotes have closed, or this is the first of two that stand for one.
    Closed,
}

/// The cells of a row.
#[derive(Debug, Default)]
pub struct Row {
    text: Vec<u8>,
    /// Of each cell: where it ends, the line in which it begins, and was it quoted?
    cells: Vec<(usize, usize, bool)>,
}

impl Row {
    fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    fn from(&self, place: usize) -> usize {
        place.checked_sub(1).and_then(|before| self.cells.get(before)).map_or(0, |cell| cell.0)
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The line in which a cell, counted from 0, begins; of one beyond the last, that of the last.
    pub fn line(&self, place: usize) -> usize {
        self.cells.get(place).or(self.cells.last()).map_or(1, |cell| cell.1)
    }

    /// The text of a cell, without the spaces around what is not quoted.
    pub fn cell(&self, place: usize) -> Option<&str> {
        let (end, _, is_quoted) = *self.cells.get(place)?;
        let text = std::str::from_utf8(self.text.get(self.from(place)..end)?).ok()?;
        Some(if is_quoted { text } else { text.trim() })
    }

    /// The cells in their order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.cell(place))
    }

    fn is_blank(&self) -> bool {
        matches!(self.cells.as_slice(), [(_, _, false)]) && self.text.trim_ascii().is_empty()
    }

    /// That a cell is wrong.
    pub fn wrong(&self, place: usize, what: String) -> Wrong {
        Wrong::At { line: self.line(place), column: place + 1, what }
    }

    /// The first cell that is no text.
    fn no_text(&self) -> Option<usize> {
        let text = |place: usize| self.text.get(self.from(place)..self.cells[place].0).unwrap_or_default();
        (0..self.len()).find(|place| std::str::from_utf8(text(*place)).is_err())
    }
}

impl<R: BufRead> Table<R> {
    pub fn new(input: R) -> Table<R> {
        Table { input, line: 1, after_return: false, is_begun: false, row: Row::default() }
    }

    /// The next row that is not blank.
    ///
    /// # Errors
    /// The system's; a row that is none.
    pub fn next(&mut self) -> Result<Option<&Row>, Wrong> {
        loop {
            if !self.read()? {
                return Ok(None);
            }
            if !self.row.is_blank() {
                break;
            }
        }
        match self.row.no_text() {
            Some(place) => Err(self.row.wrong(place, "this is no text in UTF-8".to_owned())),
            None => Ok(Some(&self.row)),
        }
    }

    /// Reads a row, blank or not; is there one?
    fn read(&mut self) -> Result<bool, Wrong> {
        self.row.clear();
        let mut reading = Reading { line: self.line, begun: self.line, within: Within::Start, bytes: 0 };
        while let Some(byte) = self.byte()? {
            reading.bytes += 1;
            let is_quoted = reading.within == Within::Quoted;
            if is_quoted || !matches!(byte, b'\n' | b'\r') {
                // Within quotes ends of lines are text, and count all the same.
                self.line += usize::from(byte == b'\n');
                reading.line = self.line;
                reading.take(&mut self.row, byte)?;
                continue;
            }
            (self.after_return, self.line) = (byte == b'\r', self.line + 1);
            reading.end(&mut self.row);
            return Ok(true);
        }
        if reading.within == Within::Quoted {
            return Err(reading.wrong(&self.row, "its quotes are opened and not closed".to_owned()));
        }
        if reading.bytes > 0 {
            reading.end(&mut self.row);
        }
        Ok(reading.bytes > 0)
    }

    fn byte(&mut self) -> Result<Option<u8>, Wrong> {
        if !self.is_begun {
            self.is_begun = true;
            // As many bytes as are there at once are enough but for a pipe that is filled byte by byte.
            let is_marked = self.input.fill_buf().map_err(Wrong::System)?.starts_with(MARK);
            self.input.consume(if is_marked { MARK.len() } else { 0 });
        }
        loop {
            let next = self.input.fill_buf().map_err(Wrong::System)?.first().copied();
            self.input.consume(usize::from(next.is_some()));
            if !(std::mem::take(&mut self.after_return) && next == Some(b'\n')) {
                return Ok(next);
            }
        }
    }
}

/// A row that is being read.
struct Reading {
    line: usize,
    /// The line in which the cell begins.
    begun: usize,
    within: Within,
    bytes: usize,
}

impl Reading {
    /// Takes a byte that does not end the row.
    fn take(&mut self, row: &mut Row, byte: u8) -> Result<(), Wrong> {
        use Within::{Closed, Plain, Quoted, Start};
        if self.bytes >= MOST_BYTES {
            let what = if self.within == Quoted {
                format!("its quotes do not close within {MOST_BYTES} bytes")
            } else {
                format!("a line has at most {MOST_BYTES} bytes")
            };
            return Err(self.wrong(row, what));
        }
        self.within = match (self.within, byte) {
            (Start | Plain | Closed, b',') => {
                self.end(row);
                Start
            }
            (Start, b'"') => {
                row.text.truncate(row.from(row.len()));
                Quoted
            }
            (Quoted, b'"') => Closed,
            (Closed, b' ' | b'\t') => Closed,
            (Closed, other) if other != b'"' => {
                return Err(self.wrong(row, "more stands behind its quotes; quotes within them are written twice".to_owned()));
            }
            (within, byte) => {
                row.text.push(byte);
                match (within, byte) {
                    (Closed | Quoted, _) => Quoted,
                    (Start, b' ' | b'\t') => Start,
                    _ => Plain,
                }
            }
        };
        Ok(())
    }

    /// Ends a cell.
    fn end(&mut self, row: &mut Row) {
        row.cells.push((row.text.len(), self.begun, self.within == Within::Closed));
        self.begun = self.line;
        self.within = Within::Start;
    }

    fn wrong(&self, row: &Row, what: String) -> Wrong {
        Wrong::At { line: self.begun, column: row.len() + 1, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Cells = Vec<(String, usize)>;
    type Fault = (usize, usize, String);

    /// The rows of a text, each cell with the line in which it begins; or what is wrong, and where.
    fn rows(text: &[u8]) -> Result<Vec<Cells>, Fault> {
        // A buffer of a few bytes, so that rows go across its ends.
        let mut table = Table::new(io::BufReader::with_capacity(3, text));
        let mut rows = Vec::new();
        loop {
            match table.next() {
                Ok(Some(row)) => rows.push((0..row.len()).map(|n| (row.cell(n).unwrap().to_owned(), row.line(n))).collect()),
                Ok(None) => return Ok(rows),
                Err(Wrong::At { line, column, what }) => return Err((line, column, what)),
                Err(Wrong::System(error)) => panic!("{error}"),
            }
        }
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        let rows = rows(text.as_bytes()).unwrap();
        rows.into_iter().map(|row| row.into_iter().map(|cell| cell.0).collect()).collect()
    }

    #[test]
    fn rows_end_with_any_end_of_lines_and_blank_ones_are_none() {
        for end in ["\n", "\r\n", "\r"] {
            for text in [format!("a,b{end}1,2{end}"), format!("\u{feff}a,b{end}{end} {end}1,2")] {
                assert_eq!(cells(&text), [["a", "b"], ["1", "2"]], "{text:?}");
            }
        }
        assert_eq!(rows(b"a\r\n\r\nb\rc\n\rd").unwrap().iter().map(|row| row[0].1).collect::<Vec<_>>(), [1, 3, 4, 6]);
        assert!(cells("").is_empty() && cells("\u{feff}").is_empty() && cells("\r\n \n").is_empty());
        assert_eq!(cells(",\n\"\""), [vec!["", ""], vec![""]], "what has a comma or quotes is not blank");
    }

    #[test]
    fn cells_may_be_quoted_with_commas_quotes_and_ends_of_lines() {
        assert_eq!(cells("\"a,b\",\"c\"\"d\" , \" e \", f ,\"\"\n"), [["a,b", "c\"d", " e ", "f", ""]]);
        assert_eq!(cells("a\"b,\"\"\"\",c"), [["a\"b", "\"", "c"]]);
        let found = rows(b"\"a\nb\r\nc\",d\n1,2\n").unwrap();
        assert_eq!(found[0], [("a\nb\r\nc".to_owned(), 1), ("d".to_owned(), 3)]);
        assert_eq!(found[1], [("1".to_owned(), 4), ("2".to_owned(), 4)]);
    }

    #[test]
    fn what_is_no_table_is_told_by_line_and_column() {
        let long = [b"a\n1,".as_slice(), &[b'2'; MOST_BYTES]].concat();
        let open = [b"a\n1,\"".as_slice(), &[b'\n'; MOST_BYTES]].concat();
        let cases: [(&[u8], (usize, usize), &str); 5] = [
            (b"a,b\n1,\"2\n3", (2, 2), "opened and not closed"),
            (b"a,b\n1,\"2\"3\n", (2, 2), "written twice"),
            (b"a,b\n\xff,1\n", (2, 1), "no text in UTF-8"),
            (&long, (2, 2), "a line has at most"),
            (&open, (2, 2), "do not close"),
        ];
        for (text, place, said) in cases {
            let (line, column, what) = rows(text).unwrap_err();
            assert!((line, column) == place && what.contains(said), "{line}, {column}: {what}");
        }
    }
}
