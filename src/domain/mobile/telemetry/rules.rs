//! The rules of a domain of telemetry as data. All of it is values.

use crate::base::id;
use crate::base::json::{self, Canonical};
use crate::base::text::Message;
use crate::base::time::{Local, Timestamp, Written};
use crate::domain::mobile::domains::entry::Entry;
use crate::domain::mobile::sender::Batch;
use crate::domain::mobile::texts;
use crate::http::input::{Extent, Field, Input, Shape};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest id of a verification or a session, in characters.
pub const MAX_ID: usize = 255;
/// The longest name of a metric or a unit, in characters.
pub const MAX_NAME: usize = 100;
/// Counts and durations: a GraphQL Int has 32 bits.
const MAX_COUNT: i64 = i32::MAX as i64;

/// What makes an item the same as another.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// The device that sent it.
    Device,
    /// A field.
    Field(&'static str),
}

/// What an item does that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Nothing: the first one stays as it was.
    Keeps,
    /// It replaces the fields that it sends; the others stay.
    Merges,
}

/// A domain of telemetry.
#[derive(Debug)]
pub struct Rules {
    /// What is said of every domain; its list is that of a batch.
    pub entry: Entry,
    /// The member of a batch's answer that holds what its list came to.
    pub result: &'static str,
    /// The fields of an item.
    pub fields: &'static [Field],
    /// The field that names an item in errors.
    pub name: &'static str,
    /// The field that says when it was; an item without is of the upload's time.
    pub at: &'static str,
    /// How far that may lie ahead of the server's clock, in milliseconds; `None` is any time.
    pub ahead: Option<i64>,
    /// An instant, and one that must not lie before it.
    pub span: Option<(&'static str, &'static str)>,
    /// What makes it one with an item that is there, beside its user.
    pub identity: &'static [Part],
    /// What it does then.
    pub again: Again,
}

/// What an item must call itself.
pub const fn name(name: &'static str, max: usize) -> Field {
    Field::name(name, max).required()
}

/// A count, or a duration in milliseconds.
pub const fn count(name: &'static str) -> Field {
    Field::new(name, Shape::Int(0, MAX_COUNT))
}

/// A share, 0 to 1.
pub const fn share(name: &'static str) -> Field {
    Field::new(name, Shape::Float(0.0, 1.0)).nullable()
}

/// An instant.
pub const fn instant(name: &'static str) -> Field {
    Field::new(name, Shape::Instant)
}

/// JSON of any shape.
pub const fn json(name: &'static str) -> Field {
    Field::new(name, Shape::Json).nullable()
}

/// An item that obeys the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// A hash of what makes it one with another.
    pub id: String,
    /// The hashes under which it may be there as well, if it is the same in everything but its instant.
    pub others: Vec<String>,
    /// When it was.
    pub at: Timestamp,
    /// Its fields in canonical form.
    pub data: Map<String, Value>,
}

/// An item that was written, as its user may see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TelemetryItem")]
pub struct Kept {
    /// Its domain.
    pub domain: &'static str,
    /// The device that sent it.
    pub device_id: String,
    /// When it was.
    pub at: Timestamp,
    /// Its fields.
    pub data: Map<String, Value>,
}

