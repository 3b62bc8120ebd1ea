//! What moved in a tenant since its hints were held back.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::params;

/// So many changes are looked at: a hint says that there is something, not what all of it is.
const MOST: i64 = 500;

/// An object that moved.
pub struct Moved {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// When.
    pub stamp: Timestamp,
    /// Is it a deletion?
    pub deleted: bool,
    /// Its version, where it has any.
    pub version: Option<i64>,
    /// Who moved it.
    pub author: i64,
}

/// What moved after an instant, oldest first.
pub fn since(db: &mut Db, tenant: i64, since: Timestamp) -> Result<Vec<Moved>> {
    let sql =
        "SELECT kind, id, stamp, deleted, version, author FROM changes WHERE tenant = ? AND stamp > ? ORDER BY stamp LIMIT ?";
    db.all(sql, params![tenant, since, MOST], |row| {
        let (kind, id, stamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Moved { kind, id, stamp, deleted: row.get(3)?, version: row.get(4)?, author: row.get(5)? })
    })
}
