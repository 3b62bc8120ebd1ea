//! What nouns hold on a user beside the feed.

use super::Describe;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use serde_json::Value;

/// Reads all that is held on a user, and in the tenant that they are in, as it is at an instant, one object after the other:
/// all together may be more than the memory holds.
pub type LoadHeld =
    fn(&mut Db, user: i64, tenant: Option<i64>, now: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()>;

/// What a noun holds on a user that no kind of the feed shows: it is part of their export.
#[derive(Debug)]
pub struct Held {
    /// Its list in the export.
    pub name: &'static str,
    /// Reads all of it.
    pub load: LoadHeld,
    /// What an object looks like.
    pub object: Describe,
}
