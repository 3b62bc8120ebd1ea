//! Connections that are to end. Each is noted in the store by the transaction that ends them, and stays there until the engine has taken
//! it: who was signed out, or is in a couple or team no more, hears nothing on because a process was killed or the engine did not answer.

use super::{End, Whose, items};
use crate::base::error::Result;
use crate::base::time::{DAY, MINUTE, SECOND, Timestamp};
use crate::base::word;
use crate::db::{Db, Mode, within};
use crate::feature::shelf::{Item, NOBODY, store as shelf};
use crate::feature::{House, Shift};

/// The kind of what lies on the shelf.
const KIND: &str = "closing";
/// The id of a user's; a session's is its own.
const USER: &str = "user";
/// How long one is kept, in milliseconds: an engine that takes nothing for a day has not held its connections either.
const KEPT: i64 = DAY;
/// How long whoever wrote it has to publish it; afterwards the courier does, in milliseconds.
const OWN: i64 = 2 * SECOND;
/// For so long the courier itself tries again; afterwards whichever comes next does, in milliseconds.
const EAGER: i64 = 2 * MINUTE;

/// Why connections end, with the word in the store.
const ENDS: [(End, &str); 3] = [(End::Again, "again"), (End::Elsewhere, "elsewhere"), (End::SignedOut, "signed_out")];

/// When the courier is to look, if whoever commits now does not publish.
pub fn due(now: Timestamp) -> Timestamp {
    now.plus(OWN)
}

/// Notes that connections are to end.
///
/// # Errors
/// The database's.
pub fn owe(db: &mut Db, whose: &Whose, end: End, now: Timestamp) -> Result<()> {
    let (id, owner) = match whose {
        Whose::User(user) => (USER.to_owned(), *user),
        Whose::Session(session) => (session.clone(), NOBODY),
    };
    shelf::put(db, KIND, &Item { id, owner, until: Some(now.plus(KEPT)), data: word::of(&ENDS, &end).to_owned() })
}

/// They have ended: the engine has taken it.
///
/// # Errors
/// The database's.
pub fn settle(db: &mut Db, ended: &[Whose]) -> Result<()> {
    within(db, Mode::Write, |db| {
        ended.iter().try_for_each(|whose| {
            match whose {
                Whose::User(user) => shelf::remove(db, KIND, USER, *user),
                Whose::Session(session) => shelf::remove(db, KIND, session, NOBODY),
            }
            .map(drop)
        })
    })
}

/// What lies there, with the instant from which it is the courier's.
fn owed(db: &mut Db) -> Result<Vec<(Whose, End, Timestamp)>> {
    let read = |item: Item| {
        let end = word::named(&ENDS, &item.data).unwrap_or(End::Again);
        let whose = if item.owner == NOBODY { Whose::Session(item.id) } else { Whose::User(item.owner) };
        (whose, end, due(item.until.unwrap_or_default().plus(-KEPT)))
    };
    Ok(shelf::all(db, KIND)?.into_iter().map(read).collect())
}

/// The courier's part: what nobody could publish.
///
/// # Errors
/// The database's.
pub fn deliver(shift: &mut Shift<'_>) -> Result<()> {
    let (house, now) = (shift.house, Timestamp::now());
    let all = within(shift.db, Mode::Read, owed)?;
    let (due, early): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, _, at)| *at <= now);
    if let Some(next) = early.iter().map(|(_, _, at)| *at).min() {
        shift.soon(next);
    }
    if due.is_empty() {
        return Ok(());
    }
    let takes = super::rest(&house.settings, now).is_none() && super::publish_now(house, &closings(house, &due));
    if !takes {
        let rest = super::rest(&house.settings, now).unwrap_or_else(|| now.plus(OWN));
        again(shift, &due, rest);
        return Ok(());
    }
    let ended: Vec<Whose> = due.into_iter().map(|(whose, ..)| whose).collect();
    settle(shift.db, &ended)
}

/// Has it tried again once the engine has rested: by this courier as long as it is fresh, else by whichever comes next.
fn again(shift: &mut Shift<'_>, due: &[(Whose, End, Timestamp)], at: Timestamp) {
    let is_fresh = due.iter().any(|(_, _, since)| since.plus(EAGER) > at);
    if is_fresh { shift.soon(at) } else { shift.again(at) }
}

fn closings(house: &House, due: &[(Whose, End, Timestamp)]) -> Vec<serde_json::Value> {
    due.iter().map(|(whose, end, _)| items::closing(house, whose, *end)).collect()
}

/// Forgets what nobody waits for any more.
///
/// # Errors
/// The database's.
pub fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    shelf::purge(db, KIND, now)
}
