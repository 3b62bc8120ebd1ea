//! Running a transaction again when the engine chose it to give way.

use crate::base::error::{DbError, DbFault, Error, Result};
use crate::base::id;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a transaction is run, the first time included. Six writers at one tenant on three nodes of a cluster, which
/// give way far more often than those of one server, were refused 16 times in 700 requests with 8.
const TRIES: u32 = 16;
/// After so long no other try is begun: together with the longest wait for a lock, 10 s, it ends before web servers lose
/// their patience, 40 s for mod_fcgid.
const LONGEST: Duration = Duration::from_secs(12);
/// The longest pause before the second try, in microseconds; it doubles so often.
const PAUSE: u64 = 2_000;
/// After so many doublings, at 64 ms, longer pauses would only keep the caller waiting.
const DOUBLINGS: u32 = 5;

/// Runs a whole transaction until it does not have to give way: a deadlock, a lock that was not to be had, a race lost to
/// another node of a cluster, a row that another made between this one's look and its insertion. Each try is undone
/// before the next, so that nothing is ever half done; the pauses are random, so that two do not meet for ever.
///
/// # Errors
/// Those of the last try.
pub fn retried<T>(mut transaction: impl FnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = transaction();
        let again = outcome.as_ref().is_err_and(gives_way) && tries < TRIES && begun.elapsed() < LONGEST;
        if !again {
            return outcome;
        }
        let longest = PAUSE << (tries - 1).min(DOUBLINGS);
        let pause = u64::from_le_bytes(id::bytes::<8>()?) % longest;
        sleep(Duration::from_micros(pause));
    }
}

fn gives_way(error: &Error) -> bool {
    matches!(error, Error::Db(DbError { kind: DbFault::Retry | DbFault::Duplicate, .. }))
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
        for (kind, wanted) in [(DbFault::Retry, TRIES), (DbFault::Duplicate, TRIES), (DbFault::Busy, 1), (DbFault::Other, 1)] {
            let mut tries = 0;
            let outcome = retried(|| {
                tries += 1;
                refused(kind)
            });
            assert!(outcome.is_err() && tries == wanted, "{kind:?}: {tries}");
        }
    }
}
