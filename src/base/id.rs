//! Identifiers and random values, from the kernel's random source.

use super::error::{Error, Result};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// User ids are JSON numbers that clients parse as such: 48 random bits stay exact in a double and cannot be enumerated.
pub const USER_ID_BITS: u32 = 48;

/// A new object id: a UUIDv7 (RFC 9562 §5.7), so that ids made later sort later and index pages fill in order.
pub fn object() -> String {
    Uuid::now_v7().hyphenated().to_string()
}

/// A new id that tells nothing, not even when it was made (UUIDv4).
pub fn opaque() -> String {
    Uuid::new_v4().hyphenated().to_string()
}

/// A new random number for a user or a tenant, never 0.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn number() -> Result<i64> {
    let mask = (1_u64 << USER_ID_BITS) - 1;
    let n = i64::try_from(u64::from_le_bytes(bytes::<8>()?) & mask).map_err(Error::internal)?;
    Ok(n.max(1))
}

/// `N` random bytes.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut buffer = [0; N];
    getrandom::fill(&mut buffer).map_err(|e| Error::Internal(format!("no random numbers from the kernel: {e}")))?;
    Ok(buffer)
}

/// An object id as it came from a caller, in the canonical form; `None` when it is no UUID.
pub fn parse(text: &str) -> Option<String> {
    if is_canonical(text) {
        return Some(text.to_owned());
    }
    Uuid::try_parse(text).ok().map(|id| id.hyphenated().to_string())
}

/// Is it in that form already? Nearly all are, and an upload has a thousand.
fn is_canonical(text: &str) -> bool {
    let is_in_place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == Hyphenated::LENGTH && text.bytes().enumerate().all(is_in_place)
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}
