//! The REST face of records: a domain's uploads and changes, and how its conflicts are settled.

use super::fields::{DATA, Fields, value};
use super::item::ENVELOPE;
use super::record::Record;
use super::resolve::{self, resolve};
use super::tables::Table;
use super::{record, store};
use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::domain::mobile::answer::{Conflict, SyncError, SyncResponse, SyncedItem};
use crate::domain::mobile::batch::{EPOCH, KNOWN, Operation};
use crate::domain::mobile::conflicts::{self, Policy, Rule, rules};
use crate::domain::mobile::domains::{self, Domain};
use crate::domain::mobile::texts;
use crate::domain::mobile::{api, engine, words};
use crate::feature::News;
use crate::feature::ctx::found;
use crate::feature::cursor::{self, Rows};
use crate::feature::{Ctx, Schemas};
use crate::http::input::{Extent, Field, Input, Shape, held};
use crate::http::{Response, body, etag, key, schema};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The domain whose route has this path.
fn table(path: &str) -> Result<&'static Table> {
    match domains::of_path(path)? {
        Domain::Records(table) => Ok(table),
        Domain::Telemetry(_) => Err(Error::Internal(format!("{path} is no path of records"))),
    }
}

/// The list of an upload of records.
const ENTRIES: &str = "entries";
/// The fewest and the most characters of a client's id.
const CLIENT_ID: Shape = Shape::Text { min: 5, max: 100, trim: true, blank: false };

/// What an upload of records of one domain holds.
pub const UPLOAD: &[Field] = &[
    Field::new(ENTRIES, Shape::List).required(),
    Field::new("client_id", CLIENT_ID).required().about("The device's own name for itself."),
    Field::new("last_sync_timestamp", Shape::Instant)
        .nullable()
        .about("When the device last synced. Of no effect: versions tell what it has seen."),
    KNOWN,
];

/// What an upload of records came to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UploadedRecords")]
pub struct Uploaded {
    /// Entries that were taken, in the order they were sent.
    synced_items: Vec<SyncedItem>,
    /// Conflicts that were met, settled or not.
    conflicts: Vec<Conflict>,
    /// Entries that were refused.
    errors: Vec<RefusedRecord>,
    /// The stamp of what was written.
    timestamp: Timestamp,
    /// The clock before it: a client whose cursor this is has missed nothing in between.
    previous_stamp: Option<Timestamp>,
    /// The epoch of the store: another one than before asks to start over, and to send again what was lost.
    epoch: Option<String>,
}

/// An entry that was refused.
#[derive(Serialize, JsonSchema)]
struct RefusedRecord {
    /// The record, as it was sent.
    mobile_id: Option<String>,
    /// `error`
    status: &'static str,
    /// The field that is wrong.
    field: Option<String>,
    /// A sentence for a person.
    error_message: String,
    /// Every wrong field with its sentence, when there are several.
    details: Option<Value>,
    /// The domain.
    domain: Option<String>,
    /// What is wrong, in a word that stays.
    #[schemars(extend("enum" = words::names()))]
    reason: String,
    /// May it be taken when it is sent again unchanged, later?
    retryable: bool,
    /// Seconds until that is worth trying, where it is not at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// The same word, from version 2 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl RefusedRecord {
    fn of(error: SyncError, version: u8) -> RefusedRecord {
        let SyncError {
            message: error_message, field, item_id: mobile_id, details, domain, reason, retryable, retry_after, ..
        } = error;
        let code = (version >= api::WORDS_SINCE).then(|| reason.clone());
        RefusedRecord { mobile_id, status: "error", field, error_message, details, domain, reason, retryable, retry_after, code }
    }
}

