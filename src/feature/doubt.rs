//! What a noun doubts of its own: the doctor, who knows no noun, tells it.

use crate::base::error::Result;
use crate::db::Db;

/// Looks for what is wrong with what a noun keeps.
pub type Doubts = fn(&mut Db) -> Result<Vec<Doubt>>;

/// Something that a noun found to be wrong with what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What was seen.
    pub saw: String,
    /// What to do.
    pub todo: &'static str,
}
