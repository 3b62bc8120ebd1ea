//! Compares the books: what was acknowledged, what each poller was told, and what the store holds.

use super::actor::{Role, Task};
use super::poller::Poll;
use super::writer::{MESSAGES, Note};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use tandem::db::{Db, Row};
use tandem::params;

/// The feed's lists, the tables of their objects, and the column that holds an operation's label. The couple itself,
/// which has no such table, is compared in the feed alone.
const TABLES: [(&str, &str, &str); 5] = [
    ("goals", "goals", "title"),
    ("goal_actions", "goal_actions", "text"),
    ("qna_questions", "questions", "text"),
    ("qna_answers", "answers", "text"),
    ("checkins", "checkins", "note"),
];
/// The page size of the pollers that have one.
const LIMIT: usize = 7;
/// Examples shown of each fault.
const SHOWN: usize = 3;

/// A list and an id.
type Key = (String, String);
/// A stamp, and whether the object is deleted.
type Version = (i64, bool);

/// What came of a round.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Objects created, changed and deleted, as acknowledged.
    pub acknowledged: usize,
    /// Of those, how many took more than one request.
    pub repeated: usize,
    /// Changes that the pollers were told, all of them together.
    pub seen: usize,
    /// Messages that they were told.
    pub messages: usize,
    /// Polls that they made.
    pub polls: usize,
    /// Polls that a worker answered whose clock was set back.
    pub behind: usize,
    /// Cursors that went back, from one node to another that had not come as far.
    pub back: usize,
    faults: BTreeMap<&'static str, Vec<String>>,
}

impl Verdict {
    /// Is everything as it must be?
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    fn check(&mut self, holds: bool, fault: &'static str, example: impl FnOnce() -> String) {
        if !holds {
            self.faults.entry(fault).or_default().push(example());
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (acknowledged, repeated, lost) = (self.acknowledged, self.repeated, self.faults.get(LOST).map_or(0, Vec::len));
        write!(
            f,
            "{acknowledged} operations acknowledged ({repeated} after a repeat), {} changes and {} messages seen in ",
            self.seen, self.messages
        )?;
        write!(f, "{} polls ({} by clocks set back, {} cursors went back), {lost} lost", self.polls, self.behind, self.back)?;
        for (fault, examples) in &self.faults {
            write!(f, "\n  {} × {fault}: {}", examples.len(), examples[..examples.len().min(SHOWN)].join("; "))?;
        }
        Ok(())
    }
}

const LOST: &str = "a poller lost a change";

/// Judges a round; `users` has a user of each couple.
pub fn judge(mut db: Db, tasks: &[Task], users: [i64; 2]) -> Verdict {
    let mut verdict = Verdict::default();
    for (couple, user) in users.into_iter().enumerate() {
        let tenant = db.one("SELECT tenant FROM members WHERE user_id = ?", params![user], |row| row.get(0)).unwrap().unwrap();
        let store = changes(&mut db, tenant);
        let of = |role| tasks.iter().filter(move |task| task.couple == couple && task.role == role);
        let notes: Vec<Note> = of(Role::Writer).flat_map(Task::read_book).collect();
        check_notes(&mut verdict, &store, &notes);
        check_stamps(&mut verdict, &store, &notes);
        check_objects(&mut verdict, &mut db, tenant, &store, &notes);
        for task in of(Role::Poller) {
            let polls = task.read_book();
            check_poller(&mut verdict, task, &polls, &store);
            check_messages(&mut verdict, task, &polls, &messages(tasks, task));
        }
    }
    verdict
}

/// The messages that were sent to a poller's user, by their ids and stamps.
fn messages(tasks: &[Task], poller: &Task) -> Vec<(String, i64)> {
    let writers = tasks.iter().filter(|task| task.role == Role::Writer && task.user == poller.user);
    let notes = writers.flat_map(Task::read_book::<Note>).filter(|note| note.kind == MESSAGES);
    notes.map(|note| (note.id, note.stamp.unwrap())).collect()
}

/// A poller that asks for messages was told of each that was acknowledged, once, in the answer whose span it lies in.
fn check_messages(verdict: &mut Verdict, task: &Task, polls: &[Poll], sent: &[(String, i64)]) {
    let show = |message: &(String, i64)| format!("poller {} {:?}: {message:?}", task.index, task.query);
    let mut told = HashSet::new();
    for (poll, message) in polls.iter().flat_map(|poll| poll.messages.iter().map(move |message| (poll, message))) {
        let inside = poll.since.unwrap_or_default() < message.1 && message.1 <= poll.server_time;
        verdict.check(inside, "a message came outside its answer's span", || show(message));
        let first = told.insert(message) || task.cursor_may_go_back;
        verdict.check(first, "a message was told twice", || show(message));
    }
    verdict.messages += told.len();
    let asked = task.query.contains(MESSAGES);
    let lost: Vec<_> = sent.iter().filter(|message| asked && !told.contains(message)).collect();
    lost.into_iter().for_each(|message| verdict.check(false, "a poller lost a message", || show(message)));
    verdict.check(told.is_empty() || asked, "messages came unasked", String::new);
}

/// The feed in the store.
fn changes(db: &mut Db, tenant: i64) -> HashMap<Key, Version> {
    let sql = "SELECT kind, id, stamp, deleted FROM changes WHERE tenant = ?";
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)));
    db.all(sql, params![tenant], read).unwrap().into_iter().collect()
}

