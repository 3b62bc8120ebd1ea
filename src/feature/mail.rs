//! Does mail leave? Whoever sends one notes what became of it, for the doctor: whether a mailer works is known by that alone.

use super::store::{fact, put_fact};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;

/// Since when mails have not been taken, and why the last one was not; empty while they are. The name of that fact.
const FAILING: &str = "mail_failing";
/// Between the instant and the reason.
const BETWEEN: char = ' ';
/// The most characters of a reason: with the instant it fits into a fact.
const MOST: usize = 200;

/// A mail was taken.
pub fn went(db: &mut Db) -> Result<()> {
    if failing(db)?.is_some() { put_fact(db, FAILING, "") } else { Ok(()) }
}

/// A mail was not taken.
pub fn failed(db: &mut Db, why: &str, now: Timestamp) -> Result<()> {
    let since = failing(db)?.map_or(now, |(since, _)| since);
    let why: String = why.chars().take(MOST).collect();
    put_fact(db, FAILING, &format!("{since}{BETWEEN}{why}"))
}

/// Since when mails have not been taken, and why the last one was not.
pub fn failing(db: &mut Db) -> Result<Option<(Timestamp, String)>> {
    let noted = fact(db, FAILING)?.unwrap_or_default();
    Ok(noted.split_once(BETWEEN).and_then(|(since, why)| Some((Timestamp::parse(since)?, why.to_owned()))))
}
