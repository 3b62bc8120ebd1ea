//! That the model which gives advice tells too little: whoever watches it notes it, and the doctor, who knows no noun, tells.

use super::store::{fact, put_fact};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;

/// Since when which model tells too little, and by which figure; empty while it does not. The name of that fact.
const DEGRADED: &str = "model_degraded";
/// Between its words.
const BETWEEN: char = ' ';

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degraded {
    /// Since when.
    pub since: Timestamp,
    /// The model's version.
    pub model: String,
    /// The figure that is too bad.
    pub figure: String,
}

/// Notes it, or that all is well.
pub fn note(db: &mut Db, found: Option<&Degraded>) -> Result<()> {
    let text =
        found.map_or_else(String::new, |Degraded { since, model, figure }| format!("{since}{BETWEEN}{model}{BETWEEN}{figure}"));
    if fact(db, DEGRADED)?.unwrap_or_default() == text { Ok(()) } else { put_fact(db, DEGRADED, &text) }
}

/// What was noted last.
pub fn degraded(db: &mut Db) -> Result<Option<Degraded>> {
    let noted = fact(db, DEGRADED)?.unwrap_or_default();
    let mut words = noted.split(BETWEEN);
    let since = words.next().and_then(Timestamp::parse);
    let read = |(since, (model, figure)): (Timestamp, (&str, &str))| Degraded {
        since,
        model: model.to_owned(),
        figure: figure.to_owned(),
    };
    Ok(since.zip(words.next().zip(words.next())).map(read))
}