/// The errors of an item by field; an item that is no object has one of none.
pub type Faults = Vec<(Option<&'static str>, Message)>;

impl Rules {
    /// The domain's name in bodies and in the store.
    pub const fn name(&self) -> &'static str {
        self.entry.names.name
    }

    /// Reads an item.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read(&self, batch: &Batch, sent: &Value, now: Timestamp) -> Result<Item, Faults> {
        let Some(object) = sent.as_object() else { return Err(vec![(None, Message::plain(&texts::NOT_ITEM))]) };
        let local = batch.local.settled(object.get(self.at).and_then(Value::as_str));
        let mut input = Input::at(object, self.fields, Extent::Whole, local);
        let at = input.instant(self.at).or(batch.client_at).unwrap_or(now);
        let late = self.ahead.is_some_and(|ahead| at > now.plus(ahead));
        input.check(!late, self.at, &texts::IN_FUTURE);
        if !input.errors().is_empty() {
            return Err(input.errors().iter().map(|(field, message)| (Some(*field), message.clone())).collect());
        }
        let data = input.into_object();
        self.check_span(&data)?;
        let (id, others) = self.identities(batch, object, &data);
        Ok(Item { id, others, at, data })
    }

    /// An end must not lie before its start. Canonical instants sort as their texts do.
    pub fn check_span(&self, data: &Map<String, Value>) -> Result<(), Faults> {
        let Some((start, end)) = self.span else { return Ok(()) };
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        match (text(start), text(end)) {
            (Some(from), Some(to)) if to < from => Err(vec![(Some(end), Message::plain(&texts::END_BEFORE_START))]),
            _ => Ok(()),
        }
    }

    /// The hash of what identifies an item, and those that it may have been given: by the other meaning of a local time, and
    /// by lists in the numerals that were sent.
    fn identities(&self, batch: &Batch, sent: &Map<String, Value>, data: &Map<String, Value>) -> (String, Vec<String>) {
        let by_value = |value: &Value| json::write(&Canonical(value, 0)).unwrap_or_default();
        let written = sent.get(self.at).and_then(json::string).and_then(Written::read);
        let finer = written.as_ref().map_or("", |at| &at.finer);
        let of = |at: &str, write: &dyn Fn(&Value) -> String| self.identity(batch, data, &[at, finer].concat(), write);
        let at = data.get(self.at).map(Value::to_string).unwrap_or_default();
        let id = of(&at, &by_value);
        let mut others = Vec::new();
        if let Some(at) = written.as_ref().filter(|at| at.local) {
            let meanings = [Local::Utc, Local::In(batch.zone)].map(|local| Value::String(at.at(local).to_string()).to_string());
            others.extend(meanings.iter().map(|at| of(at, &by_value)));
        }
        if data.values().any(Value::is_array) {
            others.push(of(&at, &Value::to_string));
        }
        others.retain(|other| *other != id);
        (id, others)
    }

    /// Each part with its length before it, so that no two items share a hash by chance of their borders.
    fn identity(&self, batch: &Batch, data: &Map<String, Value>, at: &str, write: &dyn Fn(&Value) -> String) -> String {
        let mut hash = Sha256::new();
        for part in self.identity {
            let text = match part {
                Part::Device => batch.device.clone(),
                Part::Field(name) if *name == self.at => at.to_owned(),
                Part::Field(name) => data.get(*name).map(write).unwrap_or_default(),
            };
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        id::hex(&hash.finalize())
    }

    /// Is it the same item in everything but its instant?
    pub fn is_same(&self, one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
        let but_at = |data: &Map<String, Value>| {
            data.iter().filter(|(name, _)| *name != self.at).map(|(n, v)| (n.clone(), v.clone())).collect()
        };
        json::same_members(&but_at(one), &but_at(other))
    }

    /// What an item calls itself, for errors: cut to what an id may have.
    pub fn name_of(&self, sent: &Value) -> Option<String> {
        let sent = sent.get(self.name)?;
        let name = json::digits(sent).or_else(|| json::string(sent).map(str::to_owned))?;
        Some(name.chars().take(MAX_ID).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{AHEAD, Zone};
    use crate::domain::mobile::domains::TELEMETRY;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_768_573_845_123);

    fn batch(device: &str) -> Batch {
        Batch { device: device.to_owned(), client_at: None, local: Local::Utc, zone: Zone::UTC }
    }

    fn rules(domain: &str) -> &'static Rules {
        TELEMETRY.iter().find(|rules| rules.name() == domain).unwrap()
    }

    fn id(domain: &str, device: &str, item: &Value) -> String {
        rules(domain).read(&batch(device), item, NOW).unwrap().id
    }

    #[test]
    fn an_item_is_one_with_another_as_its_domain_says() {
        let metric = json!({"metric_type": "m", "value": 1, "timestamp": "2026-01-16T14:00:00Z"});
        let later = json!({"metric_type": "m", "value": 1, "timestamp": "2026-01-16T14:00:01Z"});
        let other_value = json!({"metric_type": "m", "value": 2, "timestamp": "2026-01-16T15:00:00+01:00"});
        assert_eq!(id("metrics", "d", &metric), id("metrics", "d", &other_value));
        assert_ne!(id("metrics", "d", &metric), id("metrics", "e", &metric));
        assert_ne!(id("metrics", "d", &metric), id("metrics", "d", &later));
        let session = json!({"session_id": "s", "start_time": "2026-01-16"});
        assert_eq!(id("session", "d", &session), id("session", "e", &session));
    }

    #[test]
    fn an_instant_that_was_not_sent_is_the_uploads() {
        let item = json!({"session_id": "s", "events": [], "duration_ms": 0});
        let sent = Batch { client_at: Some(Timestamp(5)), ..batch("d") };
        let at = |batch: &Batch| rules("behavioral").read(batch, &item, NOW).unwrap().at;
        assert_eq!((at(&sent), at(&batch("d"))), (Timestamp(5), NOW));
    }

    #[test]
    fn the_future_begins_after_five_minutes() {
        let read = |ahead: i64| {
            let item = json!({"verification_id": "v", "verified": true, "timestamp": NOW.plus(ahead)});
            rules("voice").read(&batch("d"), &item, NOW)
        };
        assert!(read(AHEAD).is_ok());
        assert_eq!(read(AHEAD + 1).unwrap_err()[0].0, Some("timestamp"));
    }

    /// Values of every kind, those that rules look for among them.
    fn value() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-0.5..1.5).prop_map(Value::from),
            // Without quotes: a string that holds a string that holds JSON is read deeper each time.
            "[^\"]{0,12}".prop_map(Value::from),
            (0_i64..4_000_000_000_000).prop_map(|at| json!(Timestamp(at))),
        ];
        plain.prop_recursive(2, 12, 3, |inner| proptest::collection::vec(inner, 0..3).prop_map(Value::from))
    }

    /// A value that a field takes.
    fn sound(field: &Field) -> Value {
        match field.shape {
            Shape::Bool => json!(true),
            Shape::Instant => json!("2026-01-16T14:00:00Z"),
            Shape::List => json!([1]),
            Shape::Int(..) | Shape::Float(..) => json!(1),
            _ => json!("x"),
        }
    }

    /// A sound item, with some of its members replaced by anything.
    fn item(rules: &'static Rules) -> impl Strategy<Value = Value> {
        let names: Vec<&'static str> = rules.fields.iter().map(|field| field.name).collect();
        let member = (proptest::sample::select(names), value()).prop_map(|(name, value)| (name.to_owned(), value));
        proptest::collection::vec(member, 0..4).prop_map(|replaced| {
            let sound = rules.fields.iter().map(|field| (field.name.to_owned(), sound(field)));
            Value::Object(sound.chain(replaced).collect())
        })
    }

    fn any_item() -> impl Strategy<Value = (&'static Rules, Value)> {
        proptest::sample::select(TELEMETRY.iter().collect::<Vec<_>>()).prop_flat_map(|rules| (Just(rules), item(rules)))
    }

    proptest! {
        #[test]
        fn what_is_taken_obeys_and_reads_the_same_again((rules, sent) in any_item()) {
            let batch = batch("d");
            let Ok(item) = rules.read(&batch, &sent, NOW) else { return Ok(()) };
            for field in rules.fields.iter().filter(|field| field.required) {
                prop_assert!(item.data.contains_key(field.name));
            }
            for share in ["confidence_score", "quality_score"] {
                prop_assert!(item.data.get(share).is_none_or(|n| (0.0..=1.0).contains(&n.as_f64().unwrap())));
            }
            prop_assert!(rules.ahead.is_none_or(|ahead| item.at <= NOW.plus(ahead)));
            prop_assert!(rules.check_span(&item.data).is_ok());
            prop_assert_eq!(rules.read(&batch, &Value::Object(item.data.clone()), NOW).unwrap(), item);
        }
    }
}
