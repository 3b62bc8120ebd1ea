//! A subscription as its user sees it: never its endpoint or keys, nor what its push service said but how it went.

use super::fields::{ALL, FILTERS};
use super::rules::{PENDING, State, Subscription};
use super::target::{Target, place};
use crate::base::time::Timestamp;
use crate::base::word;
use crate::feature::House;
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::Serialize;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PushSubscription")]
pub struct Shown {
    /// Its id. Another endpoint, another id.
    pub id: String,
    /// The device that it wakes.
    pub device_id: String,
    /// The host of its push service; null where it holds preferences alone, and in an export.
    pub host: Option<String>,
    /// The lists of the feed whose changes wake the device, or `all`.
    pub domains: Vec<String>,
    /// The least urgent that does: `all`, `high` or `critical`.
    pub priority_filter: String,
    /// Is the battery saved?
    pub battery_saver: bool,
    /// When quiet hours begin, `HH:MM` in the user's time zone; null where there are none.
    pub quiet_from: Option<String>,
    /// When they end.
    pub quiet_to: Option<String>,
    /// Does each wake-up show a notification?
    pub visible: bool,
    /// `pending` until it is verified, `active`; `suspended` while the push service refuses this server, which its operator mends;
    /// `gone` when the push service does not know it any more: subscribe anew.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// When it ends, unless the app sends it again.
    pub expires_at: Timestamp,
    /// Wake-ups that the push service took.
    pub sent: i64,
    /// Those that it did not.
    pub failed: i64,
    /// How the last one went: `2xx`, `4xx`, `5xx`, `timeout` or `refused`.
    pub last_status: Option<String>,
    /// When that was.
    pub last_sent_at: Option<Timestamp>,
}

impl Keyed for Shown {
    fn key(&self) -> Vec<String> {
        vec![self.created_at.0.to_string(), self.id.clone()]
    }
}

impl Shown {
    /// As its user sees it.
    pub fn of(house: &House, s: &Subscription) -> Shown {
        let host = Target::of(house, s).and_then(|target| Some(place(&target.endpoint)?.host.to_ascii_lowercase()));
        Shown { host, ..Shown::held(s) }
    }

    /// As an export has it.
    pub fn held(s: &Subscription) -> Shown {
        let p = &s.preferences;
        let domains = if p.domains.is_empty() { vec![ALL.to_owned()] } else { p.domains.clone() };
        let pending = (s.state == State::Pending).then(|| s.state_at.plus(PENDING));
        Shown {
            id: s.id.clone(),
            device_id: s.device.clone(),
            host: None,
            domains,
            priority_filter: word::of(&FILTERS, &p.priority).to_owned(),
            battery_saver: p.saver,
            quiet_from: p.quiet.map(|quiet| time(quiet.from)),
            quiet_to: p.quiet.map(|quiet| time(quiet.to)),
            visible: p.visible,
            state: s.state.word().to_owned(),
            created_at: s.created_at,
            verified_at: s.verified_at,
            expires_at: pending.map_or(s.expires_at, |end| end.min(s.expires_at)),
            sent: s.sent,
            failed: s.failed,
            last_status: s.last_status.clone(),
            last_sent_at: s.last_sent_at,
        }
    }
}

/// A minute of the day as `HH:MM`.
fn time(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
