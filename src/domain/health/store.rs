//! What the database itself says of its state.

use super::rules::Memory;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, migrate};
use crate::feature::store::{MAINTAINED_AT, fact};

/// Has anybody an account?
pub fn anybody(db: &mut Db) -> Result<bool> {
    Ok(db.one("SELECT id FROM users LIMIT 1", &[], |row| row.get::<i64>(0))?.is_some())
}

/// What the store remembers of time.
pub fn memory(db: &mut Db) -> Result<Memory> {
    let maintained = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
    Ok(Memory { made: migrate::made_at(db)?, maintained })
}
