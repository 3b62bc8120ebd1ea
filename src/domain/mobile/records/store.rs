//! Records in the database. Every statement names the tenant.

use super::record::Record;
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::{Db, Param, Row, Upsert};
use crate::feature::news::EditKey;
use crate::feature::{Measure, Names};
use crate::{columns, params};

/// What of a domain's record takes room.
pub const fn measure(names: &Names) -> Measure {
    Measure { of: Some(("domain", names.name)), ..Measure::of("records", &["data"]) }
}

columns!(records: "SELECT id, version, data, client_at, created_by, updated_by, created_at, stamp, deleted, edit_at, edit_place \
     FROM records");

fn record(row: &Row<'_>) -> Result<Record> {
    let data: String = row.get(2)?;
    Ok(Record {
        id: row.get(0)?,
        version: row.get(1)?,
        fields: json::read(data.as_bytes())?,
        bytes: data.len(),
        client_at: row.get(3)?,
        created_by: row.get(4)?,
        updated_by: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        deleted: row.get(8)?,
        edit: EditKey { stamp: row.get(9)?, place: row.get(10)? },
        object: None,
    })
}

/// One record, alive or deleted.
pub fn find(db: &mut Db, tenant: i64, domain: &str, id: &str) -> Result<Option<Record>> {
    let sql = records!("WHERE tenant = ? AND domain = ? AND id = ?");
    db.one(sql, params![tenant, domain, id], record)
}

/// So many records are looked up at once.
const AT_ONCE: usize = 100;

/// Those of some records that are there.
pub fn find_all(db: &mut Db, tenant: i64, domain: &str, ids: &[&str]) -> Result<Vec<Record>> {
    let mut all = Vec::new();
    for part in ids.chunks(AT_ONCE) {
        // One text however many are asked for: of fewer the last is named again.
        let last = part.last().copied().unwrap_or_default();
        let named = part.iter().copied().chain(std::iter::repeat(last)).take(AT_ONCE);
        let mut values = vec![Param::Int(tenant), Param::Text(domain)];
        values.extend(named.map(Param::Text));
        let marks = vec!["?"; AT_ONCE].join(", ");
        let sql = format!(records!("WHERE tenant = ? AND domain = ? AND id IN ({})"), marks);
        all.append(&mut db.all(&sql, &values, record)?);
    }
    Ok(all)
}

/// The device that made this version of a record, if that is known: an older program writes none.
pub fn device(db: &mut Db, tenant: i64, domain: &str, record: &Record) -> Result<Option<String>> {
    let sql = "SELECT device FROM records WHERE tenant = ? AND domain = ? AND id = ? AND device_version = ? AND device <> ''";
    db.one(sql, params![tenant, domain, &record.id, record.version], |row| row.get(0))
}

/// Forgets from which devices a user's edits came.
pub fn forget_devices(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("UPDATE records SET device = '' WHERE tenant = ? AND updated_by = ? AND device <> ''", params![tenant, user]).map(drop)
}

/// Every column of a record.
const RECORD: Upsert = Upsert {
    table: "records",
    key: &["tenant", "domain", "id"],
    set: &[
        "version",
        "data",
        "client_at",
        "created_by",
        "updated_by",
        "created_at",
        "stamp",
        "deleted",
        "device",
        "device_version",
        "edit_at",
        "edit_place",
    ],
};

/// Writes a version of a record, the first or another one, which came from this device; `data` is its fields as text. Many
/// may go at once.
pub fn write(db: &mut Db, tenant: i64, (domain, is_new): (&str, bool), record: &Record, data: &str, device: &str) -> Result<()> {
    if !db.gathers() && !is_new {
        return update(db, tenant, domain, record, data, device);
    }
    let values = params![
        tenant,
        domain,
        &record.id,
        record.version,
        data,
        record.client_at,
        record.created_by,
        record.updated_by,
        record.created_at,
        record.updated_at,
        record.deleted,
        device,
        record.version,
        record.edit.stamp,
        record.edit.place,
    ];
    if db.gathers() {
        return db.put_later(&RECORD, values);
    }
    let sql = "INSERT INTO records (tenant, domain, id, version, data, client_at, created_by, updated_by, created_at, stamp, \
         deleted, device, device_version, edit_at, edit_place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    db.run(sql, values).map(drop)
}

