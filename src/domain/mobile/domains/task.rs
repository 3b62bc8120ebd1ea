//! Tasks.

use super::entry::{Entry, RECORD};
use crate::base::time::DAY;
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::records::machine::{Machine, Step};
use crate::domain::mobile::records::tables::{MAX_NAME, Table, choice, essence, instant, json, state, text};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

/// The longest time of grace, in minutes: a year.
const MAX_GRACE: i64 = 366 * DAY / 60_000;

const STATES: &[Step] = &[
    ("ASSIGNED", &["INPROGRESS", "STANDBY"]),
    ("INPROGRESS", &["COMPLETED", "PARTIALLYCOMPLETED", "STANDBY"]),
    ("PARTIALLYCOMPLETED", &["COMPLETED", "INPROGRESS", "STANDBY"]),
    ("STANDBY", &["ASSIGNED", "INPROGRESS"]),
    ("COMPLETED", &["STANDBY"]),
];

/// See [`super`].
pub const DOMAIN: Table = Table {
    entry: Entry {
        names: Names { name: "task", path: "activity", list: "tasks" },
        operation: "syncTasks",
        summary: "Send tasks",
        graph: RECORD,
    },
    changes: "What changed in tasks",
    one: "One task",
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
    machine: Some(Machine { field: "jobstatus", states: STATES }),
    policy: Policy::MostRecentWins,
    personal: false,
    dated: Some("plandatetime"),
    noun: None,
};
