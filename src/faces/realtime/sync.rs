//! Uploads, polls and settled conflicts on a socket: the engine of REST, with its limits and keys.

use super::reply::MAX_MESSAGE;
use super::talk::Talk;
use super::texts;
use super::within;
use crate::base::error::Result;
use crate::base::id;
use crate::base::json;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::base::word;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// How many items of an upload are told to be enough for a message.
const MAX_BATCH: usize = 100;
/// The fewest characters of an upload's key.
const MIN_KEY: usize = 16;
/// The longest name of a sync.
const MAX_SYNC: usize = 64;
/// How many changes are asked for, and how many less where they do not fit a message.
const PAGES: [usize; 4] = [100, 20, 5, 1];
/// The most objects that are asked for by their ids.
const MOST_IDS: usize = 20;
/// What is left of a message beside what it carries.
const FRAME: usize = 512;
/// What is escaped in a domain's segment of a path: all that no domain's name has.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// Which side of a conflict a strategy names.
const SIDES: [(&str, &str); 3] = [("client", "CLIENT_WINS"), ("server", "SERVER_WINS"), ("merged", "MERGE")];

/// `start_sync`: a sync is begun; it may be named, or named after its domain.
pub fn start(talk: &mut Talk<'_, '_>) -> Result<()> {
    let sync = talk.text("sync_id").map_or_else(id::opaque, str::to_owned);
    let domain = talk.text("domain").unwrap_or_default().to_owned();
    if !is_name(&sync) || !domain.is_empty() && !is_name(&domain) {
        return talk.invalid(&Message::with(&texts::NOT_SYNC, &[&MAX_SYNC]));
    }
    if instant(talk).is_none() {
        return talk.invalid(&Message::plain(&texts::NOT_INSTANT));
    }
    talk.state.begin(&sync, &domain);
    let kinds: Vec<&str> = talk.ctx.house.kinds().map(|kind| kind.name).collect();
    talk.reply.say(&json!({
        "type": "sync_session_started", "sync_id": sync, "server_time": Timestamp::now(),
        "session_info": {"supported_data_types": kinds, "max_batch_size": MAX_BATCH},
    }))
}

/// May a sync or its domain be called so? The state keeps it: what JSON escapes takes up to six bytes for one.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.len() <= MAX_SYNC && !word.chars().any(char::is_control)
}

/// The instant that a message asks from, if it names any; `None` where what it names is none.
fn instant(talk: &Talk<'_, '_>) -> Option<Option<Timestamp>> {
    match talk.message.get("since_timestamp") {
        None | Some(Value::Null) => Some(None),
        Some(value) => json::string(value).and_then(Timestamp::parse).map(Some),
    }
}

/// `sync_data`: an upload, as a batch or as one domain's. A sync that this socket does not know is taken as begun: its client opened the
/// socket anew, and what it kept goes on where it was.
pub fn data(talk: &mut Talk<'_, '_>) -> Result<()> {
    let Some(sync) = talk.text("sync_id").filter(|sync| is_name(sync)).map(str::to_owned) else {
        return talk.invalid(&Message::with(&texts::NOT_SYNC, &[&MAX_SYNC]));
    };
    let Some(key) = talk.text("idempotency_key").filter(|key| key.len() >= MIN_KEY).map(str::to_owned) else {
        return talk.invalid(&Message::with(&texts::NO_KEY, &[&MIN_KEY]));
    };
    let (path, body) = match (object(talk, "data"), object(talk, "payload")) {
        (Some(data), None) if !data.contains_key(ENTRIES) => (BATCH.to_owned(), batch(talk, data)),
        (None, Some(payload)) => {
            let begun = || talk.state.domain(&sync).filter(|domain| !domain.is_empty());
            let Some(domain) = talk.text("domain").or_else(begun).map(str::to_owned) else { return unknown(talk) };
            (format!("/sync/{}/sync/", segment(talk, &domain)), entries(talk, payload))
        }
        // Of both, or of one in the other's words, a part would be taken, and the client told that all of it was.
        _ => return talk.invalid(&Message::plain(&texts::NO_DATA)),
    };
    let answered = talk.ask("POST", &path, Some(&body), Some(&key))?;
    if !answered.is_good() {
        return talk.refused(&answered);
    }
    if path == BATCH && !has_taken(&answered.value) {
        return talk.invalid(&Message::plain(&texts::NO_DATA));
    }
    let mut progress = json!({"type": "sync_progress", "sync_id": sync, "progress": 100, "batch_results": answered.value});
    if json::size(&progress) > MAX_MESSAGE - FRAME {
        // What the objects are that were not taken as they were sent, a poll tells.
        progress["batch_results"] = json!({"success": answered.value.get("success"), "omitted": true});
    }
    talk.reply.say(&progress)?;
    talk.reply.say(&json!({"type": "sync_complete", "sync_id": sync, "idempotency_key": key, "server_time": Timestamp::now()}))
}

