//! By what way a request came: an engine in front signs each one that it passes on (GRIP's `Grip-Sig`, a JWT by HMAC-SHA-256). It
//! proves the way, never the person.

use super::jws;
use super::time::{SECOND, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

/// Who signs: the engine's `sig_iss`.
pub const ISSUER: &str = "tandem";

/// Was it signed with this key, and has not ended?
pub fn is_good(signature: &str, key: &str, now: Timestamp) -> bool {
    jws::install();
    let mut validation = Validation::new(Algorithm::HS256);
    // Compared with the request's own instant, as tokens are; who signs is compared below.
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    let decoded = jsonwebtoken::decode::<Value>(signature, &DecodingKey::from_secret(key.as_bytes()), &validation);
    decoded.is_ok_and(|token| {
        let goes_on = token.claims["exp"].as_i64().is_some_and(|exp| exp > now.0 / SECOND);
        token.header.crit.is_none() && token.claims["iss"] == ISSUER && goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_768_573_845_123);
    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn signed(claims: &Value, key: &str) -> String {
        jws::install();
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
    }

    #[test]
    fn only_the_engine_s_own_signature_of_now_is_good() {
        let later = NOW.0 / SECOND + 60;
        let good = signed(&json!({"iss": ISSUER, "exp": later}), KEY);
        assert!(is_good(&good, KEY, NOW));
        assert!(!is_good(&good, "another key of at least 32 characters", NOW) && !is_good(&good, KEY, NOW.plus(61 * SECOND)));
        for bad in [
            json!({"iss": "pushpin", "exp": later}),
            json!({"iss": ISSUER}),
            json!({"exp": later}),
            json!({"iss": ISSUER, "exp": "x"}),
        ] {
            assert!(!is_good(&signed(&bad, KEY), KEY, NOW), "{bad}");
        }
        // {"alg":"none"} and claims that would do.
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJ0YW5kZW0iLCJleHAiOjk5OTk5OTk5OTl9.";
        assert!(!is_good(none, KEY, NOW) && !is_good("", KEY, NOW));
    }
}
