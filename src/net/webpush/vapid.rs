//! Who sends a message, told to the push service: VAPID (RFC 8292), a token signed with a key of P-256.

use super::written;
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::{HOUR, SECOND, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::Serialize;
use std::fmt;

/// How long a token is good, in milliseconds: half of what a service may take at most (RFC 8292 §2), for clocks that differ.
const GOOD: i64 = 12 * HOUR;

/// The key by which push services know this site. All subscriptions are made for it.
pub struct Signer {
    pair: EcdsaKeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public())
    }
}

/// What a token says.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl Signer {
    /// A new key, as PKCS #8 (RFC 5958), which [`of`](Signer::of) takes.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn generate() -> Result<Vec<u8>> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        made.map(|key| key.as_ref().to_vec()).map_err(|_| Error::internal("no key can be made"))
    }

    /// The key of these bytes, if they are one.
    pub fn of(pkcs8: &[u8]) -> Option<Signer> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new());
        pair.ok().map(|pair| Signer { pair })
    }

    /// The public key as apps subscribe with it: `applicationServerKey`.
    pub fn public(&self) -> String {
        written(self.pair.public_key().as_ref())
    }

    /// The field `Authorization` for an origin. No blank after the comma: readers split there.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn authorization(&self, origin: &str, contact: &str, now: Timestamp) -> Result<String> {
        let claims = Claims { aud: origin, exp: now.plus(GOOD).0 / SECOND, sub: contact };
        let claims = json::write(&claims)?;
        let signed = format!("{}.{}", written(br#"{"typ":"JWT","alg":"ES256"}"#), written(claims.as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| Error::internal("no token can be signed"))?;
        Ok(format!("vapid t={signed}.{},k={}", written(signature.as_ref()), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_768_573_845_123);

    /// The public key of a field `Authorization` and what its token says, if the token is signed by that key.
    fn verified(field: &str) -> Option<(String, serde_json::Value)> {
        let (token, key) = field.strip_prefix("vapid t=")?.split_once(",k=")?;
        let (signed, signature) = token.rsplit_once('.')?;
        let public = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, read(key)?);
        public.verify(signed.as_bytes(), &read(signature)?).ok()?;
        Some((key.to_owned(), serde_json::from_slice(&read(signed.split_once('.')?.1)?).ok()?))
    }

    #[test]
    fn a_token_says_whom_it_is_for_until_when_and_who_answers_for_it() {
        let signer = Signer::of(&Signer::generate().unwrap()).unwrap();
        let field = signer.authorization("https://push.example.org:8443", "mailto:ops@example.org", NOW).unwrap();
        let exp = NOW.0 / 1_000 + 12 * 3_600;
        let wanted = json!({"aud": "https://push.example.org:8443", "exp": exp, "sub": "mailto:ops@example.org"});
        assert_eq!(verified(&field).unwrap(), (signer.public(), wanted));
        assert!(!field.contains(", ") && read(&signer.public()).unwrap().len() == super::super::POINT);
        assert!(verified(&field.replace("vapid t=e", "vapid t=f")).is_none());
        assert!(Signer::of(b"no key").is_none() && format!("{signer:?}").len() < 100, "no secret is shown");
    }
}
