//! Migrations on both engines: in full, at once by several, and on from where one was interrupted.

use super::{ENGINES, Engine, Place, fault, on_both, value};
use crate::servers::Engine::Mariadb;
use std::thread;
use tandem::db::migrate::{MIGRATIONS, Standing, migrate, migrate_to, newest, standing};
use tandem::db::{Db, Mode, Value};
use tandem::params;

/// A migration of three steps; the second changes rows.
const STEPS: [&str; 3] = [
    "CREATE TABLE first_of (id BIGINT PRIMARY KEY)",
    "INSERT INTO first_of (id) VALUES (1)",
    "CREATE INDEX first_by ON first_of (id)",
];

#[test]
fn every_migration_runs_on_an_empty_database() {
    on_both(&[], |place| {
        let mut db = place.open();
        assert_eq!(standing(&mut db).unwrap(), Standing::Empty);
        let mut names = Vec::new();
        migrate(&mut db, &mut |migration| names.push(migration.name)).unwrap();
        assert_eq!(names, MIGRATIONS.iter().map(|m| m.name).collect::<Vec<_>>(), "{:?}", place.engine);
        assert_eq!((standing(&mut db).unwrap(), db.schema_version().unwrap()), (Standing::Current, newest()));
        migrate(&mut db, &mut |migration| panic!("{} again", migration.name)).unwrap();
        assert!(db.check().unwrap().is_empty());
    });
}

#[test]
fn both_engines_get_the_same_tables() {
    let [sqlite, mariadb] = ENGINES.map(|engine| {
        let place = Place::new(engine);
        let mut db = place.open();
        migrate(&mut db, &mut |_| {}).unwrap();
        let tables = db.tables().unwrap();
        tables.into_iter().map(|table| (db.columns(&table).unwrap(), table)).collect::<Vec<_>>()
    });
    assert!(sqlite.len() > 10);
    assert_eq!(sqlite, mariadb);
}

/// Whatever the host chose for its databases: here latin1, which holds no Korean.
#[test]
fn every_table_on_mariadb_is_of_our_kind() {
    let place = Place::new(Engine::Mariadb);
    let mut db = place.open();
    migrate(&mut db, &mut |_| {}).unwrap();
    let sql = "SELECT COALESCE(table_collation, ''), COALESCE(engine, ''), COUNT(*) FROM information_schema.tables \
         WHERE table_schema = DATABASE() GROUP BY table_collation, engine";
    let kinds = db.all(sql, &[], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<i64>(2)?))).unwrap();
    let count = i64::try_from(db.tables().unwrap().len()).unwrap();
    assert_eq!(kinds, [("utf8mb4_nopad_bin".to_owned(), "InnoDB".to_owned(), count)]);
}

/// The most tables and indexes: SQLite reads the definition of each when a CGI process opens the store, which is most of a poll. What only
/// rare routes read lies on the shelf (`src/feature/shelf`).
const MOST_ENTRIES: i64 = 64;

#[test]
fn the_schema_is_small() {
    let place = Place::new(Engine::Sqlite);
    let mut db = place.open();
    migrate(&mut db, &mut |_| {}).unwrap();
    let Value::Int(entries) = value(&mut db, "SELECT COUNT(*) FROM sqlite_schema") else { unreachable!() };
    assert!(entries <= MOST_ENTRIES, "{entries} tables and indexes");
    // Its rows lie in its key's tree: there is no index beside it.
    assert_eq!(value(&mut db, "SELECT COUNT(*) FROM sqlite_schema WHERE tbl_name = 'shelf'"), Value::Int(1));
}

/// As when the first requests of a fresh installation come at once.
#[test]
fn several_at_once_make_one_schema() {
    on_both(&[], |place| {
        let work = || migrate(&mut place.open(), &mut |_| {}).unwrap();
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(standing(&mut place.open()).unwrap(), Standing::Current, "{:?}", place.engine);
    });
}

/// Carries out these steps and then ends as if the process were killed.
fn interrupted(place: &Place, done: usize) {
    let mut db = place.open();
    db.begin(Mode::Define).unwrap();
    for (number, sql) in (1..).zip(&STEPS[..done]) {
        db.define(1, number, sql).unwrap();
    }
}

fn go_on(db: &mut Db) {
    db.begin(Mode::Define).unwrap();
    for (number, sql) in (1..).zip(STEPS) {
        db.define(1, number, sql).unwrap();
    }
    db.set_schema_version(1).unwrap();
    db.commit().unwrap();
}

#[test]
fn a_migration_that_was_interrupted_goes_on_where_it_stopped() {
    for done in 0..=STEPS.len() {
        on_both(&[], |place| {
            interrupted(place, done);
            let mut db = place.open();
            go_on(&mut db);
            assert_eq!(value(&mut db, "SELECT COUNT(*) FROM first_of"), Value::Int(1), "{:?} after {done}", place.engine);
            assert_eq!(db.tables().unwrap(), ["first_of"]);
        });
    }
}

