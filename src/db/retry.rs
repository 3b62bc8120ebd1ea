//! Running a transaction again when the engine chose it to give way.

use super::{Db, Mode};
use crate::base::error::{DbError, DbFault, Error, Result};
use crate::base::id;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Why a transaction may be run again, and how often it is run then, the first time included. Writers at one tenant on
/// three nodes of a cluster give way far more often than those of one server: two of three tries. With 16 tries one
/// request in 1,000 was refused when eight wrote at once. A row that was there at the second look is there at the third.
const TRIES: [(DbFault, u32); 2] = [(DbFault::Retry, 64), (DbFault::Duplicate, 8)];
/// After so long no other try is begun: together with the longest wait for a lock, 10 s, it ends before web servers lose
/// their patience, 40 s for mod_fcgid.
const LONGEST: Duration = Duration::from_secs(12);
/// The longest pause before the second try, in microseconds; it doubles at most [`DOUBLINGS`] times.
const PAUSE: u64 = 2_000;
/// Doublings of the pause: beyond 64 ms it would only keep the caller waiting.
const DOUBLINGS: u32 = 5;

/// Runs a whole transaction until it does not have to give way: a deadlock, a lock that was not to be had, a race lost to
/// another node of a cluster, a row that another made between this one's look and its insertion. Each try is undone
/// before the next, so that nothing is ever half done; the pauses are random, so that two do not meet for ever.
pub fn retried<T>(mut transaction: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = transaction();
        let again = outcome.as_ref().is_err_and(|error| tries < tries_for(error)) && begun.elapsed() < LONGEST;
        if !again {
            return outcome;
        }
        let longest = PAUSE << (tries - 1).min(DOUBLINGS);
        let pause = u64::from_le_bytes(id::bytes::<8>()?) % longest;
        sleep(Duration::from_micros(pause));
    }
}

/// Runs work in a transaction; an error undoes it. The work is done again when the engine made it give way.
pub fn within<T>(db: &mut Db, mode: Mode, mut work: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
    retried(|| {
        db.begin(mode)?;
        match work(db) {
            Ok(value) => db.commit().map(|()| value),
            Err(error) => {
                db.abandon()?;
                Err(error)
            }
        }
    })
}

fn tries_for(error: &Error) -> u32 {
    let Error::Db(DbError { kind, .. }) = error else { return 1 };
    TRIES.iter().find(|(fault, _)| fault == kind).map_or(1, |(_, tries)| *tries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: DbFault) -> Result<u32> {
        Err(Error::Db(DbError { kind, text: String::new() }))
    }

    #[test]
    fn a_transaction_gives_way_until_it_may_pass() {
        let mut tries = 0;
        let mut third = || {
            tries += 1;
            if tries < 3 { refused(DbFault::Retry) } else { Ok(tries) }
        };
        assert_eq!(retried(&mut third).unwrap(), 3);
    }

    #[test]
    fn it_gives_up_at_last_and_at_once_where_it_would_not_help() {
        for (kind, wanted) in TRIES.into_iter().chain([(DbFault::Busy, 1), (DbFault::Other, 1)]) {
            let mut tries = 0;
            let outcome = retried(|| {
                tries += 1;
                refused(kind)
            });
            assert!(outcome.is_err() && tries == wanted, "{kind:?}: {tries}");
        }
    }
}
