//! What the roles of a team may do, and both partners of a couple: the one table of it.
//!
//! A route names the right that it needs ([`Route::needs`](super::Route::needs)), and a guard refuses whose column says nothing
//! of it. Where the column says [`Reach::Own`] the noun looks at the object: whose it is, only the noun knows.

use super::tenant::{Role, Tenant, TenantKind};

/// Something that is not for everybody in a tenant. What no right is named for is: records are read and written by all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Settle a conflict. One's own is what one's own upload met, or what is about one's own version.
    Settle,
    /// See devices, and how well uploads go.
    Watch,
    /// Delete what others wrote in: a question with its answers.
    Clear,
    /// Say how conflicts shall be settled.
    Policies,
    /// Make codes to join by; those that give more than the role member take [`Right::Members`], too. Of a couple only partner A
    /// makes any: the noun looks at the seat.
    Invite,
    /// Send messages to devices. One's own are always there.
    Send,
    /// Change who is in it, and as what. One's own is leaving.
    Members,
    /// See whose devices there are, end their sessions, and let one count more than its type does.
    Devices,
    /// Read everything that it holds at once. What a user wrote is in their own export, whatever their role.
    Export,
}

/// How far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nowhere.
    Nothing,
    /// To what is the caller's own.
    Own,
    /// To everything in the tenant.
    All,
}

/// Who may: the heads of the columns of [`RIGHTS`].
pub const COLUMNS: [&str; 4] = ["partner of a couple", "member of a team", "staff", "admin"];

/// Each right, how far it reaches for each of [`COLUMNS`], and its name for people.
#[rustfmt::skip]
pub const RIGHTS: [(Right, [Reach; 4], &str); 9] = {
    use Reach::{All, Nothing, Own};
    [
        //                 partner  member   staff    admin
        (Right::Settle,   [All,     Own,     All,     All], "settle conflicts (one's own: of one's upload or version)"),
        (Right::Watch,    [Own,     Own,     All,     All], "see devices and the health of uploads"),
        (Right::Clear,    [All,     Own,     All,     All], "delete questions with their answers"),
        (Right::Policies, [All,     Nothing, All,     All], "say how conflicts are settled"),
        (Right::Invite,   [All,     Nothing, All,     All], "make codes for members (of a couple partner A)"),
        (Right::Send,     [Own,     Own,     All,     All], "send messages to devices (one's own: to one's own)"),
        (Right::Members,  [Own,     Own,     Own,     All], "remove members (one's own: leave), give roles, make codes of any role"),
        (Right::Devices,  [Own,     Own,     Own,     All], "see members' devices, end their sessions (one's own: everybody)"),
        (Right::Export,   [All,     Nothing, Nothing, All], "export everything"),
    ]
};

impl Right {
    /// How far it reaches for somebody of this role in a tenant of this kind.
    pub fn reach(self, kind: TenantKind, role: Role) -> Reach {
        let column = match (kind, role) {
            (TenantKind::Couple, _) => 0,
            (TenantKind::Team, Role::Member) => 1,
            (TenantKind::Team, Role::Staff) => 2,
            (TenantKind::Team, Role::Admin) => 3,
        };
        let line = RIGHTS.iter().find(|(right, ..)| *right == self);
        line.map_or(Reach::Nothing, |(_, columns, _)| columns[column])
    }

    /// The lowest role of a team that has some of it.
    pub fn from(self) -> Role {
        let has = |role: &Role| self.reach(TenantKind::Team, *role) > Reach::Nothing;
        Role::ALL.into_iter().map(|(role, _)| role).find(has).unwrap_or(Role::Admin)
    }
}

impl Tenant {
    /// How far a right of the caller's reaches.
    pub fn reach(&self, right: Right) -> Reach {
        right.reach(self.kind, self.role)
    }

    /// Does a right of the caller's reach to everything?
    pub fn may(&self, right: Right) -> bool {
        self.reach(right) == Reach::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_role_never_may_less_and_every_right_has_its_line() {
        for (right, columns, _) in RIGHTS {
            assert!(columns[1..].is_sorted(), "{right:?}");
            assert_eq!(columns[3], Reach::All, "{right:?}: somebody may");
            assert_eq!(right.reach(TenantKind::Team, Role::Admin), columns[3]);
            assert_eq!(right.reach(TenantKind::Couple, Role::Member), columns[0]);
        }
        assert_eq!((Right::Settle.from(), Right::Invite.from(), Right::Export.from()), (Role::Member, Role::Staff, Role::Admin));
    }
}
