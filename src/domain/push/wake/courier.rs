//! The courier's job: it looks at the subscriptions that are due, sends, and writes down what became of it, one by one.
//!
//! What is sent is sent outside transactions, and what became of it is written after each: a courier that is killed in between sends one
//! wake-up twice, and loses none. A subscription that was replaced meanwhile is left alone.

use super::call::{BOUNDS, Sender, Wake};
use super::outcome::{Host, Outcome, Said, again};
use super::past::Past;
use super::rules::{self, LISTENS, POLLED, Wishes};
use super::unseen::{self, Found, Looked};
use crate::base::error::Result;
use crate::base::id;
use crate::base::time::{SECOND, Timestamp, Zone};
use crate::db::{Db, Mode, within};
use crate::domain::push::key;
use crate::domain::push::rules::{Message as Inboxed, Priority};
use crate::domain::push::store::{self as messages, Reader};
use crate::domain::push::subscriptions::rules::{Progress, State, Subscription};
use crate::domain::push::subscriptions::store::{self, Due, Sent, Within};
use crate::domain::push::subscriptions::target::{self, Target, place};
use crate::feature::Shift;
use crate::feature::meters::Meters;
use crate::feature::sessions::seen::Seen;
use crate::feature::sessions::store as sessions;
use crate::feature::signals::SOCKET;
use serde_json::json;
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// So many wake-ups are sent in a round; then whatever else waits for the courier has its turn.
const MOST: u32 = 200;
/// So many subscriptions are read at a time.
const PAGE: i64 = 50;
/// So many are looked at in a round.
const LOOKS: u32 = 2_000;
/// A call is begun only with so much time left.
const ROOM: Duration = Duration::from_secs(2);
/// When the next courier does what this one has no room for, in milliseconds: when this one has ended.
const HANDED_OVER: i64 = 2 * SECOND;
/// What is due within this, in milliseconds, is waited for on the spot.
const BRIEF: i64 = 100;
/// After a call that took longer it is looked anew what is due: something may have become so that is not to wait for the next one.
const SLOW: Duration = Duration::from_secs(1);
/// What waits for no server and is due within this, in milliseconds, as a device that has just polled is: the courier sees to it though
/// there be no later request, …
const SEEN_TO: i64 = POLLED;
/// … and is due so long before: one that then ends has another one follow for what is as near.
const NEAR: i64 = 13 * SECOND;
/// How long a host is left alone that did not answer in time, in milliseconds: as long as a courier lives.
const LEFT: i64 = 20 * SECOND;

/// A round of the courier's.
///
/// # Errors
/// The database's.
pub fn deliver(shift: &mut Shift<'_>) -> Result<u64> {
    let Some(sender) = sender(shift)? else { return Ok(0) };
    let mut round = Round {
        sender,
        hosts: BTreeMap::new(),
        seen: Seen::default(),
        meters: Meters::default(),
        sent: 0,
        looks: 0,
        over: false,
        slow: false,
        settled: Vec::new(),
        late: -1,
    };
    while round.goes_on(shift) {
        let now = Timestamp::now();
        let all = within(shift.db, Mode::Read, |db| store::due(db, now, PAGE))?;
        if all.is_empty() {
            break;
        }
        round.slow = false;
        for due in &all {
            if !round.slow && round.goes_on(shift) {
                round.look(shift, due)?;
            }
        }
        round.settle(shift)?;
    }
    round.end(shift)?;
    Ok(0)
}

/// Who sends; nobody where the operator did not say who answers for it, or the site's key cannot be opened.
fn sender(shift: &mut Shift<'_>) -> Result<Option<Sender>> {
    let Some(contact) = shift.house.settings.push.sender().map(str::to_owned) else { return Ok(None) };
    let key = within(shift.db, Mode::Read, |db| key::find(db, &shift.house.secret))?;
    Ok(key.good().map(|signer| Sender::new(*signer, contact)))
}

/// What a round remembers.
struct Round {
    sender: Sender,
    hosts: BTreeMap<i64, Host>,
    seen: Seen,
    /// Where it is noted who holds a socket.
    meters: Meters,
    sent: u32,
    looks: u32,
    /// Did the time run out in the middle of a call?
    over: bool,
    /// Did its last call take long?
    slow: bool,
    /// How subscriptions stand that nothing was sent to.
    settled: Vec<(Subscription, Progress)>,
    /// How long after it was due the latest of its wake-ups went, in milliseconds.
    late: i64,
}

