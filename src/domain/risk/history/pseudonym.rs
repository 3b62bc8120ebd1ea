//! Numbers for whoever has left: no user and no device has one below 0, and which was whose is kept nowhere.

use crate::base::error::Result;
use crate::base::id;

/// A new one.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn new() -> Result<i64> {
    id::number().map(|number| -number)
}

/// Is this number that of somebody who can be named?
pub const fn is_named(number: i64) -> bool {
    number > 0
}
