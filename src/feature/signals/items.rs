//! What is published: an update, in the forms that sockets and streams have, on each channel whose holders it concerns.

use super::channels::{Channel, Part};
use super::{Changed, End, Sent, Signal, Whose};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::feature::store::NOBODY;
use crate::feature::{House, Priority};
use serde_json::{Value, json};

/// What a socket calls an update.
const PUSH_UPDATE: &str = "push_update";
/// An object moved.
const DATA_UPDATE: &str = "data_update";
/// Another device of the same user moved it.
const FROM_DEVICE: &str = "sync_from_device";
/// A conflict is told to whoever met it, too.
const CONFLICT_ALERT: &str = "conflict_alert";

/// An update as its devices are shown it.
#[derive(Debug, Clone)]
pub struct Update {
    /// What it is about: `data_update`, `sync_from_device`, or a message's type.
    pub event: String,
    /// The message's id.
    pub id: Option<String>,
    /// Ids and states.
    pub data: Value,
    /// `normal`, `high` or `critical`.
    pub priority: &'static str,
    /// Its stamp.
    pub timestamp: Timestamp,
}

impl Update {
    /// Of an object that moved.
    pub fn moved((kind, id): (&str, &str), operation: &str, priority: Priority, stamp: Timestamp) -> Update {
        let data = json!({"domain": kind, "operation": operation, "id": id, "server_timestamp": stamp});
        Update::new(DATA_UPDATE, None, data, priority, stamp)
    }

    /// Of objects that moved.
    fn of(changed: &Changed) -> Update {
        let mut update = Update::moved((changed.kind, &changed.id), changed.operation, changed.priority, changed.stamp);
        if changed.count > 1 {
            update.data["count"] = json!(changed.count);
        }
        update
    }

    /// Of objects that another device of the same user moved.
    fn from_device(changed: &Changed, device: &str) -> Update {
        let data = json!({"device_id": device, "domain": changed.kind, "entity_id": changed.id, "action": "refresh"});
        Update::new(FROM_DEVICE, None, data, changed.priority, changed.stamp)
    }

    /// Any other.
    pub fn new(event: &str, id: Option<String>, data: Value, priority: Priority, timestamp: Timestamp) -> Update {
        Update { event: event.to_owned(), id, data, priority: priority.word(), timestamp }
    }
}

impl Update {
    /// As its devices read it.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn text(&self) -> Result<String> {
        let Update { event, id, data, priority, timestamp } = self;
        let mut update = json!({"type": PUSH_UPDATE, "event": event, "data": data, "priority": priority, "timestamp": timestamp});
        if let Some(id) = id {
            update["id"] = id.as_str().into();
        }
        json::write(&update)
    }
}

/// An event of a stream (WHATWG HTML §9.2): what it is, and its JSON, which has no line breaks. `until` is up to where its reader has been
/// told of everything. An event of something that happens says none: what was held back may have an older stamp, and comes after it.
pub fn event(name: &str, until: Option<Timestamp>, data: &str) -> String {
    let id = until.map(|until| format!("id: {until}\n")).unwrap_or_default();
    format!("event: {name}\n{id}data: {data}\n\n")
}

/// The items by which signals are published.
///
/// # Errors
/// When one cannot be written, which is a defect.
pub fn items(house: &House, signals: &[Signal]) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for signal in signals {
        match signal {
            Signal::Changed(changed) => {
                changes(house, changed, &mut all)?;
                own(house, changed, &mut all)?;
            }
            Signal::Sent(sent) => messages(house, sent, &mut all)?,
            Signal::End(whose, end) => all.extend(closing(house, whose, *end)),
        }
    }
    Ok(all)
}

/// Objects that moved: to who is in the tenant, whole or by kind.
///
/// # Errors
/// As `items`.
pub fn changes(house: &House, changed: &Changed, into: &mut Vec<Value>) -> Result<()> {
    let Changed { tenant, membership, author, .. } = changed;
    let update = Update::of(changed);
    for part in parts(changed) {
        into.push(item(&house.channel(Channel::Tenant { tenant: *tenant, membership, part }), &update, *author)?);
    }
    Ok(())
}

