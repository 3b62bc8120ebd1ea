//! The doctor's passes: signed by the site's own secret, good for minutes, used once. Whoever takes one sees to the last.

use crate::base::error::Result;
use crate::base::id;
use crate::base::time::{SECOND, Timestamp};
use crate::base::token::{Claims, Keys, Purpose};

/// Signs a pass that is good for this many milliseconds.
///
/// # Errors
/// When it cannot be signed, which is a defect.
pub fn sign(keys: &Keys, token_type: Purpose, ttl: i64) -> Result<String> {
    let iat = Timestamp::now().0 / SECOND;
    let (jti, user_id, sid) = (id::opaque(), String::new(), String::new());
    keys.sign(&Claims { token_type, exp: iat + ttl / SECOND, iat, jti, user_id, sid, generation: None })
}

/// The name of a pass of this purpose that is signed by these keys and has not ended.
pub fn verify(keys: &Keys, purpose: Purpose, pass: &str) -> Option<String> {
    keys.verify(pass, purpose, Timestamp::now()).map(|claims| claims.jti)
}
