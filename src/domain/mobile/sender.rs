//! Who sends an upload, and what of it counts for each of its items.

use crate::base::time::{Local, Timestamp, Zone};

/// Who sends items, and when by their own clock.
#[derive(Debug)]
pub struct Batch {
    /// The device's own name for itself.
    pub device: String,
    /// When it sent them, by its clock.
    pub client_at: Option<Timestamp>,
    /// What its times without an offset mean.
    pub local: Local,
    /// Its user's time zone.
    pub zone: Zone,
}
