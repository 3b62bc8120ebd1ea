//! The shelf in the database.

use super::Item;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row, Upsert};
use crate::{columns, params};

columns!(shelf: "SELECT id, owner, until_at, data FROM shelf");

/// What is no text, after damage or by hand, says nothing: whoever reads the kind takes it for none, and no request fails by it.
fn item(row: &Row<'_>) -> Result<Item> {
    Ok(Item { id: row.get(0)?, owner: row.get(1)?, until: row.get(2)?, data: row.get(3).unwrap_or_default() })
}

/// One item.
pub fn find(db: &mut Db, kind: &str, id: &str, owner: i64) -> Result<Option<Item>> {
    db.one(shelf!("WHERE kind = ? AND id = ? AND owner = ?"), params![kind, id, owner], item)
}

/// Every item of a kind. One that no id can name, after damage or by hand, is none: nobody could ask for it.
pub fn all(db: &mut Db, kind: &str) -> Result<Vec<Item>> {
    let rows = db.all(shelf!("WHERE kind = ? ORDER BY id, owner"), params![kind], |row| Ok(item(row).ok()))?;
    Ok(rows.into_iter().flatten().collect())
}

const ITEM: Upsert = Upsert { table: "shelf", key: &["kind", "id", "owner"], set: &["until_at", "data"] };

/// Puts an item there, in the place of the one before.
pub fn put(db: &mut Db, kind: &str, item: &Item) -> Result<()> {
    db.put(&ITEM, params![kind, &item.id, item.owner, item.until, &item.data])
}

/// Takes an item away.
pub fn remove(db: &mut Db, kind: &str, id: &str, owner: i64) -> Result<u64> {
    db.run("DELETE FROM shelf WHERE kind = ? AND id = ? AND owner = ?", params![kind, id, owner])
}

/// Takes away all of this id, whosever they are.
pub fn remove_all(db: &mut Db, kind: &str, id: &str) -> Result<u64> {
    db.run("DELETE FROM shelf WHERE kind = ? AND id = ?", params![kind, id])
}

/// Takes away what does not hold any more.
pub fn purge(db: &mut Db, kind: &str, now: Timestamp) -> Result<u64> {
    db.run("DELETE FROM shelf WHERE kind = ? AND until_at <= ?", params![kind, now])
}