/// What is sent.
struct Message {
    text: Vec<u8>,
    priority: Priority,
    /// What is kept of the subscription as long as it was not taken.
    waits: Progress,
    /// What is kept once it was.
    taken: Progress,
    about: About,
}

/// Why something is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// The code that verifies the subscription.
    Code,
    /// Its user wants to see that something arrives.
    Test,
    /// Something changed.
    Changes,
}

impl Round {
    fn goes_on(&self, shift: &Shift<'_>) -> bool {
        !self.over && self.sent < MOST && self.looks < LOOKS && shift.left() > ROOM
    }

    /// Says when there is something to look at next, and writes down for the doctor how late wake-ups are.
    fn end(&self, shift: &mut Shift<'_>) -> Result<()> {
        let (now, late) = (Timestamp::now(), self.late);
        if late >= 0 {
            within(shift.db, Mode::Write, |db| store::note_late(db, now, late))?;
        }
        // What this courier has no time for any more is the next one's.
        let earliest = if shift.left() > ROOM { Timestamp::default() } else { now.plus(HANDED_OVER) };
        let next = within(shift.db, Mode::Read, |db| store::next(db, now))?;
        let near = next.paced.filter(|at| *at <= now.plus(SEEN_TO)).map(|at| at.plus(-NEAR)).filter(|near| *near > now);
        for at in [next.at, near].into_iter().flatten() {
            shift.soon(at.max(earliest));
        }
        Ok(())
    }

    /// Nothing is sent to a subscription now. That it was looked at is written with others': one transaction for all of them.
    fn leave(&mut self, s: &Subscription, progress: Progress) {
        if progress != s.progress {
            self.settled.push((s.clone(), progress));
        }
    }

    /// Writes how those stand that nothing was sent to.
    fn settle(&mut self, shift: &mut Shift<'_>) -> Result<()> {
        let settled = std::mem::take(&mut self.settled);
        if settled.is_empty() {
            return Ok(());
        }
        within(shift.db, Mode::Write, |db| settled.iter().try_for_each(|(s, progress)| store::tell(db, s, progress).map(drop)))
    }

    /// Looks at a subscription: sends what is due, or writes down when something will be.
    fn look(&mut self, shift: &mut Shift<'_>, due: &Due) -> Result<()> {
        self.looks += 1;
        let s = &due.subscription;
        if self.hosts.get(&s.host).is_some_and(|host| host.left) {
            return Ok(());
        }
        let opened = s.sealed.as_deref().and_then(|sealed| Target::open(shift.house, sealed));
        let Some(target) = opened.filter(|target| target.is_allowed(&shift.house.settings.push)) else {
            // Sealed by another secret than the site's, or not to be called any more: its app subscribes anew when it sees this.
            return within(shift.db, Mode::Write, |db| store::gone(db, s, Timestamp::now()));
        };
        match self.message(shift, due)? {
            Some(message) => self.send(shift, due, &target, message),
            None => Ok(()),
        }
    }

    /// What is due now; if nothing is, it is written down when.
    fn message(&mut self, shift: &mut Shift<'_>, due: &Due) -> Result<Option<Message>> {
        let s = &due.subscription;
        if s.state == State::Pending && !s.code_sent {
            let text = json!({"type": "verify", "subscription": s.id, "code": target::code(shift.house, s)});
            return Ok(Some(Message::simple(s, &text, About::Code)));
        }
        if s.test {
            return Ok(Some(Message::simple(s, &json!({"v": 1, "type": "system", "code": "test"}), About::Test)));
        }
        match &due.within {
            Some(within) if s.state == State::Active => self.changes(shift, due, within),
            _ => {
                self.leave(s, Progress { due_at: None, ..s.progress.clone() });
                Ok(None)
            }
        }
    }

