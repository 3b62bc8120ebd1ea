//! What clients say on a socket, in both vocabularies of an earlier system: a table of words and what is done at each.

use super::hold::MOST_KINDS;
use super::session::{admit, stay};
use super::sync;
use super::talk::Talk;
use super::texts;
use crate::base::error::Result;
use crate::base::json;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use serde_json::{Value, json};

/// Does what a message asks for.
type Answer = fn(&mut Talk<'_, '_>) -> Result<()>;

/// Every word.
const WORDS: &[(&str, Answer)] = &[
    ("start_sync", sync::start),
    ("sync_data", sync::data),
    ("request_server_data", sync::changes),
    ("server_data_request", sync::changes),
    ("resolve_conflict", sync::resolve),
    ("conflict_resolution", sync::resolve_by_strategy),
    ("subscribe_events", subscribe),
    ("ack", acknowledge),
    ("heartbeat", heartbeat),
    ("device_status", device_status),
];

/// What a client may choose to hear of.
const EVENTS: [&str; 5] = ["data_update", "sync_from_device", "sync_trigger", "conflict_alert", "system"];

/// Answers a message.
pub fn answer(talk: &mut Talk<'_, '_>) -> Result<()> {
    let word = talk.text("type").unwrap_or_default();
    match WORDS.iter().find(|(known, _)| *known == word) {
        Some((_, answer)) => answer(talk),
        None => talk.reply.fail("UNKNOWN_MESSAGE_TYPE", &Message::plain(&texts::NOT_KNOWN), false, &[]),
    }
}

/// `subscribe_events`: what this socket hears from now on.
fn subscribe(talk: &mut Talk<'_, '_>) -> Result<()> {
    let words = |name: &str| -> Vec<String> {
        let list = talk.message.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(json::string).map(str::to_owned).collect()
    };
    let (events, domains) = (words("event_types"), words("domains"));
    let named: Vec<Option<&'static str>> = domains
        .iter()
        .filter(|word| *word != "all")
        .map(|word| talk.ctx.house.kind(word).map(|kind| kind.name))
        .collect();
    if named.len() > MOST_KINDS || named.contains(&None) {
        return talk.invalid(&Message::with(&texts::NOT_KINDS, &[&MOST_KINDS]));
    }
    talk.state.kinds = named.into_iter().flatten().map(str::to_owned).collect();
    let heard: Vec<&str> =
        EVENTS.into_iter().filter(|event| events.is_empty() || events.iter().any(|e| e == event || e == "all")).collect();
    talk.state.quiet = !heard.contains(&EVENTS[0]);
    let (held, _) = admit(talk.ctx, talk.claims, talk.state)?;
    talk.reply.hear(talk.state, &held)?;
    talk.reply.say(&json!({"type": "subscription_confirmed", "subscribed_events": heard, "domains": talk.state.kinds}))
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
