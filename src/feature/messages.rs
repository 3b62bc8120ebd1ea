//! Messages to the caller's device, which polls bring beside the changes (`include=messages`). One noun has them.

use super::{Ctx, Describe};
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
}
