//! The shelf: one table for what only rare routes, commands and the night read, because each table costs every CGI start. A kind of what lies
//! there has one owner (`tests/tidy/tables.rs`), who writes and purges it.

pub mod store;

use crate::base::time::Timestamp;

/// What lies on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which of its kind.
    pub id: String,
    /// Whose it is; [`NOBODY`] where it is nobody's.
    pub owner: i64,
    /// Until when it holds; none is for good.
    pub until: Option<Timestamp>,
    /// What it says, as its kind writes it.
    pub data: String,
}

/// The owner of what is nobody's.
pub const NOBODY: i64 = 0;