/// Writes a new version of a record.
fn update(db: &mut Db, tenant: i64, domain: &str, record: &Record, data: &str, device: &str) -> Result<()> {
    let sql = "UPDATE records SET version = ?, data = ?, client_at = ?, updated_by = ?, stamp = ?, deleted = ?, device = ?, device_version = ?, \
         edit_at = ?, edit_place = ? WHERE tenant = ? AND domain = ? AND id = ?";
    let Record { id, version, client_at, updated_by, updated_at, deleted, edit, .. } = record;
    let values = params![
        *version,
        data,
        *client_at,
        *updated_by,
        *updated_at,
        *deleted,
        device,
        *version,
        edit.stamp,
        edit.place,
        tenant,
        domain,
        id,
    ];
    db.run(sql, values).map(drop)
}

/// The live records of a domain that a user made, and that nobody else wrote last, by id and version.
pub fn of_user_alone(db: &mut Db, tenant: i64, domain: &str, user: i64) -> Result<Vec<(String, i64)>> {
    let sql =
        "SELECT id, version FROM records WHERE tenant = ? AND domain = ? AND created_by = ? AND updated_by = ? AND deleted = 0";
    db.all(sql, params![tenant, domain, user, user], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Deletes a record as its device would: its version stays, so that a late edit does not begin anew.
pub fn erase(db: &mut Db, tenant: i64, domain: &str, id: &str, stamp: Timestamp) -> Result<()> {
    let sql = "UPDATE records SET version = version + 1, data = '{}', stamp = ?, deleted = 1 WHERE tenant = ? AND domain = ? AND id = ?";
    db.run(sql, params![stamp, tenant, domain, id]).map(drop)
}

/// Raises each version that is not above the most.
pub fn raise_versions(db: &mut Db, tenant: i64, by: i64, most: i64) -> Result<()> {
    let sql = "UPDATE records SET version = version + ?, device_version = device_version + ? WHERE tenant = ? AND version <= ?";
    db.run(sql, params![by, by, tenant, most]).map(drop)
}

/// Moves a record in its domain's changes: it is what it was.
pub fn move_to(db: &mut Db, tenant: i64, domain: &str, id: &str, stamp: Timestamp) -> Result<()> {
    let sql = "UPDATE records SET stamp = ? WHERE tenant = ? AND domain = ? AND id = ?";
    db.run(sql, params![stamp, tenant, domain, id]).map(drop)
}

/// The first records after an instant, deleted ones too, oldest change first.
pub fn first(db: &mut Db, tenant: i64, domain: &str, since: Timestamp, limit: usize) -> Result<Vec<Record>> {
    let sql = records!("WHERE tenant = ? AND domain = ? AND stamp > ? ORDER BY stamp, id LIMIT ?");
    db.all(sql, params![tenant, domain, since, i64::try_from(limit).unwrap_or(i64::MAX)], record)
}

/// Where the last edit of a record is remembered.
pub fn last_edit(db: &mut Db, tenant: i64, domain: &str, id: &str) -> Result<EditKey> {
    let sql = "SELECT edit_at, edit_place FROM records WHERE tenant = ? AND domain = ? AND id = ?";
    let found = db.one(sql, params![tenant, domain, id], |row| Ok(EditKey { stamp: row.get(0)?, place: row.get(1)? }))?;
    Ok(found.unwrap_or_default())
}

/// Notes where that is, of a record that is not written.
pub fn note_edit(db: &mut Db, tenant: i64, domain: &str, id: &str, edit: EditKey) -> Result<()> {
    let sql = "UPDATE records SET edit_at = ?, edit_place = ? WHERE tenant = ? AND domain = ? AND id = ?";
    db.run(sql, params![edit.stamp, edit.place, tenant, domain, id]).map(drop)
}

/// Every record of one stamp.
pub fn at(db: &mut Db, tenant: i64, domain: &str, stamp: Timestamp) -> Result<Vec<Record>> {
    let sql = records!("WHERE tenant = ? AND domain = ? AND stamp = ? ORDER BY id");
    db.all(sql, params![tenant, domain, stamp], record)
}
