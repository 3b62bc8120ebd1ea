//! What a transaction is for, and how SQLite keeps it whole.

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One snapshot for every statement; nothing is written. It holds everything that was acknowledged before.
    Read,
    /// As [`Mode::Read`], but a node of a cluster does not wait for what the others acknowledged a moment ago.
    Recent,
    /// Writes. SQLite takes the right to write at the start (`BEGIN IMMEDIATE`), so that what is read stays true. MySQL
    /// sees what is committed: what the work builds on is locked first ([`super::Db::lock_row`]).
    Write,
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

/// How SQLite keeps a transaction whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// As it is; a new database gets [`Journal::Wal`], except from a CGI program.
    #[default]
    Auto,
    /// A write-ahead log: readers and a writer do not wait for each other. Best for processes that stay.
    Wal,
    /// A rollback journal: nothing beside the database is opened to read it, so a CGI process starts sooner and a read
    /// writes nothing at all.
    Rollback,
}
