//! What a conflict is, and how a tenant wants conflicts settled.

use crate::base::time::{DAY, Timestamp};
use crate::base::word;
use crate::http::input::{Field, Shape};
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// How a conflict is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// What the device sent replaces what the server has.
    ClientWins,
    /// The server's row stays.
    ServerWins,
    /// The later edit stays, by the devices' clocks; a tie goes to the server.
    MostRecentWins,
    /// The device's copy, but what tells of an escalation stays the server's.
    PreserveEscalation,
    /// A three-way merge of fields; what both sides changed is left to a person.
    Merge,
    /// A person chooses.
    Manual,
    /// The edit of the device that counts more, as a whole; between equals, and where a device is not known, the later one.
    DevicePriority,
}

impl Policy {
    /// Every policy with its word in the store and on the wire.
    pub const ALL: [(Policy, &str); 7] = [
        (Policy::ClientWins, "client_wins"),
        (Policy::ServerWins, "server_wins"),
        (Policy::MostRecentWins, "most_recent_wins"),
        (Policy::PreserveEscalation, "preserve_escalation"),
        (Policy::Merge, "merge"),
        (Policy::Manual, "manual"),
        (Policy::DevicePriority, "device_priority"),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        word::of(&Policy::ALL, &self)
    }

    /// The policy of a word.
    pub fn named(word: &str) -> Option<Policy> {
        word::named(&Policy::ALL, word)
    }
}

/// The words of the policies.
pub const POLICIES: [&str; 7] = word::list(&Policy::ALL);

/// How a tenant wants the conflicts of a domain settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What decides.
    pub policy: Policy,
    /// Does it decide by itself? If not, every conflict waits for a person.
    pub auto_resolve: bool,
    /// Do conflicts stand in the feed, where every device of the tenant sees them?
    pub notify: bool,
}

impl Rule {
    /// The rule of a domain whose tenant has set none.
    pub fn of(policy: Policy) -> Rule {
        Rule { policy, auto_resolve: policy != Policy::Manual, notify: true }
    }

    /// What settles a conflict now.
    pub fn strategy(self) -> Policy {
        if self.auto_resolve { self.policy } else { Policy::Manual }
    }
}

/// It is settled.
pub const RESOLVED: &str = "resolved";
/// Somebody must choose.
pub const MANUAL_REQUIRED: &str = "manual_required";
/// What was chosen cannot be written; the conflict stays as it was.
pub const FAILED: &str = "failed";

/// An edit that met a newer version: both sides, and what was decided.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "KeptConflict")]
pub struct Conflict {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub conflict_id: String,
    /// The record's domain.
    pub domain: String,
    /// The record.
    #[schemars(extend("format" = "uuid"))]
    pub mobile_id: String,
    /// Who sent the edit.
    pub user_id: i64,
    /// The device that it came from; empty to others than its user.
    pub device_id: String,
    /// The version that the server had.
    pub server_version: u32,
    /// The version that the device had seen.
    pub client_version: u32,
    /// When the device made its edit, by its clock, if it said so.
    pub client_at: Option<Timestamp>,
    /// The server's fields; null when it was deleted there.
    pub server_data: Value,
    /// Who wrote the server's side, as far as that is known.
    pub server_user_id: Option<i64>,
    /// The device's fields, as far as it sent them; null when it wanted to delete.
    pub client_data: Value,
    /// What the device started from, if it said so.
    pub base_data: Value,
    /// What decided, or shall decide.
    pub resolution_strategy: String,
    /// `resolved` or `manual_required`.
    pub resolution_result: String,
    /// Must somebody choose?
    pub resolution_required: bool,
    /// `client`, `server` or `merged`, once it is settled.
    pub winning_version: Option<String>,
    /// When it was met.
    pub created_at: Timestamp,
    /// Who settled it; null when the policy did.
    pub resolved_by: Option<i64>,
    /// When it was settled.
    pub resolved_at: Option<Timestamp>,
    /// What they noted.
    pub notes: Option<String>,
    /// The answer to the request that settled it, for one that asks again.
    #[serde(skip)]
    #[schemars(skip)]
    pub answer: Option<String>,
}

impl Conflict {
    /// What is told of it where there is no room for its sides.
    pub fn without_data(self) -> Conflict {
        Conflict { server_data: Value::Null, client_data: Value::Null, base_data: Value::Null, ..self }
    }
}

impl Keyed for Conflict {
    fn key(&self) -> Vec<String> {
        vec![self.created_at.0.to_string(), self.conflict_id.clone()]
    }
}

/// How long a settled conflict is kept, in milliseconds.
pub const KEPT: i64 = 90 * DAY;

/// How long a conflict of a deleted record is kept for who sent it, in milliseconds.
pub const KEPT_OF_DELETED: i64 = 30 * DAY;

/// The longest name of a domain, in characters.
const MAX_DOMAIN: usize = 20;

/// Which conflicts a list shows.
pub const FILTER: &[Field] = &[
    Field::new("status", Shape::Choice(&[RESOLVED, MANUAL_REQUIRED, FAILED])),
    Field::name("domain", MAX_DOMAIN).about("The name of a record domain, such as `task`."),
    Field::new("since", Shape::Instant).about("Only conflicts that were met after this instant."),
];

/// Which conflicts a list shows; an empty text is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Their result.
    pub status: String,
    /// Their domain.
    pub domain: String,
    /// They were met after this instant.
    pub since: Timestamp,
    /// Who looks: conflicts of a deleted record show their side to who sent it alone.
    pub viewer: i64,
}

/// Of a hundred items that were uploaded, how many met a conflict; 0 when none were.
pub fn rate_pct(conflicts: i64, items: i64) -> f64 {
    /// Two decimals are shown.
    const DECIMALS: f64 = 100.0;
    if items == 0 { 0.0 } else { (100.0 * conflicts as f64 / items as f64 * DECIMALS).round() / DECIMALS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_wire_stay() {
        let wire =
            ["client_wins", "server_wins", "most_recent_wins", "preserve_escalation", "merge", "manual", "device_priority"];
        assert_eq!(POLICIES, wire);
        assert!(Policy::ALL.iter().all(|(policy, word)| Policy::named(word) == Some(*policy) && policy.name() == *word));
    }

    #[test]
    fn rates_are_of_a_hundred() {
        assert_eq!((rate_pct(0, 0), rate_pct(1, 3), rate_pct(2, 2)), (0.0, 33.33, 100.0));
    }
}
