//! Passwords: argon2id, and the list of those that everybody tries first.

use crate::base::error::{Error, Result};
use crate::base::{id, memory};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as Unhashed, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// OWASP's parameters with the least memory that fits a shared account: 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Bytes of salt (RFC 9106 §3.1).
const SALT: usize = 16;

/// What is too common: 8 characters or more, not only digits, lower case, sorted. From Django's list (Royce Williams),
/// which is free to use.
static COMMON: &str = include_str!("common-passwords.txt");

/// A hash that no password has, to spend the same time on an account that does not exist.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: Unhashed) -> Error {
    match error {
        Unhashed::OutOfMemory => memory::missing(MEMORY_KIB as usize * 1024),
        other => Error::internal(other),
    }
}

/// Hashes a password, as a PHC string.
///
/// # Errors
/// When there is not enough memory or randomness.
pub fn hash(password: &str) -> Result<String> {
    let salt = id::bytes::<SALT>()?;
    let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// Is this the password of the hash? A hash that is none matches nothing.
///
/// # Errors
/// When there is not enough memory.
pub fn verify(password: &str, hash: &str) -> Result<bool> {
    match PasswordHash::new(hash) {
        Ok(parsed) => match hasher()?.verify_password(password.as_bytes(), &parsed) {
            // Nobody is told that their password is wrong because the memory is short.
            Err(error @ Unhashed::OutOfMemory) => Err(failed(error)),
            outcome => Ok(outcome.is_ok()),
        },
        Err(_) => Ok(false),
    }
}

/// Is it on the list of common passwords, whatever the case?
pub fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let lines: Vec<&str> = COMMON.lines().collect();
    lines.binary_search(&lower.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_verify_and_differ() {
        let (one, other) = (hash("correct horse").unwrap(), hash("correct horse").unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", &one).unwrap());
        assert!(!verify("correct horse ", &one).unwrap());
        assert!(!verify("x", NOBODY).unwrap());
        assert!(!verify("x", "!").unwrap());
    }

    #[test]
    fn nobodys_hash_is_a_hash_of_ours() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn common_passwords_are_known() {
        assert!(is_common("PassWord1") && is_common("password123") && !is_common("correct horse battery"));
        assert!(COMMON.lines().is_sorted());
    }
}
