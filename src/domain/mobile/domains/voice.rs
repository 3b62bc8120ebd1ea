//! Voice verifications.

use super::entry::{Entry, GraphType};
use crate::base::time::AHEAD;
use crate::domain::mobile::telemetry::rules::{Again, MAX_ID, Part, Rules, count, instant, json, name, share};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

const SCHEMA: &str = r#"
"A voice verification."
input VoiceDataInput {
  "At most 255 characters; a repeated one counts as synced."
  verificationId: ID!
  "ISO 8601."
  timestamp: String!
  verified: Boolean!
  "0 to 1."
  confidenceScore: Float
  "0 to 1."
  qualityScore: Float
  processingTimeMs: Int
  metadata: JSON
}
"#;

/// See [`super`].
pub const DOMAIN: Rules = Rules {
    entry: Entry {
        names: Names { name: "voice", path: "voice", list: "voice_data" },
        operation: "syncVoiceData",
        summary: "Send voice verifications",
        graph: GraphType { name: "VoiceDataInput", schema: SCHEMA },
    },
    result: "voice_sync_result",
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
};
