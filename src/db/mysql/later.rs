//! Rows that wait to be written: a server is a way there and back for each statement, so many rows of one kind go in one. They are sent
//! before anything else is asked or written, so whoever reads finds them.

use super::greet::weight;
use super::values::of;
use super::{Mysql, Transaction, inserting};
use crate::base::error::Result;
use crate::db::sql::{of_rows, table};
use crate::db::{Param, Upsert};
use mysql::prelude::Queryable;
use mysql::{Params, Value};

/// The rows that go in one statement, most first: few shapes, because each is prepared once a connection.
const SHAPES: [usize; 3] = [100, 10, 1];
/// The most bytes of values that wait for one statement.
const MOST: usize = 1024 * 1024;

/// Rows of one table.
#[derive(Debug)]
struct Group {
    /// The statement that inserts one.
    sql: String,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

/// All that wait.
#[derive(Debug, Default)]
pub struct Later {
    groups: Vec<Group>,
}

/// Rows that go together.
#[derive(Debug, PartialEq)]
pub struct Together {
    /// The statement.
    pub sql: String,
    /// Its values.
    pub values: Vec<Value>,
}

impl Later {
    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Would a row overtake one of its table that waits under another statement?
    pub fn overtakes(&self, sql: &str) -> bool {
        self.groups.iter().any(|group| group.sql != sql && table(&group.sql) == table(sql))
    }

    /// Has a row wait. Answers those of its kind that have become enough for a statement.
    pub fn add(&mut self, sql: &str, row: Vec<Value>, bytes: usize) -> Vec<Together> {
        let at = self.groups.iter().position(|group| group.sql == sql).unwrap_or_else(|| {
            self.groups.push(Group { sql: sql.to_owned(), rows: Vec::new(), bytes: 0 });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(at) else { return Vec::new() };
        group.rows.push(row);
        group.bytes += bytes;
        let is_full = group.rows.len() >= SHAPES[0] || group.bytes >= MOST;
        if is_full { self.groups.remove(at).together() } else { Vec::new() }
    }

    /// All that wait, in the order in which the first of each kind came.
    pub fn take(&mut self) -> Vec<Together> {
        self.groups.drain(..).flat_map(Group::together).collect()
    }
}

impl Group {
    fn together(self) -> Vec<Together> {
        let mut all = Vec::new();
        let mut rows = self.rows.into_iter();
        for shape in SHAPES {
            while rows.len() >= shape {
                let values = rows.by_ref().take(shape).flatten().collect();
                all.push(Together { sql: of_rows(&self.sql, shape), values });
            }
        }
        all
    }
}

impl Mysql {
    /// Writes what waits.
    pub fn send_later(&mut self) -> Result<()> {
        if self.later.is_empty() {
            return Ok(());
        }
        let waiting = self.later.take();
        self.send(waiting)
    }

    fn send(&mut self, all: Vec<Together>) -> Result<()> {
        all.into_iter().try_for_each(|Together { sql, values }| {
            self.once(&mut |line| line.exec_drop(sql.as_str(), Params::Positional(values.clone())))
        })
    }

    /// Writes a row, at the latest before anything else is asked or written.
    pub fn add(&mut self, sql: &str, params: &[Param<'_>]) -> Result<()> {
        self.require_fit(params)?;
        if self.state != Transaction::Open {
            return self.run(sql, params).map(drop);
        }
        if self.later.overtakes(sql) {
            self.send_later()?;
        }
        let enough = self.later.add(sql, params.iter().map(of).collect(), weight(params));
        self.send(enough)
    }

    /// As [`put`](Mysql::put), at the latest before anything else is asked or written.
    pub fn put_later(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        self.add(&inserting(upsert), params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b)";

    fn row(n: i64) -> Vec<Value> {
        vec![Value::Int(n), Value::Int(-n)]
    }

    #[test]
    fn rows_go_together_in_few_shapes_and_their_order() {
        let mut later = Later::default();
        let mut sent: Vec<Together> = (0..123).flat_map(|n| later.add(SQL, row(n), 8)).collect();
        assert_eq!(sent.len(), 1);
        sent.extend(later.take());
        assert!(later.is_empty());
        let counts: Vec<usize> = sent.iter().map(|one| one.values.len() / 2).collect();
        assert_eq!(counts, [100, 10, 10, 1, 1, 1]);
        let all: Vec<Value> = sent.iter().flat_map(|one| one.values.clone()).collect();
        assert_eq!(all, (0..123).flat_map(row).collect::<Vec<_>>());
        assert!(sent[1].sql.starts_with("INSERT INTO t (a, b) VALUES (?, ?), (?, ?), "));
        assert!(sent[1].sql.ends_with("(?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b)"), "{}", sent[1].sql);
        assert_eq!(sent[5].sql, SQL);
    }

    #[test]
    fn what_is_large_does_not_wait_for_a_hundred() {
        let mut later = Later::default();
        assert!(later.add(SQL, row(1), MOST / 2).is_empty());
        assert_eq!(later.add(SQL, row(2), MOST / 2).len(), 2);
    }

    #[test]
    fn no_row_overtakes_another_of_its_table() {
        let mut later = Later::default();
        later.add(SQL, row(1), 8);
        assert!(later.overtakes("INSERT INTO t (a) VALUES (?)") && !later.overtakes(SQL));
        assert!(!later.overtakes("INSERT INTO other (a) VALUES (?)"));
    }
}
