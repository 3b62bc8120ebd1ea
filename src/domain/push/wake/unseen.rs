//! What a device has not seen of the feed and of its messages, and what it is told of that: lists and numbers, never content.

use super::rules::{Unseen, Waiting};
use super::store;
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::Db;
use crate::domain::push::rules::{MAX_LIMIT, Message, Priority};
use crate::domain::push::store::{Reader, between};
use crate::domain::push::subscriptions::rules::Preferences;
use crate::feature::House;
use crate::net::webpush::message::LONGEST;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of what devices are told.
const FORM: u8 = 1;
/// What is shown where there is no message to name.
const CHANGES: &str = "changes";

/// What wakes a device.
#[derive(Debug, Default)]
pub struct Found {
    /// What waits, by priority.
    pub unseen: Unseen,
    /// How many changes of each list.
    domains: BTreeMap<&'static str, u32>,
    messages: Vec<Message>,
    /// The stamp of the newest message on which somebody must act.
    pub critical: Option<Timestamp>,
    /// One of before that its device has not acknowledged.
    unacknowledged: Option<Message>,
}

/// Whose eyes are looked through, and between which stamps.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    /// Whose messages.
    pub reader: Reader,
    /// Up to here it was told, or has polled.
    pub after: Timestamp,
    /// The clock.
    pub until: Timestamp,
}

/// What passes a subscription's filters.
///
/// # Errors
/// The database's.
pub fn find(db: &mut Db, house: &House, looked: &Looked, filters: &Preferences) -> Result<Found> {
    let Looked { reader, after, until } = *looked;
    let mut found = Found::default();
    for change in store::changes(db, reader.tenant, after, until, reader.device)? {
        let Some(kind) = house.kinds().find(|kind| kind.name == change.kind) else { continue };
        let priority = kind.wakes.priority(change.version, change.deleted);
        if let Some(priority) = priority.filter(|priority| filters.pass(kind.name, *priority)) {
            *found.domains.entry(kind.name).or_default() += 1;
            found.wait(priority, change.stamp, reader.now);
        }
    }
    for message in between(db, reader, after, until, MAX_LIMIT)? {
        let priority = priority(&message);
        if passes(filters, &message, priority) {
            found.wait(priority, message.stamp, reader.now);
            if priority == Priority::Critical {
                found.critical = found.critical.max(Some(message.stamp));
            }
            found.messages.push(message);
        }
    }
    Ok(found)
}

fn priority(message: &Message) -> Priority {
    word::named(&Priority::ALL, &message.priority).unwrap_or(Priority::Normal)
}

/// A message that names lists passes if one of them does; one that names none goes by its priority alone.
fn passes(filters: &Preferences, message: &Message, priority: Priority) -> bool {
    let named = ["domain", "domains"].into_iter().filter_map(|member| message.data.get(member));
    let lists: Vec<&str> =
        named.flat_map(|value| value.as_array().into_iter().flatten().chain([value])).filter_map(|v| v.as_str()).collect();
    let whole = Preferences { domains: Vec::new(), ..filters.clone() };
    if lists.is_empty() { whole.pass("", priority) } else { lists.iter().any(|list| filters.pass(list, priority)) }
}

/// What a device is sent.
#[derive(Serialize)]
struct Told<'t> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    epoch: &'t str,
    clock: Timestamp,
    domains: &'t BTreeMap<&'static str, u32>,
    messages: usize,
    priority: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'t str>,
}

impl Found {
    /// One more waits, since its stamp: that is of a clock, which may be ahead of this one.
    fn wait(&mut self, priority: Priority, stamp: Timestamp, now: Timestamp) {
        let waiting = match priority {
            Priority::Normal => &mut self.unseen[0],
            Priority::High => &mut self.unseen[1],
            Priority::Critical => &mut self.unseen[2],
        };
        *waiting = Some(Waiting::and(*waiting, stamp.min(now)));
    }

    /// With what was told before and not acknowledged.
    #[must_use]
    pub fn with(self, unacknowledged: Option<Message>) -> Found {
        Found { unacknowledged, ..self }
    }

