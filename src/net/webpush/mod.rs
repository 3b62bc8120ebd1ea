//! What a push service is sent: the message, encrypted so that the device alone reads it (`message.rs`, RFC 8291), and who sends it
//! (`vapid.rs`, RFC 8292). Pure functions but for the kernel's randomness; both by ring, which TLS brings anyway.

pub mod message;
pub mod vapid;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Bytes of a public key: a point of P-256, uncompressed.
pub const POINT: usize = 65;

/// Bytes as base64url without padding (RFC 7515 §2), as keys and tokens are written.
pub fn written(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url, whether it is padded or not.
pub fn read(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}
