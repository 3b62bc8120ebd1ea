//! Versions of objects: whole numbers that grow with each edit, by which a device says what it has seen.

use super::Ctx;
use crate::base::error::Result;
use crate::base::id;

/// What a new object has, in a store that was never restored.
pub const FIRST: i64 = 1;
/// The highest version that a device can claim to have seen: no object is edited as often, and versions beyond it fit the wire's
/// 32 bits.
pub const HIGHEST: i64 = 1_000_000_000;
/// What a restore adds to each version: more than an object was edited between the backup and the restore. Else an edit of a
/// version that the backup lacks would be taken for one of the version that bears the same number now.
pub const LOST: i64 = 10_000;
/// The highest version that a restore raises.
pub const RAISED: i64 = HIGHEST - LOST;

/// The most restores that an epoch counts: what is made then begins below [`RAISED`].
const MOST_RESTORES: i64 = 0xFFFF;

/// What a new object has in a tenant of this epoch. A backup lacks what was made since, devices hold it with versions from 1 on, and one
/// of them makes it anew: with the same versions it would be taken for what the others hold.
pub fn first(epoch: &str) -> i64 {
    FIRST + LOST * restores(epoch)
}

/// Is it what new objects have, after however many restores? Nothing is edited so often that it would come to the next one.
pub const fn is_first(version: i64) -> bool {
    version <= FIRST || (version - FIRST) % LOST == 0
}

/// A tenant's epoch after a restore: a UUIDv8 (RFC 9562 §5.8) whose first four digits say how many there were. The rest is random.
pub fn restored_epoch(epoch: &str) -> String {
    let (count, random) = ((restores(epoch) + 1).min(MOST_RESTORES), id::opaque());
    format!("{count:04x}{}8{}", &random[4..14], &random[15..])
}

/// How often a tenant of this epoch was restored. One that never was has a UUIDv4.
fn restores(epoch: &str) -> i64 {
    let counts = epoch.as_bytes().get(14) == Some(&b'8');
    let count = epoch.get(..4).filter(|_| counts).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    count.unwrap_or_default()
}

impl Ctx<'_> {
    /// What a new object of the caller's has.
    pub fn first_version(&self) -> i64 {
        self.tenant().map_or(FIRST, |tenant| first(&tenant.epoch))
    }

    /// Moves an object of any tenant, as this version, to this transaction's stamp there.
    pub fn touch_version_in(&mut self, tenant: i64, kind: &str, id: &str, version: i64) -> Result<()> {
        self.place_in(tenant, kind, (id, version), false)
    }

    /// Leaves a tombstone, with the version that the deletion made, of an object in the feed of any tenant.
    pub fn bury_version_in(&mut self, tenant: i64, kind: &str, id: &str, version: i64) -> Result<()> {
        self.place_in(tenant, kind, (id, version), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_after_a_restore_begins_above_what_was_lost() {
        let mut epoch = id::opaque();
        assert_eq!(first(&epoch), FIRST);
        for times in 1..=3 {
            let next = restored_epoch(&epoch);
            assert!(id::parse(&next).as_ref() == Some(&next) && next != epoch, "{next}");
            assert_eq!(first(&next), FIRST + times * LOST);
            assert!(is_first(first(&next)) && !is_first(first(&next) + 1));
            epoch = next;
        }
        let last = restored_epoch(&format!("ffff{}", &epoch[4..]));
        assert!(first(&last) < RAISED && first("") == FIRST && first("zzzz0000-0000-8000-8000-000000000000") == FIRST);
    }
}
