//! The rules of telemetry as data: a table for each domain. A new domain is an entry.

use crate::base::id;
use crate::base::text::{self, Message};
use crate::base::time::{MINUTE, Timestamp};
use crate::domain::mobile::batch::Batch;
use crate::http::input::{Extent, Field, Input, Shape};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest id of a verification or a session, in characters.
const MAX_ID: usize = 255;
/// The longest name of a metric or a unit, in characters.
const MAX_NAME: usize = 100;
/// Counts and durations: a GraphQL Int has 32 bits.
const MAX_COUNT: i64 = i32::MAX as i64;
/// How far a device's clock may be ahead before an item counts as of the future.
const AHEAD: i64 = 5 * MINUTE;

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

/// The rules of a domain.
#[derive(Debug)]
pub struct Rules {
    /// The domain's name.
    pub domain: &'static str,
    /// Its list in a batch.
    pub list: &'static str,
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

const fn name(name: &'static str, max: usize) -> Field {
    Field::name(name, max).required()
}

const fn count(name: &'static str) -> Field {
    Field::new(name, Shape::Int(0, MAX_COUNT))
}

const fn share(name: &'static str) -> Field {
    Field::new(name, Shape::Float(0.0, 1.0)).nullable()
}

const fn instant(name: &'static str) -> Field {
    Field::new(name, Shape::Instant)
}

const fn json(name: &'static str) -> Field {
    Field::new(name, Shape::Json).nullable()
}

/// Every domain of telemetry.
pub const RULES: &[Rules] = &[
    Rules {
        domain: "voice",
        list: "voice_data",
        fields: &[
            name("verification_id", MAX_ID),
            instant("timestamp").required(),
            Field::new("verified", Shape::Bool).required(),
            share("confidence_score"),
            share("quality_score"),
            count("processing_time_ms").nullable(),
            json("metadata"),
        ],
        name: "verification_id",
        at: "timestamp",
        ahead: Some(AHEAD),
        span: None,
        identity: &[Part::Field("verification_id")],
        again: Again::Keeps,
    },
    Rules {
        domain: "behavioral",
        list: "behavioral_data",
        fields: &[
            name("session_id", MAX_ID),
            Field::new("events", Shape::List).required(),
            count("duration_ms").required(),
            count("user_interactions").nullable(),
            count("screen_changes").nullable(),
            instant("timestamp").nullable(),
            json("metadata"),
        ],
        name: "session_id",
        at: "timestamp",
        ahead: None,
        span: None,
        identity: &[Part::Device, Part::Field("session_id"), Part::Field("events")],
        again: Again::Keeps,
    },
    Rules {
        domain: "session",
        list: "session_data",
        fields: &[
            name("session_id", MAX_ID),
            instant("start_time").required(),
            instant("end_time").nullable(),
            count("duration_ms").nullable(),
            Field::new("activities", Shape::List).nullable(),
            json("metadata"),
        ],
        name: "session_id",
        at: "start_time",
        ahead: None,
        span: Some(("start_time", "end_time")),
        identity: &[Part::Field("session_id")],
        again: Again::Merges,
    },
    Rules {
        domain: "metrics",
        list: "metrics_data",
        fields: &[
            name("metric_type", MAX_NAME),
            Field::new("value", Shape::Float(f64::MIN, f64::MAX)).required(),
            instant("timestamp").required(),
            Field::name("unit", MAX_NAME).nullable(),
            json("tags"),
        ],
        name: "metric_type",
        at: "timestamp",
        ahead: None,
        span: None,
        identity: &[Part::Device, Part::Field("metric_type"), Part::Field("timestamp")],
        again: Again::Keeps,
    },
];

/// An item that obeys the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// A hash of what makes it one with another.
    pub id: String,
    /// When it was.
    pub at: Timestamp,
    /// Its fields in canonical form.
    pub data: Map<String, Value>,
}

/// The errors of an item by field; an item that is no object has one of none.
pub type Faults = Vec<(Option<&'static str>, Message)>;

impl Rules {
    /// Reads an item.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub fn read(&self, batch: &Batch, sent: &Value, now: Timestamp) -> Result<Item, Faults> {
        let Some(object) = sent.as_object() else { return Err(vec![(None, Message::plain(&text::NOT_ITEM))]) };
        let mut input = Input::of(object, self.fields, Extent::Whole);
        let at = input.instant(self.at).or(batch.client_at).unwrap_or(now);
        let late = self.ahead.is_some_and(|ahead| at > now.plus(ahead));
        input.check(!late, self.at, &text::IN_FUTURE);
        if !input.errors().is_empty() {
            return Err(input.errors().iter().map(|(field, message)| (Some(*field), message.clone())).collect());
        }
        let data = input.into_object();
        self.check_span(&data)?;
        Ok(Item { id: self.identity(batch, &data), at, data })
    }

    /// An end must not lie before its start. Canonical instants sort as their texts do.
    ///
    /// # Errors
    /// That of the end.
    pub fn check_span(&self, data: &Map<String, Value>) -> Result<(), Faults> {
        let Some((start, end)) = self.span else { return Ok(()) };
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        match (text(start), text(end)) {
            (Some(from), Some(to)) if to < from => Err(vec![(Some(end), Message::plain(&text::END_BEFORE_START))]),
            _ => Ok(()),
        }
    }

    /// Each part with its length before it, so that no two items share a hash by chance of their borders.
    fn identity(&self, batch: &Batch, data: &Map<String, Value>) -> String {
        let mut hash = Sha256::new();
        for part in self.identity {
            let text = match part {
                Part::Device => batch.device.clone(),
                Part::Field(name) => data.get(*name).map(Value::to_string).unwrap_or_default(),
            };
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        id::hex(&hash.finalize())
    }

    /// What an item calls itself, for errors: cut to what an id may have.
    pub fn name_of(&self, sent: &Value) -> Option<String> {
        let name = match sent.get(self.name)? {
            Value::String(name) => name.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(name.chars().take(MAX_ID).collect())
    }
}
