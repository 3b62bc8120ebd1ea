//! Where SQL stands, and which SQL both databases understand alike.

use super::source::Source;

/// What makes a string a statement.
const STATEMENTS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "REPLACE INTO ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "BEGIN IMMEDIATE",
];

/// What SQLite and MariaDB do differently, or only one of them does.
const NOT_PORTABLE: &[&str] = &[
    " LIKE ",
    "ILIKE",
    " GLOB ",
    " REGEXP ",
    "||",
    "RETURNING",
    "ON CONFLICT ",
    "ON CONFLICT(",
    "ON DUPLICATE",
    "INSERT OR ",
    "INSERT IGNORE",
    "REPLACE INTO",
    "AUTOINCREMENT",
    "AUTO_INCREMENT",
    "DATETIME(",
    "STRFTIME(",
    "NOW(",
    "CURRENT_TIMESTAMP",
    "LENGTH(",
    "LOWER(",
    "UPPER(",
    "SUBSTR(",
    "CONCAT(",
    "IFNULL(",
    "ROWID",
    "WITHOUT ROWID",
    "PRAGMA ",
    "SELECT *",
    " * ",
    " / ",
    " % ",
    "`",
    "NULLS FIRST",
    "NULLS LAST",
];

/// Nouns whose rows do not all belong to a tenant; the seam's own store; why. Reviewed, one by one.
const TENANTLESS: &[(&str, &str)] = &[
    ("src/domain/auth/store.rs", "users and sessions come before tenants"),
    ("src/domain/health/store.rs", "asks whether anybody is there at all"),
    ("src/domain/couples/store.rs", "invites are found by their code, members by their user"),
    ("src/domain/devices/snapshots/store.rs", "maintenance sums up and purges the hours of all tenants at once"),
];

/// Where the engines' own words may stand.
pub const DRIVERS: [&str; 2] = ["src/db/sqlite.rs", "src/db/mysql/"];

/// The statements in a file, each with its line.
fn statements(path: &str, text: &str) -> Vec<(usize, String)> {
    if path.ends_with(".sql") {
        let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default());
        return lines.enumerate().map(|(n, line)| (n + 1, line.to_owned())).collect();
    }
    if path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let is_statement = |string: &str| STATEMENTS.iter().any(|word| string.contains(word));
    Source::of(text).strings.into_iter().filter(|(_, string)| is_statement(string)).collect()
}

/// May SQL stand in this file?
pub fn may_hold_sql(path: &str) -> bool {
    path.ends_with("/store.rs") || path.starts_with("src/app/guard/") || path.starts_with("src/db/")
}

/// SQL stands where whoever looks for it looks, one statement a string.
pub fn stands_where_it_may(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, sql) in statements(path, text) {
        if !may_hold_sql(path) {
            wrong.push(format!("line {line}: SQL outside a store"));
        } else if sql.contains(';') {
            wrong.push(format!("line {line}: more than one statement in a string"));
        }
    }
    wrong
}

/// One text for both databases.
pub fn is_portable(path: &str, text: &str) -> Vec<String> {
    if DRIVERS.iter().any(|driver| path.starts_with(driver)) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for (line, sql) in statements(path, text) {
        let sql = sql.to_uppercase();
        let found = NOT_PORTABLE.iter().filter(|word| sql.contains(*word));
        wrong.extend(found.map(|word| format!("line {line}: {}", word.trim())));
        if sql.matches("SUM(").count() != sql.matches("CAST(SUM(").count() {
            wrong.push(format!("line {line}: SUM without CAST"));
        }
        if sql.contains("CREATE INDEX") && sql.contains(" WHERE ") {
            wrong.push(format!("line {line}: a partial index"));
        }
    }
    wrong
}

/// A statement that forgets the tenant shows one couple another's.
pub fn names_the_tenant(path: &str, text: &str) -> Vec<String> {
    let checked = path.starts_with("src/domain/") && !TENANTLESS.iter().any(|(reviewed, _)| *reviewed == path);
    if !checked {
        return Vec::new();
    }
    let forgets = statements(path, text).into_iter().filter(|(_, sql)| !sql.contains("tenant"));
    forgets.map(|(line, _)| format!("line {line}: a statement without the tenant")).collect()
}
