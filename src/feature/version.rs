//! Versions of objects: whole numbers that grow with each edit, by which a device says what it has seen.

use super::Ctx;
use crate::base::error::Result;

/// What a new object has.
pub const FIRST: i64 = 1;
/// The highest version that a device can claim to have seen: no object is edited as often, and versions beyond it fit the wire's
/// 32 bits.
pub const HIGHEST: i64 = 1_000_000_000;
/// What a restore adds to each version: more than an object was edited between the backup and the restore. Else an edit of a
/// version that the backup lacks would be taken for one of the version that bears the same number now.
pub const LOST: i64 = 10_000;
/// The highest version that a restore raises.
pub const RAISED: i64 = HIGHEST - LOST;

impl Ctx<'_> {
    /// Moves an object of any tenant, as this version, to this transaction's stamp there.
    pub fn touch_version_in(&mut self, tenant: i64, kind: &str, id: &str, version: i64) -> Result<()> {
        self.place_in(tenant, kind, (id, version), false)
    }

    /// Leaves a tombstone, with the version that the deletion made, of an object in the feed of any tenant.
    pub fn bury_version_in(&mut self, tenant: i64, kind: &str, id: &str, version: i64) -> Result<()> {
        self.place_in(tenant, kind, (id, version), true)
    }
}