/// POST `/sync/{domain}/sync/`
pub fn sync(ctx: &mut Ctx<'_>) -> Result<Response> {
    let table = table(ctx.route.path)?;
    let mut body = body::lists(ctx.request, &[ENTRIES])?;
    let entries = body.remove(ENTRIES);
    let mut input = Input::of(&body, &UPLOAD[1..], Extent::Whole);
    let entries = list(entries, &mut input);
    input.finish()?;
    let items: Vec<Value> = entries.into_iter().map(|entry| item(table, entry)).collect();
    let beside = [("device_id", json!(input.text("client_id"))), (EPOCH, json!(input.text(EPOCH))), (DATA, Value::Array(items))];
    let body = beside.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let response = api::upload(ctx, Operation::List(Domain::Records(table)), body)?;
    let all: SyncResponse = json::read(&response.body)?;
    let version = ctx.request.version.number;
    let uploaded = Uploaded {
        synced_items: all.items,
        conflicts: all.conflicts,
        errors: all.errors.into_iter().map(|error| RefusedRecord::of(error, version)).collect(),
        timestamp: all.server_timestamp,
        previous_stamp: all.previous_stamp,
        epoch: all.epoch,
    };
    Ok(Response { body: Response::json(200, &uploaded).body, ..response })
}

/// The entries: what is wrong with one is its own affair.
fn list(sent: Option<Value>, input: &mut Input) -> Vec<Value> {
    let missing = sent.is_none();
    let entries = match sent {
        Some(Value::Array(entries)) => entries,
        Some(other) if held(&other).is_array() => held(&other).as_array().cloned().unwrap_or_default(),
        _ => {
            input.check(false, ENTRIES, if missing { &text::REQUIRED } else { &text::NOT_LIST });
            return Vec::new();
        }
    };
    if !(1..=engine::MAX_ITEMS).contains(&entries.len()) {
        input.error(ENTRIES, Message::with(&texts::LIST_LENGTH, &[&1, &engine::MAX_ITEMS, &entries.len()]));
    }
    entries
}

/// An entry has its fields beside its envelope; an item has them under `data`.
fn item(table: &Table, entry: Value) -> Value {
    let Value::Object(entry) = entry else { return json!({"domain": table.name(), DATA: entry}) };
    let in_envelope = |name: &str| ENVELOPE.iter().any(|field| field.name == name);
    let (mut item, data): (Fields, Fields) = entry.into_iter().partition(|(name, _)| in_envelope(name));
    item.insert("domain".to_owned(), json!(table.name()));
    item.insert(DATA.to_owned(), Value::Object(data));
    Value::Object(item)
}

/// The schema of an upload of the domain whose route is described: that an entry breaks its rules is no error of the upload.
pub fn describe_upload(schemas: &mut Schemas) -> Schema {
    let fields = table(schemas.subject).map_or(&[] as &[Field], |table| table.fields);
    let entry = schema::object(&[&ENVELOPE[1..], fields].concat(), Extent::Whole);
    let mut upload = schema::object(UPLOAD, Extent::Whole);
    if let Some(entries) = upload.pointer_mut("/properties/entries") {
        *entries = json!({"type": "array", "items": entry, "minItems": 1, "maxItems": engine::MAX_ITEMS});
    }
    upload
}

/// Rows on a page when the client does not say.
const PAGE: i64 = 100;
/// The most rows on a page.
const MAX_PAGE: i64 = 1_000;
/// The longest state or priority that is looked for, in characters.
const MAX_WORD: usize = 50;

/// What a page of changes shows.
pub const CHANGES: &[Field] = &[
    Field::new("since", Shape::Instant).about("The last `next_timestamp`; everything when it is missing."),
    Field::new("limit", Shape::Int(1, MAX_PAGE)).about("Records on a page; 100 when it is missing."),
    Field::text("epoch", MAX_WORD).about("The last `epoch`: another one than the tenant's starts over."),
    Field::name("status", MAX_WORD)
        .about("Only records in this state; what was deleted, and after `since` what is in another by now, is named."),
    Field::name("priority", MAX_WORD).about("Only records of this priority; the same holds."),
    Field::new("date_from", Shape::Instant).about("Only records from this instant on; the same holds."),
];

