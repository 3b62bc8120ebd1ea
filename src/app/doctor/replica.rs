//! The check of the replica, where polls are read.

use super::store::with_db;
use super::{Finding, Patient};
use crate::app::{advice, open, replica};
use crate::base::error::Result;
use crate::base::time::{SECOND, Timestamp};
use crate::db::migrate;
use crate::db::{Address, Db};
use crate::feature::store::newest;

/// A replica that is further behind than this has stopped or is overloaded, in milliseconds: an idle app polls as often.
const LAG: i64 = 30 * SECOND;

/// It is one of this database, fits this program, and keeps up.
pub fn replica(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let address = match open::replica(&loaded.settings) {
        Ok(None) => return Finding::ok("none is configured"),
        Ok(Some(address)) => address,
        Err(error) => return Finding::problem(advice::explain(&error), "correct read_url, or take it away"),
    };
    with_db(patient, |db| {
        let followed = Reached::of(db)?;
        let reached = Db::open(&address).and_then(|mut copy| open::fits(&mut copy).and_then(|()| Reached::of(&mut copy)));
        Ok(match reached {
            Ok(reached) => compare(&address, &followed, &reached),
            Err(error) => Finding::problem(
                format!("{address}: {}", replica::words(&error)),
                "see that the replica runs and that read_url is right; meanwhile polls are read from the database itself",
            ),
        })
    })
}

/// Which store it is, and how far it has come.
struct Reached {
    /// When its schema was made: a replica has that from its database.
    made: Option<Timestamp>,
    /// Its last change.
    changed: Option<Timestamp>,
}

impl Reached {
    fn of(db: &mut Db) -> Result<Reached> {
        Ok(Reached { made: migrate::made_at(db)?, changed: newest(db)? })
    }
}

fn compare(address: &Address, followed: &Reached, reached: &Reached) -> Finding {
    if followed.made != reached.made {
        return Finding::problem(
            format!("{address} holds another store, which does not follow this one"),
            "set read_url to a replica of database_url, or take it away",
        );
    }
    match (followed.changed, reached.changed) {
        (Some(last), Some(there)) if last.0 - there.0 > LAG => Finding::note(
            format!("{address} lacks what was changed after {there}; the last change is of {last}"),
            "see there that replication runs: SHOW REPLICA STATUS",
        ),
        _ => Finding::ok(format!("{address} answers and keeps up")),
    }
}
