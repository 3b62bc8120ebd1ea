//! Who made a change or sent a message, so that nobody is woken by their own: a number that tells which device it was only
//! to whom it was.

use super::store::{self, NOBODY};
use super::{Ctx, House};
use crate::base::error::Result;
use sha2::{Digest, Sha256};

impl House {
    /// The number of a user's device, or of their session where it has none: 63 bits of a keyed hash.
    pub fn author(&self, user: i64, device: &str, session: &str) -> i64 {
        let (what, which) = if device.is_empty() { ("session", session) } else { ("device", device) };
        let hash = Sha256::new().chain_update(self.derive("author")).chain_update(what).chain_update(user.to_be_bytes());
        let hash = hash.chain_update(which).finalize();
        let number = hash.first_chunk().map_or(NOBODY, |bytes| i64::from_be_bytes(*bytes) & i64::MAX);
        number.max(NOBODY + 1)
    }
}

impl Ctx<'_> {
    /// The caller's device, as the author of what this transaction changes.
    pub fn author(&mut self) -> i64 {
        let (house, taken) = (self.house, self.taken.author);
        let Some(caller) = self.admitted() else { return NOBODY };
        let author = taken.unwrap_or_else(|| house.author(caller.user, &caller.device, &caller.session));
        self.taken.author = Some(author);
        author
    }

    /// Says of an object that this transaction moved that it is not what its sender sent: they shall hear of it, too.
    pub fn disown(&mut self, kind: &str, id: &str) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        self.signal_all(kind);
        store::disown(self.db, tenant, kind, id)
    }
}
