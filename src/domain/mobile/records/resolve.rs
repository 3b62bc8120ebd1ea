//! A person's choice between the sides of a conflict. Both faces call it.
//!
//! The choice is an edit of what the person saw: the server's row as the conflict shows it. If the record has moved on since
//! in the very fields that the choice sets, nothing is written; the conflict shows the newer row, and waits.

use super::fields::{Fields, overlay, value};
use super::landed;
use super::merge::{self, New, Winner};
use super::rank;
use super::record::Record;
use super::rows;
use super::tables::Table;
use super::target::Target;
use super::write::{data, put};
use crate::base::error::{Error, Refusal, Refused, Result, not_found, refuse};
use crate::base::id;
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::Local;
use crate::base::word;
use crate::domain::mobile::answer::{NOT_FOUND, Resolution, SYNC_ERROR, SyncError};
use crate::domain::mobile::conflicts::{self, Conflict, Policy, Rule, rules};
use crate::domain::mobile::texts;
use crate::domain::mobile::{batch, domains};
use crate::feature::ctx::value as json_of;
use crate::feature::{Ctx, News, Right, Schemas, Upload};
use crate::http::input::{Extent, Field, Input, Shape};
use crate::http::{Response, problem, response};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The operation that an idempotency key belongs to.
const OPERATION: &str = "resolveConflict";
/// `resolveConflict { success }`: a little more than 1, times the mutation's weight of 2.5.
pub const POINTS: u32 = 3;
/// How deep the fields of a merge lie in a body: they are members of a member, and a null there clears one.
const DEPTH: u8 = 1;
/// The longest word of a choice, in characters.
const MAX_WORD: usize = 50;
/// The longest note, in characters.
const MAX_NOTES: usize = 2_000;

const WORD: Shape = Shape::Text { min: 1, max: MAX_WORD, trim: true, blank: false };

/// What a choice holds.
pub const CHOICE: &[Field] = &[
    Field::new("conflict_id", WORD).required(),
    Field::new("resolution_strategy", WORD).required().about(
        "`client_wins`, `server_wins`, `most_recent_wins`, `preserve_escalation`, `merge`, `manual` or `device_priority`.",
    ),
    Field::new("chosen_version", WORD).required().about("`client`, `server` or `merged`."),
    Field::new("merge_data", Shape::Json).nullable().about("With `merged`: the fields that the record shall have."),
    Field::text("notes", MAX_NOTES).nullable(),
];

/// A choice that was read.
struct Choice {
    conflict: String,
    strategy: Policy,
    chosen: Winner,
    merge: Option<Fields>,
    notes: Option<String>,
    /// What times without an offset mean in the fields of a merge.
    local: Local,
}

/// What a choice comes to.
enum Outcome {
    /// This is written.
    Written(New),
    /// The record has moved on: look again.
    Moved,
}

/// Settles a conflict as somebody chose; `body` is the choice in snake_case. The answer's body is a [`Resolution`], with 404
/// when there is no such conflict, and 400 when what was chosen breaks the rules of its domain. A conflict that was settled
/// before answers as it did then.
///
/// # Errors
/// Wrong fields of the choice; the guards' refusals; the database's. Nothing is written then.
pub fn resolve(ctx: &mut Ctx<'_>, body: &Map<String, Value>, key: Option<String>, points: u32) -> Result<Response> {
    let choice = Choice::read(body, Local::Nearest(ctx.zone(), ctx.now))?;
    let upload =
        Upload { operation: OPERATION, key, request: batch::canonical(body, DEPTH)?.text.into_bytes(), points, epoch: None };
    match ctx.write_upload(upload, &mut |ctx| choice.carry_out(ctx)) {
        Err(Error::Refused(refusal)) if matches!(refusal.kind, Refused::NotFound | Refused::Invalid) => {
            choice.unsettled(ctx, &refusal)
        }
        outcome => outcome,
    }
}

/// The schema of a refusal: a problem whose members tell of the conflict too.
pub fn describe_refusal(schemas: &mut Schemas) -> Schema {
    let (mut schema, resolution) = (problem::schema(schemas.version), Resolution::json_schema(&mut schemas.generator));
    let messages = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    let members = resolution.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        // A wrong field of the choice stands under its own name.
        properties.extend(members.into_iter().map(|(name, member)| (name, json!({"anyOf": [member, messages]}))));
    }
    schemas.named("ResolutionProblem".to_owned(), schema)
}

