//! The routes of messages.

use super::post;
use super::rules::{self, Code, Draft, MAX_LIMIT, Message, Priority, To, Type, Whom};
use super::store;
use super::texts;
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message as Told};
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::Db;
use crate::feature::ctx::value;
use crate::feature::cursor::{self, Rows};
use crate::feature::sessions;
use crate::feature::{Ctx, Right, store as feed};
use crate::http::Response;
use crate::http::input::Input;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A page of messages.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PushMessagePage")]
pub struct List {
    /// The caller's messages, oldest first.
    pub messages: Vec<Message>,
    /// The instant up to which the page is complete: the next `since`.
    pub server_time: Timestamp,
    /// There is more: ask again at once.
    pub has_more: bool,
    /// How many this device has not acknowledged.
    pub unread: i64,
}

/// GET `/push/messages/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let query = &ctx.request.query;
    let since = query.get("since").and_then(|text| Timestamp::parse_as(&text, ctx.earlier()));
    let mut input = Input::query(ctx.request, rules::PAGE)?;
    input.finish()?;
    let limit = input.int("limit");
    Ok(Response::json(200, &page(ctx, since, limit)?))
}

/// A page of the caller's messages, as either face asks for it.
pub fn page(ctx: &mut Ctx<'_>, since: Option<Timestamp>, limit: Option<i64>) -> Result<List> {
    let (reader, clock) = (post::reader(ctx)?, ctx.tenant()?.clock);
    let since = since.unwrap_or_default().min(clock);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_LIMIT as usize);
    let read = |rows: Rows| match rows {
        Rows::After(since, count) => store::between(ctx.db, reader, since, clock, i64::try_from(count).unwrap_or(i64::MAX)),
        Rows::At(stamp) => store::between(ctx.db, reader, stamp.plus(-1), stamp, i64::MAX),
    };
    let (messages, end) = cursor::page(since, limit, |message: &Message| message.stamp, read)?;
    let caller = ctx.caller()?.clone();
    let acked = sessions::store::acked(ctx.db, &caller)?;
    let unread = store::count(ctx.db, reader, acked, clock)?;
    Ok(List { messages, server_time: end.unwrap_or(clock), has_more: end.is_some(), unread })
}

/// What a poll brings: few enough that they are never cut.
pub fn between(ctx: &mut Ctx<'_>, after: Timestamp, until: Timestamp) -> Result<Value> {
    let reader = post::reader(ctx)?;
    value(&store::between(ctx.db, reader, after, until, i64::MAX)?)
}

/// POST `/push/ack/`
pub fn acknowledge(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::ACK)?;
    input.finish()?;
    seen(ctx, &input)?;
    Ok(Response::empty(204))
}

/// The caller's device has seen its messages up to an instant; never beyond what there is.
pub fn seen(ctx: &mut Ctx<'_>, input: &Input) -> Result<()> {
    let caller = ctx.caller()?.clone();
    let Some(tenant) = &caller.tenant else { return Ok(()) };
    let up_to = input.instant("up_to").unwrap_or_default().min(tenant.clock);
    let reader = post::reader(ctx)?;
    store::seen(ctx.db, reader, up_to)?;
    sessions::store::acknowledge(ctx.db, &caller, up_to)
}

/// POST `/push/send/`
pub fn send(ctx: &mut Ctx<'_>) -> Result<Response> {
    let input = ctx.input(rules::SEND)?;
    Ok(Response::json(201, &sent(ctx, input)?))
}

/// Sends what a member wants sent.
pub fn sent(ctx: &mut Ctx<'_>, mut input: Input) -> Result<Message> {
    let draft = draft(ctx, &mut input);
    let whom = rules::whom(&mut input);
    input.finish()?;
    let tenant = ctx.tenant_id()?;
    let to = addressee(ctx, whom.unwrap_or(Whom::All))?;
    let limit = [(ctx.bucket("push", &ctx.user()?.to_string()), ctx.house.settings.limit_push)];
    ctx.check_attempts(&limit)?;
    ctx.count_attempt(&limit)?;
    post::post(ctx, tenant, to, &draft)
}

fn draft(ctx: &Ctx<'_>, input: &mut Input) -> Draft {
    let priority = input.text("priority").and_then(|word| word::named(&Priority::ALL, word)).unwrap_or(Priority::Normal);
    let about = input.text("type").and_then(|word| word::named(&Type::ALL, word)).unwrap_or(Type::SyncTrigger);
    let data = match about {
        Type::System => {
            input.check(input.text("text").is_some(), "text", &texts::NO_TEXT);
            return Draft::system(Code::Text, priority, input.text("text"));
        }
        _ => {
            let list = |word: &str| ctx.house.kind(word).map(|kind| kind.name);
            json!({"reason": rules::MANUAL, "domains": rules::domains(input, list).unwrap_or_default()})
        }
    };
    Draft { about, priority, data }
}

/// Whom the caller may send to. Another tenant's user is nobody.
fn addressee(ctx: &mut Ctx<'_>, whom: Whom) -> Result<To> {
    let (own, tenant) = (ctx.user()?, ctx.tenant()?.clone());
    let (user, device) = match whom {
        Whom::All => (0, None),
        Whom::Devices(user, device) => (user.unwrap_or(own), device),
    };
    if user != own && !tenant.may(Right::Send) {
        return refuse(Refused::Forbidden, &texts::OWN_DEVICES);
    }
    if user != 0 && !feed::is_member(ctx.db, tenant.id, user)? {
        return Err(unknown());
    }
    let Some(device) = device else { return Ok(To { user, device: 0 }) };
    if !sessions::store::is_active(ctx.db, user, &device)? {
        return Err(unknown());
    }
    Ok(To { user, device: ctx.house.author(user, &device, "") })
}

fn unknown() -> crate::base::error::Error {
    Refusal::field("to", Told::plain(&text::NOT_FOUND)).into()
}

/// What is kept for a user, for their export.
pub fn held(db: &mut Db, user: i64, tenant: Option<i64>, _: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let Some(tenant) = tenant else { return Ok(()) };
    store::held(db, tenant, user)?.iter().try_for_each(|message| each(value(message)?))
}
