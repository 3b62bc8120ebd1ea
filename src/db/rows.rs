//! Rows of any table on their way from one store to another.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::migrate::{self, MOVED_TO, UNFINISHED, up_to};
use crate::db::{Db, Param, Value};
use crate::params;
use sha2::{Digest, Sha256};

/// The table that says which schema a store has. It is written last: until then the store is not finished.
const MIGRATIONS_TABLE: &str = "migrations";
/// Rows that one statement inserts: more of them gain nothing.
const ROWS: usize = 50;
/// Bytes that one statement inserts, beyond which it takes no more rows: far below what a server accepts, mostly 16 MiB.
const BYTES: usize = 1024 * 1024;

/// A table, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The name that it has in the store that it was looked up in.
    at: &'static str,
    /// Its columns, in the order of the source.
    pub columns: Vec<String>,
}

/// The tables of a schema in the order in which they are made: what a row refers to comes before it. A table that a migration makes
/// anew, since SQLite changes no key, has its old name in the end.
fn names(version: i64) -> Vec<&'static str> {
    let mut names = Vec::new();
    for line in up_to(version).flat_map(|migration| migration.sql.lines()) {
        let words: Vec<&str> = line.split([' ', '(', ';']).collect();
        match words[..] {
            ["CREATE", "TABLE", name, ..] => names.push(name),
            ["DROP", "TABLE", name, ..] => names.retain(|known| *known != name),
            ["ALTER", "TABLE", old, "RENAME", "TO", new, ..] => {
                names.iter_mut().filter(|name| **name == old).for_each(|name| *name = new);
            }
            _ => {}
        }
    }
    names
}

/// Every table of the store's schema but the one that is written last.
pub fn tables(db: &mut Db) -> Result<Vec<Table>> {
    let others = names(db.schema_version()?).into_iter().filter(|name| *name != MIGRATIONS_TABLE);
    let table = |name| {
        let at = migrate::name_in(db, name)?;
        Ok(Table { name, at, columns: db.columns(at)? })
    };
    others.map(table).collect()
}

/// How many rows a table has.
pub fn count(db: &mut Db, table: &Table) -> Result<u64> {
    let found = db.one(&format!("SELECT COUNT(*) FROM {}", table.at), &[], |row| row.get::<i64>(0))?;
    Ok(found.unwrap_or_default().unsigned_abs())
}

/// Calls `visit` with every row of a table.
pub fn each(db: &mut Db, table: &Table, visit: &mut dyn FnMut(Vec<Value>) -> Result<()>) -> Result<()> {
    let sql = format!("SELECT {} FROM {}", table.columns.join(", "), table.at);
    db.each(&sql, &[], &mut |row| {
        visit((0..table.columns.len()).map(|column| row.get(column)).collect::<Result<_>>()?)?;
        Ok(true)
    })
}

/// Keeps everybody else from writing to a table, in [`Mode::Alone`](crate::db::Mode).
pub fn lock(db: &mut Db, table: &Table) -> Result<()> {
    db.lock_row(&format!("SELECT COUNT(*) FROM {}", table.name), &[], |_| Ok(())).map(drop)
}

/// Deletes every row of a table.
pub fn clear(db: &mut Db, table: &Table) -> Result<()> {
    db.run(&format!("DELETE FROM {}", table.name), &[]).map(drop)
}

/// Rows that wait to be inserted.
#[derive(Default)]
pub struct Batch {
    values: Vec<Value>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    /// Takes a row, and inserts what waits when that is enough.
    pub fn push(&mut self, db: &mut Db, table: &Table, row: Vec<Value>) -> Result<()> {
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows += 1;
        self.values.extend(row);
        if self.rows == ROWS || self.bytes > BYTES { self.flush(db, table) } else { Ok(()) }
    }

    /// Inserts what waits.
    pub fn flush(&mut self, db: &mut Db, table: &Table) -> Result<()> {
        let batch = std::mem::take(self);
        if batch.rows == 0 {
            return Ok(());
        }
        let marks = format!("({})", vec!["?"; table.columns.len()].join(", "));
        let (columns, rows) = (table.columns.join(", "), vec![marks; batch.rows].join(", "));
        let bound: Vec<Param<'_>> = batch.values.iter().map(Param::from).collect();
        db.run(&format!("INSERT INTO {} ({columns}) VALUES {rows}", table.name), &bound).map(drop)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => size_of::<i64>(),
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

/// What a table holds, whatever the order of its rows: their number and the sum of their hashes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// How many rows.
    pub rows: u64,
    sum: u128,
}

impl Content {
    /// Adds a row.
    pub fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            let (kind, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Int(n) => (1, &n.to_le_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
            };
            hash = hash.chain_update([kind]).chain_update((bytes.len() as u64).to_le_bytes()).chain_update(bytes);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&hash.finalize()[..16]);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(half));
    }
}

/// The table in which a store notes facts about itself, as its migrations do: it is no sign that somebody uses the store.
pub const NOTES: &str = "facts";

/// Marks a store as one that is being filled: every program refuses it until [`finish`]. What its migrations noted goes: the
/// source has it, too.
pub fn begin(db: &mut Db) -> Result<()> {
    db.run("DELETE FROM migrations", &[])?;
    db.run("DELETE FROM facts", &[])?;
    db.run("INSERT INTO migrations (version, name, applied_at) VALUES (?, 'copying', ?)", params![UNFINISHED, Timestamp::now()])?;
    db.set_schema_version(UNFINISHED)
}

/// Gives a store that was filled its schema's version, with the history of the store that it came from. That this one may
/// have been marked as moved is no part of it.
pub fn finish(from: &mut Db, to: &mut Db) -> Result<()> {
    let sql = "SELECT version, name, applied_at FROM migrations WHERE version < ? ORDER BY version";
    let history =
        from.all(sql, params![UNFINISHED], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Timestamp>(2)?)))?;
    to.run("DELETE FROM migrations", &[])?;
    to.run("DELETE FROM facts WHERE name = ?", params![MOVED_TO])?;
    for (version, name, at) in &history {
        to.run("INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)", params![*version, name, *at])?;
    }
    to.set_schema_version(history.last().map_or(0, |(version, ..)| *version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Journal;
    use crate::db::migrate::{migrate, newest};

    #[test]
    fn every_table_of_the_schema_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Db::sqlite_create(&folder.path().join("x.db"), Journal::Wal).unwrap();
        migrate(&mut db, &mut |_| {}).unwrap();
        let mut known = names(newest());
        known.sort_unstable();
        assert_eq!(known, db.tables().unwrap());
        assert_eq!(tables(&mut db).unwrap().len() + 1, known.len());
    }

    #[test]
    fn content_is_what_the_rows_are_and_not_how_they_lie() {
        let of = |rows: &[&[Value]]| {
            let mut content = Content::default();
            rows.iter().for_each(|row| content.add(row));
            content
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let (a, b) = ([text("a"), Value::Int(1)], [text("b"), Value::Null]);
        assert_eq!(of(&[&a, &b]), of(&[&b, &a]));
        assert_ne!(of(&[&a]), of(&[&a, &a]));
        assert_ne!(of(&[&[text("ab"), text("c")]]), of(&[&[text("a"), text("bc")]]));
        assert_ne!(of(&[&[Value::Int(0)]]), of(&[&[Value::Null]]));
        assert_ne!(of(&[&[text("a")]]), of(&[&[Value::Bytes(b"a".to_vec())]]));
    }
}
