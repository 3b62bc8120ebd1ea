//! What a couple and a team look like, and the rules of their seats and of invite codes.

use super::texts;
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::feature::{Role, TenantKind};
use crate::http::input::{Field, Shape};
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The most members of a team: four times the fifty that are promised. A team is shown with all of them in one answer,
/// and they all write under one clock.
pub const MAX_SEATS: i64 = 200;
/// The seats of a couple.
const PARTNERS: i64 = 2;
/// The longest name of a tenant, in characters: the width of its column.
const MAX_NAME: usize = 100;
/// How long a code lives when the client does not say, in minutes.
pub const TTL_DEFAULT: i64 = 60;
/// The longest life of a code, in minutes: a week.
pub const TTL_MAX: i64 = 7 * 24 * 60;
/// The most live codes of a tenant: more make guessing easier and help nobody.
pub const MAX_LIVE: usize = 10;
/// Digits of a code: short enough to be read out.
const DIGITS: usize = 6;
/// How many codes are tried before one is free; with even half of all codes alive, one in 2^64 fails.
pub const TRIES: usize = 64;
/// How many times more often an address may be wrong than one user behind it: families and offices share one.
pub const ADDRESS_SHARE: u32 = 10;

/// Wrong codes that an address has left while very many are wrong everywhere: somebody who mistypes one has another.
pub const FEW_CODES: u32 = 2;

/// The fields of an invitation.
pub const INVITE: &[Field] = &[Field::new("ttl_minutes", Shape::Int(1, TTL_MAX)), Field::new("role", Shape::Choice(&ROLES))];

/// The fields of joining.
pub const JOIN: &[Field] = &[Field::name("code", 64).required()];

/// The name of a tenant that the operator makes.
pub const NAME: &[Field] = &[Field::name("name", MAX_NAME).required()];

const ROLES: [&str; 3] = word::list(&Role::ALL);

/// A member in a path: by their user id, which has 48 bits.
pub const USER: &[Field] = &[Field::new("id", Shape::Int(1, (1 << id::USER_ID_BITS) - 1))];

/// The fields of a member that change.
pub const MEMBER: &[Field] = &[Field::new("role", Shape::Choice(&ROLES)).required()];

/// A couple or a team, apart from who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    /// Its id inside the store.
    pub id: i64,
    /// Its id on the wire.
    pub public_id: String,
    /// A couple, or a team.
    pub kind: TenantKind,
    /// Its name; empty where the app made it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
}

impl Tenancy {
    /// How many it can have.
    pub fn seats(&self) -> i64 {
        match self.kind {
            TenantKind::Couple => PARTNERS,
            TenantKind::Team => MAX_SEATS,
        }
    }

    /// What is said when nobody more can join.
    pub fn full(&self) -> Message {
        match self.kind {
            TenantKind::Couple => Message::plain(&texts::PAIRED),
            TenantKind::Team => Message::with(&texts::TEAM_FULL, &[&MAX_SEATS]),
        }
    }
}

/// A couple or a team as its members see it: `{"couple": …}` or `{"team": …}`. What is called a couple is always one,
/// because clients that know no teams read its partners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Two partners.
    Couple(Couple),
    /// Many members.
    Team(Team),
}

