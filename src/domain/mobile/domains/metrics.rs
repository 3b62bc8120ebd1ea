//! Measurements.

use super::entry::{Entry, GraphType};
use crate::domain::mobile::telemetry::rules::{Again, MAX_NAME, Part, Rules, instant, json, name};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

const SCHEMA: &str = r#"
"A measurement."
input MetricsDataInput {
  metricType: String!
  value: Float!
  unit: String
  "ISO 8601."
  timestamp: String!
  tags: JSON
}
"#;

/// See [`super`].
pub const DOMAIN: Rules = Rules {
    entry: Entry {
        names: Names { name: "metrics", path: "metrics", list: "metrics_data" },
        operation: "syncMetricsData",
        summary: "Send metrics",
        graph: GraphType { name: "MetricsDataInput", schema: SCHEMA },
    },
    result: "metrics_sync_result",
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
};
