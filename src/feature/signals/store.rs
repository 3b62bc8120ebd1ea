//! Who is in a tenant; as a text that is another one whenever somebody joins or leaves.

use crate::base::error::Result;
use crate::db::Db;
use crate::params;

/// Who may hold a socket: whoever is in a couple or team.
pub fn listeners(db: &mut Db) -> Result<Vec<i64>> {
    db.all("SELECT user_id FROM members", &[], |row| row.get(0))
}

/// Who is in a tenant: how many, when the last of them joined, and sums of who they are and when each joined.
pub fn membership(db: &mut Db, tenant: i64) -> Result<String> {
    let sql = "SELECT COUNT(*), MAX(joined_at), CAST(SUM(user_id) AS SIGNED), CAST(SUM(joined_at) AS SIGNED) FROM members WHERE tenant = ?";
    let read = |row: &crate::db::Row<'_>| {
        let number = |n| row.get::<Option<i64>>(n).map(Option::unwrap_or_default);
        Ok(format!("{}.{}.{}.{}", number(0)?, number(1)?, number(2)?, number(3)?))
    };
    Ok(db.one(sql, params![tenant], read)?.unwrap_or_default())
}
