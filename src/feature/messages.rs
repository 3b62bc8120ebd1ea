//! Messages to the caller's device, which polls bring beside the changes (`include=messages`). One noun has them.

use super::{Ctx, Describe, Priority};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use serde_json::Value;

/// What a noun has for polls.
#[derive(Debug, Clone, Copy)]
pub struct Messages {
    /// Reads those of the caller after an instant, up to another, oldest first.
    pub between: fn(&mut Ctx<'_>, after: Timestamp, until: Timestamp) -> Result<Value>,
    /// What one looks like.
    pub object: Describe,
    /// Reads what the caller's device wants to hear of.
    pub wishes: fn(&mut Ctx<'_>) -> Result<Wishes>,
}

/// What a device wants to hear of.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The lists of the feed; empty is all.
    pub domains: Vec<String>,
    /// The least urgent.
    pub priority: Priority,
    /// Rarely, to save its battery?
    pub saver: bool,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes { domains: Vec::new(), priority: Priority::Normal, saver: false }
    }
}
