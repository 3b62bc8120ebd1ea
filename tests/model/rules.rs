//! The rules of the clock protocol as choices: every one that the literature gets wrong has its broken form beside it, so that the
//! checker can show what that form loses.

use super::protocol::Tick;

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
