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
    ("src/domain/auth/codes/store.rs", "codes are of accounts, which come before tenants"),
    ("src/domain/auth/link/store.rs", "so are devices that want to be let in"),
    ("src/domain/health/store.rs", "asks whether anybody is there at all"),
    ("src/domain/couples/store.rs", "invites are found by their code, members by their user"),
    ("src/domain/push/subscriptions/store.rs", "subscriptions are of accounts, and the courier looks at those of all"),
    ("src/domain/devices/snapshots/store.rs", "maintenance sums up and purges the hours of all tenants at once"),
];

/// Where the engines' own words may stand.
pub const DRIVERS: [&str; 2] = ["src/db/sqlite", "src/db/mysql/"];

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
    let source = Source::of(text);
    let lists = lists(&source);
    let ended: Vec<_> = lists.iter().flat_map(|list| uses(&source, list)).collect();
    let is_part =
        |n: &usize| ended.iter().any(|(_, parts)| parts.contains(n)) || lists.iter().any(|list| list.used && list.at == *n);
    let alone = (0..source.strings.len()).filter(|n| !is_part(n)).map(|n| source.strings[n].clone());
    let mut found: Vec<_> = alone.filter(|(_, string)| is_statement(string)).collect();
    found.extend(ended.into_iter().map(|(statement, _)| statement));
    found.sort();
    found
}

/// A text of columns (`columns!` in `src/db/mod.rs`), which is no statement until its macro ends it.
struct List {
    name: String,
    /// Which of the file's strings it is.
    at: usize,
    /// The whole text, with that of the list which it goes on.
    text: String,
    used: bool,
}

/// The texts of columns in a file.
fn lists(source: &Source) -> Vec<List> {
    let mut lists: Vec<List> = Vec::new();
    for from in calls(&source.code, "columns") {
        let Some(at) = source.places.iter().position(|place| *place > from) else { continue };
        let (name, base) = source.code[from..source.places[at]].split_once(':').unwrap_or_default();
        let base = base.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
        let own = &source.strings[at].1;
        let text = lists.iter().find(|list| list.name == base).map_or(own.clone(), |list| format!("{} {own}", list.text));
        let name = name.trim().to_owned();
        let used = !calls(&source.code, &name).is_empty();
        lists.push(List { name, at, text, used });
    }
    lists
}

/// Each statement that ends a text of columns, and which strings of the file it is made of.
fn uses(source: &Source, list: &List) -> Vec<((usize, String), Vec<usize>)> {
    let mut uses = Vec::new();
    for from in calls(&source.code, &list.name) {
        let end = from + closing(&source.code[from..]);
        let parts: Vec<usize> = (0..source.places.len()).filter(|n| (from..end).contains(&source.places[*n])).collect();
        let line = source.code[..from].matches('\n').count() + 1;
        let rest: Vec<&str> = parts.iter().map(|n| source.strings[*n].1.as_str()).collect();
        uses.push(((line, format!("{} {}", list.text, rest.join(" "))), parts));
    }
    uses
}

/// Where the arguments of each call of a macro begin.
fn calls(code: &str, name: &str) -> Vec<usize> {
    let call = format!("{name}!(");
    let whole = |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(&call).map(|(at, _)| at).filter(whole).map(|at| at + call.len()).collect()
}

/// Where the parenthesis closes that was open before this text.
fn closing(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return at,
            b')' => depth -= 1,
            _ => {}
        }
    }
    code.len()
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
        // Bytes are the same to both; characters are not.
        let sql = sql.to_uppercase().replace("OCTET_LENGTH(", "BYTES(");
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

/// The most columns that may be listed twice: of two, a list of its own would say no more.
const FEW: usize = 2;

/// A list of columns that stands twice is changed once, beside a reader that counts positions.
pub fn columns_stand_once(_: &str, text: &str) -> Vec<String> {
    let source = Source::of(text);
    let mut seen: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for (line, string) in &source.strings {
        let Some(columns) = selected(string) else { continue };
        if seen.contains(&columns) {
            wrong.push(format!("line {line}: these columns stand above: give them a name with columns!"));
        }
        seen.push(columns);
    }
    wrong
}

/// The columns that a statement selects, without the names of their tables, when they are more than a few.
fn selected(sql: &str) -> Option<String> {
    let words = sql.split(['\\', '\n', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let list = words.strip_prefix("SELECT ")?.split(" FROM ").next()?;
    let columns: Vec<&str> = list.split(", ").map(|column| column.rsplit('.').next().unwrap_or(column)).collect();
    (columns.len() > FEW).then(|| columns.join(", "))
}

#[test]
fn a_statement_that_ends_a_text_of_columns_is_read_whole() {
    let text = "columns!(goals: \"SELECT id, \\\n title FROM goals\");\ncolumns!(all: goals, \", stamp\");\n\
        fn f() { g(goals!(\"WHERE (a)\"), \"DELETE FROM x\"); all!(\"WHERE b\") }";
    let of = |text| statements("src/domain/goals/store.rs", text);
    let list = "SELECT id, \\\n title FROM goals";
    let found = [(4, "DELETE FROM x".to_owned()), (4, format!("{list} , stamp WHERE b")), (4, format!("{list} WHERE (a)"))];
    assert_eq!(of(text), found);
    assert_eq!(of("columns!(goals: \"SELECT id FROM goals\");"), [(1, "SELECT id FROM goals".to_owned())], "nobody ends it");
}
