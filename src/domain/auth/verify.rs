//! Whoever verifies an address has it.

use super::codes;
use super::store;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::auth::rules::User;

/// Notes that an account's address is verified; another that only gave it has none any more. Answers `false`, and changes nothing, where
/// another has verified it or is called so.
pub fn verify(db: &mut Db, user: &User, now: Timestamp) -> Result<bool> {
    let address = user.email.clone().unwrap_or_default();
    let holder = store::email_holder(db, &address, user.id)?;
    if holder.as_ref().is_some_and(|holder| holder.verified) || store::username_taken(db, &address, user.id)? {
        return Ok(false);
    }
    if let Some(holder) = holder {
        store::give_way(db, holder.id, now)?;
        codes::store::end_all(db, holder.id)?;
    }
    store::set_verified(db, user, now)?;
    codes::store::end_all(db, user.id)?;
    Ok(true)
}
