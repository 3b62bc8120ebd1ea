//! Tickets of a help desk.

use super::entry::{Entry, RECORD};
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::records::machine::{Machine, Step};
use crate::domain::mobile::records::tables::{MAX_TEXT, Table, choice, essence, instant, name, state, text, word};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

/// The highest level that a ticket is escalated to: no organisation has more.
const MAX_LEVEL: i64 = 100;

const STATES: &[Step] = &[
    ("NEW", &["OPEN", "INPROGRESS", "CANCELLED"]),
    ("OPEN", &["INPROGRESS", "RESOLVED", "ONHOLD", "CANCELLED"]),
    ("INPROGRESS", &["RESOLVED", "ONHOLD", "OPEN", "CANCELLED"]),
    ("ONHOLD", &["OPEN", "INPROGRESS", "RESOLVED", "CANCELLED"]),
    ("RESOLVED", &["CLOSED", "OPEN"]),
    ("CLOSED", &[]),
    ("CANCELLED", &[]),
];

/// See [`super`].
pub const DOMAIN: Table = Table {
    entry: Entry {
        names: Names { name: "ticket", path: "helpdesk", list: "tickets" },
        operation: "syncTickets",
        summary: "Send tickets",
        graph: RECORD,
    },
    changes: "What changed in tickets",
    one: "One ticket",
    fields: &[
        essence("ticketdesc", 10, MAX_TEXT),
        state("status"),
        word("priority"),
        choice("identifier", &["REQUEST", "TICKET"]).nullable(),
        text("comments"),
        Field::new("escalation_level", Shape::Int(0, MAX_LEVEL)).nullable(),
        instant("escalated_at"),
        name("escalated_by"),
    ],
    defaults: &[("status", "NEW")],
    orders: &[],
    machine: Some(Machine { field: "status", states: STATES }),
    policy: Policy::PreserveEscalation,
    personal: false,
    dated: None,
    noun: None,
};
