//! The kinds of transactions.

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One snapshot for every statement; nothing is written. It holds everything that was acknowledged before.
    Read,
    /// As [`Mode::Read`], but a node of a cluster does not wait for what the others acknowledged a moment ago.
    Recent,
    /// Writes. SQLite takes the right to write at the start (`BEGIN IMMEDIATE`), so that what is read stays true. MySQL
    /// sees what is committed: what the work builds on is locked first ([`Db::lock_row`](super::Db::lock_row)).
    Write,
    /// Writes, for work that can wait: when another keeps the right to write, it is refused soon rather than waited for.
    Spare,
    /// Writes, and in the tables that it has locked whole nobody else does until it ends: a query of all rows in
    /// [`Db::lock_row`](super::Db::lock_row) keeps new ones out, too. SQLite: as [`Mode::Write`].
    Alone,
    /// Defines tables, one process at a time. SQLite undoes it all when it fails. MySQL commits each definition, and a
    /// migration that was interrupted goes on where it stopped.
    Define,
}

impl Mode {
    /// Does it only read?
    pub fn reads(self) -> bool {
        matches!(self, Mode::Read | Mode::Recent)
    }
}
