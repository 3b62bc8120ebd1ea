//! Each rule is seen to fail when it is broken, and to pass what only looks like it.

use super::{RULES, Rule};

/// A file that breaks a rule: the rule's words, the path, the text.
type Broken = (&'static str, &'static str, &'static str);

const DOWN: &str = "imports point down";
const APART: &str = "no noun imports another";
const CLIMB: &str = "a path never climbs out of its layer by super";
const PLACE: &str = "SQL stands in stores, guards and the database layer";
const PORTABLE: &str = "SQL is portable";
const TENANT: &str = "a statement of a tenant's noun names the tenant";
const DRIVER: &str = "the driver is named in one place";
const PANIC: &str = "product code does not panic";
const SHORT: &str = "a file has at most 400 lines";
const LINK: &str = "a link in a document finds its file";
const HEAD: &str = "the head of a file says what it is for";

const BROKEN: &[Broken] = &[
    (DOWN, "src/base/id.rs", "use crate::http::Request;"),
    (DOWN, "src/http/body.rs", "use crate::db::Db;"),
    (DOWN, "src/db/mod.rs", "use crate::{base::error::Result, feature::Ctx};"),
    (DOWN, "src/feature/ctx.rs", "fn f() { crate::domain::goals::f() }"),
    (DOWN, "src/domain/goals/api.rs", "use crate::app::config;"),
    (DOWN, "src/transport/cgi.rs", "use crate::app::App;"),
    (DOWN, "src/http/etag.rs", "use crate::params;"),
    (DOWN, "src/app/mod.rs", "use crate::cli;"),
    (DOWN, "cgi-bin/api.rs", "use tandem::domain::FEATURES;"),
    (DOWN, "src/bin/tandem.rs", "use tandem::db::Db;"),
    (DOWN, "src/attic/mod.rs", "//! A layer that nobody knows."),
    (APART, "src/domain/qna/api.rs", "use crate::domain::goals::store;"),
    (APART, "src/domain/sync/rules.rs", "use crate::{base::id, domain::{goals::rules}};"),
    (CLIMB, "src/domain/qna/mod.rs", "use super::goals;"),
    (CLIMB, "src/domain/qna/api.rs", "use super::super::goals;"),
    (CLIMB, "src/http/mod.rs", "use super::db::Db;"),
    (PLACE, "src/domain/goals/api.rs", "fn f() { db.run(\"DELETE FROM goals\", &[]) }"),
    (PLACE, "src/app/mod.rs", "const SQL: &str = r#\"SELECT 1\"#;"),
    (PLACE, "src/domain/goals/store.rs", "const SQL: &str = \"DELETE FROM a; DELETE FROM b\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT a FROM goals WHERE title LIKE ?\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT a || b FROM goals\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"INSERT INTO goals (id) VALUES (?) \\\n RETURNING id\";"),
    (PORTABLE, "src/db/mod.rs", "const S: &str = \"INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO NOTHING\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT SUM(hits) FROM goals\";"),
    (PORTABLE, "src/feature/store.rs", "const S: &str = \"SELECT length(a) FROM goals\";"),
    (PORTABLE, "src/feature/store.rs", "const S: &str = \"SELECT a / 2 FROM goals\";"),
    (PORTABLE, "sql/0009_x.sql", "CREATE TABLE a (id BIGINT PRIMARY KEY AUTOINCREMENT);"),
    (PORTABLE, "sql/0009_x.sql", "CREATE INDEX a ON b (c) WHERE d = 0;"),
    (PORTABLE, "sql/0009_x.sql", "UPDATE a SET at = datetime('x');"),
    (TENANT, "src/domain/goals/store.rs", "const S: &str = \"SELECT title FROM goals WHERE id = ?\";"),
    (DRIVER, "src/db/migrate.rs", "use rusqlite::Connection;"),
    (DRIVER, "src/db/sqlite.rs", "use mysql::Conn;"),
    (DRIVER, "src/app/mod.rs", "fn f(c: ::mysql::Conn) {}"),
    (DRIVER, "src/db/mysql/mod.rs", "use rusqlite::Connection;"),
    (DRIVER, "src/db/mod.rs", "use rusqlite::Row;\nuse rusqlite::Connection;"),
    (PANIC, "src/base/id.rs", "fn f() { g().unwrap() }"),
    (PANIC, "src/base/id.rs", "fn f() { g().expect(\"x\") }"),
    (PANIC, "src/base/id.rs", "#[cfg(test)]\nmod tests {}\nfn f() { panic!(\"x\") }"),
    (PANIC, "cgi-bin/api.rs", "fn main() { todo!() }"),
    (LINK, "docs/client.md", "[the top](README.md)"),
    (LINK, "README.md", "see [a](LICENSE) and [b](docs/nowhere.md#part)"),
    (HEAD, "src/base/id.rs", "use std::fmt;"),
    (HEAD, "sql/0009_x.sql", "CREATE TABLE a (b BIGINT);"),
];

/// What only looks like a fault.
const SOUND: &[Broken] = &[
    (
        DOWN,
        "src/domain/goals/store.rs",
        "use crate::db::Db;\nuse crate::params; // crate::app::x\nconst A: &str = \"crate::cli::x\";",
    ),
    (DOWN, "src/base/id.rs", "use super::error::Result;\n#[cfg(test)]\nmod tests { use crate::http::Request; }"),
    (DOWN, "src/lib.rs", "pub mod app;"),
    (APART, "src/domain/qna/api.rs", "use crate::domain::qna::store;"),
    (CLIMB, "src/domain/qna/mod.rs", "#[cfg(test)]\nmod tests { use super::*; }"),
    (PLACE, "src/app/guard/admit.rs", "const S: &str = \"SELECT 1\"; // DELETE FROM a; UPDATE b"),
    (PLACE, "src/app/mod.rs", "//! SELECT is for stores.\nconst S: &str = \"Select a day\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT COUNT(*), CAST(SUM(n) AS SIGNED) FROM goals\";"),
    (PORTABLE, "sql/0009_x.sql", "-- No LIKE, no ||.\nCREATE TABLE likes (id BIGINT);"),
    (TENANT, "src/domain/auth/store.rs", "const S: &str = \"SELECT id FROM users WHERE id = ?\";"),
    (DRIVER, "src/db/mod.rs", "enum Row<'r> { Sqlite(&'r rusqlite::Row<'r>) } // rusqlite"),
    (DRIVER, "src/db/mod.rs", "mod mysql;\nenum Db { Mysql(mysql::Mysql) }"),
    (
        PANIC,
        "src/base/id.rs",
        "//! Never .unwrap()\nfn f() { g().unwrap_or_default() }\n#[cfg(test)]\nmod t { fn f() { g().unwrap() } }",
    ),
    (LINK, "docs/client.md", "[the top](../README.md#try-it), [below](#polling), [web](https://example.org/x)"),
    (HEAD, "src/base/id.rs", "//! Identifiers.\n"),
];

fn rule(says: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.says == says).unwrap_or_else(|| panic!("no rule \"{says}\""))
}