/// Every acknowledged operation on an object is in the store, with at least its stamp.
fn check_notes(verdict: &mut Verdict, store: &HashMap<Key, Version>, notes: &[Note]) {
    for note in notes {
        verdict.acknowledged += 1;
        verdict.repeated += usize::from(note.sent > 1);
        if note.kind == MESSAGES {
            continue;
        }
        let held = store.get(&(note.kind.clone(), note.id.clone()));
        let kept = match (held, note.stamp) {
            (Some((stamp, _)), Some(noted)) => *stamp >= noted,
            (Some((_, deleted)), None) => *deleted,
            (None, _) => false,
        };
        verdict.check(kept, "an acknowledged operation is not in the store", || format!("{note:?}, stored: {held:?}"));
    }
}

/// No two transactions of a tenant have one stamp; only the objects of one deletion share theirs.
fn check_stamps(verdict: &mut Verdict, store: &HashMap<Key, Version>, notes: &[Note]) {
    let mut taken: HashMap<i64, &str> = HashMap::new();
    for (stamp, note) in notes.iter().filter_map(|note| Some((note.stamp?, note))) {
        let first = *taken.entry(stamp).or_insert(&note.operation);
        verdict.check(first == note.operation, "two operations have one stamp", || format!("{stamp}: {note:?}, {first}"));
    }
    let mut stamps: HashMap<i64, Vec<bool>> = HashMap::new();
    store.values().for_each(|(stamp, deleted)| stamps.entry(*stamp).or_default().push(*deleted));
    for (stamp, deleted) in stamps {
        let alone = deleted.len() == 1 || deleted.iter().all(|deleted| *deleted);
        verdict.check(alone, "two changes in the store have one stamp", || stamp.to_string());
    }
}

/// The objects are those of the feed, with its stamps, and every operation made its own once.
fn check_objects(verdict: &mut Verdict, db: &mut Db, tenant: i64, store: &HashMap<Key, Version>, notes: &[Note]) {
    for (kind, table, label) in TABLES {
        let sql = format!("SELECT id, stamp, {label} FROM {table} WHERE tenant = ?");
        let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<String>(2)?));
        let rows = db.all(&sql, params![tenant], read).unwrap();
        let mut labels = HashSet::new();
        for (id, stamp, label) in &rows {
            let told = store.get(&(kind.to_owned(), id.clone()));
            verdict.check(told == Some(&(*stamp, false)), "an object and the feed differ", || {
                format!("{kind} {id} {stamp} {told:?}")
            });
            verdict.check(labels.insert(label.clone()), "an operation made two objects", || format!("{kind} {label}"));
            // Every writer has ended well, so every operation has a note.
            let noted = label == "shared" || notes.iter().any(|note| note.id == *id && note.label.as_ref() == Some(label));
            verdict.check(noted, "an object is nobody's", || format!("{kind} {id} {label}"));
        }
        let alive = store.iter().filter(|((k, _), (_, deleted))| k == kind && !deleted).count();
        verdict.check(alive == rows.len(), "the feed tells of objects that are not there", || {
            format!("{kind}: {alive}, {}", rows.len())
        });
    }
}

/// What a poller holds in the end is the store's feed, exactly, and each answer kept the protocol.
fn check_poller(verdict: &mut Verdict, task: &Task, polls: &[Poll], store: &HashMap<Key, Version>) {
    let mut view: HashMap<Key, Version> = HashMap::new();
    for (number, poll) in polls.iter().enumerate() {
        verdict.polls += 1;
        verdict.behind += usize::from(poll.behind);
        check_poll(verdict, task, poll);
        let cursor = number.checked_sub(1).map(|before| polls[before].server_time);
        verdict.check(cursor == poll.since, "a poller did not adopt the cursor", || format!("{cursor:?} {:?}", poll.since));
        for row in &poll.rows {
            verdict.seen += 1;
            view.insert((row.kind.clone(), row.id.clone()), (row.stamp, row.deleted));
        }
    }
    let who = |key: &Key| format!("poller {} {:?}, {} {}", task.index, task.query, key.0, key.1);
    for (key, version) in store {
        let held = view.remove(key);
        verdict.check(held.as_ref() == Some(version), LOST, || format!("{}: holds {held:?}, stored is {version:?}", who(key)));
    }
    for (key, version) in &view {
        verdict.check(false, "a poller holds what is not in its couple's feed", || format!("{}: {version:?}", who(key)));
    }
}

fn check_poll(verdict: &mut Verdict, task: &Task, poll: &Poll) {
    let show = || format!("poller {} {:?}, since {:?} to {}", task.index, task.query, poll.since, poll.server_time);
    verdict.check(!poll.reset, "a poller was told to start over", show);
    let since = poll.since.unwrap_or_default();
    let back = poll.server_time < since;
    verdict.back += usize::from(back);
    verdict.check(!back || task.cursor_may_go_back, "a cursor went back", show);
    for row in &poll.rows {
        let inside = since < row.stamp && row.stamp <= poll.server_time;
        verdict.check(inside, "a change came outside its answer's span", || format!("{}: {row:?}", show()));
        let whole = !task.query.contains("objects") || row.kind == "couple" || row.object.is_some() != row.deleted;
        verdict.check(whole, "an object is not beside its change", || format!("{}: {row:?}", show()));
        let same = row.kind == "couple" || row.object.is_none_or(|stamp| stamp == row.stamp);
        verdict.check(same, "an object is of another version than its change", || format!("{}: {row:?}", show()));
    }
    let stamps: HashSet<i64> = poll.rows.iter().map(|row| row.stamp).collect();
    let fits = !task.query.contains("limit") || poll.rows.len() <= LIMIT || stamps.len() == 1;
    verdict.check(fits, "a page is larger than its limit", || format!("{}: {} changes", show(), poll.rows.len()));
    let ends = !poll.has_more || stamps.iter().max() == Some(&poll.server_time);
    verdict.check(ends, "a page does not end with its last stamp", show);
}