/// The domain of the sync is not known any more: begun again, the same upload is taken.
fn unknown(talk: &mut Talk<'_, '_>) -> Result<()> {
    let message = Message::plain(&texts::NOT_BEGUN).render(talk.ctx.request.language);
    talk.refuse("SYNC_NOT_BEGUN", &message, true, &[])
}

/// Where a batch goes, and what only an upload of one domain has.
const BATCH: &str = "/sync/batch/";
const ENTRIES: &str = "entries";

/// Has a batch's answer a result of any of its lists? One without a list that a batch knows has none.
fn has_taken(answer: &Value) -> bool {
    let results = answer.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("_sync_result"));
    results.into_iter().any(|(_, result)| !result.is_null())
}

fn object(talk: &Talk<'_, '_>, name: &str) -> Option<Map<String, Value>> {
    talk.message.get(name).and_then(Value::as_object).cloned()
}

/// A batch: what it says of its device, the socket knows.
fn batch(talk: &Talk<'_, '_>, mut data: Map<String, Value>) -> Value {
    data.entry("device_id").or_insert_with(|| talk.state.device.as_str().into());
    data.entry("client_timestamp").or_insert_with(|| json!(Timestamp::now()));
    Value::Object(data)
}

/// The entries of one domain.
fn entries(talk: &Talk<'_, '_>, mut payload: Map<String, Value>) -> Value {
    payload.entry("client_id").or_insert_with(|| talk.state.device.as_str().into());
    Value::Object(payload)
}

/// The segment of a path that a domain has, whatever it is called; what is none stands for itself, and is not found.
fn segment(talk: &Talk<'_, '_>, word: &str) -> String {
    let known = talk.ctx.house.domain(word).map_or(word, |names| names.path);
    utf8_percent_encode(known, SEGMENT).to_string()
}

/// `request_server_data`: what changed since an instant, or objects of a domain by their ids.
pub fn changes(talk: &mut Talk<'_, '_>) -> Result<()> {
    match talk.message.get("entity_ids") {
        None | Some(Value::Null) => since(talk),
        Some(ids) => by_ids(talk, &ids.as_array().cloned().unwrap_or_default()),
    }
}

fn since(talk: &mut Talk<'_, '_>) -> Result<()> {
    let Some(since) = instant(talk) else { return talk.invalid(&Message::plain(&texts::NOT_INSTANT)) };
    let since = since.map_or_else(String::new, |since| format!("since={since}&"));
    let lists = match talk.text("domain").map(|word| talk.ctx.house.kind(word).map(|kind| kind.name)) {
        None => within::every_list(talk.ctx),
        Some(Some(list)) => list.to_owned(),
        Some(None) => return talk.invalid(&Message::plain(&texts::NOT_DOMAIN)),
    };
    for (place, limit) in PAGES.into_iter().enumerate() {
        let whole = place + 1 < PAGES.len();
        let include = if whole { "objects,messages" } else { "messages" };
        let answered =
            talk.ask("GET", &format!("/sync/changes/?{since}limit={limit}&include={include}&kinds={lists}"), None, None)?;
        if !answered.is_good() {
            return talk.refused(&answered);
        }
        let time = answered.value["server_time"].clone();
        let more = answered.value["has_more"].clone();
        let answer = told(talk, &answered.value, &time, &more);
        // A stamp is told whole: where even that is too long, HTTP has it.
        if json::size(&answer) < MAX_MESSAGE - FRAME || !whole {
            return talk.reply.say(&answer);
        }
    }
    Ok(())
}