impl Group {
    /// What its members see of a tenant with these members, in the order of their seats.
    pub fn of(tenancy: Tenancy, members: Vec<Member>) -> Group {
        let Tenancy { public_id: id, kind, name, created_at, updated_at, .. } = tenancy;
        if kind == TenantKind::Team {
            return Group::Team(Team { id, kind: word::of(&TenantKind::ALL, &kind), name, members, created_at, updated_at });
        }
        let (mut partner_a, mut partner_b) = (None, None);
        for member in members {
            *(if member.seat == 0 { &mut partner_a } else { &mut partner_b }) = Some(member.user);
        }
        Group::Couple(Couple { id, partner_a, partner_b, created_at, updated_at })
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Team {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// `team`: so the feed tells it from a couple, which has no kind.
    #[schemars(extend("enum" = ["team"]))]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its members, who came first is first.
    pub members: Vec<Member>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
}

/// Somebody in a couple or a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Member {
    /// Who.
    #[serde(flatten)]
    pub user: Partner,
    /// What they may do.
    #[serde(serialize_with = "as_word")]
    #[schemars(with = "String", extend("enum" = ROLES))]
    pub role: Role,
    /// Since when they are in it.
    pub joined_at: Timestamp,
    /// Their seat, which their place in lists follows.
    #[serde(skip)]
    #[schemars(skip)]
    pub seat: i64,
}

impl Keyed for Member {
    fn key(&self) -> Vec<String> {
        vec![self.seat.to_string()]
    }
}

fn as_word<S: Serializer>(role: &Role, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(word::of(&Role::ALL, role))
}

/// A couple.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Couple {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// Who started it, or stayed.
    pub partner_a: Option<Partner>,
    /// Who joined.
    pub partner_b: Option<Partner>,
    /// When it was started.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
}

/// A user as the others of their couple or team see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Partner {
    /// The user's id.
    pub id: i64,
    /// The user's name.
    pub username: String,
    /// The user's language.
    pub language: String,
    /// The user's time zone.
    pub timezone: String,
}

/// What somebody may claim of a couple that they are in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All of it: they stayed.
    Kept,
    /// What they wrote, for a while.
    Left,
    /// Nothing: they gave it up, or the time is over.
    None,
}

impl Claim {
    /// Every claim with its word in the store and on the wire.
    pub const ALL: [(Claim, &str); 3] = [(Claim::Kept, "kept"), (Claim::Left, "left"), (Claim::None, "none")];
}

/// A couple that somebody is in no more, as far as they may still export and delete of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Archive {
    /// The couple's id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// `kept` by who stayed, who exports and deletes all of it; `left` by who went, for whom it is what they wrote.
    #[serde(serialize_with = "claim_word")]
    #[schemars(with = "String", extend("enum" = ["kept", "left"]))]
    pub claim: Claim,
    /// Who else was in it.
    pub partners: Vec<String>,
    /// When the couple was made.
    pub created_at: Timestamp,
    /// Since when the caller is in it no more.
    pub left_at: Timestamp,
    /// Until when the caller may export and delete; null when that has no end.
    pub until: Option<Timestamp>,
}

impl Keyed for Archive {
    fn key(&self) -> Vec<String> {
        vec![self.left_at.0.to_string(), self.id.clone()]
    }
}

fn claim_word<S: Serializer>(claim: &Claim, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(word::of(&Claim::ALL, claim))
}

/// What joining answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Joined {
    /// A couple.
    Couple {
        /// It.
        couple: Couple,
    },
    /// A team.
    Team {
        /// It.
        team: Team,
        /// What its members should know: what they write there stays with it.
        notice: String,
    },
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invite {
    /// Six digits.
    pub code: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used; a team's for members is used by many, and keeps null.
    pub used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// As what one joins by it. A couple's does not say: it has no roles.
    #[serde(serialize_with = "given_word", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("type" = "string", "enum" = ROLES))]
    pub role: Option<Role>,
}

impl Invite {
    /// As what one joins by it.
    pub fn gives(&self) -> Role {
        self.role.unwrap_or(Role::Member)
    }

    /// Does it end with the first who joins by it? A team's for members is read out to many; what gives more is for one.
    pub fn is_for_one(&self, kind: TenantKind) -> bool {
        kind == TenantKind::Couple || self.gives() != Role::Member
    }
}

fn given_word<S: Serializer>(role: &Option<Role>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    as_word(&role.unwrap_or(Role::Member), serializer)
}

/// Is it a code at all?
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

/// The code of a random number. The remainder of 2^64 favours no code by more than one in 10^13.
pub fn code(random: u64) -> String {
    format!("{:06}", random % 10_u64.pow(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits() {
        for (random, made) in [(0, "000000"), (1_000_001, "000001"), (u64::MAX, "551615")] {
            assert!(code(random) == made && is_code(made));
        }
        assert!(!is_code("12345") && !is_code("1234567") && !is_code("12345a") && !is_code("１２３４５６"));
    }
}