    /// What changed, if it is due.
    fn changes(&mut self, shift: &mut Shift<'_>, due: &Due, within: &Within) -> Result<Option<Message>> {
        let (s, clock, now) = (&due.subscription, within.clock, Timestamp::now());
        let device = shift.house.author(s.user, &s.device, "");
        let reader = Reader { tenant: within.tenant, user: s.user, device, now };
        let (polled, mut found, progress) = self.read(shift, s, reader, within)?;
        let past = Past::read(&progress.past, now);
        let wishes = wishes(due);
        let repeat = past.critical().filter(|_| progress.critical > Timestamp::default());
        found.repeat(repeat.and_then(|last| rules::again(progress.repeats, last)), now);
        let Some((at, priority)) = wishes.next(&found.unseen, &past, now) else {
            // Nothing passes: the device needs to hear of none of it.
            self.leave(s, Progress { told: clock, looked: clock, due_at: None, unseen_at: None, tries: 0, ..progress });
            return Ok(None);
        };
        let mut at = at.max(progress.not_before).max(polled.map_or(at, |polled| polled.plus(POLLED)));
        if self.meters.is_noted(&shift.house.settings, SOCKET, &device.to_string(), now) {
            at = at.max(now.plus(LISTENS));
        }
        let waits = Progress { looked: clock, due_at: Some(at), unseen_at: found.first(), ..progress };
        let wait = at.0 - now.0;
        if wait > BRIEF {
            self.leave(s, waits);
            return Ok(None);
        }
        sleep(Duration::from_millis(u64::try_from(wait).unwrap_or_default()));
        let text = found.told(&within.epoch, clock, priority, wishes.visible)?;
        let taken = taken(waits.clone(), &found, past, priority, (now.max(at), clock));
        let promised = s.progress.due_at.map_or(at, |due_at| due_at.max(at));
        self.late = self.late.max(now.0 - promised.0).max(0);
        Ok(Some(Message { text, priority, waits, taken, about: About::Changes }))
    }

    /// When the device polled last, what it has not seen, and how far it has come by that.
    fn read(
        &mut self,
        shift: &mut Shift<'_>,
        s: &Subscription,
        reader: Reader,
        place: &Within,
    ) -> Result<(Option<Timestamp>, Found, Progress)> {
        let (seen, house, clock) = (&mut self.seen, shift.house, place.clock);
        within(shift.db, Mode::Read, |db| {
            let polled = seen.device(db, house, (s.user, &s.device), reader.tenant, reader.now)?;
            let mut progress = s.progress.clone();
            if progress.told_in != reader.tenant {
                // What was there before they joined is no news to them.
                let told = place.joined;
                let fresh = Progress { told_in: reader.tenant, told, looked: told, due_at: None, unseen_at: None, ..progress };
                progress = Progress { critical: Timestamp::default(), repeats: 0, ..fresh };
            }
            progress.told = polled.as_ref().map_or(progress.told, |polled| progress.told.max(polled.cursor.min(clock)));
            let unacknowledged = unacknowledged(db, s, reader, progress.critical)?;
            if unacknowledged.is_none() {
                (progress.critical, progress.repeats) = (Timestamp::default(), 0);
            }
            let found = unseen::find(db, house, &Looked { reader, after: progress.told, until: clock }, &s.preferences)?;
            Ok((polled.map(|polled| polled.at), found.with(unacknowledged), progress))
        })
    }

    /// Sends, and writes down what became of it.
    fn send(&mut self, shift: &mut Shift<'_>, due: &Due, target: &Target, message: Message) -> Result<()> {
        let s = &due.subscription;
        let wake = Wake { subscription: s, target, text: &message.text, priority: message.priority, wishes: wishes(due) };
        self.sent += 1;
        let hurried = shift.left() < BOUNDS.whole;
        let asked = Instant::now();
        let (said, after) = self.sender.send(shift, &wake)?;
        self.slow = asked.elapsed() >= SLOW;
        if hurried && said == Said::Late {
            // This courier had no time; the next one has.
            self.over = true;
            return Ok(());
        }
        let (now, outcome) = (Timestamp::now(), said.outcome());
        let host = self.hosts.entry(s.host).or_default();
        let is_told = host.barred;
        let rest = if s.state == State::Pending { host.met_unproved(said) } else { host.met(&s.id, said, after) };
        let rest = rest.or_else(|| (said == Said::Late).then_some(LEFT));
        within(shift.db, Mode::Write, |db| {
            store::note_sent(db, s, Sent { taken: outcome == Outcome::Taken, status: said.word(), at: now })?;
            write(db, s, &message, (said, after), now)?;
            rest.map_or(Ok(0), |rest| store::rest_host(db, s.host, now.plus(rest))).map(drop)
        })?;
        if !is_told {
            tell(target, outcome);
        }
        Ok(())
    }
}