/// The process ended between a definition and the note that it was done.
#[test]
fn a_definition_that_was_not_noted_any_more_is_known() {
    for done in [0, 2] {
        let place = Place::new(Mariadb);
        interrupted(&place, done);
        let mut db = place.open();
        if done == 0 {
            db.run(
                "CREATE TABLE migration_steps (version BIGINT PRIMARY KEY, done BIGINT NOT NULL, trying BIGINT NOT NULL)",
                &[],
            )
            .unwrap();
        }
        db.run(&format!("REPLACE INTO migration_steps (version, done, trying) VALUES (1, {done}, {})", done + 1), &[]).unwrap();
        db.run(STEPS[done], &[]).unwrap();
        go_on(&mut db);
        assert_eq!(value(&mut db, "SELECT COUNT(*) FROM first_of"), Value::Int(1));
    }
}

/// A shared database: another program's table is in the way, now and when it is tried again.
#[test]
fn a_table_of_somebody_else_s_is_never_taken_for_ours() {
    let place = Place::new(Engine::Mariadb);
    let mut db = place.open();
    db.run("CREATE TABLE users (ID BIGINT PRIMARY KEY, user_pass VARCHAR(255))", &[]).unwrap();
    for _ in 0..2 {
        let (_, text) = fault(migrate(&mut db, &mut |_| {}));
        assert!(text.contains("users"), "{text}");
    }
    db.run("DROP TABLE users", &[]).unwrap();
    migrate(&mut db, &mut |_| {}).unwrap();
    assert_eq!(standing(&mut db).unwrap(), Standing::Current);
}

/// A later program's store lets this one in, or does not say, or shuts it out.
#[test]
fn a_newer_store_says_who_may_use_it() {
    on_both(&[], |place| {
        let mut db = place.open();
        migrate(&mut db, &mut |_| {}).unwrap();
        db.run("INSERT INTO migrations (version, name, applied_at) VALUES (?, 'later', 1)", params![newest() + 1]).unwrap();
        db.set_schema_version(newest() + 1).unwrap();
        for (oldest, wanted) in [
            (newest(), Standing::Ahead(newest() + 1)),
            (newest() + 1, Standing::Newer(newest() + 1)),
            (newest() - 1, Standing::Ahead(newest() + 1)),
        ] {
            db.run("UPDATE facts SET value = ? WHERE name = 'oldest_schema'", params![&oldest.to_string()]).unwrap();
            assert_eq!(standing(&mut db).unwrap(), wanted, "{:?} for {oldest} and later", place.engine);
        }
        db.run("DELETE FROM facts", &[]).unwrap();
        assert_eq!(standing(&mut db).unwrap(), Standing::Newer(newest() + 1));
        assert!(migrate(&mut db, &mut |_| {}).is_err());
    });
}

/// What a couple has in a store of schema 4.
const USED: &[&str] = &[
    "INSERT INTO users (id, username, username_key, password, first_name, last_name, language, timezone, disabled, created_at, updated_at) \
     VALUES (7, 'a', 'a', '!', '', '', 'fr', 'UTC', 0, 1, 1)",
    "INSERT INTO tenants (id, public_id, kind, clock, horizon, epoch, created_at, updated_at) VALUES (1, 'one', 'couple', 9, 0, 'e', 1, 1)",
    "INSERT INTO tenants (id, public_id, kind, clock, horizon, epoch, created_at, updated_at) VALUES (2, 'two', 'couple', 9, 0, 'e', 1, 1)",
    "INSERT INTO goals (id, tenant, created_by, title, why_for_us, status, created_at, stamp) VALUES ('g', 1, 7, 't', 'w', 'DONE', 2, 3)",
    "INSERT INTO goal_actions (id, tenant, goal, text, done, created_at, stamp) VALUES ('a', 1, 'g', 'x', 1, 4, 5)",
    "INSERT INTO questions (id, tenant, created_by, text, theme, created_at, stamp) VALUES ('q', 1, 7, '?', 'h', 2, 6)",
    "INSERT INTO answers (id, tenant, question, user_id, status, text, created_at, stamp) VALUES ('n', 1, 'q', 7, 'CLARIFY', '!', 4, 7)",
    "INSERT INTO changes (tenant, kind, id, stamp, deleted) VALUES (1, 'goals', 'g', 3, 0)",
    "INSERT INTO changes (tenant, kind, id, stamp, deleted) VALUES (1, 'goals', 'gone', 4, 1)",
    "INSERT INTO changes (tenant, kind, id, stamp, deleted) VALUES (1, 'tasks', 'r', 5, 0)",
    "INSERT INTO records (tenant, domain, id, version, data, client_at, created_by, updated_by, created_at, stamp, deleted) \
     VALUES (1, 'task', 'r', 12, '{}', 1, 7, 7, 1, 5, 0)",
];