    /// What was not acknowledged is told again at an instant, unless something as urgent is new.
    pub fn repeat(&mut self, at: Option<Timestamp>, now: Timestamp) {
        let (None, Some(at), Some(message)) = (self.unseen[2], at, self.unacknowledged.take()) else { return };
        self.unseen[2] = Some(Waiting { first: at, last: at });
        if at <= now {
            self.messages.push(message);
        }
    }

    /// Since when something waits.
    pub fn first(&self) -> Option<Timestamp> {
        self.unseen.iter().flatten().map(|waiting| waiting.first).min()
    }

    /// What the device is sent. The code names what to show.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn told(&self, epoch: &str, clock: Timestamp, priority: Priority, visible: bool) -> Result<Vec<u8>> {
        let code = visible.then(|| self.code());
        let messages = self.messages.len();
        let write = |domains: &BTreeMap<&'static str, u32>| {
            let told = Told { v: FORM, kind: CHANGES, epoch, clock, domains, messages, priority: priority.word(), code };
            json::write(&told).map(String::into_bytes)
        };
        let whole = write(&self.domains)?;
        // A hint without its numbers is as good: the cursor is the truth.
        if whole.len() < LONGEST { Ok(whole) } else { write(&BTreeMap::new()) }
    }

    /// Of the most urgent message, the newest: a system message's own code, else its type.
    fn code(&self) -> &str {
        let most = self.messages.iter().max_by_key(|message| (priority(message), message.stamp));
        most.map_or(CHANGES, |message| message.data.get("code").and_then(|code| code.as_str()).unwrap_or(&message.type_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn message(type_name: &str, priority: &str, data: Value) -> Message {
        let (type_name, priority) = (type_name.to_owned(), priority.to_owned());
        Message { id: "m".into(), stamp: NOW, type_name, priority, data, expires_at: NOW }
    }

    #[test]
    fn a_device_is_told_of_numbers_and_shown_the_most_urgent() {
        let mut found = Found { domains: BTreeMap::from([("goals", 2)]), ..Found::default() };
        let told = |found: &Found, visible| {
            serde_json::from_slice::<Value>(&found.told("e", NOW, Priority::High, visible).unwrap()).unwrap()
        };
        let clock = NOW.to_string();
        let wanted = json!({"v": 1, "type": "changes", "epoch": "e", "clock": clock, "domains": {"goals": 2}, "messages": 0, "priority": "high"});
        assert_eq!(told(&found, false), wanted);
        assert_eq!(told(&found, true)["code"], "changes");
        found.messages.push(message("conflict_alert", "critical", json!({"domain": "tasks"})));
        found.messages.push(message("system", "high", json!({"code": "sign_in"})));
        assert_eq!((&told(&found, true)["code"], &told(&found, true)["messages"]), (&"conflict_alert".into(), &2.into()));
        let mut again = Found { unacknowledged: Some(message("conflict_alert", "critical", json!({}))), ..Found::default() };
        again.repeat(Some(NOW), NOW);
        assert_eq!((&told(&again, true)["code"], &told(&again, true)["messages"]), (&"conflict_alert".into(), &1.into()));
        let names: Vec<&'static str> = (0..60).map(|n| &*format!("a_list_of_the_feed_{n}").leak()).collect();
        found.domains = names.into_iter().map(|name| (name, 1)).collect();
        assert_eq!(told(&found, false)["domains"], json!({}), "as long as it may be");
    }

    #[test]
    fn a_message_passes_by_what_it_names_and_how_urgent_it_is() {
        let filters = Preferences { domains: vec!["goals".into()], priority: Priority::High, ..Preferences::default() };
        let passes = |message: Message| passes(&filters, &message, priority(&message));
        assert!(passes(message("sync_trigger", "high", json!({"domains": ["tasks", "goals"]}))));
        assert!(!passes(message("sync_trigger", "high", json!({"domains": ["tasks"]}))));
        assert!(passes(message("sync_trigger", "high", json!({"domains": []}))), "all of them");
        assert!(!passes(message("sync_trigger", "normal", json!({"domains": []}))));
        assert!(passes(message("system", "critical", json!({"code": "password"}))));
        assert!(!passes(message("conflict_alert", "critical", json!({"domain": "tasks"}))));
    }
}