impl Choice {
    fn read(body: &Map<String, Value>, local: Local) -> Result<Choice> {
        let mut input = Input::of(body, CHOICE, Extent::Whole);
        let strategy = choice(&mut input, "resolution_strategy", &Policy::ALL);
        let chosen = choice(&mut input, "chosen_version", &Winner::ALL);
        let contradiction = matches!(
            (strategy, chosen),
            (Some(Policy::ClientWins), Some(Winner::Server)) | (Some(Policy::ServerWins), Some(Winner::Client))
        );
        input.check(!contradiction, "chosen_version", &texts::CONTRADICTION);
        let merge = input.json("merge_data").cloned();
        input.check(merge.as_ref().is_none_or(Value::is_object), "merge_data", &text::NOT_OBJECT);
        input.finish()?;
        let (Some(strategy), Some(chosen)) = (strategy, chosen) else { return Err(Error::internal("a word was not read")) };
        Ok(Choice {
            conflict: input.text("conflict_id").unwrap_or_default().to_owned(),
            strategy,
            chosen,
            merge: merge.and_then(|merge| merge.as_object().cloned()),
            notes: input.text("notes").map(str::to_owned),
            local,
        })
    }

    /// The work inside the transaction.
    fn carry_out(&self, ctx: &mut Ctx<'_>) -> Result<Response> {
        let tenant = ctx.tenant_id()?;
        let id = id::parse(&self.conflict).ok_or_else(not_found)?;
        let conflict = conflicts::store::find(ctx.db, tenant, &id, ctx.user()?)?.ok_or_else(not_found)?;
        let table = domains::edited(ctx.house.features, &conflict.domain).ok_or_else(not_found)?;
        let record = rows::find(ctx.db, tenant, table, &conflict.mobile_id)?.ok_or_else(not_found)?;
        require_own(ctx, table, &conflict, &record)?;
        if conflict.resolved_at.is_some() {
            return first(ctx, &conflict);
        }
        match self.decide(ctx, table, &conflict, &record)? {
            Outcome::Written(new) => self.settle(ctx, table, conflict, &record, new),
            Outcome::Moved => look_again(ctx, table, conflict, &record),
        }
    }

    /// What the record becomes.
    fn decide(&self, ctx: &mut Ctx<'_>, table: &'static Table, conflict: &Conflict, record: &Record) -> Result<Outcome> {
        if self.chosen == Winner::Server {
            return Ok(Outcome::Written(kept(record)));
        }
        // It was deleted since, and the conflict holds nothing any more of what the person saw.
        if record.deleted && conflict.server_version != super::write::shown(record.version) {
            return Ok(Outcome::Moved);
        }
        let wants_deletion = self.chosen == Winner::Client && conflict.client_data.is_null();
        let (Some(seen), false, false) = (conflict.server_data.as_object(), record.deleted, wants_deletion) else {
            return self.decide_deletion(table, conflict, record);
        };
        let wanted = self.wanted(ctx, table, conflict, seen, record)?;
        let since = merge::compare(Some(seen), &record.fields, &wanted);
        if !since.contested.is_empty() {
            return Ok(Outcome::Moved);
        }
        let fields = overlay(&record.fields, &since.clean);
        table.check(Some(&record.fields), &fields)?;
        Ok(Outcome::Written(New { fields, deleted: false, status: "updated" }))
    }

    /// The record is deleted, or shall be, or was when the person looked.
    fn decide_deletion(&self, table: &'static Table, conflict: &Conflict, record: &Record) -> Result<Outcome> {
        if !json::same(&data(record), &conflict.server_data) {
            return Ok(Outcome::Moved);
        }
        let fields = match (&self.merge, &conflict.client_data) {
            (Some(merge), _) if self.chosen == Winner::Merged => table.read(merge, self.local)?,
            (_, Value::Object(edit)) if self.chosen == Winner::Client => {
                overlay(conflict.base_data.as_object().unwrap_or(&Fields::new()), edit)
            }
            (_, Value::Null) if self.chosen == Winner::Client => return Ok(Outcome::Written(New::tombstone())),
            _ => return Err(Refusal::field("merge_data", Message::plain(&texts::CHOOSE_FIELDS)).into()),
        };
        let mut fields = overlay(&record.fields, &table.read(&fields, self.local)?);
        table.fill(&mut fields);
        table.check((!record.deleted).then_some(&record.fields), &fields)?;
        Ok(Outcome::Written(New { fields, deleted: false, status: "updated" }))
    }