/// The schema of a page of changes of the domain whose route is described.
pub fn describe_changes(schemas: &mut Schemas) -> Schema {
    let item = describe_record(schemas);
    let at = schemas.generator.subschema_for::<Timestamp>();
    json_schema!({
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "has_more": {"type": "boolean"},
            "next_timestamp": at,
            "epoch": {"type": "string"},
            "reset": {"type": "boolean"},
        },
        "required": ["items", "has_more", "next_timestamp", "epoch", "reset"],
    })
}

/// A page of changes. Its cursor follows the rules of the feed, but for the horizon: tombstones of records are kept for
/// good, so that no `since` is too old.
#[derive(Serialize)]
struct Changes {
    items: Vec<Value>,
    has_more: bool,
    /// The instant up to which the page is complete: the next `since`.
    next_timestamp: Timestamp,
    /// Changes when the store was restored.
    epoch: String,
    /// These are not the changes but everything alive: it replaces what the client holds.
    reset: bool,
}

/// GET `/sync/{domain}/changes/`
pub fn changes(ctx: &mut Ctx<'_>) -> Result<Response> {
    let table = table(ctx.route.path)?;
    let input = Input::query_at(ctx.request, CHANGES, ctx.earlier())?;
    let tenant = ctx.tenant()?.clone();
    let reset = input.text("epoch").is_some_and(|epoch| epoch != tenant.epoch);
    let since = input.instant("since").filter(|_| !reset).unwrap_or_default().min(tenant.clock);
    let limit = ctx.request.at_most(usize::try_from(input.int("limit").unwrap_or(PAGE)).unwrap_or_default());
    let (rows, end) = page(ctx, table, since, limit)?;
    // Who starts anew holds nothing that could be deleted, or leave what the filters show.
    let anew = since == Timestamp::default();
    let item = |row: Record| match shows(table, &input, &row) {
        true if !row.deleted => Some(row.shown(table)),
        _ if anew => None,
        _ => Some(row.gone()),
    };
    Ok(Response::json(
        200,
        &Changes {
            items: rows.into_iter().filter_map(item).collect(),
            has_more: end.is_some(),
            next_timestamp: end.unwrap_or(tenant.clock),
            epoch: tenant.epoch,
            reset,
        },
    ))
}

/// The schema of one record of the domain whose route is described.
pub fn describe_record(schemas: &mut Schemas) -> Schema {
    table(schemas.subject).map_or_else(|_| Schema::default(), |table| record::describe(table, schemas))
}

/// GET `/sync/{domain}/{id}/`: a deleted record is not there.
pub fn record(ctx: &mut Ctx<'_>) -> Result<Response> {
    let table = table(ctx.route.path)?;
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    let record = found(store::find(ctx.db, tenant, table.name(), &id)?.filter(|record| !record.deleted))?;
    Ok(Response::json(200, &record.shown(table)))
}

/// The records of a page, and where it ends if there are more.
fn page(ctx: &mut Ctx<'_>, table: &Table, since: Timestamp, limit: usize) -> Result<(Vec<Record>, Option<Timestamp>)> {
    let tenant = ctx.tenant_id()?;
    cursor::page(
        since,
        limit,
        |row: &Record| row.updated_at,
        |rows| match rows {
            Rows::After(since, count) => store::first(ctx.db, tenant, table.name(), since, count),
            Rows::At(stamp) => store::at(ctx.db, tenant, table.name(), stamp),
        },
    )
}

/// Does a record pass the filters? A page is cut before they apply: it may show less than its limit, and still be exact.
fn shows(table: &Table, input: &Input, record: &Record) -> bool {
    let is =
        |field: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| value(&record.fields, field).as_str() == Some(wanted));
    let state = table.machine.as_ref().map_or("status", |machine| machine.field);
    let dated = table.dated.and_then(|field| value(&record.fields, field).as_str()).and_then(Timestamp::parse);
    is(state, input.text("status"))
        && is("priority", input.text("priority"))
        && input.instant("date_from").is_none_or(|from| dated.unwrap_or(record.created_at) >= from)
}

