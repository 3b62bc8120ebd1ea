//! What clients say on a socket, in both vocabularies of an earlier system: a table of words and what is done at each.

use super::hold::{Chosen, Held, MOST_KINDS};
use super::session::{admit, stay};
use super::sync;
use super::talk::Talk;
use super::texts;
use crate::base::error::Result;
use crate::base::json;
use crate::base::text::{Message, Text};
use crate::base::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Does what a message asks for.
type Answer = fn(&mut Talk<'_, '_>) -> Result<()>;

/// What a member of a message is, where it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Texts,
    Truth,
    Object,
}

/// Members, each with what it is.
type Members = &'static [(&'static str, Shape)];

/// Every word, what its members are, and what is done at it. A member that is something else is refused: taken for none it would have
/// its client believe that it was heard. The rest are asked of the API, which looks itself.
const WORDS: &[(&str, Members, Answer)] = &[
    ("start_sync", &[("sync_id", Shape::Text), ("domain", Shape::Text)], sync::start),
    ("sync_data", UPLOAD, sync::data),
    ("request_server_data", ASKED, sync::changes),
    ("server_data_request", ASKED, sync::changes),
    ("resolve_conflict", SETTLED, sync::resolve),
    ("conflict_resolution", SETTLED, sync::resolve_by_strategy),
    ("subscribe_events", &[("event_types", Shape::Texts), ("domains", Shape::Texts)], subscribe),
    ("ack", &[], acknowledge),
    ("heartbeat", &[], heartbeat),
    ("device_status", &[("battery_saver", Shape::Truth)], device_status),
];
const UPLOAD: Members = &[
    ("sync_id", Shape::Text),
    ("domain", Shape::Text),
    ("idempotency_key", Shape::Text),
    ("data", Shape::Object),
    ("payload", Shape::Object),
];
const ASKED: Members = &[("domain", Shape::Text), ("entity_ids", Shape::Texts)];
const SETTLED: Members = &[("conflict_id", Shape::Text), ("strategy", Shape::Text), ("idempotency_key", Shape::Text)];

impl Shape {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Shape::Text => value.is_string(),
            Shape::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Shape::Truth => value.is_boolean(),
            Shape::Object => value.is_object(),
        }
    }

    const fn wanted(self) -> &'static Text {
        match self {
            Shape::Text => &texts::A_TEXT,
            Shape::Texts => &texts::TEXTS,
            Shape::Truth => &texts::A_TRUTH,
            Shape::Object => &texts::AN_OBJECT,
        }
    }
}

/// What a client may choose not to hear of: what changes, and what the user's other devices do.
const CHANGES: &str = "data_update";
const OWN: &str = "sync_from_device";
/// What every client hears of: it is rare, and somebody is to act on it.
const ALWAYS: [&str; 3] = ["sync_trigger", "conflict_alert", "system"];
/// All of it.
const ALL: &str = "all";

/// Answers a message.
pub fn answer(talk: &mut Talk<'_, '_>) -> Result<()> {
    let word = talk.text("type").unwrap_or_default();
    let Some((_, members, answer)) = WORDS.iter().find(|(known, ..)| *known == word) else {
        return talk.reply.fail("UNKNOWN_MESSAGE_TYPE", &Message::plain(&texts::NOT_KNOWN), false, &[]);
    };
    let is_odd =
        |(name, shape): &&(&str, Shape)| talk.message.get(*name).is_some_and(|value| !value.is_null() && !shape.is_of(value));
    match members.iter().find(is_odd) {
        Some((name, shape)) => talk.invalid(&Message::with(shape.wanted(), &[name])),
        None => answer(talk),
    }
}

/// `subscribe_events`: what this socket hears from now on.
fn subscribe(talk: &mut Talk<'_, '_>) -> Result<()> {
    let words = |name: &str| -> Vec<String> {
        let list = talk.message.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(json::string).map(str::to_owned).collect()
    };
    let (events, domains) = (words("event_types"), words("domains"));
    let named: Option<BTreeSet<&'static str>> =
        domains.iter().filter(|word| *word != ALL).map(|word| talk.ctx.house.kind(word).map(|kind| kind.name)).collect();
    let Some(kinds) = named.filter(|_| domains.len() <= MOST_KINDS) else {
        return talk.invalid(&Message::with(&texts::NOT_KINDS, &[&MOST_KINDS]));
    };
    let is_chosen = |event: &str| events.is_empty() || events.iter().any(|chosen| chosen == event || chosen == ALL);
    let kinds = if domains.iter().any(|word| word == ALL) { BTreeSet::new() } else { kinds };
    talk.state.chosen = Chosen {
        kinds: kinds.into_iter().map(str::to_owned).collect(),
        no_changes: !is_chosen(CHANGES),
        no_own: !is_chosen(OWN),
    };
    let (held, _) = admit(talk.ctx, talk.claims, talk.state)?;
    talk.reply.hear(talk.state, &held)?;
    talk.reply.say(&confirmed(&held))
}

/// What a socket hears, which its device's subscription, its battery and the number of its domains make less than what was chosen.
fn confirmed(Held { hears, kinds, .. }: &Held) -> Value {
    let chosen = [(CHANGES, hears.changes), (OWN, hears.own)];
    let events: Vec<&str> = chosen.into_iter().filter(|(_, heard)| *heard).map(|(event, _)| event).chain(ALWAYS).collect();
    json!({"type": "subscription_confirmed", "subscribed_events": events, "domains": kinds})
}

/// `ack`: the device has seen its messages up to an instant.
fn acknowledge(talk: &mut Talk<'_, '_>) -> Result<()> {
    let body = json!({"up_to": talk.message.get("up_to")});
    let answered = talk.ask("POST", "/push/ack/", Some(&body), None)?;
    if answered.is_good() { Ok(()) } else { talk.refused(&answered) }
}

/// `heartbeat`: the socket is still held.
fn heartbeat(talk: &mut Talk<'_, '_>) -> Result<()> {
    stay(talk.ctx, talk.state, talk.held);
    let now = Timestamp::now();
    let answer = match (talk.message.get("client_time"), talk.message.get("timestamp")) {
        (None, Some(timestamp)) => json!({"type": "heartbeat_ack", "timestamp": timestamp, "server_time": now}),
        (client_time, _) => json!({"type": "heartbeat_response", "server_time": now, "client_time": client_time}),
    };
    talk.reply.say(&answer)
}

/// `device_status`: whether the device saves its battery, in its subscription.
fn device_status(talk: &mut Talk<'_, '_>) -> Result<()> {
    let Some(saver) = talk.message.get("battery_saver").and_then(Value::as_bool) else { return Ok(()) };
    let own = talk.ask("GET", "/push/subscriptions/?page_size=20", None, None)?;
    let mut list = own.value["results"].as_array().into_iter().flatten();
    let mine = list.find(|s| s["device_id"] == talk.state.device.as_str());
    let answered = match mine.and_then(|s| s["id"].as_str()) {
        Some(id) => talk.ask("PATCH", &format!("/push/subscriptions/{id}/"), Some(&json!({"battery_saver": saver})), None)?,
        None => {
            let body = json!({"device_id": talk.state.device, "battery_saver": saver});
            talk.ask("POST", "/push/subscriptions/", Some(&body), None)?
        }
    };
    if !answered.is_good() {
        return talk.refused(&answered);
    }
    let (held, _) = admit(talk.ctx, talk.claims, talk.state)?;
    talk.reply.hear(talk.state, &held)?;
    talk.reply.keep_alive(&held)?;
    stay(talk.ctx, talk.state, &held);
    Ok(())
}
