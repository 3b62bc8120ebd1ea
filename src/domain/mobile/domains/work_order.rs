//! Work orders.

use super::entry::{Entry, RECORD};
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::records::machine::{Machine, Step};
use crate::domain::mobile::records::tables::{MAX_TEXT, Table, essence, instant, state, word};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

/// The most hours of one piece of work: ten years.
const MAX_HOURS: f64 = 87_660.0;

const fn hours(name: &'static str) -> Field {
    Field::new(name, Shape::Float(0.0, MAX_HOURS)).nullable()
}

const STATES: &[Step] = &[
    ("draft", &["in_progress", "cancelled"]),
    ("in_progress", &["completed", "paused", "cancelled"]),
    ("paused", &["in_progress", "cancelled"]),
    ("completed", &["closed"]),
    ("closed", &[]),
    ("cancelled", &[]),
];

/// See [`super`].
pub const DOMAIN: Table = Table {
    entry: Entry {
        names: Names { name: "work_order", path: "work-orders", list: "work_orders" },
        operation: "syncWorkOrders",
        summary: "Send work orders",
        graph: RECORD,
    },
    changes: "What changed in work orders",
    one: "One work order",
    fields: &[
        essence("description", 5, MAX_TEXT),
        state("status"),
        word("priority"),
        instant("scheduled_start"),
        instant("scheduled_end"),
        instant("actual_start"),
        instant("actual_end"),
        hours("estimated_hours"),
        hours("actual_hours"),
    ],
    defaults: &[("status", "draft")],
    orders: &[("scheduled_start", "scheduled_end"), ("actual_start", "actual_end")],
    machine: Some(Machine { field: "status", states: STATES }),
    policy: Policy::MostRecentWins,
    personal: false,
    dated: Some("scheduled_start"),
    noun: None,
};
