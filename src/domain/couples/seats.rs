//! Who sits in a couple or a team, as both faces change it: the API and the operator's program. The tenant's clock was
//! advanced, which locks it, before any of these is called.

use super::rules::{self, Claim, Invite, Tenancy};
use super::store;
use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::sessions::store::ungrant;
use crate::feature::{Ctx, News, Reach, Right, Role, Tenant, TenantKind};

/// Makes a tenant without members.
pub fn create(db: &mut Db, kind: TenantKind, name: &str, now: Timestamp) -> Result<Tenancy> {
    let (id, public_id, name) = (id::number()?, id::object(), name.to_owned());
    let tenancy = Tenancy { id, public_id, kind, name, created_at: now, updated_at: now };
    store::insert(db, &tenancy, &id::opaque())?;
    Ok(tenancy)
}

/// Gives a user the next seat, from the stamp of this transaction on, and tells of it.
///
/// # Errors
/// When no seat is free, when the user has a seat already, here or elsewhere, and for a role in a couple.
pub fn join(ctx: &mut Ctx<'_>, tenancy: &Tenancy, user: i64, role: Role, stamp: Timestamp) -> Result<()> {
    ctx.tell(&News::Regrouping { tenant: tenancy.id })?;
    sit(ctx.db, tenancy, user, role, stamp)?;
    ctx.tell(&News::Joined { tenant: tenancy.id, user })
}

fn sit(db: &mut Db, tenancy: &Tenancy, user: i64, role: Role, stamp: Timestamp) -> Result<()> {
    check_role(tenancy, role)?;
    check_room(db, tenancy)?;
    check_way_back(db, tenancy, user)?;
    let seat = store::next_seat(db, tenancy.id)?;
    match store::seat(db, tenancy.id, user, seat, role, stamp) {
        // Under the tenant's lock nobody else takes the seat: it is the user who sits somewhere.
        Err(error) if error.is_duplicate() => return refuse(Refused::Invalid, &texts::IN_COUPLE),
        other => other?,
    }
    store::returned(db, tenancy.id, user)?;
    store::close_ways_back(db, user)
}

/// A couple that somebody left takes nobody else: who comes later would read who went.
fn check_way_back(db: &mut Db, tenancy: &Tenancy, user: i64) -> Result<()> {
    let departed = store::departed(db, tenancy.id)?;
    let takes = departed.is_empty() || departed.contains(&(user, true));
    if takes { Ok(()) } else { refuse(Refused::Invalid, &texts::TAKES_BACK) }
}

/// Is a user of this tenant alone in a couple that somebody left? Then they may begin anew, and it becomes an archive.
pub fn may_archive(db: &mut Db, tenant: &Tenant) -> Result<bool> {
    let alone = tenant.kind == TenantKind::Couple && store::size(db, tenant.id)? == 1;
    Ok(alone && !store::departed(db, tenant.id)?.is_empty())
}

/// Refuses when no seat is free.
fn check_room(db: &mut Db, tenancy: &Tenancy) -> Result<()> {
    if store::size(db, tenancy.id)? < tenancy.seats() {
        return Ok(());
    }
    Err(Refusal::with(Refused::Invalid, tenancy.full()).into())
}

/// Both partners of a couple are members: none decides over the other.
fn check_role(tenancy: &Tenancy, role: Role) -> Result<()> {
    if tenancy.kind == TenantKind::Couple && role != Role::Member { refuse(Refused::Invalid, &texts::NO_ROLES) } else { Ok(()) }
}

/// Takes a user out, and tells of it; answers whether the tenant is still there. Who stays of a couple keeps everything and becomes
/// partner A; when they leave, too, it is their archive. A couple that was nobody else's is deleted. A team stays, even an
/// empty one: the operator made it, and ends it. The codes that the user made end with their seat.
pub fn leave(ctx: &mut Ctx<'_>, tenant: i64, kind: TenantKind, user: i64) -> Result<bool> {
    ctx.tell(&News::Regrouping { tenant })?;
    let stays = stand_up(ctx.db, tenant, kind, user, ctx.now)?;
    ctx.tell(&News::Left { tenant, user })?;
    Ok(stays)
}

