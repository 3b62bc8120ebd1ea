//! Waiting for whoever holds SQLite's lock.

use crate::base::error::{DbError, DbFault, Error};
use std::time::Duration;

/// How long a writer waits for another: longer than any queue of writers on a shared host, shorter than the 40 s of
/// silence after which mod_fcgid gives up.
const BUSY: Duration = Duration::from_secs(20);
/// How long a waiter sleeps before it asks again: about as long as another's commit takes. SQLite's own handler backs
/// off to 100 ms, which let one of eight writers starve for half a second.
const NAP: Duration = Duration::from_millis(1);
/// Short naps: a holder who outlasts them is no quick writer, and asking less often is kinder.
const NAPS: i32 = 200;
/// How long a waiter sleeps from then on.
const LONG_NAP: Duration = Duration::from_millis(10);

/// Called by SQLite while another holds the lock, with how often it was; `false` gives up.
pub fn wait_for_lock(times: i32) -> bool {
    let waited = NAP * times.min(NAPS).unsigned_abs() + LONG_NAP * (times - NAPS).max(0).unsigned_abs();
    let go_on = waited < BUSY;
    if go_on {
        std::thread::sleep(if times < NAPS { NAP } else { LONG_NAP });
    }
    go_on
}

/// The same for work that can wait: it gives up when the holder is no quick writer.
pub fn wait_a_little(times: i32) -> bool {
    times < NAPS && wait_for_lock(times)
}

/// The error of a waiter that has waited long enough.
pub fn busy() -> Error {
    Error::Db(DbError { kind: DbFault::Busy, text: "database is locked".to_owned() })
}
