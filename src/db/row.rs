//! A row, whichever engine it comes from.

#[cfg(feature = "mysql")]
use super::mysql;
use super::{FromValue, Value, sqlite};
use crate::base::error::{Error, Result};

/// One row of an answer.
pub struct Row<'r>(RowOf<'r>);

/// Where it comes from.
pub enum RowOf<'r> {
    /// From SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// From a row that was read before.
    Kept(&'r [Value]),
    /// From a server.
    #[cfg(feature = "mysql")]
    Mysql(&'r mysql::Found),
}

impl<'r> RowOf<'r> {
    /// As a row.
    pub fn row(self) -> Row<'r> {
        Row(self)
    }
}

impl Row<'_> {
    /// A row that was read before.
    pub fn kept(values: &[Value]) -> Row<'_> {
        Row(RowOf::Kept(values))
    }

    /// The values of the first columns.
    ///
    /// # Errors
    /// [`Row::get`]'s.
    pub fn values(&self, count: usize) -> Result<Vec<Value>> {
        (0..count).map(|column| self.get(column)).collect()
    }

    /// The column's value, counted from 0.
    ///
    /// # Errors
    /// When the column holds another type than asked for: a statement and its reader disagree. [`crate::base::memory::hold`]'s.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = match &self.0 {
            RowOf::Sqlite(row) => sqlite::value(row, column)?,
            RowOf::Kept(row) => row.get(column).cloned().ok_or_else(|| Error::Internal(format!("no column {column}")))?,
            #[cfg(feature = "mysql")]
            RowOf::Mysql(row) => mysql::value(row, column)?,
        };
        T::from_value(value.counted()?).ok_or_else(|| Error::Internal(format!("column {column} has an unexpected type")))
    }
}
