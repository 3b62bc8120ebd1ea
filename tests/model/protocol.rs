//! The rules of the clock protocol, pure: what a commit does to a tenant's store, what a poll is answered, what a client does with it.
//!
//! Each rule is chosen in [`super::rules`].

use super::rules::*;

/// Objects of the tenant. Two are enough for a transaction of several objects and for pages of one.
pub const OBJECTS: usize = 2;

/// A stamp or a wall clock, in ticks. 0 is "before everything".
pub type Tick = u8;

/// What a client shows for an object: the number of the transaction that last wrote it, 0 when there is no such object.
pub type View = [u8; OBJECTS];

/// What a transaction does to one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Leaves it alone.
    Keep,
    /// Creates or changes it.
    Put,
    /// Deletes it, if it is there.
    Delete,
}

/// The transactions that a writer may choose from.
pub const CHANGES: &[[Op; OBJECTS]] =
    &[[Op::Put, Op::Keep], [Op::Keep, Op::Put], [Op::Put, Op::Put], [Op::Delete, Op::Keep], [Op::Delete, Op::Put]];

/// One row of the feed: the newest stamp of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Row {
    /// 0 where the feed has no row.
    pub stamp: Tick,
    /// The transaction that wrote the object; 0 in a tombstone.
    pub content: u8,
}

/// What is committed for the tenant; a clone is a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Store {
    pub clock: Tick,
    /// Tombstones up to here are purged.
    pub horizon: Tick,
    pub epoch: u8,
    pub rows: [Row; OBJECTS],
}

impl Store {
    /// The stamp of a transaction that reads `now` and builds on this store.
    pub fn stamp(&self, stamping: Stamping, now: Tick) -> Tick {
        match stamping {
            Stamping::Advance => now.max(self.clock + 1),
            Stamping::Now => now,
        }
    }

    /// Applies a committed change: the clock and the rows move together. Answers the stamps that it took.
    pub fn apply(&mut self, stamps: Stamps, change: &[Op; OBJECTS], stamp: Tick, content: u8) -> Vec<Tick> {
        let mut taken = vec![stamp];
        let mut next = 0;
        for (row, op) in self.rows.iter_mut().zip(change) {
            let content = match op {
                Op::Put => content,
                Op::Delete if row.content > 0 => 0,
                Op::Delete | Op::Keep => continue,
            };
            let stamp = if stamps == Stamps::One { stamp } else { stamp + next };
            (*row, next) = (Row { stamp, content }, next + 1);
            if !taken.contains(&stamp) {
                taken.push(stamp);
            }
        }
        let last = if stamps == Stamps::Uncounted { taken.first() } else { taken.last() };
        self.clock = last.copied().unwrap_or(stamp);
        taken
    }

    /// Removes the tombstones up to `horizon`.
    pub fn purge(&mut self, horizon: Tick) {
        self.horizon = horizon;
        for row in self.rows.iter_mut().filter(|row| row.content == 0 && row.stamp <= horizon) {
            *row = Row::default();
        }
    }

    /// What a client shows that knows everything in its lists.
    pub fn view(&self, rules: &Rules) -> View {
        std::array::from_fn(|object| if rules.asks(object) { self.rows[object].content } else { 0 })
    }
}

/// Where the next page of a reset by key begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The clock of the first page.
    clock: Tick,
    /// The first object of the page.
    object: usize,
}

/// What a client asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    pub since: Tick,
    pub own: &'a [Tick],
    pub place: Option<Place>,
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// It is a page by key, and perhaps there is a next one.
    pub keyed: Option<Option<Place>>,
    /// Object and row, oldest first.
    pub rows: Vec<(usize, Row)>,
    pub server_time: Tick,
    pub has_more: bool,
    pub reset: bool,
    pub epoch: u8,
}

