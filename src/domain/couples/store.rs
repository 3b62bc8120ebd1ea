//! Couples, teams, their members and invites in the database.

use super::rules::{Archive, Claim, Group, Invite, Member, Partner, Tenancy};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::{Db, Row, Upsert};
use crate::feature::store::NOBODY;
use crate::feature::{Role, TenantKind, store as feed};
use crate::{columns, params};

columns!(tenancies: "SELECT t.id, t.public_id, t.kind, t.name, t.created_at, t.updated_at");

fn tenancy(row: &Row<'_>) -> Result<Tenancy> {
    Ok(Tenancy {
        id: row.get(0)?,
        public_id: row.get(1)?,
        kind: word::stored(&TenantKind::ALL, &row.get::<String>(2)?)?,
        name: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

/// Writes a new tenant whose clock starts now.
pub fn insert(db: &mut Db, tenancy: &Tenancy, epoch: &str) -> Result<()> {
    let sql = "INSERT INTO tenants (id, public_id, kind, name, clock, horizon, epoch, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)";
    let (kind, now) = (word::of(&TenantKind::ALL, &tenancy.kind), tenancy.created_at);
    db.run(sql, params![tenancy.id, &tenancy.public_id, kind, &tenancy.name, now, epoch, now, now]).map(drop)
}

/// One tenant.
pub fn find(db: &mut Db, tenant: i64) -> Result<Option<Tenancy>> {
    let sql = tenancies!("FROM tenants t WHERE t.id = ?");
    db.one(sql, params![tenant], tenancy)
}

/// The tenant of an id on the wire.
pub fn called(db: &mut Db, public_id: &str) -> Result<Option<i64>> {
    db.one("SELECT id FROM tenants WHERE public_id = ?", params![public_id], |row| row.get(0))
}

/// The tenants that the operator means by an id or a name.
pub fn named(db: &mut Db, name: &str) -> Result<Vec<Tenancy>> {
    let sql = tenancies!("FROM tenants t WHERE t.public_id = ? OR t.name = ?");
    db.all(sql, params![name, name], tenancy)
}

/// Every tenant with the number of its members, oldest first.
pub fn list(db: &mut Db) -> Result<Vec<(Tenancy, i64)>> {
    let sql = tenancies!(", (SELECT COUNT(*) FROM members m WHERE m.tenant = t.id) FROM tenants t ORDER BY t.created_at, t.id");
    db.all(sql, &[], |row| Ok((tenancy(row)?, row.get(6)?)))
}

/// A tenant as its members see it.
pub fn group(db: &mut Db, tenant: i64) -> Result<Option<Group>> {
    let Some(tenancy) = find(db, tenant)? else { return Ok(None) };
    let members = members(db, tenant)?;
    Ok(Some(Group::of(tenancy, members)))
}

columns!(members: "SELECT m.seat, u.id, u.username, u.language, u.timezone, m.role, m.joined_at \
     FROM members m JOIN users u ON u.id = m.user_id");

fn member(row: &Row<'_>) -> Result<Member> {
    let user = Partner { id: row.get(1)?, username: row.get(2)?, language: row.get(3)?, timezone: row.get(4)? };
    let role = word::stored(&Role::ALL, &row.get::<String>(5)?)?;
    Ok(Member { seat: row.get(0)?, user, role, joined_at: row.get(6)? })
}

/// Who is in a tenant, in the order of their seats.
pub fn members(db: &mut Db, tenant: i64) -> Result<Vec<Member>> {
    let sql = members!("WHERE m.tenant = ? ORDER BY m.seat");
    db.all(sql, params![tenant], member)
}

/// One member.
pub fn find_member(db: &mut Db, tenant: i64, user: i64) -> Result<Option<Member>> {
    let sql = members!("WHERE m.tenant = ? AND m.user_id = ?");
    db.one(sql, params![tenant, user], member)
}

// What decides over seats and roles is read as a locked row: others may have changed it since the transaction began.

/// How many are in a tenant.
pub fn size(db: &mut Db, tenant: i64) -> Result<i64> {
    let found = db.lock_row("SELECT COUNT(*) FROM members WHERE tenant = ?", params![tenant], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// How many admins a tenant has besides this user.
pub fn other_admins(db: &mut Db, tenant: i64, user: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM members WHERE tenant = ? AND role = 'admin' AND user_id <> ?";
    Ok(db.lock_row(sql, params![tenant, user], |row| row.get(0))?.unwrap_or_default())
}

/// The seat behind the last one that is taken.
pub fn next_seat(db: &mut Db, tenant: i64) -> Result<i64> {
    let sql = "SELECT MAX(seat) FROM members WHERE tenant = ?";
    let last = db.lock_row(sql, params![tenant], |row| row.get::<Option<i64>>(0))?;
    Ok(last.flatten().map_or(0, |last| last + 1))
}

/// Seats a user. Two at once cannot take one seat, and nobody sits in two tenants: the second is a duplicate.
pub fn seat(db: &mut Db, tenant: i64, user: i64, seat: i64, role: Role, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO members (user_id, tenant, seat, role, joined_at) VALUES (?, ?, ?, ?, ?)";
    db.run(sql, params![user, tenant, seat, word::of(&Role::ALL, &role), now]).map(drop)
}

/// Takes a user out.
pub fn unseat(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("DELETE FROM members WHERE tenant = ? AND user_id = ?", params![tenant, user]).map(drop)
}

/// Makes the one who is left in a couple its partner A.
pub fn first_seat(db: &mut Db, tenant: i64) -> Result<()> {
    db.run("UPDATE members SET seat = 0 WHERE tenant = ?", params![tenant]).map(drop)
}

/// Gives a member another role.
pub fn set_role(db: &mut Db, tenant: i64, user: i64, role: Role) -> Result<()> {
    let sql = "UPDATE members SET role = ? WHERE tenant = ? AND user_id = ?";
    db.run(sql, params![word::of(&Role::ALL, &role), tenant, user]).map(drop)
}

/// Deletes a tenant with everything in it.
pub fn delete(db: &mut Db, tenant: i64) -> Result<()> {
    db.run("DELETE FROM tenants WHERE id = ?", params![tenant]).map(drop)
}

const DEPARTURE: Upsert = Upsert { table: "departures", key: &["tenant", "user_id"], set: &["left_at", "claim", "may_return"] };

/// Notes that a user is in a couple no more, and what of it is theirs. It is dated by the couple's clock, which its objects are
/// dated by, too.
pub fn depart(db: &mut Db, tenant: i64, user: i64, claim: Claim) -> Result<()> {
    let clock = db.one("SELECT clock FROM tenants WHERE id = ?", params![tenant], |row| row.get::<Timestamp>(0))?;
    let word = word::of(&Claim::ALL, &claim);
    db.put(&DEPARTURE, params![tenant, user, clock.unwrap_or_default(), word, claim == Claim::Left])
}

/// Who is in a couple no more, and whether they may return.
pub fn departed(db: &mut Db, tenant: i64) -> Result<Vec<(i64, bool)>> {
    let sql = "SELECT user_id, may_return FROM departures WHERE tenant = ?";
    db.all(sql, params![tenant], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A user is in the couple again.
pub fn returned(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("DELETE FROM departures WHERE tenant = ? AND user_id = ?", params![tenant, user]).map(drop)
}

/// A user is in another couple or team: the way back into those that they left is closed.
pub fn close_ways_back(db: &mut Db, user: i64) -> Result<()> {
    db.run("UPDATE departures SET may_return = 0 WHERE user_id = ?", params![user]).map(drop)
}

/// Nobody returns into a couple.
pub fn close(db: &mut Db, tenant: i64) -> Result<()> {
    db.run("UPDATE departures SET may_return = 0 WHERE tenant = ?", params![tenant]).map(drop)
}

/// A user gives up what they may claim of a couple.
pub fn give_up(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    let sql = "UPDATE departures SET claim = 'none' WHERE tenant = ? AND user_id = ?";
    db.run(sql, params![tenant, user]).map(drop)
}

/// The couples that a user is in no more.
pub fn left_by(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT tenant FROM departures WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Has nobody a seat in a couple, or anything to claim of it?
pub fn is_forsaken(db: &mut Db, tenant: i64) -> Result<bool> {
    let sql = "SELECT user_id FROM departures WHERE tenant = ? AND claim <> 'none'";
    let claimed = db.one(sql, params![tenant], |row| row.get::<i64>(0))?.is_some();
    Ok(!claimed && size(db, tenant)? == 0)
}

/// What a user may claim of couples that they are in no more, the latest first.
pub fn archives(db: &mut Db, user: i64, now: Timestamp) -> Result<Vec<Archive>> {
    let sql = "SELECT t.public_id, d.claim, t.created_at, d.left_at, t.id FROM departures d JOIN tenants t ON t.id = d.tenant \
         WHERE d.user_id = ? AND (d.claim = 'kept' OR (d.claim = 'left' AND d.left_at > ?)) ORDER BY d.left_at DESC, t.public_id DESC";
    let mut archives = db.all(sql, params![user, now.plus(-feed::CLAIM)], |row| {
        let claim = word::stored(&Claim::ALL, &row.get::<String>(1)?)?;
        let left_at: Timestamp = row.get(3)?;
        let until = (claim == Claim::Left).then(|| left_at.plus(feed::CLAIM));
        let (id, created_at) = (row.get(0)?, row.get(2)?);
        Ok((row.get::<i64>(4)?, Archive { id, claim, created_at, left_at, until, partners: Vec::new() }))
    })?;
    for (tenant, archive) in &mut archives {
        archive.partners = partners(db, *tenant, user)?;
    }
    Ok(archives.into_iter().map(|(_, archive)| archive).collect())
}

/// The names of who else is or was in a couple.
fn partners(db: &mut Db, tenant: i64, but: i64) -> Result<Vec<String>> {
    let sql = "SELECT u.username FROM (SELECT user_id FROM members WHERE tenant = ? UNION SELECT user_id FROM departures WHERE tenant = ?) \
         AS other JOIN users u ON u.id = other.user_id WHERE u.id <> ? ORDER BY u.id";
    db.all(sql, params![tenant, tenant, but], |row| row.get(0))
}

/// Couples that are let go in one transaction: each takes everything in it along.
const LET_GO: i64 = 20;

/// Ends the claims of who left long ago, and couples that nobody has a claim of any more.
pub fn end_claims(db: &mut Db, now: Timestamp) -> Result<u64> {
    let over = "UPDATE departures SET claim = 'none' WHERE claim = 'left' AND left_at <= ?";
    let ended = db.run(over, params![now.plus(-feed::CLAIM)])?;
    let sql = "SELECT DISTINCT d.tenant FROM departures d \
         WHERE NOT EXISTS (SELECT m.user_id FROM members m WHERE m.tenant = d.tenant) \
         AND NOT EXISTS (SELECT k.user_id FROM departures k WHERE k.tenant = d.tenant AND k.claim <> 'none') LIMIT ?";
    let forsaken = db.all(sql, params![LET_GO], |row| row.get::<i64>(0))?;
    forsaken.iter().try_for_each(|tenant| delete(db, *tenant))?;
    Ok(ended + forsaken.len() as u64)
}

/// A code's tenant and how it stands; until the transaction ends nobody else can end it.
pub fn invite(db: &mut Db, code: &str) -> Result<Option<(i64, Invite)>> {
    let sql = "SELECT tenant, code, expires_at, used_at, created_at, role FROM invites WHERE code = ?";
    db.lock_row(sql, params![code], |row| {
        let role = Some(word::stored(&Role::ALL, &row.get::<String>(5)?)?);
        let (expires_at, used_at, created_at) = (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((row.get(0)?, Invite { code: row.get(1)?, expires_at, used_at, created_at, role }))
    })
}

/// Writes a new code.
pub fn insert_invite(db: &mut Db, tenant: i64, user: i64, invite: &Invite) -> Result<()> {
    let sql =
        "INSERT INTO invites (code, tenant, created_by, created_at, expires_at, used_at, role) VALUES (?, ?, ?, ?, ?, NULL, ?)";
    let role = word::of(&Role::ALL, &invite.gives());
    db.run(sql, params![&invite.code, tenant, user, invite.created_at, invite.expires_at, role]).map(drop)
}

/// Makes room for a code that is dead.
pub fn delete_invite(db: &mut Db, code: &str) -> Result<()> {
    db.run("DELETE FROM invites WHERE code = ?", params![code]).map(drop)
}

/// A tenant's live codes and when each was made, oldest first.
pub fn live(db: &mut Db, tenant: i64, now: Timestamp) -> Result<Vec<(String, Timestamp)>> {
    let sql =
        "SELECT code, created_at FROM invites WHERE tenant = ? AND used_at IS NULL AND expires_at > ? ORDER BY created_at, code";
    db.all(sql, params![tenant, now], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Ends a code.
pub fn end(db: &mut Db, code: &str, now: Timestamp) -> Result<()> {
    db.run("UPDATE invites SET expires_at = ? WHERE code = ?", params![now, code]).map(drop)
}

/// Ends every live code of a tenant.
pub fn end_all(db: &mut Db, tenant: i64, now: Timestamp) -> Result<()> {
    let sql = "UPDATE invites SET expires_at = ? WHERE tenant = ? AND used_at IS NULL AND expires_at > ?";
    db.run(sql, params![now, tenant, now]).map(drop)
}

/// Ends every live code that a user made in a tenant.
pub fn end_made_by(db: &mut Db, tenant: i64, user: i64, now: Timestamp) -> Result<()> {
    let sql = "UPDATE invites SET expires_at = ? WHERE tenant = ? AND created_by = ? AND used_at IS NULL AND expires_at > ?";
    db.run(sql, params![now, tenant, user, now]).map(drop)
}

/// Ends the live codes that a user made in a tenant which give more than the role member.
pub fn end_higher_made_by(db: &mut Db, tenant: i64, user: i64, now: Timestamp) -> Result<()> {
    let sql = "UPDATE invites SET expires_at = ? \
         WHERE tenant = ? AND created_by = ? AND role <> 'member' AND used_at IS NULL AND expires_at > ?";
    db.run(sql, params![now, tenant, user, now]).map(drop)
}

/// Marks a code as used.
pub fn mark_used(db: &mut Db, code: &str, now: Timestamp) -> Result<()> {
    db.run("UPDATE invites SET used_at = ? WHERE code = ?", params![now, code]).map(drop)
}

/// Bounds what a clock that was ahead has made: a code by its own length, counted from now. When a couple or team was made, and
/// who joined when, is shown, so it moves in the feed.
fn bound(db: &mut Db, now: Timestamp) -> Result<u64> {
    let Some(ahead) = feed::ahead(db, now)? else { return Ok(0) };
    // The end first: MariaDB computes it from what stands there then.
    let sql = "UPDATE invites SET expires_at = expires_at - created_at + ?, created_at = ? WHERE created_at > ?";
    let mut codes = db.run(sql, params![now, now, ahead])?;
    codes += db.run("UPDATE departures SET left_at = ? WHERE left_at > ?", params![now, ahead])?;
    let sql = "SELECT DISTINCT t.id, t.public_id FROM tenants t LEFT JOIN members m ON m.tenant = t.id \
         WHERE t.created_at > ? OR m.joined_at > ? LIMIT ?";
    let tenants = db.all(sql, params![ahead, ahead, BOUND], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    for (tenant, public_id) in &tenants {
        let stamp = feed::advance(db, *tenant, now)?.stamp;
        db.run("UPDATE tenants SET created_at = ? WHERE id = ? AND created_at > ?", params![now, *tenant, ahead])?;
        db.run("UPDATE members SET joined_at = ? WHERE tenant = ? AND joined_at > ?", params![now, *tenant, ahead])?;
        feed::touch_tenant(db, *tenant, public_id, stamp, NOBODY)?;
    }
    Ok(codes + tenants.len() as u64)
}

/// Couples and teams that are dated anew in one transaction.
const BOUND: i64 = 200;

/// Deletes codes that ended, and bounds those that would not.
pub fn expire(db: &mut Db, now: Timestamp) -> Result<u64> {
    Ok(bound(db, now)? + purge(db, now)?)
}

/// Deletes codes a week after they ended: until then a late client learns that it was late.
fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    let week_ago = now.plus(-7 * crate::base::time::DAY);
    db.run("DELETE FROM invites WHERE expires_at <= ?", params![week_ago])
}

/// Has the user verified their e-mail address?
pub fn is_verified(db: &mut Db, user: i64) -> Result<bool> {
    let sql = "SELECT id FROM users WHERE id = ? AND verified = email_key";
    Ok(db.one(sql, params![user], |row| row.get::<i64>(0))?.is_some())
}
