//! What a couple looks like, and the rules of invite codes.

use crate::base::error::Result;
use crate::base::id;
use crate::base::time::Timestamp;
use crate::http::input::{Field, Shape};
use schemars::JsonSchema;
use serde::Serialize;

/// How long a code lives when the client does not say, in minutes.
pub const TTL_DEFAULT: i64 = 60;
/// The longest life of a code, in minutes: a week.
const TTL_MAX: i64 = 7 * 24 * 60;
/// The most live codes of a couple: more make guessing easier and help nobody.
pub const MAX_LIVE: usize = 10;
/// Digits of a code: short enough to be read out.
const DIGITS: usize = 6;
/// How many codes are tried before one is free; with even half of all codes alive, one in 2^64 fails.
pub const TRIES: usize = 64;
/// An address may be wrong so many times more often than one user behind it: families and offices share one.
pub const ADDRESS_SHARE: u32 = 10;

/// The fields of an invitation.
pub const INVITE: &[Field] = &[Field::new("ttl_minutes", Shape::Int(1, TTL_MAX))];

/// The fields of joining.
pub const JOIN: &[Field] = &[Field::name("code", 64).required()];

/// A couple.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Couple {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// Who started it, or stayed.
    pub partner_a: Option<Partner>,
    /// Who joined.
    pub partner_b: Option<Partner>,
    /// When it was started.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
}

/// One of the two, as the other sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Partner {
    /// The user's id.
    pub id: i64,
    /// The user's name.
    pub username: String,
    /// The user's language.
    pub language: String,
    /// The user's time zone.
    pub timezone: String,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invite {
    /// Six digits.
    pub code: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Is it a code at all?
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

/// A random code. The remainder of 2^64 favours no code by more than one in 10^13.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn random_code() -> Result<String> {
    let number = u64::from_le_bytes(id::bytes::<8>()?) % 10_u64.pow(6);
    Ok(format!("{number:06}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits() {
        for _ in 0..100 {
            assert!(is_code(&random_code().unwrap()));
        }
        assert!(!is_code("12345") && !is_code("1234567") && !is_code("12345a") && !is_code("１２３４５６"));
    }
}
