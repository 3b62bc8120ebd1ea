//! The text of an upsert as SQLite has it.

use super::Sqlite;
use crate::base::error::Result;
use crate::db::sql::list;
use crate::db::{Notice, Param, Upsert};

impl Sqlite {
    pub fn put(&mut self, notice: Option<Notice>, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        self.run(notice, &statement(upsert), params).map(drop)
    }
}

/// What stands between a column and the value that an insertion would have given it.
const EXCLUDED: &str = " = excluded.";

/// An insertion that replaces the values where the key is there already. It is written for each of a thousand rows, so without a detour.
pub fn statement(upsert: &Upsert) -> String {
    let mut sql = upsert.insertion();
    sql.push_str(" ON CONFLICT (");
    list(&mut sql, upsert.key.iter(), |sql, column| sql.push_str(column));
    sql.push_str(") DO UPDATE SET ");
    list(&mut sql, upsert.set.iter(), |sql, column| sql.extend([*column, EXCLUDED, column]));
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_every_column() {
        let upsert = Upsert { table: "t", key: &["a", "b"], set: &["c", "d"] };
        let sql =
            "INSERT INTO t (a, b, c, d) VALUES (?, ?, ?, ?) ON CONFLICT (a, b) DO UPDATE SET c = excluded.c, d = excluded.d";
        assert_eq!(statement(&upsert), sql);
    }
}