fn told(talk: &Talk<'_, '_>, data: &Value, time: &Value, more: &Value) -> Value {
    let request = talk.message.get("request_id");
    json!({"type": "server_data_response", "request_id": request, "data": data, "server_timestamp": time, "has_more": more})
}

fn by_ids(talk: &mut Talk<'_, '_>, ids: &[Value]) -> Result<()> {
    let Some(domain) = talk.text("domain").map(str::to_owned) else { return talk.invalid(&Message::plain(&texts::NO_DOMAIN)) };
    let Some(path) = talk.ctx.house.domain(&domain).map(|names| names.path) else {
        return talk.invalid(&Message::plain(&texts::NOT_DOMAIN));
    };
    let named: Option<Vec<String>> = ids.iter().map(|id| json::string(id).and_then(id::parse)).collect();
    let Some(ids) = named.filter(|ids| !ids.is_empty() && ids.len() <= MOST_IDS) else {
        return talk.invalid(&Message::with(&texts::NOT_IDS, &[&MOST_IDS]));
    };
    let mut objects = Vec::new();
    for id in ids {
        let answered = talk.ask("GET", &format!("/sync/{path}/{id}/"), None, None)?;
        match answered.status {
            404 => {}
            _ if answered.is_good() => objects.push(answered.value),
            _ => return talk.refused(&answered),
        }
    }
    let answer = told(talk, &json!({ domain: objects }), &json!(Timestamp::now()), &Value::Bool(false));
    talk.reply.say(&answer)
}

/// `resolve_conflict`: as REST takes it.
pub fn resolve(talk: &mut Talk<'_, '_>) -> Result<()> {
    let member = |name: &str| talk.message.get(name).cloned().unwrap_or_default();
    let body = json!({
        "resolution_strategy": member("resolution_strategy"), "chosen_version": member("chosen_version"),
        "merge_data": member("merge_data"), "notes": member("notes"),
    });
    settle(talk, body)
}

/// `conflict_resolution`: the version that the strategy names, or what was merged.
pub fn resolve_by_strategy(talk: &mut Talk<'_, '_>) -> Result<()> {
    let strategy = talk.text("strategy").unwrap_or_default().to_ascii_uppercase();
    let data = talk.message.get("data").filter(|data| !data.is_null()).cloned();
    let chosen = if data.is_some() { Some("merged") } else { word::named(&SIDES, &strategy) };
    let Some(chosen) = chosen else {
        return talk.invalid(&Message::plain(&texts::NO_SIDE));
    };
    settle(talk, json!({"resolution_strategy": strategy, "chosen_version": chosen, "merge_data": data}))
}

fn settle(talk: &mut Talk<'_, '_>, mut body: Value) -> Result<()> {
    let Some(conflict) = talk.text("conflict_id").and_then(id::parse) else {
        return talk.invalid(&Message::plain(&texts::NO_CONFLICT));
    };
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    // Sent again it is the same choice, and is answered as it was.
    let made = || id::hex(&Sha256::digest(format!("{conflict}{body}")));
    let key = talk.text("idempotency_key").filter(|key| key.len() >= MIN_KEY).map_or_else(made, str::to_owned);
    let answered = talk.ask("POST", &format!("/sync/conflicts/{conflict}/resolve/"), Some(&body), Some(&key))?;
    if !answered.is_good() {
        return talk.refused(&answered);
    }
    let mut told = json!({"type": "conflict_resolved"});
    if let (Some(told), Value::Object(answer)) = (told.as_object_mut(), answered.value) {
        told.extend(answer);
    }
    talk.reply.say(&told)
}
