//! Sessions.

use super::entry::{Entry, GraphType};
use crate::domain::mobile::telemetry::rules::{Again, MAX_ID, Part, Rules, count, instant, json, name};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

const SCHEMA: &str = r#"
"A session; sent again, it is brought up to date."
input SessionDataInput {
  sessionId: ID!
  "ISO 8601."
  startTime: String!
  "ISO 8601, not before the start."
  endTime: String
  durationMs: Int
  activities: [JSON]
  metadata: JSON
}
"#;

/// See [`super`].
pub const DOMAIN: Rules = Rules {
    entry: Entry {
        names: Names { name: "session", path: "session", list: "session_data" },
        operation: "syncSessionData",
        summary: "Send sessions",
        graph: GraphType { name: "SessionDataInput", schema: SCHEMA },
    },
    result: "session_sync_result",
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
};
