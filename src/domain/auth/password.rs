//! Passwords: argon2id, and the list of those that everybody tries first.

use super::names;
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

/// Hashes a password in its composed form, as a PHC string.
///
/// # Errors
/// When there is not enough memory or randomness.
pub fn hash(password: &str) -> Result<String> {
    let salt = id::bytes::<SALT>()?;
    let hash = hasher()?.hash_password_with_salt(names::composed(password).as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// How a password fits a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is another's.
    Wrong,
    /// It is the hash's.
    Right,
    /// It is the hash's in the very characters that were sent: it shall be hashed anew.
    AsSent,
}

/// Is this the password of the hash? It is tried in its composed form, and in the characters that were sent, as older
/// programs hashed it; the same work for a hash that is nobody's. A hash that is none matches nothing.
///
/// # Errors
/// When there is not enough memory.
pub fn fit(password: &str, hash: &str) -> Result<Fit> {
    let composed = names::composed(password);
    if is_of(&composed, hash)? {
        return Ok(Fit::Right);
    }
    Ok(if composed != password && is_of(password, hash)? { Fit::AsSent } else { Fit::Wrong })
}

fn is_of(password: &str, hash: &str) -> Result<bool> {
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
        assert_eq!(fit("correct horse", &one).unwrap(), Fit::Right);
        for (wrong, hash) in [("correct horse ", &*one), ("x", NOBODY), ("x", "!")] {
            assert_eq!(fit(wrong, hash).unwrap(), Fit::Wrong);
        }
    }

    #[test]
    fn a_password_is_the_same_however_the_keyboard_writes_it() {
        let (composed, apart) = ("caf\u{e9} secret", "cafe\u{301} secret");
        let hash = hash(apart).unwrap();
        assert_eq!((fit(composed, &hash).unwrap(), fit(apart, &hash).unwrap()), (Fit::Right, Fit::Right));
        let salt = id::bytes::<SALT>().unwrap();
        let of_old = hasher().unwrap().hash_password_with_salt(apart.as_bytes(), &salt).unwrap().to_string();
        assert_eq!((fit(apart, &of_old).unwrap(), fit(composed, &of_old).unwrap()), (Fit::AsSent, Fit::Wrong));
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
