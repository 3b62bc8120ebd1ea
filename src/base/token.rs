//! Access and refresh tokens: JWT (RFC 7519), HMAC-SHA-256.

use super::error::{Error, Result};
use super::id;
use super::jws;
use super::time::{CLOCKS_APART, SECOND, Timestamp};
use super::verified::Verified;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Lets a request in.
    Access,
    /// Gets new tokens.
    Refresh,
    /// Sets a new password, once.
    Reset,
    /// Asks the program what it sees of a request: the operator's doctor does, from outside.
    Probe,
    /// Shows the operator the doctor's report.
    Report,
}

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What it is for.
    pub token_type: Purpose,
    /// When it ends, in seconds since the epoch.
    pub exp: i64,
    /// When it was made, in seconds since the epoch.
    pub iat: i64,
    /// The token's own id.
    pub jti: String,
    /// Whose it is: a user id, as a string.
    pub user_id: String,
    /// The session it belongs to.
    pub sid: String,
    /// Refresh tokens: how often the session's refresh token was replaced before this one.
    #[serde(default, rename = "gen", skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

impl Claims {
    /// When it was made.
    pub fn made_at(&self) -> Timestamp {
        Timestamp(0).plus(self.iat.saturating_mul(SECOND))
    }

    /// Has it ended?
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.exp <= now.0 / SECOND
    }

    /// The user's id, if it is a number.
    pub fn user(&self) -> Option<i64> {
        self.user_id.parse().ok()
    }
}

/// The keys that sign and verify.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    verified: Verified<Claims>,
}

impl Keys {
    /// Keys from the site's secret.
    pub fn new(secret: &[u8]) -> Keys {
        jws::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_aud = false;
        // Expiry is compared with the request's own instant, so that a request has one clock.
        validation.validate_exp = false;
        let (encoding, decoding) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Keys { encoding, decoding, validation, verified: Verified::new() }
    }

    /// Signs.
    ///
    /// # Errors
    /// When the claims cannot be written, which is a defect.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(|e| Error::internal(format!("token: {e}")))
    }

    /// The claims of a token of this purpose that is signed by these keys (HS256 alone), also when it has ended; else `None`.
    pub fn signed(&self, token: &str, purpose: Purpose) -> Option<Claims> {
        let claims = self.verified.or(token, || self.read(token))?;
        (claims.token_type == purpose).then_some(claims)
    }

    fn read(&self, token: &str) -> Option<Claims> {
        let token = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).ok()?;
        // What a token says must be understood is not: no extension is (RFC 7515 §4.1.11).
        token.header.crit.is_none().then_some(token.claims)
    }

    /// The same of a token that has not ended.
    pub fn verify(&self, token: &str, purpose: Purpose, now: Timestamp) -> Option<Claims> {
        let claims = self.signed(token, purpose)?;
        // A session bounds its tokens itself; what has none is good for its own length, whenever it says that it was made.
        let bounded = matches!(purpose, Purpose::Access | Purpose::Refresh) || claims.made_at() <= now.plus(CLOCKS_APART);
        (bounded && !claims.is_over(now)).then_some(claims)
    }
}

/// A hash of several parts that nobody computes without the key; none of them can be taken for another's end.
pub fn keyed(key: &[u8], parts: &[&[u8]]) -> String {
    let start = Sha256::new().chain_update(key);
    let hash = parts.iter().fold(start, |h, part| h.chain_update((part.len() as u64).to_le_bytes()).chain_update(part));
    id::hex(&hash.finalize())
}

