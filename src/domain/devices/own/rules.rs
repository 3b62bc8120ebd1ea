//! What a device looks like to its user.

use crate::base::time::Timestamp;
use crate::domain::devices::rules::Device as Uploads;
use crate::feature::sessions::device::Device;
use crate::http::paging::{After, Keyed};
use schemars::JsonSchema;
use serde::Serialize;

/// A device, as its user sees it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OwnDevice {
    /// What it calls itself.
    pub device_id: String,
    /// What its user calls it.
    pub name: String,
    /// phone, tablet, laptop, desktop or other.
    #[serde(rename = "type")]
    pub kind: String,
    /// How much its edits count under the policy `device_priority`: 0 to 100.
    pub priority: i64,
    /// Its system.
    pub os: String,
    /// The version of that.
    pub os_version: String,
    /// Its app.
    pub app: String,
    /// The version of that.
    pub app_version: String,
    /// When it was first known.
    pub registered_at: Timestamp,
    /// When it was last heard of, to the minute.
    pub last_seen_at: Timestamp,
    /// Its last upload in the couple or team of now.
    pub last_sync_at: Option<Timestamp>,
    /// How well its uploads there go, 0 to 100.
    pub health: f64,
    /// Is it the one that asks?
    pub current: bool,
    /// active, revoked, wipe_pending or wiped.
    pub state: &'static str,
    /// Does it delete what it holds of the account when it is asked to?
    pub can_wipe: bool,
    /// How many sessions are signed in on it.
    pub sessions: i64,
}

impl OwnDevice {
    /// A device beside what its uploads came to.
    pub fn of(device: Device, uploads: Option<&Uploads>, sessions: i64, current: bool) -> OwnDevice {
        let priority = device.priority();
        OwnDevice {
            device_id: device.device_id,
            name: device.name,
            kind: device.kind,
            priority,
            os: device.os,
            os_version: device.os_version,
            app: device.app,
            app_version: device.app_version,
            registered_at: device.registered_at,
            last_seen_at: device.seen_at.to_the_minute(),
            last_sync_at: uploads.map(|uploads| uploads.last_sync_at),
            health: uploads.map_or(UNTRIED, |uploads| uploads.health),
            current,
            state: device.state.word(),
            can_wipe: device.can_wipe,
            sessions,
        }
    }
}

/// The health of what never sent anything.
const UNTRIED: f64 = 100.0;

impl Keyed for OwnDevice {
    fn key(&self) -> Vec<String> {
        vec![self.registered_at.0.to_string(), self.device_id.clone()]
    }
}

/// Where a part of the list begins. A device may call itself anything, also what separates the parts of a key.
pub fn behind(after: &After) -> crate::base::error::Result<(i64, String)> {
    after.key((i64::MAX, String::new()), |parts| match parts {
        [at, id @ ..] if !id.is_empty() => Some((at.parse().ok()?, After::whole(id))),
        _ => None,
    })
}

/// A device that was registered, or known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Registered {
    /// The device.
    #[serde(flatten)]
    pub device: OwnDevice,
    /// registered or updated.
    pub status: &'static str,
}

/// The same in a few words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Briefly {
    /// What it calls itself.
    pub device_id: String,
    /// How much its edits count.
    pub priority: i64,
    /// registered or updated.
    pub status: &'static str,
}

/// A device whose sessions have ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deactivated {
    /// What it calls itself.
    pub device_id: String,
    /// Always.
    pub deactivated: bool,
}
