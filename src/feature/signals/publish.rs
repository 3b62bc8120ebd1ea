//! Handing what happened to the engine in front, which passes it on: one request to this machine, after the answer. An engine that does
//! not take it rests for a while, and nobody waits: clients poll.

use super::items;
use super::owed::{self, Owed, PAUSE, SLOW_PAUSE};
use super::{Changed, End, Signal, Whose};
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::mark::Mark;
use crate::base::time::{HOUR, SECOND, Timestamp};
use crate::feature::meters::{Meters, Places};
use crate::feature::{House, Settings};
use crate::net::grip;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the engine may take: it runs on this machine.
const WITHIN: Duration = Duration::from_millis(200);
/// How long it rests that did not, in milliseconds.
const REST: i64 = 10 * SECOND;
/// How often its failures are logged, in milliseconds.
const LOGGED: i64 = HOUR;
/// So many items go at once: some 300 bytes each, of the megabyte that Pushpin takes.
const AT_ONCE: usize = 1_000;
/// The mark that says until when nothing is published.
const RESTS: &str = "publish-rests";
/// The mark that says when a failure was logged.
const FAILING: &str = "publish-failing";
/// The mark that says until when somebody may hold a socket that saves its battery.
const SLOW: &str = "slow-sockets";
/// What takes the one place of a channel for a second.
const HINTS: &str = "hints of";

/// What came of publishing.
#[derive(Debug, Default)]
pub struct Published {
    /// When the courier is to publish what was held back.
    pub next: Option<Timestamp>,
    /// Whose connections have ended, and why.
    pub ended: Vec<(Whose, End)>,
}

/// Publishes what happened.
pub fn publish(house: &House, meters: &mut Meters, signals: Vec<Signal>) -> Published {
    let settings = &house.settings;
    let now = Timestamp::now();
    if settings.grip.engine().is_none() {
        return Published::default();
    }
    let ended: Vec<(Whose, End)> = signals.iter().filter_map(Signal::ended).collect();
    let later = |rest: Timestamp| Published { next: (!ended.is_empty()).then_some(rest), ended: Vec::new() };
    if let Some(rest) = rest(settings, now) {
        return later(rest);
    }
    let mut held: Vec<Owed> = Vec::new();
    let mut free: Vec<(i64, bool)> = Vec::new();
    let has_slow = Mark::of(&settings.data, SLOW).get().is_some_and(|until| until > now);
    let (passes, waits): (Vec<Signal>, Vec<Signal>) = signals.into_iter().partition(|signal| match signal {
        Signal::Changed(changed) => is_free(settings, meters, &mut free, changed.tenant, now),
        Signal::Sent(_) | Signal::End(..) => true,
    });
    let since = |changed: &Changed| changed.stamp.plus(-1);
    let owe = |signal: &Signal, slow| {
        if let Signal::Changed(c) = signal { Some(Owed { tenant: c.tenant, since: since(c), slow }) } else { None }
    };
    held.extend(waits.iter().filter_map(|signal| owe(signal, false)));
    if has_slow {
        held.extend(passes.iter().chain(&waits).filter_map(|signal| owe(signal, true)));
    }
    if let Err(rest) = publish_now(house, &items::items(house, &passes).unwrap_or_default()) {
        return later(rest);
    }
    // Without the file they are lost, as hints may be.
    let noted = !held.is_empty() && owed::add(settings, &held).is_ok();
    Published { next: noted.then(|| now.plus(if waits.is_empty() { SLOW_PAUSE } else { PAUSE })), ended }
}

/// Has a tenant's channel been quiet for a second? Asked once for all that a request did there.
fn is_free(settings: &Settings, meters: &mut Meters, known: &mut Vec<(i64, bool)>, tenant: i64, now: Timestamp) -> bool {
    if let Some((_, free)) = known.iter().find(|(known, _)| *known == tenant) {
        return *free;
    }
    let whose = tenant.to_string();
    let free = meters.take_place(settings, &Places { name: HINTS, whose: &whose, count: 1 }, now.plus(PAUSE)).is_some();
    known.push((tenant, free));
    free
}

/// Publishes items, unless the engine rests. What it does not take is lost, and it rests then.
///
/// # Errors
/// Until when it rests.
pub fn publish_now(house: &House, items: &[Value]) -> std::result::Result<(), Timestamp> {
    let (settings, now) = (&house.settings, Timestamp::now());
    rest(settings, now).map_or(Ok(()), Err)?;
    for part in items.chunks(AT_ONCE) {
        if let Err(error) = try_out(settings, part) {
            let until = now.plus(REST);
            // Where not even that can be written, the next one tries again.
            let _ = Mark::of(&settings.data, RESTS).set(until);
            complain(settings, now, &error);
            return Err(until);
        }
    }
    Ok(())
}

/// Publishes items, and says what is wrong.
///
/// # Errors
/// In words for the operator.
pub fn try_out(settings: &Settings, items: &[Value]) -> Result<()> {
    let engine = settings.grip.engine().ok_or_else(|| Error::NotReady("grip.control_url and grip.key are not set".into()))?;
    let body = json::write(&json!({ "items": items }))?;
    grip::publish(engine.control, body.as_bytes(), WITHIN).map_err(|error| {
        Error::NotReady(format!("Pushpin does not take what is published at http://{}: {error}", engine.control))
    })
}

fn complain(settings: &Settings, now: Timestamp, error: &Error) {
    let mark = Mark::of(&settings.data, FAILING);
    if mark.get().is_none_or(|at| at.plus(LOGGED) <= now || at > now) && mark.set(now).is_ok() {
        log::warn!("{error}; who holds a socket or a stream is told of nothing until it does, and polls");
    }
}

/// Does the engine rest, and until when?
pub fn rest(settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    Mark::of(&settings.data, RESTS).get().filter(|until| now < *until && *until <= now.plus(REST))
}

/// Somebody holds a socket that saves its battery, until an instant at the latest.
pub fn note_slow(settings: &Settings, until: Timestamp) {
    let mark = Mark::of(&settings.data, SLOW);
    if mark.get().is_none_or(|before| before < until) {
        let _ = mark.set(until);
    }
}
