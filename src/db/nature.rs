//! What is true of one engine and not of another.

use super::Db;

impl Db {
    /// Is it in this process, so that many small questions cost less than a large one? A server is a round trip away.
    pub fn is_near(&self) -> bool {
        matches!(self, Db::Sqlite(_))
    }

    /// Is the one that writes alone in the whole store? Else only rows are locked.
    pub fn writes_alone(&self) -> bool {
        matches!(self, Db::Sqlite(_))
    }

    /// May a snapshot of [`Mode::Recent`](super::Mode::Recent) lack what was acknowledged? On a node of a cluster.
    pub fn may_lag(&self) -> bool {
        match self {
            Db::Sqlite(_) => false,
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.is_clustered(),
            Db::Unasked => false,
        }
    }
}