/// Answers a poll from one snapshot.
pub fn answer(rules: &Rules, snapshot: &Store, ask: &Ask<'_>, wall: Tick) -> Answer {
    let since = ask.since;
    let reset = since < snapshot.horizon && rules.reset != Reset::Never;
    let place = ask.place.filter(|place| place.clock >= snapshot.horizon);
    if let Reset::ByKey(keyed) = rules.reset
        && (reset || ask.place.is_some())
    {
        return page_by_key(rules, snapshot, keyed, place);
    }
    let after = match rules.future {
        _ if reset => 0,
        Future::Overlap(ticks) if since > snapshot.clock => snapshot.clock.saturating_sub(ticks),
        _ => since,
    };
    let mut rows: Vec<(usize, Row)> = snapshot.rows.iter().copied().enumerate().collect();
    rows.retain(|(_, row)| row.stamp > after && !(reset && row.content == 0));
    rows.retain(|(object, _)| rules.asks(*object) || rules.lists == Lists::FirstAfterCut);
    let is_own = |row: &Row| !reset && ask.own.contains(&row.stamp);
    rows.retain(|(_, row)| !is_own(row) || rules.own == Own::AfterCut);
    rows.sort_by_key(|(object, row)| (row.stamp, *object));
    let end = page_end(rules, &rows, if reset { snapshot.horizon } else { 0 });
    let has_more = end < rows.len();
    rows.truncate(end);
    rows.retain(|(object, row)| rules.asks(*object) && !is_own(row));
    let server_time = match rows.last() {
        Some((_, row)) if has_more => row.stamp,
        _ => complete_until(rules.server_time, snapshot, since, wall),
    };
    Answer { keyed: None, rows, server_time, has_more, reset, epoch: snapshot.epoch }
}

/// A page of what is alive, in the order of the objects.
fn page_by_key(rules: &Rules, snapshot: &Store, keyed: Keyed, place: Option<Place>) -> Answer {
    let begin = place.map_or(0, |place| place.object);
    let first = place.map_or(snapshot.clock, |place| place.clock);
    let mut rows: Vec<(usize, Row)> = snapshot.rows.iter().copied().enumerate().skip(begin).collect();
    rows.retain(|(object, row)| row.content > 0 && rules.asks(*object));
    let has_more = rules.limit.is_some_and(|limit| rows.len() > limit);
    rows.truncate(rules.limit.unwrap_or(OBJECTS));
    let next = rows.last().map_or(OBJECTS, |(object, _)| object + 1);
    let server_time = if keyed == Keyed::LastClock { snapshot.clock } else { first };
    let keyed = Some(has_more.then_some(Place { clock: first, object: next }));
    Answer { keyed, rows, server_time, has_more, reset: place.is_none(), epoch: snapshot.epoch }
}

/// The number of rows on a page; `horizon` is 0 unless the answer is a reset.
fn page_end(rules: &Rules, rows: &[(usize, Row)], horizon: Tick) -> usize {
    let Some(limit) = rules.limit else { return rows.len() };
    let splits = |end: usize| rules.paging == Paging::WholeStamps && rows[end - 1].1.stamp == rows[end].1.stamp;
    let too_old = |end: usize| rules.reset == Reset::PastHorizon && rows[end - 1].1.stamp < horizon;
    (limit..rows.len()).find(|end| !splits(*end) && !too_old(*end)).unwrap_or(rows.len())
}

/// `server_time` of an answer that leaves nothing out.
fn complete_until(rule: ServerTime, snapshot: &Store, since: Tick, wall: Tick) -> Tick {
    match rule {
        ServerTime::Clock => snapshot.clock,
        ServerTime::ClockOrSince => snapshot.clock.max(since),
        ServerTime::Wall => wall,
    }
}

/// A client: its cursor and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Client {
    pub cursor: Tick,
    pub epoch: u8,
    pub view: View,
    /// The last answer left nothing out.
    pub settled: bool,
    /// The cursor has gone backwards within an epoch.
    pub went_back: bool,
    /// A reset has been obeyed.
    pub was_reset: bool,
    /// The next page of a reset by key.
    pub place: Option<Place>,
    /// A reset by key had several pages.
    pub had_pages: bool,
    /// Stamps of the client's own writes beyond its cursor.
    pub own: Vec<Tick>,
    /// A poll has left own writes out.
    pub left_out: bool,
}