/// POST `/sync/conflicts/{id}/resolve/`
pub fn resolve_conflict(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut body = body::object(ctx.request)?;
    let id = json!(ctx.request.segment(0));
    if body.insert("conflict_id".to_owned(), id.clone()).is_some_and(|inner| inner != id) {
        return Err(Refusal::field("conflict_id", Message::plain(&texts::CONTRADICTION)).into());
    }
    let key = key::of(ctx.request)?.map(Cow::into_owned);
    let response = resolve(ctx, &body, key, resolve::POINTS)?;
    api::versioned(ctx, response)
}

/// The segment of a policy's path.
pub const DOMAIN: &[Field] = &[Field::name("domain", MAX_WORD).about("What an item of `records` may be of: `task`, `goal`.")];

/// How conflicts of a domain are settled.
pub const POLICY: &[Field] = &[
    Field::new("resolution_policy", Shape::Choice(&rules::POLICIES)).required(),
    Field::new("auto_resolve", Shape::Bool).about("False leaves every conflict to a person. `manual` cannot have it true."),
    Field::new("notify_on_conflict", Shape::Bool).about("Conflicts stand in the feed, in the list `conflicts`."),
];

/// How a tenant's conflicts of a domain are settled.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConflictPolicy")]
pub struct PolicyShown {
    /// What decides.
    #[schemars(extend("enum" = rules::POLICIES))]
    resolution_policy: &'static str,
    /// Does it decide by itself? If not, every conflict waits for a person.
    auto_resolve: bool,
    /// Do conflicts stand in the feed?
    notify_on_conflict: bool,
}

impl PolicyShown {
    /// What a rule says.
    pub fn of(rule: Rule) -> PolicyShown {
        PolicyShown { resolution_policy: rule.policy.name(), auto_resolve: rule.auto_resolve, notify_on_conflict: rule.notify }
    }
}

/// The domain in the path, by any of its names, and what the tenant wants for it.
fn wanted(ctx: &mut Ctx<'_>) -> Result<(&'static Table, Rule)> {
    let features = ctx.house.features;
    let unknown = || Refusal::with(Refused::NotFound, Message::with(&texts::UNKNOWN_DOMAIN, &[&domains::known(features)]));
    let table = domains::edited(features, ctx.request.segment(0)).ok_or_else(unknown)?;
    let tenant = ctx.tenant_id()?;
    let rule = conflicts::store::rule(ctx.db, tenant, table.name())?;
    Ok((table, rule.unwrap_or_else(|| Rule::of(table.policy))))
}

/// GET `/sync/policies/{domain}/`
pub fn policy(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (_, rule) = wanted(ctx)?;
    Ok(Response::json(200, &PolicyShown::of(rule)))
}

/// PUT `/sync/policies/{domain}/`
pub fn set_policy(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (table, mut rule) = wanted(ctx)?;
    ctx.require_match(&PolicyShown::of(rule))?;
    let mut input = ctx.input(POLICY)?;
    rule.policy = input.text("resolution_policy").and_then(Policy::named).unwrap_or(rule.policy);
    rule.auto_resolve &= rule.policy != Policy::Manual;
    input.set("auto_resolve", &mut rule.auto_resolve);
    input.set("notify_on_conflict", &mut rule.notify);
    input.check(rule.policy != Policy::Manual || !rule.auto_resolve, "auto_resolve", &texts::MANUAL_AUTO);
    input.finish()?;
    let tenant = ctx.tenant_id()?;
    conflicts::store::put_rule(ctx.db, tenant, table.name(), rule)?;
    ctx.tell(&News::PolicySet { list: table.entry.names.list })?;
    Ok(etag::tagged(Response::json(200, &PolicyShown::of(rule))))
}
