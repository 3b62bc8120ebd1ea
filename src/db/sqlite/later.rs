//! Rows that wait for each other while much is written: many of a table in one statement, in the order of their keys, cost less
//! than each alone. They are written before anything that could look for them, and at the latest with the transaction.

use super::{Sqlite, failure, upsert};
use crate::base::error::Result;
use crate::db::sql::{of_rows, table};
use crate::db::{Param, Upsert, Value};
use std::ops::Range;

/// What a connection holds of the file, in KiB: SQLite's own measure.
const CACHE: i64 = 2_000;
/// The same while a transaction changes a page for nearly every row that it writes. What finds no room is written to the log, read
/// from there and written again: a thousand records were 4,000 pages so, of 600.
const LARGE_CACHE: i64 = 6_000;

/// The rows that go in one statement, most first: few shapes, because each is prepared once a connection.
const SHAPES: [usize; 3] = [100, 10, 1];
/// The most rows of a table that wait: as many as the largest upload has.
const MOST: usize = 1_000;
/// The most bytes of them that wait, or about as many.
const MOST_BYTES: usize = 1024 * 1024;

/// What a row is written by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Insertion(&'static str),
    Upsert { table: &'static str, set: &'static [&'static str] },
}

/// Rows of one table.
#[derive(Debug)]
struct Group {
    by: By,
    /// The statement that writes one.
    sql: String,
    /// The columns in whose order they lie.
    key: Range<usize>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Group {
    fn table(&self) -> &str {
        table(&self.sql)
    }
}

/// All that wait.
#[derive(Debug, Default)]
pub struct Later {
    /// Do rows wait at all?
    gathers: bool,
    groups: Vec<Group>,
}

impl Later {
    /// The group whose rows a statement could find, or miss. One that deletes may delete what any row belongs to.
    fn concerned(&self, sql: &str) -> Option<usize> {
        let names = |group: &Group| memchr::memmem::find(sql.as_bytes(), group.table().as_bytes()).is_some();
        self.groups.iter().position(|group| sql.starts_with("DELETE") || names(group))
    }

    /// Has a row wait; answers where, if it is enough.
    fn add(&mut self, by: By, key: Range<usize>, sql: impl Fn() -> String, row: &[Param<'_>]) -> Option<usize> {
        let at = self.groups.iter().position(|group| group.by == by).unwrap_or_else(|| {
            self.groups.push(Group { by, sql: sql(), key, rows: Vec::with_capacity(SHAPES[0]), bytes: 0 });
            self.groups.len() - 1
        });
        let group = self.groups.get_mut(at)?;
        group.bytes += row.iter().map(size).sum::<usize>();
        group.rows.push(row.iter().map(Value::from).collect());
        (group.rows.len() >= MOST || group.bytes >= MOST_BYTES).then_some(at)
    }
}

fn size(param: &Param<'_>) -> usize {
    match param {
        Param::Text(text) => text.len(),
        Param::Bytes(bytes) => bytes.len(),
        Param::Null | Param::Int(_) => size_of::<i64>(),
    }
}

impl Sqlite {
    /// For a transaction that writes much: more of the file is held in memory, and rows wait; or no more than usual again.
    pub fn hold(&mut self, more: bool) -> Result<()> {
        self.gather(more)?;
        let kib = if more { LARGE_CACHE } else { CACHE };
        self.connection.pragma_update(None, "cache_size", -kib).map_err(failure)
    }

    /// From now on rows wait, or no more. A statement of many rows keeps aside what it may have to undo: pages, which went to a file and
    /// were more than all else that is written.
    fn gather(&mut self, gathers: bool) -> Result<()> {
        self.later.gathers = gathers;
        let place = if gathers { "MEMORY" } else { "DEFAULT" };
        self.connection.pragma_update(None, "temp_store", place).map_err(failure)
    }

    /// Do they?
    pub fn gathers(&self) -> bool {
        self.later.gathers
    }

    /// Inserts a row, at the latest before what could look for it. Those with the same value in a column lie together.
    pub fn add(&mut self, sql: &'static str, near: usize, row: &[Param<'_>]) -> Result<()> {
        if !self.later.gathers {
            return self.run(None, sql, row).map(drop);
        }
        self.wait(By::Insertion(sql), near..near + 1, &|| sql.to_owned(), row)
    }

    /// The same of a row that may be there.
    pub fn put_later(&mut self, upsert: &'static Upsert, row: &[Param<'_>]) -> Result<()> {
        if !self.later.gathers {
            return self.put(None, upsert, row);
        }
        let by = By::Upsert { table: upsert.table, set: upsert.set };
        self.wait(by, 0..upsert.key.len(), &|| upsert::statement(upsert), row)
    }

    fn wait(&mut self, by: By, key: Range<usize>, sql: &dyn Fn() -> String, row: &[Param<'_>]) -> Result<()> {
        match self.later.add(by, key, sql, row) {
            Some(full) => self.write_group(full),
            None => Ok(()),
        }
    }

    /// Writes what waits where a statement could look for it.
    pub(super) fn write_before(&mut self, sql: &str) -> Result<()> {
        while let Some(at) = self.later.concerned(sql) {
            self.write_group(at)?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn write_later(&mut self) -> Result<()> {
        while !self.later.groups.is_empty() {
            self.write_group(0)?;
        }
        Ok(())
    }

    fn write_group(&mut self, at: usize) -> Result<()> {
        let Group { sql, key, mut rows, .. } = self.later.groups.remove(at);
        // Rows with the same key stay in their order.
        rows.sort_by(|a, b| a.get(key.clone()).cmp(&b.get(key.clone())));
        let mut rest = rows.as_slice();
        for shape in SHAPES {
            while let Some((together, others)) = rest.split_at_checked(shape) {
                let values: Vec<Param<'_>> = together.iter().flatten().map(Param::from).collect();
                self.run(None, &of_rows(&sql, shape), &values)?;
                rest = others;
            }
        }
        Ok(())
    }

    /// Forgets what waits: its transaction is undone.
    pub(super) fn drop_later(&mut self) {
        self.later.groups.clear();
    }
}

#[cfg(test)]
mod tests {
    use crate::db::{Db, Journal, Mode, Upsert};
    use crate::params;

    const PUT: Upsert = Upsert { table: "t", key: &["id"], set: &["n"] };
    const ADD: &str = "INSERT INTO u (id, n) VALUES (?, ?)";

    fn opened() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Db::sqlite_create(&folder.path().join("x.db"), Journal::Wal).unwrap();
        db.begin(Mode::Define).unwrap();
        db.define(1, 1, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)").unwrap();
        db.define(1, 2, "CREATE TABLE u (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)").unwrap();
        db.commit().unwrap();
        (folder, db)
    }

    fn all(db: &mut Db, sql: &str) -> Vec<(i64, i64)> {
        db.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    #[test]
    fn rows_that_wait_are_found_by_whoever_looks() {
        let (_folder, mut db) = opened();
        db.hold(true).unwrap();
        db.begin(Mode::Write).unwrap();
        for n in (0..123).rev() {
            db.put_later(&PUT, params![n, n]).unwrap();
            db.add_later(ADD, 0, params![n, n]).unwrap();
        }
        db.put_later(&PUT, params![5, 7]).unwrap();
        db.put_later(&PUT, params![5, 8]).unwrap();
        assert_eq!(all(&mut db, "SELECT id, n FROM t WHERE id = 5"), [(5, 8)]);
        assert_eq!(db.run("UPDATE u SET n = 9 WHERE id = 122", &[]).unwrap(), 1);
        db.put_later(&PUT, params![1_000, 1]).unwrap();
        assert_eq!(db.run("DELETE FROM t WHERE id >= 122", &[]).unwrap(), 2);
        db.put_later(&PUT, params![2_000, 1]).unwrap();
        db.commit().unwrap();
        db.hold(false).unwrap();
        assert_eq!(all(&mut db, "SELECT COUNT(*), MAX(id) FROM t"), [(123, 2_000)]);
        assert_eq!(all(&mut db, "SELECT COUNT(*), SUM(n) FROM u"), [(123, 122 * 123 / 2 - 122 + 9)]);
    }

    #[test]
    fn rows_that_wait_are_undone_with_their_transaction() {
        let (_folder, mut db) = opened();
        db.hold(true).unwrap();
        db.begin(Mode::Write).unwrap();
        db.put_later(&PUT, params![1, 1]).unwrap();
        db.rollback();
        db.begin(Mode::Write).unwrap();
        db.add_later(ADD, 0, params![1, 1]).unwrap();
        db.add_later(ADD, 0, params![1, 2]).unwrap();
        assert!(db.commit().is_err());
        db.begin(Mode::Write).unwrap();
        db.commit().unwrap();
        assert!(all(&mut db, "SELECT id, n FROM t").is_empty() && all(&mut db, "SELECT id, n FROM u").is_empty());
    }
}
