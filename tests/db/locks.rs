//! Transactions that are in each other's way, mostly on MariaDB: deadlocks are run again, tenants do not wait for each other.

use super::{Engine, Place, fault, value};
use std::sync::Barrier;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};
use tandem::base::error::DbFault;
use tandem::base::time::Timestamp;
use tandem::db::{Db, Journal, Mode, Value, migrate, retried, within};
use tandem::domain::risk::columns::WIDTH;
use tandem::domain::risk::model::stored::Told;
use tandem::domain::risk::model::{Logistic, Model};
use tandem::domain::risk::models::store::State;
use tandem::domain::risk::models::{self, New};
use tandem::domain::risk::population::Population;
use tandem::feature::store::{Moved, advance, mark};
use tandem::params;

const ROWS: &str = "CREATE TABLE rows_of (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)";

fn two_rows() -> Place {
    let place = Place::with(Engine::Mariadb, &[ROWS]);
    let mut db = place.open();
    for id in [1, 2] {
        db.run("INSERT INTO rows_of (id, n) VALUES (?, 0)", params![id]).unwrap();
    }
    place
}

fn bump(db: &mut Db, id: i64) -> tandem::base::error::Result<u64> {
    db.run("UPDATE rows_of SET n = n + 1 WHERE id = ?", params![id])
}

/// Two lock two rows in opposite order. One gives way, is undone as a whole and run again; both are done once.
#[test]
fn a_deadlock_is_run_again_from_the_start() {
    let place = two_rows();
    let (met, gave_way) = (Barrier::new(2), std::sync::atomic::AtomicU32::new(0));
    let work = |first: i64| {
        let (mut db, mut tries) = (place.open(), 0);
        retried(|| {
            tries += 1;
            db.begin(Mode::Write)?;
            bump(&mut db, first)?;
            if tries == 1 {
                met.wait();
            }
            let second = bump(&mut db, 3 - first);
            if second.is_err() {
                // Whoever went on would write outside of any transaction: nothing is done any more.
                assert_eq!(fault(bump(&mut db, first)).0, DbFault::Retry);
                assert_eq!(fault(db.commit()).0, DbFault::Retry);
                gave_way.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            second?;
            db.commit()
        })
        .unwrap();
    };
    thread::scope(|scope| [1, 2].map(|first| scope.spawn(move || work(first))).map(|t| t.join().unwrap()));
    assert!(gave_way.into_inner() > 0, "they did not meet");
    assert_eq!(value(&mut place.open(), "SELECT CAST(SUM(n) AS SIGNED) FROM rows_of"), Value::Int(4));
}

/// A node of a cluster may undo a transaction between two statements and tell nobody. What was written before and after
/// is undone together, and the caller may run it again.
#[test]
fn a_transaction_that_was_undone_unnoticed_leaves_no_half_behind() {
    let place = two_rows();
    let mut db = place.open();
    db.begin(Mode::Write).unwrap();
    bump(&mut db, 1).unwrap();
    db.run("ROLLBACK", &[]).unwrap();
    bump(&mut db, 2).unwrap();
    assert_eq!(fault(db.commit()).0, DbFault::Retry);
    assert_eq!(value(&mut db, "SELECT CAST(SUM(n) AS SIGNED) FROM rows_of"), Value::Int(0));
    // Whoever refuses the request must not believe what was found in it, either.
    db.begin(Mode::Write).unwrap();
    db.run("ROLLBACK", &[]).unwrap();
    assert_eq!(fault(db.abandon()).0, DbFault::Retry);
    db.begin(Mode::Write).unwrap();
    bump(&mut db, 1).unwrap();
    db.abandon().unwrap();
    assert_eq!(value(&mut db, "SELECT CAST(SUM(n) AS SIGNED) FROM rows_of"), Value::Int(0));
    bump(&mut db, 1).unwrap();
    assert_eq!(
        value(&mut place.open(), "SELECT CAST(SUM(n) AS SIGNED) FROM rows_of"),
        Value::Int(1),
        "it commits by itself again"
    );
}

/// A store with this program's schema and so many tenants.
fn tenants(engine: Engine, count: i64) -> Place {
    let place = Place::new(engine);
    let mut db = place.open();
    db.settle(Journal::Wal).unwrap();
    migrate::migrate(&mut db, &mut |_| {}).unwrap();
    for id in 1..=count {
        let sql = "INSERT INTO tenants (id, public_id, kind, clock, horizon, epoch, created_at, updated_at) \
             VALUES (?, ?, 'couple', 0, 0, 'x', 0, 0)";
        db.run(sql, params![id, &id.to_string()]).unwrap();
    }
    place
}

/// A write to a tenant that keeps its locks for a while.
fn write(db: &mut Db, tenant: i64, hold: Duration) {
    retried(|| {
        db.begin(Mode::Write)?;
        let stamp = advance(db, tenant, Timestamp::now())?.stamp;
        mark(db, tenant, "goals", &stamp.to_string(), Moved::by_nobody(stamp, false))?;
        sleep(hold);
        db.commit()
    })
    .unwrap();
}

/// One tenant's write is held for a second; meanwhile another's is through at once, and its own must wait.
#[test]
fn two_tenants_written_at_the_same_time_do_not_wait_for_each_other() {
    const HELD: Duration = Duration::from_secs(1);
    let place = tenants(Engine::Mariadb, 2);
    let (held, elsewhere) = (Barrier::new(2), place.open());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut db = place.open();
            db.begin(Mode::Write).unwrap();
            advance(&mut db, 1, Timestamp::now()).unwrap();
            held.wait();
            sleep(HELD);
            db.commit().unwrap();
        });
        held.wait();
        let (mut db, begun) = (elsewhere, Instant::now());
        write(&mut db, 2, Duration::ZERO);
        let other = begun.elapsed();
        write(&mut db, 1, Duration::ZERO);
        let own = begun.elapsed();
        println!("another tenant waited {other:?}, the same {own:?}");
        assert!(other < HELD / 4 && own > HELD / 2, "another tenant waited {other:?}, the same {own:?}");
    });
}

/// Of trainings that come to their end at once, one keeps its model: whoever is second finds a newer one.
#[test]
fn of_models_that_are_kept_at_once_one_is() {
    for engine in [Engine::Sqlite, Engine::Mariadb] {
        let place = tenants(engine, 0);
        let ready = Barrier::new(4);
        let keep = || {
            let mut db = place.open();
            let model = Logistic { mean: [0.0; WIDTH], scale: [1.0; WIDTH], weights: [0.0; WIDTH], intercept: 0.0 };
            let told = Told { model: Model::Logistic(Box::new(model)), medium: 0.2, high: 0.5 };
            let figures = r#"{"trained": {"rows": 2, "met": 1}, "cut": 1}"#;
            let new = New { told: &told, population: &Population::of(&[]), figures, state: State::Active };
            let before = within(&mut db, Mode::Read, models::Standing::of).unwrap();
            ready.wait();
            within(&mut db, Mode::Write, |db| models::keep(db, &new, &before, Timestamp::now())).unwrap()
        };
        let kept: usize = thread::scope(|scope| {
            let keepers: Vec<_> = (0..4).map(|_| scope.spawn(keep)).collect();
            keepers.into_iter().map(|keeper| usize::from(keeper.join().unwrap().is_some())).sum()
        });
        assert_eq!((kept, models::store::all(&mut place.open()).unwrap().len()), (1, 1), "{engine:?}");
    }
}