    /// What the choice changes of what the person saw.
    fn wanted(&self, ctx: &mut Ctx<'_>, table: &Table, conflict: &Conflict, seen: &Fields, record: &Record) -> Result<Fields> {
        if let (Some(merge), Winner::Merged) = (&self.merge, self.chosen) {
            return Ok(merge::compare(None, seen, &table.read(merge, self.local)?).contested);
        }
        let choose = || Refusal::field("merge_data", Message::plain(&texts::CHOOSE_FIELDS));
        let edit = conflict.client_data.as_object().ok_or_else(choose)?;
        let clash = merge::compare(conflict.base_data.as_object(), seen, edit);
        let policy = match (self.chosen, self.strategy) {
            (Winner::Client, Policy::PreserveEscalation) => Policy::PreserveEscalation,
            (Winner::Client, _) => Policy::ClientWins,
            (_, strategy) => strategy,
        };
        let ranks = rank::under(ctx, policy, table, record, (conflict.user_id, &conflict.device_id))?;
        Ok(merge::chosen(policy, ranks, record, conflict.client_at, &clash).ok_or_else(choose)?)
    }

    /// Writes the new version and what was decided.
    fn settle(
        &self,
        ctx: &mut Ctx<'_>,
        table: &'static Table,
        mut conflict: Conflict,
        record: &Record,
        new: New,
    ) -> Result<Response> {
        let device = ctx.device().unwrap_or_default().to_owned();
        let target = Target { table, id: &record.id, seen: record.version, at: ctx.now, device: &device };
        let written =
            put(ctx, &target, Some(record), new, &mut |ctx, before, after| landed::tell_choice(ctx, table, before, after))?;
        let resolution = Resolution {
            success: true,
            conflict_id: self.conflict.clone(),
            resolution_result: rules::RESOLVED.to_owned(),
            winning_version: Some(word::of(&Winner::ALL, &self.chosen).to_owned()),
            merge_details: details(&conflict, &written),
            message: Some(say(ctx, &texts::CONFLICT_RESOLVED)),
            error: None,
        };
        let response = Response::json(200, &resolution);
        conflict.resolution_strategy = self.strategy.name().to_owned();
        conflict.resolution_result = rules::RESOLVED.to_owned();
        conflict.winning_version.clone_from(&resolution.winning_version);
        conflict.notes.clone_from(&self.notes);
        (conflict.resolved_by, conflict.resolved_at) = (Some(ctx.user()?), Some(ctx.stamp()?));
        conflict.answer = Some(String::from_utf8_lossy(&response.body).into_owned());
        keep(ctx, table, &conflict, &written)?;
        ctx.tell(&News::Resolved { conflict: &conflict.conflict_id })?;
        Ok(response)
    }

    /// The answer when nothing was written: a problem that is a [`Resolution`] too.
    fn unsettled(&self, ctx: &Ctx<'_>, refusal: &Refusal) -> Result<Response> {
        let language = ctx.request.language;
        let code = if refusal.kind == Refused::NotFound { NOT_FOUND } else { SYNC_ERROR };
        let error = SyncError {
            field: refusal.fields.first().map(|(field, _)| (*field).to_owned()),
            item_id: Some(self.conflict.clone()),
            ..SyncError::new(code, &refusal.detail, language)
        };
        let resolution = Resolution {
            success: false,
            conflict_id: self.conflict.clone(),
            resolution_result: rules::FAILED.to_owned(),
            winning_version: None,
            merge_details: None,
            message: Some(error.message.clone()),
            error: Some(error),
        };
        let members = json_of(&resolution)?.as_object().cloned().unwrap_or_default();
        Ok(problem::refused_with(refusal, ctx.request, members))
    }
}

/// Whose right to settle reaches to their own alone settles what their own upload met, and what is about their own version:
/// that the record has moved on since makes it nobody's but the staff's.
fn require_own(ctx: &mut Ctx<'_>, table: &Table, conflict: &Conflict, record: &Record) -> Result<()> {
    let (user, tenant) = (ctx.user()?, ctx.tenant_id()?);
    if conflict.user_id == user || ctx.tenant()?.may(Right::Settle) {
        return Ok(());
    }
    let is_as_met = super::write::shown(record.version) == conflict.server_version;
    if is_as_met && rows::editor(ctx.db, tenant, table, record)? == Some(user) {
        return Ok(());
    }
    refuse(Refused::Forbidden, &texts::NOT_YOUR_CONFLICT)
}

