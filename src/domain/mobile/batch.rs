//! What the items of an upload share.

use crate::base::time::Timestamp;

/// Who sent the items, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The device, by the id that it gave itself.
    pub device: String,
    /// The device's clock when it sent them.
    pub client_at: Option<Timestamp>,
}
