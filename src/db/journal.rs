//! SQLite's journal, and where it can be which.

use std::path::Path;

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

/// The journal mode that is wanted for the database of this file and that its file system allows: WAL's shared memory
/// does not work on a network. `None` leaves it as it is.
pub fn journal_for(path: &Path, journal: Journal) -> Option<&'static str> {
    match journal {
        _ if on_network(path) => Some("delete"),
        Journal::Auto => None,
        Journal::Wal => Some("wal"),
        Journal::Rollback => Some("delete"),
    }
}

/// Magic numbers of network file systems (statfs(2)): NFS, SMB, CIFS, SMB2, FUSE, AFS. WAL is not valid there.
const NETWORK: [u64; 6] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546, 0x5346_414F];

/// Does this file's folder lie on a network file system? WAL does not work there.
pub fn on_network(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new("."));
    rustix::fs::statfs(folder).is_ok_and(|fs| NETWORK.contains(&(fs.f_type as u64 & 0xFFFF_FFFF)))
}
