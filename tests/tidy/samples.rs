//! Each rule is seen to fail when it is broken, and to pass what only looks like it.

use super::{RULES, Rule};

/// A file that breaks a rule: the rule's words, the path, the text.
type Broken = (&'static str, &'static str, &'static str);

const DOWN: &str = "imports point down";
const APART: &str = "no noun imports another, and no face";
const CLIMB: &str = "a path never climbs out of its layer by super";
const PURE: &str = "rules touch nothing outside";
const PLACE: &str = "SQL stands in stores, guards and the database layer";
const PORTABLE: &str = "SQL is portable";
const TENANT: &str = "a statement of a tenant's noun names the tenant";
const COLUMNS: &str = "columns stand once a store";
const OWNER: &str = "a table has one owner, and readers that were reviewed";
const KIND: &str = "a kind of row in a shared table has one owner";
const DRIVER: &str = "the driver is named in one place";
const WHOLE: &str = "JSON of clients passes base/json";
const PANIC: &str = "product code does not panic";
const SHORT: &str = "a file has at most 400 lines";
const LINK: &str = "a link in a document finds its file";
const HEAD: &str = "the head of a file says what it is for";

const BROKEN: &[Broken] = &[
    (DOWN, "src/base/id.rs", "use crate::http::Request;"),
    (WHOLE, "src/domain/mobile/batch.rs", "let item: Value = serde_json::from_slice(&body)?;"),
    (DOWN, "src/http/body.rs", "use crate::db::Db;"),
    (DOWN, "src/db/row.rs", "use crate::{base::error::Result, feature::Ctx};"),
    (DOWN, "src/feature/ctx.rs", "fn f() { crate::domain::goals::f() }"),
    (DOWN, "src/domain/goals/api.rs", "use crate::app::config;"),
    (DOWN, "src/transport/cgi.rs", "use crate::app::App;"),
    (DOWN, "src/domain/goals/api.rs", "use crate::faces::graphql::schema;"),
    (DOWN, "src/http/etag.rs", "use crate::params;"),
    (DOWN, "src/app/mod.rs", "use crate::cli;"),
    (DOWN, "cgi-bin/api.rs", "use tandem::domain::FEATURES;"),
    (DOWN, "src/bin/tandem.rs", "use tandem::db::Db;"),
    (DOWN, "src/attic/mod.rs", "//! A layer that nobody knows."),
    (APART, "src/domain/qna/api.rs", "use crate::domain::goals::store;"),
    (APART, "src/faces/openapi/mod.rs", "use crate::faces::graphql::schema;"),
    (APART, "src/domain/sync/rules.rs", "use crate::{base::id, domain::{goals::rules}};"),
    (CLIMB, "src/domain/qna/mod.rs", "use super::goals;"),
    (CLIMB, "src/domain/qna/api.rs", "use super::super::goals;"),
    (CLIMB, "src/faces/openapi/mod.rs", "use super::graphql;"),
    (CLIMB, "src/http/mod.rs", "use super::db::Db;"),
    (PURE, "src/domain/goals/rules.rs", "use std::fs;"),
    (PURE, "src/domain/goals/rules.rs", "use std::{fmt, io::Read};"),
    (PURE, "src/domain/goals/rules.rs", "fn f(p: &Path) { rustix::fs::statvfs(p); }"),
    (PURE, "src/domain/goals/rules.rs", "use crate::{base::id, db::Row};"),
    (PURE, "src/domain/goals/rules.rs", "use crate::params;"),
    (PURE, "src/domain/goals/rules.rs", "use crate::feature::{Ctx, Kind};"),
    (PURE, "src/domain/mobile/telemetry/rules.rs", "fn f() -> Timestamp { Timestamp::now() }"),
    (PURE, "src/domain/couples/rules.rs", "fn f() -> Result<[u8; 8]> { id::bytes::<8>() }"),
    (PLACE, "src/domain/goals/api.rs", "fn f() { db.run(\"DELETE FROM goals\", &[]) }"),
    (PLACE, "src/app/mod.rs", "const SQL: &str = r#\"SELECT 1\"#;"),
    (PLACE, "src/domain/goals/store.rs", "const SQL: &str = \"DELETE FROM a; DELETE FROM b\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT a FROM goals WHERE title LIKE ?\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT a || b FROM goals\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"INSERT INTO goals (id) VALUES (?) \\\n RETURNING id\";"),
    (PORTABLE, "src/db/row.rs", "const S: &str = \"INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO NOTHING\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT SUM(hits) FROM goals\";"),
    (PORTABLE, "src/feature/store.rs", "const S: &str = \"SELECT length(a) FROM goals\";"),
    (PORTABLE, "src/feature/store.rs", "const S: &str = \"SELECT a / 2 FROM goals\";"),
    (PORTABLE, "sql/0009_x.sql", "CREATE TABLE a (id BIGINT PRIMARY KEY AUTOINCREMENT);"),
    (PORTABLE, "sql/0009_x.sql", "CREATE INDEX a ON b (c) WHERE d = 0;"),
    (PORTABLE, "sql/0009_x.sql", "UPDATE a SET at = datetime('x');"),
    (TENANT, "src/domain/goals/store.rs", "const S: &str = \"SELECT title FROM goals WHERE id = ?\";"),
    (
        TENANT,
        "src/domain/goals/store.rs",
        "columns!(goals: \"SELECT id FROM goals\");\nfn f() { goals!(\"WHERE tenant = ?\"); goals!(\"WHERE id = ?\") }",
    ),
    (TENANT, "src/domain/goals/store.rs", "columns!(goals: \"SELECT id FROM goals\");"),
    (PORTABLE, "src/domain/goals/store.rs", "columns!(goals: \"SELECT id FROM goals\");\nfn f() { goals!(\"WHERE a LIKE ?\") }"),
    (PORTABLE, "src/domain/goals/store.rs", "columns!(goals: \"SELECT LOWER(id) FROM goals\");\nfn f() { goals!(\"LIMIT 1\") }"),
    (PLACE, "src/domain/goals/api.rs", "columns!(goals: \"SELECT id FROM goals\");\nfn f() { goals!(\"LIMIT 1\") }"),
    (
        COLUMNS,
        "src/domain/goals/store.rs",
        "fn f() { g(\"SELECT id, a, b FROM goals WHERE c\"); g(\"SELECT g.id, g.a, \\\n g.b FROM goals g\") }",
    ),
    (
        COLUMNS,
        "src/domain/goals/store.rs",
        "columns!(goals: \"SELECT id, a, b FROM goals\");\nfn f() { goals!(\"LIMIT 1\"); g(\"SELECT id, a, b FROM goals\") }",
    ),
    (OWNER, "src/domain/goals/store.rs", "const S: &str = \"SELECT title FROM letters WHERE tenant = ?\";"),
    (OWNER, "src/domain/qna/store.rs", "const S: &str = \"UPDATE users SET timezone = ? WHERE id = ?\";"),
    (OWNER, "src/domain/auth/store.rs", "const S: &str = \"DELETE FROM attempts WHERE at < ?\";"),
    (
        OWNER,
        "src/domain/goals/store.rs",
        "const S: &str = concat!(\"SELECT \", goal!(), \" FROM goals g JOIN users u ON u.id = g.owner\");",
    ),
    (OWNER, "src/domain/goals/store.rs", "const S: Upsert = Upsert { table: \"changes\", key: &[\"tenant\"], set: &[] };"),
    (OWNER, "src/domain/goals/store.rs", "const S: &str = \"SELECT id FROM photos WHERE tenant = ?\";"),
    (KIND, "src/domain/goals/api.rs", "fn f() { ctx.touch(\"letters\", id) }"),
    (KIND, "src/domain/goals/mod.rs", "pub const LETTERS: &str = \"letters\";"),
    (KIND, "src/domain/goals/api.rs", "fn f() { ctx.bucket(\"login\", name) }"),
    (KIND, "src/domain/goals/api.rs", "fn f() { ctx.bucket(\"guess\", name) }"),
    (KIND, "src/domain/health/store.rs", "const LAST: &str = \"maintained_at\";"),
    (DRIVER, "src/db/migrate.rs", "use rusqlite::Connection;"),
    (DRIVER, "src/db/sqlite.rs", "use mysql::Conn;"),
    (DRIVER, "src/app/mod.rs", "fn f(c: ::mysql::Conn) {}"),
    (DRIVER, "src/net/mod.rs", "use ureq::Agent;"),
    (DOWN, "src/net/client.rs", "use crate::http::Request;"),
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
    (APART, "src/faces/graphql/mod.rs", "use crate::faces::pages::graphiql;\nuse crate::domain::FEATURES;"),
    (CLIMB, "src/domain/qna/mod.rs", "#[cfg(test)]\nmod tests { use super::*; }"),
    (
        PURE,
        "src/domain/goals/rules.rs",
        "//! No std::fs, no Ctx.\nuse crate::base::time::Timestamp;\nuse std::collections::BTreeMap;\nfn f(ctxs: u8, DbFault: u8) {}\n\
         #[cfg(test)]\nmod tests { use std::fs; }",
    ),
    (PURE, "src/domain/goals/api.rs", "use crate::db::Db;\nuse std::fs;"),
    (PLACE, "src/app/guard/admit.rs", "const S: &str = \"SELECT 1\"; // DELETE FROM a; UPDATE b"),
    (PLACE, "src/app/mod.rs", "//! SELECT is for stores.\nconst S: &str = \"Select a day\";"),
    (PORTABLE, "src/domain/goals/store.rs", "const S: &str = \"SELECT COUNT(*), CAST(SUM(n) AS SIGNED) FROM goals\";"),
    (PORTABLE, "sql/0009_x.sql", "-- No LIKE, no ||.\nCREATE TABLE likes (id BIGINT);"),
    (TENANT, "src/domain/auth/store.rs", "const S: &str = \"SELECT id FROM users WHERE id = ?\";"),
    (TENANT, "src/domain/goals/store.rs", "columns!(goals: \"SELECT id FROM goals\");\nfn f() { goals!(\"WHERE tenant = ?\") }"),
    (COLUMNS, "src/domain/goals/store.rs", "fn f() { g(\"SELECT id, a FROM goals\"); g(\"SELECT id, a FROM goals\") }"),
    (
        COLUMNS,
        "src/domain/goals/store.rs",
        "columns!(goals: \"SELECT id, a, b FROM goals\");\nfn f() { goals!(\"LIMIT 1\"); goals!(\"LIMIT 2\") }",
    ),
    (OWNER, "src/domain/goals/store.rs", "const S: &str = \"DELETE FROM goals WHERE tenant = ?\"; // UPDATE users"),
    (OWNER, "src/app/guard/admit.rs", "const S: &str = \"SELECT u.id FROM users u JOIN members m ON m.user_id = u.id\";"),
    (KIND, "src/domain/goals/api.rs", "fn f() { ctx.touch(GOALS, id); let path = \"letters\"; }"),
    (KIND, "src/domain/auth/api.rs", "fn f() { ctx.bucket(\"login\", name) }"),
    (DRIVER, "src/db/row.rs", "enum Row<'r> { Sqlite(&'r rusqlite::Row<'r>) } // rusqlite"),
    (DRIVER, "src/db/row.rs", "mod mysql;\nenum Db { Mysql(mysql::Mysql) }"),
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