/// The keys of tables that hold something are changed: nothing of it is lost, and what belongs together goes together.
#[test]
fn what_a_couple_has_goes_through_every_migration() {
    on_both(&[], |place| {
        let mut db = place.open();
        migrate_to(&mut db, 4, &mut |_| {}).unwrap();
        for sql in USED {
            db.run(sql, &[]).unwrap();
        }
        migrate(&mut db, &mut |_| {}).unwrap();
        let count = |db: &mut Db, table: &str| value(db, &format!("SELECT COUNT(*) FROM {table}"));
        assert_eq!(
            value(&mut db, "SELECT stamp FROM goal_actions WHERE tenant = 1 AND goal = 'g' AND text = 'x'"),
            Value::Int(5)
        );
        assert_eq!(value(&mut db, "SELECT version FROM answers WHERE question = 'q' AND status = 'CLARIFY'"), Value::Int(1));
        for (id, version) in [("g", 1), ("gone", 2), ("r", 12)] {
            assert_eq!(value(&mut db, &format!("SELECT version FROM changes WHERE id = '{id}'")), Value::Int(version), "{id}");
        }
        // Another tenant's equal ids, by the statements of older programs.
        for sql in USED
            .iter()
            .filter(|sql| ["goals ", "goal_actions ", "questions ", "answers "].iter().any(|table| sql.contains(table)))
        {
            db.run(&sql.replace(", 1, ", ", 2, "), &[]).unwrap();
            assert!(db.run(sql, &[]).is_err(), "{sql}");
        }
        db.run("DELETE FROM goals WHERE tenant = 2", &[]).unwrap();
        db.run("DELETE FROM questions WHERE tenant = 2", &[]).unwrap();
        for table in ["goals", "goal_actions", "questions", "answers"] {
            assert_eq!(count(&mut db, table), Value::Int(1), "{table} of {:?}", place.engine);
        }
        db.run("DELETE FROM tenants WHERE id = 1", &[]).unwrap();
        assert_eq!((count(&mut db, "goal_actions"), count(&mut db, "answers")), (Value::Int(0), Value::Int(0)));
        assert!(db.check().unwrap().is_empty());
    });
}

/// Who left before departures were noted is known by what they wrote: else the next one would read it.
#[test]
fn who_left_a_couple_before_it_was_noted_is_found_by_what_they_wrote() {
    on_both(&[], |place| {
        let mut db = place.open();
        migrate_to(&mut db, 8, &mut |_| {}).unwrap();
        for user in 1..=3 {
            let name = format!("u{user}");
            let sql = "INSERT INTO users (id, username, username_key, password, first_name, last_name, language, timezone, disabled, \
                 created_at, updated_at) VALUES (?, ?, ?, '', '', '', 'en', 'UTC', 0, 1, 1)";
            db.run(sql, params![user, &name, &name]).unwrap();
        }
        for (tenant, kind) in [(1, "couple"), (2, "team"), (3, "couple")] {
            let sql = "INSERT INTO tenants (id, public_id, kind, clock, horizon, epoch, created_at, updated_at, name) \
                 VALUES (?, ?, ?, 9, 0, 'e', 1, 7, '')";
            db.run(sql, params![tenant, &tenant.to_string(), kind]).unwrap();
            let letter =
                "INSERT INTO letters (id, tenant, created_by, month, content, created_at, stamp) VALUES (?, ?, ?, ?, 'c', 1, 1)";
            for user in [1, 2] {
                db.run(letter, params![&format!("{tenant}{user}"), tenant, user, &user.to_string()]).unwrap();
            }
        }
        // Of the first couple the second user is gone; in the third nobody ever wrote. A team keeps what its members wrote.
        for (user, tenant, seat) in [(1, 1, 0), (3, 2, 0)] {
            let sql = "INSERT INTO members (user_id, tenant, seat, role, joined_at) VALUES (?, ?, ?, 'member', 1)";
            db.run(sql, params![user, tenant, seat]).unwrap();
        }
        db.run("DELETE FROM letters WHERE tenant = 3", &[]).unwrap();
        migrate(&mut db, &mut |_| {}).unwrap();
        let sql = "SELECT tenant, user_id, left_at, claim, may_return FROM departures";
        let row = |row: &tandem::db::Row<'_>| {
            Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<String>(3)?, row.get::<bool>(4)?))
        };
        assert_eq!(db.all(sql, &[], row).unwrap(), [(1, 2, 7, "left".to_owned(), true)], "{:?}", place.engine);
    });
}