impl Client {
    /// Polls one snapshot; where objects are fetched separately, they come from `objects`.
    pub fn poll(&mut self, rules: &Rules, snapshot: &Store, objects: &Store, wall: Tick) {
        if self.is_before(rules, snapshot) {
            return;
        }
        let own = self.own.clone();
        self.left_out |= own.contains(&snapshot.clock);
        let mut answer = answer(rules, snapshot, &Ask { since: self.cursor, own: &own, place: self.place }, wall);
        if rules.fetch != Fetch::Included {
            let stale = |(object, row): &(usize, Row)| row.content > 0 && objects.rows[*object].stamp < row.stamp;
            if rules.fetch == Fetch::SeparateChecked && answer.rows.iter().any(stale) {
                return;
            }
            for (object, row) in answer.rows.iter_mut().filter(|(_, row)| row.content > 0) {
                row.content = objects.rows[*object].content;
            }
        }
        self.take(rules, &answer);
    }

    /// Lacks a snapshot what the client knows to be there? Then it does not answer.
    fn is_before(&self, rules: &Rules, snapshot: &Store) -> bool {
        let pages =
            rules.reset != Reset::ByKey(Keyed::AnySnapshot) && self.place.is_some_and(|place| place.clock > snapshot.clock);
        let own = rules.own != Own::AnySnapshot && self.own.iter().any(|stamp| *stamp > snapshot.clock);
        self.epoch == snapshot.epoch && (pages || own)
    }

    /// Holds what the client itself has just written, and names its stamps from now on: not while a reset goes on, whose pages may
    /// come from before.
    pub fn wrote(&mut self, rules: &Rules, change: &[Op; OBJECTS], stamps: &[Tick], content: u8) {
        if rules.own == Own::Told || self.place.is_some() {
            return;
        }
        let carried_out = if rules.own == Own::HalfDone { 1 } else { OBJECTS };
        for (object, op) in change.iter().enumerate().take(carried_out).filter(|(object, _)| rules.asks(*object)) {
            match op {
                Op::Put => self.view[object] = content,
                Op::Delete => self.view[object] = 0,
                Op::Keep => {}
            }
        }
        self.own.extend(stamps);
        self.settled = false;
    }

    /// Does what the answer says. A new epoch voids the cursor and all that is held.
    fn take(&mut self, rules: &Rules, answer: &Answer) {
        if answer.epoch != self.epoch {
            *self = Client { epoch: answer.epoch, went_back: self.went_back, ..Client::default() };
            return;
        }
        if answer.reset {
            self.view = View::default();
            self.was_reset = true;
            self.own.clear();
        }
        for (object, row) in &answer.rows {
            self.view[*object] = row.content;
        }
        self.place = answer.keyed.flatten();
        if self.place.is_some() {
            (self.settled, self.had_pages) = (false, true);
            return;
        }
        let cursor = match rules.cursor {
            Cursor::Adopts => answer.server_time,
            Cursor::KeepsLatest => answer.server_time.max(self.cursor),
        };
        self.went_back |= cursor < self.cursor;
        self.cursor = cursor;
        // Behind pages by key a poll from the first page's clock tells what moved meanwhile.
        self.settled = !answer.has_more && answer.keyed.is_none();
        self.own.retain(|stamp| *stamp > cursor);
    }

    /// Whether polling the store until nothing is left out shows exactly what the store holds.
    pub fn catches_up(&self, rules: &Rules, store: &Store, wall: Tick) -> bool {
        let mut client = Client { settled: false, ..self.clone() };
        // A poll to learn the epoch, one a page of a reset and of what follows it, two to spare.
        for _ in 0..2 * OBJECTS + 3 {
            client.poll(rules, store, store, wall);
            if client.settled {
                return client.view == store.view(rules);
            }
        }
        false
    }
}
