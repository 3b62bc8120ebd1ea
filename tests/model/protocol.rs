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

/// What a poll older than the horizon is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
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

    /// Applies a committed change: the clock and the rows move together.
    pub fn apply(&mut self, change: &[Op; OBJECTS], stamp: Tick, content: u8) {
        self.clock = stamp;
        for (row, op) in self.rows.iter_mut().zip(change) {
            match op {
                Op::Put => *row = Row { stamp, content },
                Op::Delete if row.content > 0 => *row = Row { stamp, content: 0 },
                Op::Delete | Op::Keep => {}
            }
        }
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

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Object and row, oldest first.
    pub rows: Vec<(usize, Row)>,
    pub server_time: Tick,
    pub has_more: bool,
    pub reset: bool,
    pub epoch: u8,
}

/// Answers a poll from one snapshot.
pub fn answer(rules: &Rules, snapshot: &Store, since: Tick, wall: Tick) -> Answer {
    let reset = since < snapshot.horizon && rules.reset != Reset::Never;
    let after = match rules.future {
        _ if reset => 0,
        Future::Overlap(ticks) if since > snapshot.clock => snapshot.clock.saturating_sub(ticks),
        _ => since,
    };
    let mut rows: Vec<(usize, Row)> = snapshot.rows.iter().copied().enumerate().collect();
    rows.retain(|(_, row)| row.stamp > after && !(reset && row.content == 0));
    rows.retain(|(object, _)| rules.asks(*object) || rules.lists == Lists::FirstAfterCut);
    rows.sort_by_key(|(object, row)| (row.stamp, *object));
    let end = page_end(rules, &rows, if reset { snapshot.horizon } else { 0 });
    let has_more = end < rows.len();
    rows.truncate(end);
    rows.retain(|(object, _)| rules.asks(*object));
    let server_time = match rows.last() {
        Some((_, row)) if has_more => row.stamp,
        _ => complete_until(rules.server_time, snapshot, since, wall),
    };
    Answer { rows, server_time, has_more, reset, epoch: snapshot.epoch }
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
}

impl Client {
    /// Polls one snapshot; where objects are fetched separately, they come from `objects`.
    pub fn poll(&mut self, rules: &Rules, snapshot: &Store, objects: &Store, wall: Tick) {
        let mut answer = answer(rules, snapshot, self.cursor, wall);
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

    /// Does what the answer says. A new epoch voids the cursor and all that is held.
    fn take(&mut self, rules: &Rules, answer: &Answer) {
        if answer.epoch != self.epoch {
            *self = Client { epoch: answer.epoch, went_back: self.went_back, ..Client::default() };
            return;
        }
        if answer.reset {
            self.view = View::default();
            self.was_reset = true;
        }
        for (object, row) in &answer.rows {
            self.view[*object] = row.content;
        }
        let cursor = match rules.cursor {
            Cursor::Adopts => answer.server_time,
            Cursor::KeepsLatest => answer.server_time.max(self.cursor),
        };
        self.went_back |= cursor < self.cursor;
        self.cursor = cursor;
        self.settled = !answer.has_more;
    }

    /// Whether polling the store until nothing is left out shows exactly what the store holds.
    pub fn catches_up(&self, rules: &Rules, store: &Store, wall: Tick) -> bool {
        let mut client = Client { settled: false, ..self.clone() };
        // A poll to learn the epoch, one a page, one to spare.
        for _ in 0..OBJECTS + 2 {
            client.poll(rules, store, store, wall);
            if client.settled {
                return client.view == store.view(rules);
            }
        }
        false
    }
}
