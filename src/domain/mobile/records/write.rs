//! Writing what an upload's items come to: one look-up, one write and one row of the feed for each record.

use super::item::Item;
use super::landed::Landings;
use super::merge::{self, Clash, Landing, New, Settled, Winner};
use super::record::Record;
use super::room::Room;
use super::tables::Table;
use super::target::Target;
use super::weight::{before, bytes, growth, needs};
use super::{fields, outcome, rank, rows, store};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::domain::mobile::answer::{self, SyncedItem};
use crate::domain::mobile::conflicts::{self, Conflict, Rule, rules};
use crate::domain::mobile::domains::RECORDS;
use crate::domain::mobile::object::Object;
use crate::domain::mobile::sender::Batch;
use crate::feature::news::{Clashed, EditKey};
use crate::feature::room::rules::Growth;
use crate::feature::{Ctx, News, version};
use serde_json::Value;
use std::collections::HashMap;

/// What an item came to.
pub struct Done {
    /// What its device is told.
    pub item: SyncedItem,
    /// The conflict that it met.
    pub conflict: Option<answer::Conflict>,
}

/// The records of one upload on their way into the store.
pub struct Writer<'b> {
    batch: &'b Batch,
    /// Versions that this upload wrote. A later item of it was made with the earlier one in view.
    own: HashMap<(&'static str, String), i64>,
    /// What was looked up before, all at once: the server's way there and back is longer than the look.
    known: HashMap<(&'static str, String), Option<Record>>,
    /// What there was already under another id than the device made.
    twins: HashMap<(&'static str, String), String>,
    /// Room for their conflicts.
    open: Room,
    /// What the tenant wants for the domains that had conflicts.
    rules: HashMap<&'static str, Rule>,
    /// The conflicts that were met.
    met: Vec<Clashed>,
    /// Bytes that are left for objects in the answer.
    room: usize,
    /// What is told of its edits.
    landings: Landings,
}

/// The most bytes of objects and of conflicts' sides in one answer before objects are left out: a phone holds it twice, as text
/// and parsed.
const ROOM: usize = 4 << 20;

/// The most rows of the feed that an item moves: its record and the conflict that it met.
const MOST_ROWS: usize = 2;

/// A version as answers show it.
pub fn shown(version: i64) -> u32 {
    u32::try_from(version).unwrap_or(u32::MAX)
}

impl<'b> Writer<'b> {
    /// Starts on an upload.
    pub fn new(batch: &'b Batch) -> Writer<'b> {
        let (own, known, twins, rules, met, open, landings) = Default::default();
        Writer { batch, own, known, twins, rules, met, open, landings, room: ROOM }
    }

    /// Looks up the records that the next items are about, where that is done for many at once. Nobody else writes them until this transaction ends.
    ///
    /// # Errors
    /// The database's.
    pub fn look_up(&mut self, ctx: &mut Ctx<'_>, items: &[Value]) -> Result<()> {
        if !ctx.db.gathers() {
            return Ok(());
        }
        let tenant = ctx.tenant_id()?;
        for table in RECORDS {
            let of = |item: &&Value| item["domain"].as_str().is_some_and(|domain| domain.eq_ignore_ascii_case(table.name()));
            let ids: Vec<String> = items.iter().filter(of).filter_map(|item| id::parse(item["mobile_id"].as_str()?)).collect();
            let named: Vec<&str> = ids.iter().map(String::as_str).collect();
            let found = store::find_all(ctx.db, tenant, table.name(), &named)?;
            self.known.extend(ids.iter().map(|id| ((table.name(), id.clone()), None)));
            self.known.extend(found.into_iter().map(|record| ((table.name(), record.id.clone()), Some(record))));
        }
        Ok(())
    }

    /// Takes one item.
    ///
    /// # Errors
    /// What is wrong with it, before anything of it is written; the database's.
    pub fn take(&mut self, ctx: &mut Ctx<'_>, json: &Value) -> Result<Done> {
        let mut item = Item::read(ctx.house.features, json, self.batch, ctx.now)?;
        let mut stored = self.look(ctx, &mut item)?;
        let existing = id::parse(&item.sent_id).filter(|sent| *sent != item.id).map(|_| item.id.clone());
        let key = (item.table.name(), item.id.clone());
        item.version = self.own.get(&key).map_or(item.version, |own| item.version.max(*own));
        ctx.fit(if stored.is_some() { MOST_ROWS } else { 1 })?;
        let landing = allowed(ctx, &item, stored.as_ref()).and_then(|()| merge::land(stored.as_ref(), &item));
        match landing.and_then(|landing| self.place(ctx, &item, stored.as_ref(), landing)) {
            Err(Error::Refused(refusal)) => {
                // Who had seen what the server has holds it; who edits what is deleted does not know that.
                if let Some(record) = stored.take().filter(|record| record.deleted || record.version != item.version) {
                    tell_again(ctx, item.table, &record)?;
                }
                Err(Error::Refused(refusal))
            }
            outcome => outcome.map(|done| Done { item: SyncedItem { existing_id: existing, ..done.item }, ..done }),
        }
    }

    /// Looks up what an item is about. Where there may be but one and there is one already under another id, it is that one.
    fn look(&mut self, ctx: &mut Ctx<'_>, item: &mut Item) -> Result<Option<Record>> {
        let key = (item.table.name(), item.id.clone());
        // Who deletes what they never saw land on another's takes back their own: the other stays.
        if let Some(twin) = self.twins.get(&key).filter(|_| !item.delete || item.version > 0) {
            item.id.clone_from(twin);
        }
        let tenant = ctx.tenant_id()?;
        let stored = match self.known.remove(&(item.table.name(), item.id.clone())) {
            Some(known) => known,
            None => rows::find(ctx.db, tenant, item.table, &item.id)?,
        };
        let Some(noun) = item.table.noun.filter(|_| stored.is_none() && !item.delete) else { return Ok(stored) };
        let Some(twin) = (noun.twin)(ctx, &item.view())? else { return Ok(None) };
        self.twins.insert(key, twin.clone());
        item.id = twin;
        rows::find(ctx.db, tenant, item.table, &item.id)
    }

    /// Writes what an item comes to. It is refused before anything is written.
    fn place(&mut self, ctx: &mut Ctx<'_>, item: &Item, stored: Option<&Record>, landing: Landing) -> Result<Done> {
        match (landing, stored) {
            (Landing::Written(new), _) => {
                let status = new.status;
                let record = self.put(ctx, item, stored, new, status)?;
                if status == "merged" {
                    ctx.disown(item.table.entry.names.list, &record.id)?;
                } else {
                    self.own.insert((item.table.name(), item.id.clone()), record.version);
                }
                self.done(item, stored, record, status)
            }
            (Landing::Unchanged, Some(record)) => {
                let left = self.leave(ctx, item, record, "unchanged")?;
                self.done(item, stored, left, "unchanged")
            }
            (Landing::Clash(clash), Some(record)) => self.settle(ctx, item, record, &clash),
            (_, None) => Err(Error::internal("a record that is not there met an edit")),
        }
    }

    /// Lets the tenant's policy decide, and keeps the conflict whatever it says.
    fn settle(&mut self, ctx: &mut Ctx<'_>, item: &Item, stored: &Record, clash: &Clash) -> Result<Done> {
        let rule = self.rule(ctx, item)?;
        let from = (ctx.user()?, self.batch.device.as_str());
        let ranks = rank::under(ctx, rule.strategy(), item.table, stored, from)?;
        let settled = merge::settle(rule.strategy(), ranks, stored, item, clash);
        let mut conflict = conflict(ctx, item, stored, self.batch, rule)?;
        let growth = Growth::row(conflicts::store::size(&conflict)?);
        ctx.require_stock(&conflicts::STOCK, growth)?;
        if let Some(new) = settled.as_ref().and_then(|settled| settled.new.as_ref()) {
            ctx.require_room(item.table.entry.names.list, needs(item.table, stored, new)?)?;
        }
        self.open.make(ctx, item, settled.is_some())?;
        let new = settled.and_then(|settled| decide(&mut conflict, settled));
        let record = match new {
            Some(new) => {
                let record = self.put(ctx, item, Some(stored), new, "conflict")?;
                ctx.disown(item.table.entry.names.list, &record.id)?;
                record
            }
            None => self.leave(ctx, item, stored, "conflict")?,
        };
        // A deletion that wins over an edit that it had not seen leaves both sides here for a while, for who sent it and who wrote that.
        conflicts::store::insert(ctx.db, ctx.tenant_id()?, &conflict)?;
        ctx.count_stock(&conflicts::STOCK, growth)?;
        if rule.notify && !record.deleted {
            ctx.tell_again(conflicts::KIND, &conflict.conflict_id, false)?;
        }
        self.met.push(Clashed {
            conflict: conflict.conflict_id.clone(),
            domain: item.table.name(),
            id: item.id.clone(),
            waits: conflict.resolution_required,
            notify: rule.notify && !record.deleted,
            against: conflict.server_user_id,
        });
        let sides = json::size(&conflict.server_data) + json::size(&conflict.client_data);
        let room = self.room.checked_sub(sides);
        self.room = room.unwrap_or(self.room);
        let told = match room {
            Some(_) => answer::Conflict::from(&conflict),
            None => answer::Conflict { data_omitted: true, ..answer::Conflict::from(&conflict.without_data()) },
        };
        let told = answer::Conflict { mobile_id: item.sent_id.clone(), ..told };
        Ok(Done { conflict: Some(told), ..self.done(item, Some(stored), record, "conflict")? })
    }

    /// Tells others of the conflicts that were met.
    pub fn tell(&self, ctx: &mut Ctx<'_>) -> Result<()> {
        if self.met.is_empty() { Ok(()) } else { ctx.tell(&News::Clashed(&self.met)) }
    }

    /// Writes an item, and tells others of an edit of what was there.
    fn put(&mut self, ctx: &mut Ctx<'_>, item: &Item, stored: Option<&Record>, new: New, status: &str) -> Result<Record> {
        let (target, landings) = (Target::of(ctx, item, self.batch), &mut self.landings);
        put(ctx, &target, stored, new, &mut |ctx, before, after| landings.tell(ctx, &target, status, (before, after)))
    }

    /// Writes nothing of an item, and tells others of it all the same. A device that does not hold what the record is hears of it again.
    fn leave(&mut self, ctx: &mut Ctx<'_>, item: &Item, record: &Record, status: &str) -> Result<Record> {
        let edit = self.landings.tell(ctx, &Target::of(ctx, item, self.batch), status, (record, record))?;
        let holds_it = outcome::is_as_sent(item, Some(record), record);
        let left = if holds_it { record.clone() } else { tell_again(ctx, item.table, record)? };
        if edit != record.edit {
            store::note_edit(ctx.db, ctx.tenant_id()?, item.table.name(), &record.id, edit)?;
        }
        Ok(Record { edit, ..left })
    }

    /// What a device is told of an item: the record whole, where it is not what the device holds and there is room.
    fn done(&mut self, item: &Item, before: Option<&Record>, record: Record, status: &str) -> Result<Done> {
        let as_sent = outcome::is_as_sent(item, before, &record);
        let (version, stamp) = (shown(record.version), record.updated_at);
        let object = (!as_sent).then(|| record.into_object(item.table));
        let room = self.room.checked_sub(object.as_ref().map_or(0, Object::size));
        self.room = room.unwrap_or(self.room);
        let item = SyncedItem {
            domain: item.table.name().to_owned(),
            mobile_id: item.sent_id.clone(),
            status: status.to_owned(),
            server_version: version,
            version,
            stamp,
            as_sent,
            existing_id: None,
            object: object.filter(|_| room.is_some()),
            object_omitted: room.is_none(),
        };
        Ok(Done { item, conflict: None })
    }

    fn rule(&mut self, ctx: &mut Ctx<'_>, item: &Item) -> Result<Rule> {
        let domain = item.table.name();
        if let Some(rule) = self.rules.get(domain) {
            return Ok(*rule);
        }
        let tenant = ctx.tenant_id()?;
        let rule = conflicts::store::rule(ctx.db, tenant, domain)?.unwrap_or_else(|| Rule::of(item.table.policy));
        self.rules.insert(domain, rule);
        Ok(rule)
    }
}

/// May the caller do with an object what an item wants? What somebody else alone may edit is no conflict.
fn allowed(ctx: &mut Ctx<'_>, item: &Item, stored: Option<&Record>) -> Result<()> {
    let (Some(noun), Some(record)) = (item.table.noun, stored) else { return Ok(()) };
    rows::require(ctx, noun, record, item.delete)
}

/// Moves a record in the feed and in its domain's changes as it is: no new version. A device that has polled past it would
/// not hear of it otherwise.
pub fn tell_again(ctx: &mut Ctx<'_>, table: &Table, record: &Record) -> Result<Record> {
    let (tenant, stamp) = (ctx.tenant_id()?, ctx.stamp()?);
    // A noun's object keeps the stamp of its last edit, and its tag: whoever holds it holds what it is.
    if table.noun.is_none() {
        store::move_to(ctx.db, tenant, table.name(), &record.id, stamp)?;
    }
    ctx.tell_again(table.entry.names.list, &record.id, record.deleted)?;
    Ok(Record { updated_at: stamp, ..record.clone() })
}

/// Marks a conflict as settled by its policy; answers what is written.
fn decide(conflict: &mut Conflict, settled: Settled) -> Option<New> {
    conflict.resolution_result = rules::RESOLVED.to_owned();
    conflict.resolution_required = false;
    conflict.winning_version = Some(word::of(&Winner::ALL, &settled.winner).to_owned());
    conflict.resolved_at = Some(conflict.created_at);
    settled.new
}

/// A conflict that waits for somebody. It is refused as a whole when one of its sides is too large to keep.
fn conflict(ctx: &mut Ctx<'_>, item: &Item, record: &Record, batch: &Batch, rule: Rule) -> Result<Conflict> {
    let tenant = ctx.tenant_id()?;
    for side in [Some(&item.edit), item.base.as_ref()].into_iter().flatten() {
        item.table.weigh(side)?;
    }
    Ok(Conflict {
        conflict_id: id::object(),
        domain: item.table.name().to_owned(),
        mobile_id: item.id.clone(),
        user_id: ctx.user()?,
        device_id: batch.device.clone(),
        server_version: shown(record.version),
        client_version: shown(item.version),
        client_at: item.at,
        server_data: data(record),
        server_user_id: rows::editor(ctx.db, tenant, item.table, record)?,
        client_data: item.sent(),
        base_data: item.base.clone().map_or(Value::Null, Value::Object),
        resolution_strategy: rule.strategy().name().to_owned(),
        resolution_result: rules::MANUAL_REQUIRED.to_owned(),
        resolution_required: true,
        winning_version: None,
        created_at: ctx.stamp()?,
        resolved_by: None,
        resolved_at: None,
        notes: None,
        answer: None,
    })
}

/// The fields of a record; null when it is deleted.
pub fn data(record: &Record) -> Value {
    if record.deleted { Value::Null } else { Value::Object(record.fields.clone()) }
}

/// Tells of an edit: of what was there, and of what it becomes. Answers where the record's last edit is remembered then.
pub type Tell<'t> = &'t mut dyn FnMut(&mut Ctx<'_>, &Record, &Record) -> Result<EditKey>;

/// Writes the next version of a record, and moves it in the feed. Of an edit of what was there is told before.
///
/// # Errors
/// When it is too large; the database's.
pub fn put(ctx: &mut Ctx<'_>, target: &Target<'_>, stored: Option<&Record>, new: New, tell: Tell<'_>) -> Result<Record> {
    let (tenant, user, stamp) = (ctx.tenant_id()?, ctx.user()?, ctx.stamp()?);
    // A record of a domain weighs as much as its text has bytes: it is written once.
    let text = if target.table.noun.is_none() { Some(fields::text(&new.fields)?) } else { None };
    let weigh = || text.as_ref().map_or_else(|| target.table.weigh(&new.fields), |text| Ok(text.len()));
    let weight = if new.deleted { None } else { Some(weigh()?) };
    let kind = target.table.entry.names.list;
    ctx.require_room(kind, growth(stored, weight))?;
    let mut record = Record {
        id: target.id.to_owned(),
        version: stored
            .map_or(ctx.first_version(), |record| record.version.max(target.seen.min(record.version + version::LOST)) + 1),
        fields: new.fields,
        bytes: weight.unwrap_or_default(),
        client_at: edited(stored, target.at),
        created_by: stored.map_or(user, |record| record.created_by),
        updated_by: user,
        created_at: stored.map_or(stamp, |record| record.created_at),
        updated_at: stamp,
        deleted: new.deleted,
        edit: EditKey::default(),
        object: None,
    };
    if let Some(noun) = target.table.noun {
        return rows::put(ctx, noun, stored, record);
    }
    record.edit = stored.map_or(Ok(record.edit), |stored| tell(ctx, stored, &record))?;
    let data = text.unwrap_or_default();
    store::write(ctx.db, tenant, (target.table.name(), stored.is_none()), &record, &data, target.device)?;
    match stored {
        // Whether its tombstone is still in the feed only the feed knows.
        Some(stored) if stored.deleted && !record.deleted => ctx.touch_version(kind, &record.id, record.version)?,
        Some(stored) if stored.deleted => ctx.bury_version(kind, &record.id, record.version)?,
        _ => ctx.place(kind, (&record.id, record.version), before(stored), weight.map(bytes))?,
    }
    if record.deleted && conflicts::store::lose_record(ctx.db, tenant, target.table.name(), target.id, stamp)? {
        ctx.recount_stock(tenant, &conflicts::STOCK);
    }
    Ok(record)
}

/// A merged record is as recent as the later of its edits.
fn edited(stored: Option<&Record>, at: Timestamp) -> Timestamp {
    stored.map_or(at, |record| record.client_at.max(at))
}
