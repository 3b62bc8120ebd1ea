//! Waiting for whoever holds SQLite's lock.

use crate::base::error::{DbError, DbFault, Error};
use std::cell::Cell;
use std::time::Duration;

/// How long a writer waits for others: longer than any queue of writers on a shared host, shorter than the 40 s of
/// silence after which mod_fcgid gives up.
const BUSY: Duration = Duration::from_secs(20);
/// How long the first naps are: whoever has the turn to write waits for readers, who are quick, and for hardly anybody else.
const FIRST_NAP: Duration = Duration::from_micros(100);
/// How many of these.
const FIRST_NAPS: i32 = 10;
/// How long a waiter sleeps before it asks again: about as long as another's commit takes. SQLite's own handler backs
/// off to 100 ms, which let one of eight writers starve for half a second.
const NAP: Duration = Duration::from_millis(1);
/// Short naps: a holder who outlasts them is no quick writer, and asking less often is kinder.
const NAPS: i32 = 200;
/// How long a waiter sleeps from then on.
const LONG_NAP: Duration = Duration::from_millis(10);

thread_local! {
    /// How long the transaction that begins has waited for its turn.
    static QUEUED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A transaction begins, which has waited for its turn so long: it waits the rest for SQLite's lock.
pub fn begin(queued: Duration) {
    QUEUED.set(queued);
}

/// The longest that writers wait in all; those that can wait, only for quick ones.
pub const fn longest(spare: bool) -> Duration {
    if spare { NAP.saturating_mul(NAPS.unsigned_abs()) } else { BUSY }
}

/// How long the nap after so many is.
const fn nap(times: i32) -> Duration {
    if times < FIRST_NAPS {
        FIRST_NAP
    } else if times < NAPS {
        NAP
    } else {
        LONG_NAP
    }
}

/// Called by SQLite while another holds the lock, with how often it was; `false` gives up.
pub fn wait_for_lock(times: i32) -> bool {
    let waited = NAP * times.min(NAPS).unsigned_abs() + LONG_NAP * (times - NAPS).max(0).unsigned_abs();
    let go_on = QUEUED.get() + waited < BUSY;
    if go_on {
        std::thread::sleep(nap(times));
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