/// A key for one purpose, derived from the site's secret.
pub fn derive(secret: &[u8], purpose: &str) -> [u8; 32] {
    Sha256::new().chain_update(secret).chain_update([0]).chain_update(purpose).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_768_573_845_123);

    fn claims(token_type: Purpose, exp: i64) -> Claims {
        let (jti, user_id, sid) = ("j".to_owned(), "7".to_owned(), "s".to_owned());
        Claims { token_type, exp, iat: 0, jti, user_id, sid, generation: None }
    }

    #[test]
    fn only_our_own_live_tokens_of_the_right_kind_pass() {
        let keys = Keys::new(b"0123456789abcdef0123456789abcdef");
        let later = NOW.0 / 1000 + 60;
        let good = keys.sign(&claims(Purpose::Access, later)).unwrap();
        assert_eq!(keys.verify(&good, Purpose::Access, NOW).unwrap().user(), Some(7));
        assert!(keys.verify(&good, Purpose::Refresh, NOW).is_none());
        assert!(Keys::new(b"another").verify(&good, Purpose::Access, NOW).is_none());
        let dead = keys.sign(&claims(Purpose::Access, NOW.0 / 1000)).unwrap();
        assert!(keys.verify(&dead, Purpose::Access, NOW).is_none());
        // The same claims under the same secret by HS512.
        let other = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzY4NTczOTA1LCJpYXQiOjAsImp0aSI6ImoiLCJ1c2VyX2lkIjoiNyIsInNpZCI6InMifQ.8W6yDxbu5SGd4og0wObEVwo134bodNFzVvtQ1NyrJ6IQhF8szFwL9tj7vm9HuUrru4PCn-7GDq9Cbz_lde96oQ";
        assert!(keys.verify(other, Purpose::Access, NOW).is_none());
    }

    #[test]
    fn tokens_of_version_0_3_0_stay_good() {
        // Made by that version, by another implementation of HMAC.
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTc5ODU4MDQyMiwiaWF0IjoxNzk1OTg4NDIyLCJqdGkiOiI3NDk3ZWY0NS1hZWRmLTRiYTEtYjZkNi02ZThiOWNiMTA4MDMuMC4xNzk1OTg4NDIyMDkxIiwidXNlcl9pZCI6IjI3NzIwMDc1MjgyMjgwNiIsInNpZCI6Ijc0OTdlZjQ1LWFlZGYtNGJhMS1iNmQ2LTZlOGI5Y2IxMDgwMyIsImdlbiI6MH0.1GB4KDDFuULB1KDIR96V3KNywYj5TE4bO9kvFGAKnjk";
        let keys = Keys::new(b"0123456789abcdef0123456789abcdef");
        let claims = keys.verify(token, Purpose::Refresh, Timestamp(1_795_988_422_000)).unwrap();
        assert_eq!((claims.user(), claims.generation), (Some(277_200_752_822_806), Some(0)));
        assert_eq!(keys.sign(&claims).unwrap(), token);
    }

    #[test]
    fn unsigned_and_endless_tokens_do_not_pass() {
        let keys = Keys::new(b"0123456789abcdef0123456789abcdef");
        // {"alg":"none"} and a body with every claim.
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo5OTk5OTk5OTk5LCJpYXQiOjAsImp0aSI6ImoiLCJ1c2VyX2lkIjoiNyIsInNpZCI6InMifQ.";
        assert!(keys.verify(none, Purpose::Access, NOW).is_none());
        #[derive(Serialize)]
        struct Endless<'a> {
            token_type: Purpose,
            iat: i64,
            jti: &'a str,
            user_id: &'a str,
            sid: &'a str,
        }
        let endless = Endless { token_type: Purpose::Access, iat: 0, jti: "j", user_id: "7", sid: "s" };
        let token = jsonwebtoken::encode(&Header::default(), &endless, &keys.encoding).unwrap();
        assert!(keys.verify(&token, Purpose::Access, NOW).is_none());
    }

    #[test]
    fn a_token_with_critical_extensions_does_not_pass() {
        let keys = Keys::new(b"0123456789abcdef0123456789abcdef");
        let sound = claims(Purpose::Access, NOW.0 / 1000 + 60);
        for crit in [vec![], vec!["exp".to_owned()], vec!["b64".to_owned(), "x".to_owned()]] {
            let header = Header { crit: Some(crit.clone()), ..Header::new(Algorithm::HS256) };
            let token = jsonwebtoken::encode(&header, &sound, &keys.encoding).unwrap();
            assert!(keys.verify(&token, Purpose::Access, NOW).is_none(), "{crit:?}");
        }
        assert!(keys.verify(&keys.sign(&sound).unwrap(), Purpose::Access, NOW).is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_token_panics(token in "\\PC*") {
            let _ = Keys::new(b"k").verify(&token, Purpose::Access, NOW);
        }
    }
}
