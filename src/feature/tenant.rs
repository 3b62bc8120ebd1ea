//! Couples and teams: what a caller belongs to, and what they may do there.

use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;

/// The caller's couple or team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id inside the store.
    pub id: i64,
    /// Its id on the wire.
    pub public_id: String,
    /// A couple, or a team.
    pub kind: TenantKind,
    /// The caller's seat: 0 is partner A.
    pub seat: i64,
    /// What the caller may do in it.
    pub role: Role,
    /// The newest stamp.
    pub clock: Timestamp,
    /// The newest tombstone that was purged: an older cursor must start over.
    pub horizon: Timestamp,
    /// Changes when the store was restored.
    pub epoch: String,
}

/// What a tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantKind {
    /// Two partners.
    Couple,
    /// Many members.
    Team,
}

impl TenantKind {
    /// Every kind with its word in the store.
    pub const ALL: [(TenantKind, &str); 2] = [(TenantKind::Couple, "couple"), (TenantKind::Team, "team")];
}

/// A user's share of the limits, in halves.
pub const USER_SHARE: u32 = 2;
/// The share of whoever is not signed in.
pub const STRANGER_SHARE: u32 = 1;

/// What a member may do in a tenant; the later, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Uses it.
    Member,
    /// Invites, too.
    Staff,
    /// Decides who belongs to it and how it works, too. Both partners of a couple are members.
    Admin,
}

impl Role {
    /// Every role with its word in the store and on the wire.
    pub const ALL: [(Role, &str); 3] = [(Role::Member, "member"), (Role::Staff, "staff"), (Role::Admin, "admin")];

    /// Its share of a user's limits, in halves: strangers have one.
    pub const fn share(self) -> u32 {
        match self {
            Role::Member => USER_SHARE,
            Role::Staff => 2 * USER_SHARE,
            Role::Admin => 3 * USER_SHARE,
        }
    }
}

/// The entry of a word in a table of words.
///
/// # Errors
/// When the store holds a word that this program does not know, which is a defect or a newer program's.
pub fn word<T: Copy>(table: &[(T, &str)], word: &str) -> Result<T> {
    let known = table.iter().find(|(_, known)| *known == word);
    known.map(|(value, _)| *value).ok_or_else(|| Error::Internal("the store holds a word that is not known".into()))
}

/// The word of a value in a table of words.
pub fn word_of<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    table.iter().find(|(known, _)| known == value).map_or("", |(_, word)| word)
}