#[test]
fn every_rule_fails_when_it_is_broken() {
    for (says, path, text) in BROKEN {
        let rule = rule(says);
        assert!((rule.covers)(path), "\"{says}\" does not look at {path}");
        assert!(!(rule.check)(path, text).is_empty(), "\"{says}\" does not see {path}: {text}");
    }
    let long = "//! x\n".repeat(401);
    assert_eq!((rule(SHORT).check)("src/x.rs", &long), ["401 lines"]);
    let mark = ["// TO", "DO: later"].concat();
    let place = format!("see {}/notes", env!("CARGO_MANIFEST_DIR"));
    for (says, text) in [("nothing is left to do", mark), ("no path of the machine that it was written on", place)] {
        assert!(!(rule(says).check)("deploy/x", &text).is_empty(), "\"{says}\" does not see {text}");
    }
    let seen = |rule: &Rule| BROKEN.iter().any(|(says, ..)| *says == rule.says);
    let unseen: Vec<&str> = RULES.iter().filter(|rule| !seen(rule)).map(|rule| rule.says).collect();
    assert_eq!(
        unseen,
        ["nothing is left to do", "no path of the machine that it was written on", SHORT],
        "rules without a sample"
    );
}

#[test]
fn no_rule_sees_what_is_not_there() {
    for (says, path, text) in SOUND {
        assert_eq!((rule(says).check)(path, text), Vec::<String>::new(), "\"{says}\" at {path}: {text}");
    }
    assert!((rule(SHORT).check)("src/x.rs", &"x\n".repeat(400)).is_empty());
}
