//! Where the rows of a domain are: a domain of records has them here, a noun that devices edit offline has its own.

use super::fields::{Fields, text};
use super::record::Record;
use super::store;
use super::tables::Table;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::offline::{Draft, Edit, Held, Offline};
use crate::feature::store as feed;
use crate::feature::{Ctx, version};

/// One object, alive or deleted; what a noun has deleted is known as long as its tombstone is kept.
pub fn find(db: &mut Db, tenant: i64, table: &Table, id: &str) -> Result<Option<Record>> {
    let Some(noun) = table.noun else { return store::find(db, tenant, table.name(), id) };
    if let Some(held) = (noun.find)(db, tenant, id)? {
        return alive(table, id, held).map(Some);
    }
    let buried = feed::buried(db, tenant, noun.names.list, id)?;
    Ok(buried.map(|(stamp, version)| gone(id, stamp, version.unwrap_or(version::FIRST))))
}

fn alive(table: &Table, id: &str, held: Held) -> Result<Record> {
    let Held { object, author, trace } = held;
    let instant = |name: &str| object[name].as_str().and_then(Timestamp::parse);
    let stamp = instant("updated_at").ok_or_else(|| Error::internal("an object has no stamp"))?;
    let named = table.fields.iter().map(|field| (field.name.to_owned(), object[field.name].clone()));
    let fields: Fields = named.filter(|(_, value)| !value.is_null()).collect();
    Ok(Record {
        id: id.to_owned(),
        version: object["version"].as_i64().unwrap_or(version::FIRST),
        bytes: table.weigh(&fields)?,
        fields,
        client_at: trace.edited_at.unwrap_or(stamp),
        created_by: author.unwrap_or_default(),
        // Who edited it last, its row does not say: what its author alone may edit, they did.
        updated_by: author.filter(|_| table.noun.is_some_and(Offline::is_own)).unwrap_or_default(),
        created_at: instant("created_at").unwrap_or(stamp),
        updated_at: stamp,
        deleted: false,
        object: Some(object),
    })
}

fn gone(id: &str, stamp: Timestamp, version: i64) -> Record {
    Record {
        id: id.to_owned(),
        version,
        fields: Fields::new(),
        bytes: 0,
        client_at: stamp,
        created_by: 0,
        updated_by: 0,
        created_at: stamp,
        updated_at: stamp,
        deleted: true,
        object: None,
    }
}

/// Writes an object of a noun as an edit makes it, by the noun's own rules; `stored` is what it was.
pub fn put(ctx: &mut Ctx<'_>, noun: &'static Offline, stored: Option<&Record>, record: Record) -> Result<Record> {
    let tenant = ctx.tenant_id()?;
    // Whoever settles a conflict may choose a side, and not write what another alone may edit.
    if let Some(stored) = stored.filter(|stored| !stored.deleted) {
        let by = if record.deleted { noun.deletes } else { noun.edits };
        by.require(ctx, Some(stored.created_by))?;
    }
    if record.deleted {
        match stored {
            Some(stored) if !stored.deleted => (noun.delete)(ctx, &record.id, record.version)?,
            _ => ctx.bury_version(noun.names.list, &record.id, record.version)?,
        }
        return Ok(record);
    }
    let edit = Edit { version: record.version, at: Some(record.client_at) };
    let draft = Draft::read(ctx, noun, &record.id, &record.fields, edit)?;
    (noun.write)(ctx, &draft)?;
    let held = (noun.find)(ctx.db, tenant, &record.id)?.ok_or_else(|| Error::internal("what was written is not there"))?;
    alive(&Table::of(noun), &record.id, held)
}

/// Moves an object in its domain's changes: it is what it was.
pub fn move_to(db: &mut Db, tenant: i64, table: &Table, record: &Record, stamp: Timestamp) -> Result<()> {
    match table.noun {
        None => store::move_to(db, tenant, table.name(), &record.id, stamp),
        Some(_) if record.deleted => Ok(()),
        Some(noun) => (noun.restamp)(db, tenant, &record.id, stamp),
    }
}

impl Table {
    /// What an object with these fields takes of the room.
    ///
    /// # Errors
    /// When it is too large; a noun's own fields have their limits.
    pub fn weigh(&self, fields: &Fields) -> Result<usize> {
        match self.noun {
            None => text(fields).map(|text| text.len()),
            Some(noun) => Ok(noun.texts.iter().filter_map(|text| fields.get(*text)?.as_str()).map(str::len).sum()),
        }
    }
}
