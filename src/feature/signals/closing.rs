//! Connections that are to end. Each is noted in the store by the transaction that ends them, and stays there until the engine has taken
//! it: who was signed out, or is in a couple or team no more, hears nothing on because a process was killed or the engine did not answer.

use super::{End, Whose, items};
use crate::base::error::Result;
use crate::base::time::{DAY, MINUTE, SECOND, Timestamp};
use crate::base::word;
use crate::db::{Db, Mode, within};
use crate::feature::Shift;
use crate::feature::shelf::{Item, NOBODY, store as shelf};
use std::borrow::Cow;
use std::cmp::Reverse;

/// The kind of what lies on the shelf.
const KIND: &str = "closing";
/// The id of a user's; a session's is its own.
const USER: &str = "user";
/// What begins the id of those that hear of a tenant as it was; who was in it is the rest.
const MEMBERS: &str = "in ";
/// How long one is kept, in milliseconds: an engine that takes nothing for a day has not held its connections either.
const KEPT: i64 = DAY;
/// How long whoever wrote it has to publish it; afterwards the courier does, in milliseconds.
const OWN: i64 = 2 * SECOND;
/// How long after it was published an end is told once more, in milliseconds: a connection that was being opened meanwhile hears the first
/// time nothing, because the engine subscribes it when it has its answer.
const ONCE_MORE: i64 = 10 * SECOND;
/// For so long the courier itself tries again; afterwards whichever comes next does, in milliseconds.
const EAGER: i64 = 2 * MINUTE;

/// Why connections end and whether they were told so, with the word in the store.
const STAGES: [((End, bool), &str); 5] = [
    ((End::Again, false), "again"),
    ((End::Again, true), "again_told"),
    ((End::Elsewhere, false), "elsewhere"),
    ((End::SignedOut, false), "signed_out"),
    ((End::SignedOut, true), "signed_out_told"),
];

/// What lies there.
struct Owed {
    whose: Whose,
    end: End,
    /// Was it published?
    told: bool,
    /// When it was, or was noted.
    since: Timestamp,
}

impl Owed {
    fn of(item: Item) -> Owed {
        let (end, told) = word::named(&STAGES, &item.data).unwrap_or((End::Again, false));
        let whose = match item.id.strip_prefix(MEMBERS) {
            Some(membership) => Whose::Members { tenant: item.owner, membership: membership.to_owned() },
            None if item.owner == NOBODY => Whose::Session(item.id),
            None => Whose::User(item.owner),
        };
        Owed { whose, end, told, since: item.until.unwrap_or_default().plus(-KEPT) }
    }

    /// When it is the courier's.
    fn due(&self) -> Timestamp {
        self.since.plus(if self.told { ONCE_MORE } else { OWN })
    }
}

/// When the courier is to look, if whoever commits now does not publish.
pub fn due(now: Timestamp) -> Timestamp {
    now.plus(OWN)
}

/// Notes that connections are to end.
///
/// # Errors
/// The database's.
pub fn owe(db: &mut Db, whose: &Whose, end: End, now: Timestamp) -> Result<()> {
    put(db, whose, (end, false), now)
}

fn put(db: &mut Db, whose: &Whose, stage: (End, bool), now: Timestamp) -> Result<()> {
    let (id, owner) = key(whose);
    let (id, data) = (id.into_owned(), word::of(&STAGES, &stage).to_owned());
    shelf::put(db, KIND, &Item { id, owner, until: Some(now.plus(KEPT)), data })
}

fn key(whose: &Whose) -> (Cow<'_, str>, i64) {
    match whose {
        Whose::User(user) => (USER.into(), *user),
        Whose::Session(session) => (session.into(), NOBODY),
        Whose::Members { tenant, membership } => (format!("{MEMBERS}{membership}").into(), *tenant),
    }
}

/// They were published. Answers when the courier is to tell some once more. What was noted meanwhile for another reason stays as it is.
///
/// # Errors
/// The database's.
pub fn settle(db: &mut Db, ended: &[(Whose, End)], now: Timestamp) -> Result<Option<Timestamp>> {
    let first = ended.iter().map(|(whose, end)| (whose, (*end, false)));
    within(db, Mode::Write, |db| go_on(db, first.clone(), now))
}

/// Goes on from stages that were published. Answers when those are due of which one is left.
fn go_on<'w>(db: &mut Db, all: impl Iterator<Item = (&'w Whose, (End, bool))>, now: Timestamp) -> Result<Option<Timestamp>> {
    let mut is_left = false;
    for (whose, stage) in all {
        is_left |= step(db, whose, stage, now)?;
    }
    Ok(is_left.then(|| now.plus(ONCE_MORE)))
}

/// Goes on from a stage, if it is at that; answers whether another one is left.
fn step(db: &mut Db, whose: &Whose, (end, told): (End, bool), now: Timestamp) -> Result<bool> {
    let (id, owner) = key(whose);
    let is_at = |item: &Item| item.data == word::of(&STAGES, &(end, told));
    if !shelf::find(db, KIND, &id, owner)?.as_ref().is_some_and(is_at) {
        return Ok(false);
    }
    // A user's connections that are open later may be others.
    let is_left = !told && !matches!(whose, Whose::User(_));
    if is_left { put(db, whose, (end, true), now) } else { shelf::remove(db, KIND, &id, owner).map(drop) }?;
    Ok(is_left)
}

/// The courier's part: what nobody could publish, and what is to be told once more.
///
/// # Errors
/// The database's.
pub fn deliver(shift: &mut Shift<'_>) -> Result<()> {
    let (house, now) = (shift.house, Timestamp::now());
    let all: Vec<Owed> = within(shift.db, Mode::Read, |db| shelf::all(db, KIND))?.into_iter().map(Owed::of).collect();
    let (mut due, early): (Vec<Owed>, Vec<Owed>) = all.into_iter().partition(|owed| owed.due() <= now);
    if let Some(next) = early.iter().map(Owed::due).min() {
        shift.soon(next);
    }
    if due.is_empty() {
        return Ok(());
    }
    // As they are published at once.
    due.sort_by_key(|owed| Reverse(owed.end));
    let items: Vec<_> = due.iter().flat_map(|owed| items::closing(house, &owed.whose, owed.end)).collect();
    if let Err(rest) = super::publish_now(house, &items) {
        again(shift, &due, rest);
        return Ok(());
    }
    let published = due.iter().map(|owed| (&owed.whose, (owed.end, owed.told)));
    let next = within(shift.db, Mode::Write, |db| go_on(db, published.clone(), now))?;
    next.into_iter().for_each(|at| shift.soon(at));
    Ok(())
}

/// Has it tried again once the engine has rested: by this courier as long as it is fresh, else by whichever comes next.
fn again(shift: &mut Shift<'_>, due: &[Owed], at: Timestamp) {
    let is_fresh = due.iter().any(|owed| owed.since.plus(EAGER) > at);
    if is_fresh { shift.soon(at) } else { shift.again(at) }
}

/// Forgets what nobody waits for any more.
///
/// # Errors
/// The database's.
pub fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    shelf::purge(db, KIND, now)
}
