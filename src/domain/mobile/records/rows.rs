//! Where the rows of a domain are: a domain of records has them here, a noun that devices edit offline has its own.

use super::fields::{Fields, text};
use super::record::Record;
use super::store;
use super::tables::Table;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::news::EditKey;
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
        // See [`editor`].
        updated_by: 0,
        created_at: instant("created_at").unwrap_or(stamp),
        updated_at: stamp,
        deleted: false,
        edit: EditKey::default(),
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
        edit: EditKey::default(),
        object: None,
    }
}

/// Writes an object of a noun as an edit makes it, by the noun's own rules; `stored` is what it was.
pub fn put(ctx: &mut Ctx<'_>, noun: &'static Offline, stored: Option<&Record>, record: Record) -> Result<Record> {
    let tenant = ctx.tenant_id()?;
    // Whoever settles a conflict may choose a side, and not write what another alone may edit.
    if let Some(stored) = stored {
        require(ctx, noun, stored, record.deleted)?;
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

/// Refuses whoever may not edit an object of a noun, or delete it. What its author alone may edit comes back by nobody else.
pub fn require(ctx: &mut Ctx<'_>, noun: &Offline, record: &Record, deletes: bool) -> Result<()> {
    if !record.deleted {
        let by = if deletes { noun.deletes } else { noun.edits };
        return by.require(ctx, Some(record.created_by));
    }
    let tenant = ctx.tenant_id()?;
    let comes_back = noun.is_own() && !deletes;
    let author = if comes_back { feed::told(ctx.db, tenant, noun.names.list, &record.id)? } else { None };
    author.and_then(|(_, author)| author).map_or(Ok(()), |author| noun.edits.require(ctx, Some(author)))
}

/// Who edited an object last, as far as that is known: the feed says it of what a noun has.
pub fn editor(db: &mut Db, tenant: i64, table: &Table, record: &Record) -> Result<Option<i64>> {
    let known = |user: i64| Some(user).filter(|user| *user != 0);
    match table.noun {
        None => Ok(known(record.updated_by)),
        Some(noun) if noun.is_own() && !record.deleted => Ok(known(record.created_by)),
        Some(noun) => Ok(feed::told(db, tenant, noun.names.list, &record.id)?.and_then(|(_, editor)| editor)),
    }
}

/// The stamp under which the feed last told of an object. What is told again is what it was, with the stamp of its last edit.
pub fn told_at(db: &mut Db, tenant: i64, table: &Table, record: &Record) -> Result<Timestamp> {
    let told = table.noun.map_or(Ok(None), |noun| feed::told(db, tenant, noun.names.list, &record.id))?;
    Ok(told.map_or(record.updated_at, |(stamp, _)| stamp))
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
