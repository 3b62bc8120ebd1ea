//! What statements are put together with: bound values, texts of columns, upserts.

/// `params![a, b]`: bound values in the order of the statement's `?`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Param::from($value)),*] };
}

/// The one text of the columns that a reader reads: `columns!(goals: "SELECT id, title FROM goals")` makes a macro by which
/// each statement ends the text, `goals!("WHERE tenant = ? AND id = ?")`. Another list may go on:
/// `columns!(listed: goals, ", stamp")`. It is a literal to the compiler, and to the rules that read SQL.
#[macro_export]
macro_rules! columns {
    ($name:ident: $($text:tt)+) => { $crate::columns! { @ ($) $name $($text)+ } };
    (@ ($d:tt) $name:ident $text:literal) => {
        macro_rules! $name {
            ($d($d rest:literal),+) => { concat!($text, $d(" ", $d rest),+) };
        }
    };
    (@ ($d:tt) $name:ident $base:ident, $text:literal) => {
        macro_rules! $name {
            ($d($d rest:literal),+) => { $base!($text, $d($d rest),+) };
        }
    };
}

/// A row that is inserted, or replaces the values of the row with the same key.
#[derive(Debug)]
pub struct Upsert {
    /// The table.
    pub table: &'static str,
    /// The columns of its primary key; bound first.
    pub key: &'static [&'static str],
    /// The other columns that are written; bound after the key.
    pub set: &'static [&'static str],
}

/// As many bytes as the text of an upsert takes, roughly.
const ROOM: usize = 512;

impl Upsert {
    /// The insertion of a row, as both engines have it. It is written for each of a thousand rows, so without a detour.
    pub(super) fn insertion(&self) -> String {
        let mut sql = String::with_capacity(ROOM);
        let all = || self.key.iter().chain(self.set);
        sql.extend(["INSERT INTO ", self.table, " ("]);
        list(&mut sql, all(), |sql, column| sql.push_str(column));
        sql.push_str(") VALUES (");
        list(&mut sql, all(), |sql, _| sql.push('?'));
        sql.push(')');
        sql
    }
}

/// Writes each of some columns, with commas between.
pub(super) fn list<'c>(sql: &mut String, columns: impl Iterator<Item = &'c &'c str>, write: impl Fn(&mut String, &&'c str)) {
    for (n, column) in columns.enumerate() {
        sql.push_str(if n == 0 { "" } else { ", " });
        write(sql, column);
    }
}

/// What stands before a statement's row.
const VALUES: &str = " VALUES ";
/// What begins one that inserts.
const INSERT: &str = "INSERT INTO ";

/// The statement that inserts so many rows, of the one that inserts a row: what is in brackets behind VALUES so many times.
pub(super) fn of_rows(sql: &str, count: usize) -> String {
    let begin = sql.find(VALUES).map_or(sql.len(), |at| at + VALUES.len());
    let (head, rest) = sql.split_at(begin);
    let (row, tail) = rest.split_at(rest.find(')').map_or(rest.len(), |at| at + 1));
    format!("{head}{}{tail}", vec![row; count].join(", "))
}

/// The table that a statement inserts into.
pub(super) fn table(sql: &str) -> &str {
    sql.strip_prefix(INSERT).and_then(|rest| rest.split(' ').next()).unwrap_or(sql)
}
