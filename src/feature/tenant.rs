//! The caller's couple or team, and what they may do in it.

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
    /// How many subscriptions of its members are awake: whoever writes wakes somebody.
    pub pushes: i64,
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
/// The share of a caller who is not signed in.
pub const STRANGER_SHARE: u32 = 1;

/// What a member is in a tenant; the later, the more they may: [`RIGHTS`](super::rights::RIGHTS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Uses it. Both partners of a couple are members.
    Member,
    /// Settles, invites and says how, too.
    Staff,
    /// Decides who belongs to it, too.
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

/// The signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Their id.
    pub user: i64,
    /// Their session's id.
    pub session: String,
    /// The device that the session is bound to; empty where it is to none.
    pub device: String,
    /// When the database last heard of the session.
    pub seen_at: Timestamp,
    /// How often it should poll, as a number: see [`Rhythm`](super::Rhythm).
    pub wake: i64,
    /// Their IANA time zone.
    pub timezone: String,
    /// Their couple or team, if they are in one.
    pub tenant: Option<Tenant>,
}
