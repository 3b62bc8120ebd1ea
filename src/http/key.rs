//! What an `Idempotency-Key` looks like, in a header field or in a body (draft-ietf-httpapi-idempotency-key-header).

use schemars::{Schema, json_schema};

/// The fewest and the most characters of a key: a UUID passes, a counter does not.
pub const LENGTH: (usize, usize) = (16, 255);

/// Members of a body that say when it was sent, not what it asks: a retry that is written anew differs in them, and is the same
/// request.
pub const WHEN: &[&str] = &["client_timestamp", "last_sync_timestamp"];

/// Is it long enough, not too long, and of visible ASCII characters alone?
pub fn is_sound(key: &str) -> bool {
    (LENGTH.0..=LENGTH.1).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// The schema of a key.
pub fn schema() -> Schema {
    json_schema!({ "type": "string", "minLength": LENGTH.0, "maxLength": LENGTH.1, "pattern": "^[!-~]+$" })
}
