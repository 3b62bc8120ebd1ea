//! The rules of the clock protocol, pure: what a commit does to a tenant's store, what a poll is answered, what a client does with it.
//!
//! Every rule that the literature gets wrong has its broken form beside it, so that the checker can show what that form loses.

/// Objects of the tenant. Two are enough for a transaction of several objects and for pages of one.
pub const OBJECTS: usize = 2;

/// A stamp or a wall clock, in ticks. 0 is "before everything".
pub type Tick = u8;

/// What a client shows for an object: the number of the transaction that last wrote it, 0 when there is no such object.
pub type View = [u8; OBJECTS];

/// One instruction of a write transaction; each is one atomic step of the checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Take the tenant's lock (or, with [`Locking::Certified`], remember the clock that this transaction builds on).
    Lock,
    /// Read the wall clock.
    Now,
    /// Choose the stamp.
    Stamp,
    /// Write the rows, unseen by others.
    Write,
    /// Publish everything at once and release the lock.
    Commit,
}

/// The transaction as designed: everything happens under the lock.
pub const UNDER_LOCK: &[Step] = &[Step::Lock, Step::Now, Step::Stamp, Step::Write, Step::Commit];
/// As the product runs it: the request's one instant is read before its transaction begins.
pub const NOW_BEFORE_LOCK: &[Step] = &[Step::Now, Step::Lock, Step::Stamp, Step::Write, Step::Commit];
/// The popular way: the row carries the time at which the program made it.
pub const STAMP_BEFORE_LOCK: &[Step] = &[Step::Now, Step::Stamp, Step::Lock, Step::Write, Step::Commit];

/// How a stamp is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamping {
    /// `max(now, clock + 1)`.
    Advance,
    /// `now`. Broken: two transactions in one tick, or a wall clock set back.
    Now,
}

/// What keeps two write transactions of a tenant apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// One at a time: SQLite's write lock, MariaDB's row lock.
    Exclusive,
    /// Galera: both run, the first to commit wins, the other is refused and starts again.
    Certified,
    /// Nothing. Broken: two transactions advance the same clock to the same stamp.
    None,
}

/// Where a page with a limit may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// After the last row of a stamp.
    WholeStamps,
    /// After `limit` rows. Broken.
    AnyRow,
}

/// Where the cursor after a reset by key comes from, and which snapshots give its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// The clock of the first page; a page comes from no snapshot before that.
    FirstClock,
    /// The clock of the last page. Broken: what changed on an earlier page meanwhile is never told.
    LastClock,
    /// The clock of the first page, and pages from any snapshot. Broken: an older one lacks what no poll tells again.
    AnySnapshot,
}

/// How many stamps a transaction takes that writes several objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    /// One.
    One,
    /// One for each object, consecutive and committed together.
    Consecutive,
    /// The same, but the clock stays at the first. Broken.
    Uncounted,
}

/// What becomes of a client's own writes, which it need not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// They are told like any other.
    Told,
    /// The stamps that the client names are left out before a page is cut, by a snapshot that has them.
    Named,
    /// They are left out of the page that was cut. Broken: what is left of it may be nothing.
    AfterCut,
    /// A snapshot from before them leaves them out, too. Broken: it may tell what they replaced.
    AnySnapshot,
    /// The client names stamps though it has not carried out all that they did. Broken.
    HalfDone,
}

/// What a poll older than the horizon is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// Everything alive in pages by key, from the tenant's clock on the first page on.
    ByKey(Keyed),
    /// Everything alive; a limit takes effect only past the horizon.
    PastHorizon,
    /// Everything alive, cut at the limit like any page. Broken: the next page is older than the horizon again, for ever.
    CutAnywhere,
    /// No reset at all. Broken: a purged deletion is never told.
    Never,
}

/// Where `server_time` of a complete answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerTime {
    /// The tenant's clock in the poll's snapshot, even where `since` is later.
    Clock,
    /// The later of that clock and `since`. Broken where a client made its `since` up.
    ClockOrSince,
    /// The wall clock. Broken.
    Wall,
}

/// From where a poll tells, whose `since` is later than the tenant's clock: a fast phone, or a replica that lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Future {
    /// From the clock on: nothing.
    FromClock,
    /// From so many ticks before the clock, like a poll without a `since`.
    Overlap(Tick),
}

/// What a client keeps as its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// `server_time`, whatever it is: what existing clients do.
    Adopts,
    /// The later of the cursor and `server_time`.
    KeepsLatest,
}

/// How a client comes by the objects that the feed names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// In the answer itself (`include=objects`): one snapshot.
    Included,
    /// By a second request, which may read another replica. Broken where that replica lags.
    Separate,
    /// The same, but an object older than the feed says is not taken, nor is the answer that named it.
    SeparateChecked,
}

/// Which lists a client asks for; each object stands for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// All.
    All,
    /// The first object's. What is not asked for is left out before a page is cut.
    FirstBeforeCut,
    /// The first object's. What is not asked for is left out of the page that was cut. Broken: a page may lose its last row.
    FirstAfterCut,
}

/// A rule of the protocol each.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub program: &'static [Step],
    pub stamping: Stamping,
    pub locking: Locking,
    pub paging: Paging,
    pub reset: Reset,
    pub server_time: ServerTime,
    pub future: Future,
    pub cursor: Cursor,
    pub fetch: Fetch,
    pub lists: Lists,
    pub stamps: Stamps,
    pub own: Own,
    /// A restore gives the store a new epoch.
    pub new_epoch: bool,
    /// Rows a page.
    pub limit: Option<usize>,
}

impl Rules {
    /// Does the client ask for this object's list?
    pub fn asks(&self, object: usize) -> bool {
        self.lists == Lists::All || object == 0
    }
}

/// The protocol of the product.
pub const TANDEM: Rules = Rules {
    program: UNDER_LOCK,
    stamping: Stamping::Advance,
    locking: Locking::Exclusive,
    paging: Paging::WholeStamps,
    reset: Reset::PastHorizon,
    server_time: ServerTime::Clock,
    future: Future::FromClock,
    cursor: Cursor::Adopts,
    fetch: Fetch::Included,
    lists: Lists::All,
    stamps: Stamps::One,
    own: Own::Told,
    new_epoch: true,
    limit: None,
};

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
