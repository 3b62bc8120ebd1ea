//! What somebody did in a session.

use super::entry::{Entry, GraphType};
use crate::domain::mobile::telemetry::rules::{Again, MAX_ID, Part, Rules, count, instant, json, name};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

const SCHEMA: &str = r#"
"What somebody did in a session."
input BehavioralDataInput {
  sessionId: ID!
  events: [JSON]!
  durationMs: Int!
  userInteractions: Int
  screenChanges: Int
  metadata: JSON
}
"#;

/// See [`super`].
pub const DOMAIN: Rules = Rules {
    entry: Entry {
        names: Names { name: "behavioral", path: "behavioral", list: "behavioral_data" },
        operation: "syncBehavioralData",
        summary: "Send behavioural events",
        graph: GraphType { name: "BehavioralDataInput", schema: SCHEMA },
    },
    result: "behavioral_sync_result",
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
};
