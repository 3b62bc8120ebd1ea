//! The text of an upsert as SQLite has it.

use crate::db::Upsert;

/// What stands between a column and the value that an insertion would have given it.
const EXCLUDED: &str = " = excluded.";
/// As many bytes as the text takes, roughly.
const ROOM: usize = 512;

/// An insertion that replaces the values where the key is there already. It is written for each of a thousand rows, so without a detour.
pub fn statement(upsert: &Upsert) -> String {
    let mut sql = String::with_capacity(ROOM);
    let all = || upsert.key.iter().chain(upsert.set);
    sql.extend(["INSERT INTO ", upsert.table, " ("]);
    list(&mut sql, all(), |sql, column| sql.push_str(column));
    sql.push_str(") VALUES (");
    list(&mut sql, all(), |sql, _| sql.push('?'));
    sql.push_str(") ON CONFLICT (");
    list(&mut sql, upsert.key.iter(), |sql, column| sql.push_str(column));
    sql.push_str(") DO UPDATE SET ");
    list(&mut sql, upsert.set.iter(), |sql, column| sql.extend([*column, EXCLUDED, column]));
    sql
}

fn list<'c>(sql: &mut String, columns: impl Iterator<Item = &'c &'c str>, write: impl Fn(&mut String, &&'c str)) {
    for (n, column) in columns.enumerate() {
        sql.push_str(if n == 0 { "" } else { ", " });
        write(sql, column);
    }
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