/// A word of a table; another is wrong. GraphQL's are in capitals.
fn choice<T: Copy>(input: &mut Input, field: &'static str, words: &[(T, &str)]) -> Option<T> {
    let sent = input.text(field)?.to_ascii_lowercase();
    let known = word::named(words, &sent);
    if known.is_none() {
        input.error(field, text::not_choice(&sent, words.iter().map(|(_, word)| *word)));
    }
    known
}

/// The server's row as the next version: the devices that lost take it from the feed.
fn kept(record: &Record) -> New {
    New { fields: record.fields.clone(), deleted: record.deleted, status: "updated" }
}

/// The answer of a conflict that is settled: what who settled it was told, or what its policy did.
fn first(ctx: &Ctx<'_>, conflict: &Conflict) -> Result<Response> {
    if let Some(answer) = &conflict.answer {
        return Ok(Response::bytes(200, response::JSON, answer.clone().into_bytes()));
    }
    Ok(Response::json(
        200,
        &Resolution {
            success: true,
            conflict_id: conflict.conflict_id.clone(),
            resolution_result: conflict.resolution_result.clone(),
            winning_version: conflict.winning_version.clone(),
            merge_details: None,
            message: Some(say(ctx, &texts::CONFLICT_RESOLVED)),
            error: None,
        },
    ))
}

/// Shows the conflict against the record as it is by now.
fn look_again(ctx: &mut Ctx<'_>, table: &'static Table, mut conflict: Conflict, record: &Record) -> Result<Response> {
    conflict.server_version = super::write::shown(record.version);
    conflict.server_data = data(record);
    conflict.server_user_id = rows::editor(ctx.db, ctx.tenant_id()?, table, record)?;
    keep(ctx, table, &conflict, record)?;
    let error = SyncError {
        item_id: Some(conflict.mobile_id),
        domain: Some(conflict.domain),
        ..SyncError::new(SYNC_ERROR, &Message::plain(&texts::CONFLICT_MOVED_ON), ctx.request.language)
    };
    Ok(Response::json(
        200,
        &Resolution {
            success: false,
            conflict_id: conflict.conflict_id,
            resolution_result: rules::MANUAL_REQUIRED.to_owned(),
            winning_version: None,
            merge_details: None,
            message: Some(error.message.clone()),
            error: Some(error),
        },
    ))
}

/// Writes a conflict, and shows it in the feed where the tenant wants that. What is about a deleted record is not for all, and
/// once it is settled nothing of it stays.
fn keep(ctx: &mut Ctx<'_>, table: &Table, conflict: &Conflict, record: &Record) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    conflicts::store::update(ctx.db, tenant, conflict)?;
    ctx.recount_stock(tenant, &conflicts::STOCK);
    if record.deleted {
        let settled = conflict.resolved_at.is_some();
        return if settled { conflicts::store::empty(ctx.db, tenant, &conflict.conflict_id) } else { Ok(()) };
    }
    let rule = conflicts::store::rule(ctx.db, tenant, table.name())?.unwrap_or_else(|| Rule::of(table.policy));
    if rule.notify { ctx.tell_again(conflicts::KIND, &conflict.conflict_id, false) } else { Ok(()) }
}

fn say(ctx: &Ctx<'_>, text: &'static text::Text) -> String {
    Message::plain(text).render(ctx.request.language).into_owned()
}

/// Where the fields on which the sides differed come from; nothing when one side had deleted the record.
fn details(conflict: &Conflict, written: &Record) -> Option<Value> {
    let (server, client) = (conflict.server_data.as_object()?, conflict.client_data.as_object()?);
    let differ = client.keys().filter(|name| !json::same(value(server, name), value(client, name)));
    let mut sides: [Vec<&String>; 3] = Default::default();
    for name in differ {
        let now = value(&written.fields, name);
        let is = |side| json::same(now, value(side, name));
        let side = if is(client) { 0 } else { 1 + usize::from(!is(server)) };
        sides[side].push(name);
    }
    let [client, server, other] = sides;
    Some(json!({"client": client, "server": server, "merged": other}))
}
