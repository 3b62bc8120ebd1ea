//! The domains: the kinds of item that a device uploads.

use crate::base::error::{Error, Result};
use crate::feature::Route;

/// How an item of a domain lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Appended; a repeated item is not written twice.
    Telemetry,
    /// A versioned record, in the feed.
    Record,
}

/// A domain and its names. A new one is an entry of [`DOMAINS`] and its table of rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name in REST bodies and in the store.
    pub name: &'static str,
    /// How its items land.
    pub family: Family,
    /// The upload of a list of its items: the operation that an idempotency key belongs to, the same through every face.
    pub operation: &'static str,
    /// The segment of its REST routes.
    pub path: &'static str,
    /// Its list in the feed; telemetry has none.
    pub kind: Option<&'static str>,
}

const fn telemetry(name: &'static str, operation: &'static str) -> Domain {
    Domain { name, family: Family::Telemetry, operation, path: name, kind: None }
}

const fn record(name: &'static str, operation: &'static str, path: &'static str, kind: &'static str) -> Domain {
    Domain { name, family: Family::Record, operation, path, kind: Some(kind) }
}

/// Every domain. In GraphQL its name is the same in capitals.
pub const DOMAINS: &[Domain] = &[
    telemetry("voice", "syncVoiceData"),
    telemetry("behavioral", "syncBehavioralData"),
    telemetry("session", "syncSessionData"),
    telemetry("metrics", "syncMetricsData"),
    record("journal", "syncJournal", "journal", "journal"),
    record("attendance", "syncAttendance", "attendance", "attendance"),
    record("task", "syncTasks", "activity", "tasks"),
    record("ticket", "syncTickets", "helpdesk", "tickets"),
    record("work_order", "syncWorkOrders", "work-orders", "work_orders"),
];

/// The domain whose route this is: `/sync/{its path}/…`.
///
/// # Errors
/// When the route is none of a domain's, which is a defect.
pub fn of_route(route: &Route) -> Result<&'static Domain> {
    let path = route.path.split('/').nth(2).unwrap_or_default();
    let domain = DOMAINS.iter().find(|domain| domain.path == path);
    domain.ok_or_else(|| Error::Internal(format!("{} is no domain's route", route.path)))
}

/// The domain of a name.
pub fn named(name: &str) -> Option<&'static Domain> {
    DOMAINS.iter().find(|domain| domain.name == name)
}