fn stand_up(db: &mut Db, tenant: i64, kind: TenantKind, user: i64, now: Timestamp) -> Result<bool> {
    store::unseat(db, tenant, user)?;
    store::end_made_by(db, tenant, user, now)?;
    if kind == TenantKind::Team {
        return ungrant(db, user, tenant).map(|()| true);
    }
    if store::size(db, tenant)? > 0 {
        store::depart(db, tenant, user, Claim::Left)?;
        return store::first_seat(db, tenant).map(|()| true);
    }
    if store::departed(db, tenant)?.is_empty() {
        return store::delete(db, tenant).map(|()| false);
    }
    store::depart(db, tenant, user, Claim::Kept)?;
    store::end_all(db, tenant, now)?;
    store::close(db, tenant).map(|()| true)
}

/// A user gives up what they may claim of a couple that they are in no more. With the last claim it is deleted.
pub fn give_up(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    store::give_up(db, tenant, user)?;
    if store::is_forsaken(db, tenant)? { store::delete(db, tenant) } else { Ok(()) }
}

/// Gives a member of a team another role.
pub fn set_role(db: &mut Db, tenancy: &Tenancy, user: i64, role: Role, now: Timestamp) -> Result<()> {
    check_role(tenancy, role)?;
    reassign(db, tenancy.id, user, role, now)
}

/// Gives a member of a team another role; the codes that they made and might not make with it end, and so does what their devices count more
/// than their types do, which an admin may give again.
pub fn reassign(db: &mut Db, team: i64, user: i64, role: Role, now: Timestamp) -> Result<()> {
    store::set_role(db, team, user, role)?;
    if Right::Devices.reach(TenantKind::Team, role) != Reach::All {
        ungrant(db, user, team)?;
    }
    if Right::Invite.reach(TenantKind::Team, role) == Reach::Nothing {
        return store::end_made_by(db, team, user, now);
    }
    if role_giver(TenantKind::Team, role) { Ok(()) } else { store::end_higher_made_by(db, team, user, now) }
}

/// May somebody of this role decide over the roles of others?
fn role_giver(kind: TenantKind, role: Role) -> bool {
    Right::Members.reach(kind, role) == Reach::All
}

/// Refuses when this user is the one admin of a team.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn keep_an_admin(db: &mut Db, tenant: i64, user: i64, role: Role) -> Result<()> {
    let last = role == Role::Admin && store::other_admins(db, tenant, user)? == 0;
    if last { refuse(Refused::Invalid, &texts::LAST_ADMIN) } else { Ok(()) }
}

/// Refuses when this user would leave others without an admin.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn may_leave(db: &mut Db, tenant: i64, user: i64, role: Role) -> Result<()> {
    if store::size(db, tenant)? > 1 { keep_an_admin(db, tenant, user, role) } else { Ok(()) }
}

/// A new code that is good for `ttl` milliseconds and gives this role; where there are many live ones, the oldest ends. Made by a
/// user, or by the operator, who is 0.
///
/// # Errors
/// When no seat is free, and for a role in a couple.
pub fn new_code(db: &mut Db, tenancy: &Tenancy, by: i64, (role, ttl): (Role, i64), now: Timestamp) -> Result<Invite> {
    check_role(tenancy, role)?;
    check_room(db, tenancy)?;
    let live = store::live(db, tenancy.id, now)?;
    end_oldest(db, &live, now)?;
    let role = (tenancy.kind == TenantKind::Team).then_some(role);
    let invite = Invite { code: free_code(db, now)?, expires_at: now.plus(ttl), used_at: None, created_at: now, role };
    // Two of the same millisecond, or after the clock was set back, stay in their order all the same.
    let place = live.last().map_or(now, |(_, newest)| now.max(newest.plus(1)));
    store::insert_invite(db, tenancy.id, by, &Invite { created_at: place, ..invite.clone() })?;
    Ok(invite)
}

/// Keeps room for one more live code.
fn end_oldest(db: &mut Db, live: &[(String, Timestamp)], now: Timestamp) -> Result<()> {
    let spare = (live.len() + 1).saturating_sub(rules::MAX_LIVE);
    live.iter().take(spare).try_for_each(|(code, _)| store::end(db, code, now))
}

/// A code that no live invite has; a dead one makes room.
fn free_code(db: &mut Db, now: Timestamp) -> Result<String> {
    for _ in 0..rules::TRIES {
        let code = rules::code(u64::from_le_bytes(id::bytes::<8>()?));
        match store::invite(db, &code)? {
            None => return Ok(code),
            Some((_, old)) if old.used_at.is_some() || old.expires_at <= now => {
                store::delete_invite(db, &code)?;
                return Ok(code);
            }
            Some(_) => {}
        }
    }
    Err(Error::internal("no invite code is free"))
}
