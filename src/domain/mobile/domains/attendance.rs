//! Attendances.

use super::entry::{Entry, RECORD};
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::records::machine::{Machine, Step};
use crate::domain::mobile::records::tables::{MAX_NAME, Table, choice, essence, instant, json, name, state};
use crate::feature::Names;

const TRANSPORT: &[&str] = &["WALK", "BIKE", "CAR", "BUS", "TRAIN", "OTHER"];
const REASONS: &[&str] = &["NONE", "CONVEYANCE", "EXTERNALTOUR", "INTERNALTOUR", "SITEVISIT", "TRACKING"];
const STATES: &[Step] =
    &[("PENDING", &["VERIFIED", "REJECTED"]), ("VERIFIED", &["CORRECTED"]), ("REJECTED", &["PENDING"]), ("CORRECTED", &[])];

/// See [`super`].
pub const DOMAIN: Table = Table {
    entry: Entry {
        names: Names { name: "attendance", path: "attendance", list: "attendance" },
        operation: "syncAttendance",
        summary: "Send attendances",
        graph: RECORD,
    },
    changes: "What changed in attendances",
    one: "One attendance",
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
    machine: Some(Machine { field: "status", states: STATES }),
    policy: Policy::ServerWins,
    personal: false,
    dated: Some("receiveddate"),
    noun: None,
};