impl Message {
    /// One that tells of no change.
    fn simple(s: &Subscription, text: &serde_json::Value, about: About) -> Message {
        // What changed meanwhile is looked at next.
        let due_at = (s.state == State::Active).then_some(Timestamp::now());
        let taken = Progress { due_at, tries: 0, ..s.progress.clone() };
        Message { text: text.to_string().into_bytes(), priority: Priority::High, waits: s.progress.clone(), taken, about }
    }
}

/// How a device wants to be woken.
fn wishes(due: &Due) -> Wishes {
    let p = &due.subscription.preferences;
    let zone = Zone::named(&due.timezone).unwrap_or(Zone::UTC);
    Wishes { saver: p.saver, visible: p.visible, quiet: p.quiet, zone }
}

/// What is kept once a wake-up was taken: everything up to the clock was told.
fn taken(waits: Progress, found: &Found, past: Past, priority: Priority, (now, clock): (Timestamp, Timestamp)) -> Progress {
    let (critical, repeats) = match found.critical {
        Some(stamp) => (stamp, 0),
        None if priority == Priority::Critical => (waits.critical, waits.repeats + 1),
        None => (waits.critical, waits.repeats),
    };
    let past = past.and(now, priority);
    let last = past.critical().filter(|_| critical > Timestamp::default());
    let due_at = last.and_then(|last| rules::again(repeats, last));
    Progress { told: clock, unseen_at: None, tries: 0, past: past.written(), critical, repeats, due_at, ..waits }
}

/// A critical message that is still there and that its device has not acknowledged.
fn unacknowledged(db: &mut Db, s: &Subscription, reader: Reader, stamp: Timestamp) -> Result<Option<Inboxed>> {
    if stamp == Timestamp::default() || sessions::acked_on(db, s.user, &s.device)? >= stamp {
        return Ok(None);
    }
    Ok(messages::between(db, reader, stamp.plus(-1), stamp, 1)?.pop())
}

/// Writes what became of a wake-up.
fn write(db: &mut Db, s: &Subscription, message: &Message, (said, after): (Said, Option<i64>), now: Timestamp) -> Result<()> {
    match said.outcome() {
        Outcome::Taken => {
            store::tell(db, s, &message.taken)?;
            done(db, s, message.about)
        }
        Outcome::Gone => store::gone(db, s, now),
        Outcome::Barred => store::suspend(db, s, now),
        Outcome::TooLong => {
            store::tell(db, s, &Progress { due_at: None, tries: 0, ..message.waits.clone() })?;
            done(db, s, message.about)
        }
        Outcome::Failed => {
            let (at, more) = again(message.waits.tries, after, i64::from_be_bytes(id::bytes()?), now);
            let (tries, due_at) = if more { (message.waits.tries + 1, Some(at)) } else { (0, None) };
            store::tell(db, s, &Progress { tries, due_at, not_before: at, ..message.waits.clone() })?;
            if more { Ok(()) } else { done(db, s, message.about) }
        }
    }
}

/// A code and a test are sent once: what is given up is asked for anew.
fn done(db: &mut Db, s: &Subscription, about: About) -> Result<()> {
    match about {
        About::Code => store::code_sent(db, s).map(drop),
        About::Test => store::tested(db, s).map(drop),
        About::Changes => Ok(()),
    }
}

/// The log has a line of what the operator or we must mend; it names the host and nothing more.
fn tell(target: &Target, outcome: Outcome) {
    let host = place(&target.endpoint).map_or("?", |place| place.host);
    match outcome {
        Outcome::Barred => log::warn!(
            "{host} refuses this site's wake-ups: look whether push.contact is a mailbox of a domain that exists; `tandem doctor` tells more"
        ),
        Outcome::TooLong => log::error!("{host} says that a wake-up is too long, which none is"),
        _ => {}
    }
}