/// Objects that moved: to the other devices of who did it.
///
/// # Errors
/// As `items`.
pub fn own(house: &House, changed: &Changed, into: &mut Vec<Value>) -> Result<()> {
    let Some((user, device)) = changed.by.as_ref().filter(|(_, device)| !device.is_empty()) else { return Ok(()) };
    let refresh = Update::from_device(changed, device);
    for part in parts(changed) {
        into.push(item(&house.channel(Channel::Own { user: *user, part }), &refresh, changed.author)?);
    }
    Ok(())
}

/// The parts in which an object that moved is told.
fn parts(changed: &Changed) -> Vec<Part<'static>> {
    let floors = [Priority::Normal, Priority::High].into_iter().filter(|floor| *floor <= changed.priority);
    floors.flat_map(|floor| [Part::Whole(floor), Part::Kind(changed.kind, floor)]).collect()
}

/// What was held back of a tenant, for those who save their battery.
///
/// # Errors
/// As `items`.
pub fn slow(house: &House, changed: &Changed) -> Result<Value> {
    let Changed { tenant, membership, author, .. } = changed;
    let channel = house.channel(Channel::Tenant { tenant: *tenant, membership, part: Part::Slow });
    item(&channel, &Update::of(changed), *author)
}

/// A message: to whom it is for.
fn messages(house: &House, sent: &Sent, into: &mut Vec<Value>) -> Result<()> {
    let Sent { tenant, membership, user, device, priority, .. } = sent;
    let update = Update::new(&sent.type_name, Some(sent.id.clone()), sent.data.clone(), *priority, sent.stamp);
    // A conflict is told to whoever met it, too.
    let author = if sent.type_name == CONFLICT_ALERT { NOBODY } else { sent.author };
    let parts = [Part::Whole(Priority::Normal), Part::Messages, Part::Slow, Part::Critical];
    let channels = match (*user, *device) {
        (0, _) => {
            // Who saves its battery hears both: they are rare.
            let is_critical = *priority == Priority::Critical;
            let heard = parts.into_iter().filter(|part| match part {
                Part::Critical => is_critical,
                Part::Slow => !is_critical,
                _ => true,
            });
            heard.map(|part| house.channel(Channel::Tenant { tenant: *tenant, membership, part })).collect()
        }
        (user, 0) => vec![house.channel(Channel::User(user))],
        (_, device) => vec![house.channel(Channel::Device(device))],
    };
    channels.iter().try_for_each(|channel| {
        into.push(item(channel, &update, author)?);
        Ok(())
    })
}

/// An update on a channel; whoever made it does not hear it.
fn item(channel: &str, update: &Update, author: i64) -> Result<Value> {
    let text = update.text()?;
    let mut item = json!({"channel": channel, "formats": {
        "http-stream": {"content": event(&update.event, None, &text)},
        "ws-message": {"content": text},
    }});
    if author != NOBODY {
        item["meta"] = json!({"sender": author.to_string()});
    }
    Ok(item)
}

/// What every connection hears of its tenant: messages to everybody, in one of these parts.
pub const HEARD: [Part<'static>; 3] = [Part::Whole(Priority::Normal), Part::Messages, Part::Critical];

/// Ends connections.
pub fn closing(house: &House, whose: &Whose, end: End) -> Vec<Value> {
    let channels = match whose {
        Whose::User(user) => vec![Channel::User(*user)],
        Whose::Session(session) => vec![Channel::Session(session)],
        Whose::Members { tenant, membership } => HEARD.map(|part| Channel::Tenant { tenant: *tenant, membership, part }).to_vec(),
    };
    let formats = json!({"http-stream": {"action": "close"}, "ws-message": {"action": "close", "code": end.code()}});
    channels.into_iter().map(|channel| json!({"channel": house.channel(channel), "formats": formats})).collect()
}
