//! The record domains as data: fields, order of dates, states, policy. A new domain is an entry of [`TABLES`], its entry of
//! `domains::DOMAINS`, and its kind in the feed.

use super::machine::{Machine, Step};
use crate::base::time::DAY;
use crate::domain::mobile::conflicts::Policy;
use crate::http::input::{Field, Shape};

/// The rules of one domain.
#[derive(Debug)]
pub struct Table {
    /// The domain's name.
    pub domain: &'static str,
    /// Its fields. What else a device sends is kept as it came: a newer app must not lose what an older server does not know.
    pub fields: &'static [Field],
    /// Fields that a new record has though its device does not send them. They cannot be cleared.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Pairs of instants: the second is not before the first.
    pub orders: &'static [(&'static str, &'static str)],
    /// The states that a record goes through, where it has any.
    pub machine: Option<Machine>,
    /// How a conflict is settled where the tenant does not want it otherwise.
    pub policy: Policy,
    /// The field that says when it happened, or shall; without one, or where it is not set, it is when it was created.
    pub dated: Option<&'static str>,
}

/// The longest title, reference or name, in characters.
const MAX_NAME: usize = 200;
/// The longest word that apps choose themselves, in characters.
const MAX_WORD: usize = 50;
/// The longest text, in characters: some pages, and in any script within [`super::fields::MAX_DATA`].
const MAX_TEXT: usize = 20_000;
/// The longest time of grace, in minutes: a year.
const MAX_GRACE: i64 = 366 * DAY / 60_000;
/// The most hours of one piece of work: ten years.
const MAX_HOURS: f64 = 87_660.0;
/// The highest level that a ticket is escalated to: no organisation has more.
const MAX_LEVEL: i64 = 100;

const fn word(name: &'static str) -> Field {
    Field::name(name, MAX_WORD).nullable()
}

const fn name(name: &'static str) -> Field {
    Field::name(name, MAX_NAME).nullable()
}

const fn text(name: &'static str) -> Field {
    Field::text(name, MAX_TEXT).nullable()
}

const fn instant(name: &'static str) -> Field {
    Field::new(name, Shape::Instant).nullable()
}

const fn json(name: &'static str) -> Field {
    Field::new(name, Shape::Json).nullable()
}

const fn hours(name: &'static str) -> Field {
    Field::new(name, Shape::Float(0.0, MAX_HOURS)).nullable()
}

const fn choice(name: &'static str, words: &'static [&'static str]) -> Field {
    Field::new(name, Shape::Choice(words))
}

/// A state is told by the machine, which names both sides of a step that is not allowed.
const fn state(name: &'static str) -> Field {
    Field::name(name, MAX_WORD)
}

/// What a record is about: it must be there, and say something.
const fn essence(name: &'static str, min: usize, max: usize) -> Field {
    Field::new(name, Shape::Text { min, max, trim: true, blank: false }).required()
}

/// Every record domain.
pub const TABLES: &[Table] = &[JOURNAL, ATTENDANCE, TASK, TICKET, WORK_ORDER];

/// The table of a domain.
pub fn of(domain: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.domain == domain)
}

const JOURNAL: Table = Table {
    domain: "journal",
    fields: &[
        essence("title", 1, MAX_NAME),
        word("entry_type"),
        instant("timestamp"),
        text("content"),
        word("mood"),
        Field::new("tags", Shape::List).nullable(),
    ],
    defaults: &[],
    orders: &[],
    machine: None,
    policy: Policy::ClientWins,
    dated: Some("timestamp"),
};

const TRANSPORT: &[&str] = &["WALK", "BIKE", "CAR", "BUS", "TRAIN", "OTHER"];
const REASONS: &[&str] = &["NONE", "CONVEYANCE", "EXTERNALTOUR", "INTERNALTOUR", "SITEVISIT", "TRACKING"];
const ATTENDANCE_STATES: &[Step] =
    &[("PENDING", &["VERIFIED", "REJECTED"]), ("VERIFIED", &["CORRECTED"]), ("REJECTED", &["PENDING"]), ("CORRECTED", &[])];

const ATTENDANCE: Table = Table {
    domain: "attendance",
    fields: &[
        essence("deviceid", 5, MAX_NAME),
        json("gpslocation"),
        instant("receiveddate"),
        choice("transportmode", TRANSPORT),
        name("reference"),
        choice("identifier", REASONS),
        state("status"),
    ],
    defaults: &[("transportmode", "WALK"), ("identifier", "TRACKING"), ("status", "PENDING")],
    orders: &[],
    machine: Some(Machine { field: "status", states: ATTENDANCE_STATES }),
    policy: Policy::ServerWins,
    dated: Some("receiveddate"),
};

const TASK_STATES: &[Step] = &[
    ("ASSIGNED", &["INPROGRESS", "STANDBY"]),
    ("INPROGRESS", &["COMPLETED", "PARTIALLYCOMPLETED", "STANDBY"]),
    ("PARTIALLYCOMPLETED", &["COMPLETED", "INPROGRESS", "STANDBY"]),
    ("STANDBY", &["ASSIGNED", "INPROGRESS"]),
    ("COMPLETED", &["STANDBY"]),
];

const TASK: Table = Table {
    domain: "task",
    fields: &[
        essence("jobdesc", 3, MAX_NAME),
        Field::new("gracetime", Shape::Int(0, MAX_GRACE)).nullable(),
        choice("priority", &["HIGH", "MEDIUM", "LOW"]).nullable(),
        state("jobstatus"),
        instant("plandatetime"),
        instant("expirydatetime"),
        instant("starttime"),
        instant("endtime"),
        json("gpslocation"),
        text("remarks"),
    ],
    defaults: &[("jobstatus", "ASSIGNED")],
    orders: &[("plandatetime", "expirydatetime"), ("starttime", "endtime")],
    machine: Some(Machine { field: "jobstatus", states: TASK_STATES }),
    policy: Policy::MostRecentWins,
    dated: Some("plandatetime"),
};

const TICKET_STATES: &[Step] = &[
    ("NEW", &["OPEN", "INPROGRESS", "CANCELLED"]),
    ("OPEN", &["INPROGRESS", "RESOLVED", "ONHOLD", "CANCELLED"]),
    ("INPROGRESS", &["RESOLVED", "ONHOLD", "OPEN", "CANCELLED"]),
    ("ONHOLD", &["OPEN", "INPROGRESS", "RESOLVED", "CANCELLED"]),
    ("RESOLVED", &["CLOSED", "OPEN"]),
    ("CLOSED", &[]),
    ("CANCELLED", &[]),
];

const TICKET: Table = Table {
    domain: "ticket",
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
    machine: Some(Machine { field: "status", states: TICKET_STATES }),
    policy: Policy::PreserveEscalation,
    dated: None,
};

const WORK_ORDER_STATES: &[Step] = &[
    ("draft", &["in_progress", "cancelled"]),
    ("in_progress", &["completed", "paused", "cancelled"]),
    ("paused", &["in_progress", "cancelled"]),
    ("completed", &["closed"]),
    ("closed", &[]),
    ("cancelled", &[]),
];

const WORK_ORDER: Table = Table {
    domain: "work_order",
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
    machine: Some(Machine { field: "status", states: WORK_ORDER_STATES }),
    policy: Policy::MostRecentWins,
    dated: Some("scheduled_start"),
};
