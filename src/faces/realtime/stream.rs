//! GET `/push/stream/`: what came since, then what happens, as events (WHATWG HTML §9.2). The engine holds the connection.

use super::hold::{self, Chosen, Held};
use super::way;
use super::within;
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::{DAY, Timestamp};
use crate::base::word;
use crate::feature::signals::{Moving, Update, event, note_slow};
use crate::feature::{Ctx, Priority};
use crate::http::{EVENT_STREAM, Method, Response};
use serde_json::{Value, json};

/// The media type.
pub const MEDIA_TYPE: &str = EVENT_STREAM;
/// The most changes that are told one by one to who comes back: beyond them a poll is as good.
const MOST: usize = 100;
/// The event that a stream begins with.
const ESTABLISHED: &str = "connection_established";
/// Has its reader poll.
const TRIGGER: &str = "sync_trigger";

/// GET `/push/stream/`
pub fn open(ctx: &mut Ctx<'_>) -> Result<Response> {
    let engine = way::engine(ctx)?;
    if !way::is_signed(ctx, engine) {
        return Err(way::unavailable(ctx));
    }
    let mut held = None;
    ctx.read(&mut |ctx| {
        held = Some(hold::of(ctx, &Chosen::default())?);
        Ok(Response::empty(204))
    })?;
    if held.as_ref().is_some_and(|held: &Held| held.saver) {
        // A stream says nothing more of itself.
        note_slow(&ctx.house.settings, ctx.now.plus(DAY));
    }
    let since = ctx.request.header("LAST_EVENT_ID").and_then(|id| Timestamp::parse(id.trim()));
    let held = held.ok_or_else(|| Error::internal("a stream was admitted and is not"))?;
    let body = begun(ctx, &held, since)?;
    let answer = Response::bytes(200, MEDIA_TYPE, body.into_bytes());
    Ok(if ctx.request.method == Method::Head { answer } else { hold(answer, &held) })
}

/// Has the engine hold the connection.
fn hold(answer: Response, held: &Held) -> Response {
    let channels: Vec<String> = held.channels.iter().map(|name| format!("{name}; filter=skip-self")).collect();
    answer
        .with("Grip-Hold", "stream")
        .with("Grip-Channel", channels.join(", "))
        .with("Grip-Set-Meta", format!("user=\"{}\"", held.author))
        .with("Grip-Keep-Alive", format!(":\\n\\n; format=cstring; timeout={}", held.keep_alive()))
}

/// What the stream begins with: up to where it has been told, and what came since its reader's last event.
fn begun(ctx: &mut Ctx<'_>, held: &Held, since: Option<Timestamp>) -> Result<String> {
    let clock = ctx.tenant()?.clock;
    let epoch = ctx.tenant()?.epoch.clone();
    let (mut told, until) = match since {
        Some(since) => missed(ctx, held, since)?,
        None => (String::new(), clock),
    };
    let begin = json!({"type": ESTABLISHED, "server_time": until, "epoch": epoch});
    told.push_str(&event(ESTABLISHED, Some(until), &json::write(&begin)?));
    Ok(told)
}

/// What came after an instant, as a poll has it, and up to where.
fn missed(ctx: &mut Ctx<'_>, held: &Held, since: Timestamp) -> Result<(String, Timestamp)> {
    let lists = within::every_list(ctx);
    let path = format!("/sync/changes/?since={since}&include=messages&limit={MOST}&kinds={lists}");
    let answer = within::ask(ctx, "GET", &path, None)?;
    let polled = answer.value;
    let time = |value: &Value| value.as_str().and_then(Timestamp::parse);
    let until = time(&polled["server_time"]).unwrap_or(since);
    let is_whole = answer.status == 200 && polled["reset"] == false && polled["has_more"] == false;
    if !is_whole {
        // More than is told one by one, or a new start: a poll has it.
        let update = Update::new(TRIGGER, None, json!({"domains": [], "reason": "server_update"}), Priority::High, until);
        return Ok((event(TRIGGER, None, &update.text()?), until));
    }
    let mut all = updates(ctx, held, &polled);
    all.sort_by_key(|update| update.timestamp);
    let mut told = String::new();
    for update in &all {
        told.push_str(&event(&update.event, None, &update.text()?));
    }
    Ok((told, until))
}

/// The messages of a poll, and those of its changes that a connection hears of, as updates.
fn updates(ctx: &Ctx<'_>, held: &Held, polled: &Value) -> Vec<Update> {
    let mut all = Vec::new();
    let time = |value: &Value| value.as_str().and_then(Timestamp::parse).unwrap_or_default();
    for (list, items) in polled["changes"].as_object().into_iter().flatten() {
        let Some(kind) = ctx.house.kinds().find(|kind| kind.name == list) else { continue };
        for item in items.as_array().into_iter().flatten() {
            let (version, deleted) = (item["version"].as_i64(), item["deleted"] == true);
            let wanted = kind.wakes.priority(version, deleted).filter(|priority| held.wants(kind.name, *priority));
            let Some(priority) = wanted else { continue };
            let moving = Moving { kind: kind.name, id: item["id"].as_str().unwrap_or_default(), version, deleted };
            all.push(Update::moved((moving.kind, moving.id), moving.operation(), priority, time(&item["updated_at"])));
        }
    }
    for message in polled["messages"].as_array().into_iter().flatten() {
        let text = |member: &str| message[member].as_str().unwrap_or_default();
        let priority = word::named(&Priority::ALL, text("priority")).unwrap_or(Priority::Normal);
        let stamp = time(&message["stamp"]);
        all.push(Update::new(text("type"), Some(text("id").to_owned()), message["data"].clone(), priority, stamp));
    }
    all
}
