//! What the commands of `tandem tenant` do.

use crate::app::advice;
use crate::base::error::{Error, Result};
use crate::base::time::{MINUTE, Timestamp};
use crate::base::word;
use crate::cli::site::{enter, telling, within};
use crate::cli::{Verdict, out, text, user};
use crate::db::{Db, Mode};
use crate::domain::couples::rules::{self, Member, Tenancy};
use crate::domain::couples::{seats, store};
use crate::feature::room::rules::{Whose, fill};
use crate::feature::room::store as room;
use crate::feature::signals::{self, End};
use crate::feature::store::NOBODY;
use crate::feature::{Ctx, Role, Settings, TenantKind, store as feed};
use crate::http::input::{Extent, Input};
use clap::ArgMatches;
use serde_json::{Map, Value, json};

/// The kinds of tenant as they are typed.
pub const KINDS: [&str; 2] = word::list(&TenantKind::ALL);
/// The roles as they are typed.
pub const ROLES: [&str; 3] = word::list(&Role::ALL);

pub fn create(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let body = Map::from_iter([("name".to_owned(), json!(text(matches, "name")))]);
    let mut input = Input::of(&body, rules::NAME, Extent::Whole);
    input.finish()?;
    let kind = word::stored(&TenantKind::ALL, text(matches, "kind").unwrap_or_default())?;
    let name = input.text("name").unwrap_or_default();
    let made = within(&mut db, Mode::Write, |db| {
        let made = seats::create(db, kind, name, Timestamp::now())?;
        feed::touch_tenant(db, made.id, &made.public_id, made.created_at, NOBODY)?;
        Ok(made)
    })?;
    out::line(format!("created {} (id {})", called(&made), made.public_id))?;
    Ok(Verdict::Well)
}

pub fn list(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let now = Timestamp::now();
    let (tenants, taken) = within(&mut db, Mode::Read, |db| Ok((store::list(db)?, room::largest(db, now, i64::MAX)?)))?;
    let taken =
        |tenancy: &Tenancy| taken.iter().find(|taken| taken.public_id == tenancy.public_id).map_or(0, |taken| taken.bytes);
    if matches.get_flag("json") {
        let shown = |(tenancy, size): &(Tenancy, i64)| {
            let mut shown = as_json(tenancy, ("member_count", json!(size)));
            (shown["bytes"], shown["room"]) = (json!(taken(tenancy)), json!(allowed(tenancy, *size, &settings, now)));
            shown
        };
        out::json(&tenants.iter().map(shown).collect::<Vec<_>>())?;
    } else if tenants.is_empty() {
        out::line("there are no couples or teams yet: `tandem tenant create --kind team --name NAME` makes a team")?;
    } else {
        let room = |(tenancy, size): &(Tenancy, i64)| fill(taken(tenancy), allowed(tenancy, *size, &settings, now));
        let rows: Vec<_> = tenants.iter().map(|tenant| as_row(&tenant.0, tenant.1, room(tenant))).collect();
        out::table(["id", "kind", "name", "members", "created", "room"], &rows)?;
    }
    Ok(Verdict::Well)
}

fn as_json(tenancy: &Tenancy, (name, members): (&str, Value)) -> Value {
    let mut shown = json!({
        "id": tenancy.public_id, "kind": word::of(&TenantKind::ALL, &tenancy.kind), "name": tenancy.name,
        "created_at": tenancy.created_at, "updated_at": tenancy.updated_at,
    });
    shown[name] = members;
    shown
}

/// How many bytes a tenant may hold.
fn allowed(tenancy: &Tenancy, members: i64, settings: &Settings, now: Timestamp) -> i64 {
    Whose::of(tenancy.kind, members, tenancy.created_at, now).room(settings)
}

fn as_row(tenancy: &Tenancy, size: i64, room: String) -> [String; 6] {
    let name = if tenancy.name.is_empty() { "-" } else { &tenancy.name };
    let kind = word::of(&TenantKind::ALL, &tenancy.kind).to_owned();
    [tenancy.public_id.clone(), kind, name.to_owned(), size.to_string(), out::minute(tenancy.created_at), room]
}

pub fn show(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let (tenancy, members) = read(&mut db, matches)?;
    if matches.get_flag("json") {
        out::json(&as_json(&tenancy, ("members", json!(members))))?;
        return Ok(Verdict::Well);
    }
    let count = advice::count(members.len() as u64, "member");
    out::line(format!("{} (id {}), {count} of at most {}", called(&tenancy), tenancy.public_id, tenancy.seats()))?;
    if !members.is_empty() {
        out::table(["id", "username", "role", "joined"], &members.iter().map(member_row).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

fn member_row(member: &Member) -> [String; 4] {
    let role = word::of(&Role::ALL, &member.role).to_owned();
    [member.user.id.to_string(), member.user.username.clone(), role, out::minute(member.joined_at)]
}

pub fn add(matches: &ArgMatches) -> Result<Verdict> {
    let role = role(matches)?;
    let (tenancy, user) = change(matches, |ctx, tenancy, user| {
        let stamp = ctx.stamp()?;
        seats::join(ctx, tenancy, user, role, stamp)?;
        Ok(true)
    })?;
    out::line(format!("{user} is in {}{}", called(&tenancy), as_role(&tenancy, role)))?;
    Ok(Verdict::Well)
}

pub fn remove(matches: &ArgMatches) -> Result<Verdict> {
    let (mut stays, mut led) = (true, true);
    let (tenancy, user) = change(matches, |ctx, tenancy, user| {
        require_member(ctx.db, tenancy, user)?;
        store::end_all(ctx.db, tenancy.id, ctx.now)?;
        stays = seats::leave(ctx, tenancy.id, tenancy.kind, user)?;
        led = is_led(ctx.db, tenancy)?;
        Ok(stays)
    })?;
    let end = if stays { "" } else { ", which has ended with everything in it" };
    out::line(format!("{user} is no longer in {}{end}", called(&tenancy)))?;
    tell_without_admin(led)
}

pub fn set_role(matches: &ArgMatches) -> Result<Verdict> {
    let (role, mut led) = (role(matches)?, true);
    let (tenancy, user) = change(matches, |ctx, tenancy, user| {
        require_member(ctx.db, tenancy, user)?;
        seats::set_role(ctx.db, tenancy, user, role, ctx.now)?;
        led = is_led(ctx.db, tenancy)?;
        Ok(true)
    })?;
    out::line(format!("{user} is now {} in {}", word::of(&Role::ALL, &role), called(&tenancy)))?;
    tell_without_admin(led)
}

/// Has a team an admin, if anybody is in it?
fn is_led(db: &mut Db, tenancy: &Tenancy) -> Result<bool> {
    let members = store::members(db, tenancy.id)?;
    let led = members.is_empty() || members.iter().any(|member| member.role == Role::Admin);
    Ok(tenancy.kind == TenantKind::Couple || led)
}

fn tell_without_admin(led: bool) -> Result<Verdict> {
    if !led {
        out::line("it has no admin now: `tandem tenant role TENANT USER admin` makes one")?;
    }
    Ok(Verdict::Well)
}

pub fn code(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let minutes = matches.get_one::<i64>("minutes").copied().unwrap_or(rules::TTL_DEFAULT);
    let role = role(matches)?;
    let (tenancy, invite) = within(&mut db, Mode::Write, |db| {
        let tenancy = find(db, matches)?;
        let now = Timestamp::now();
        feed::advance(db, tenancy.id, now)?;
        let invite = seats::new_code(db, &tenancy, OPERATOR, (role, minutes * MINUTE), now)?;
        Ok((tenancy, invite))
    })?;
    if matches.get_flag("json") {
        out::json(&invite)?;
        return Ok(Verdict::Well);
    }
    let uses = if invite.is_for_one(tenancy.kind) { "once" } else { "for everybody" };
    let until = out::minute(invite.expires_at);
    out::line(format!(
        "{}  works {uses} until {until} UTC, to join {}{}",
        invite.code,
        called(&tenancy),
        as_role(&tenancy, role)
    ))?;
    Ok(Verdict::Well)
}

/// ` as staff`, where there are roles.
fn as_role(tenancy: &Tenancy, role: Role) -> String {
    if tenancy.kind == TenantKind::Team { format!(" as {}", word::of(&Role::ALL, &role)) } else { String::new() }
}

/// Who made a code that no user made.
const OPERATOR: i64 = 0;

pub fn delete(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let (tenancy, members) = read(&mut db, matches)?;
    let number = advice::count(members.len() as u64, "member");
    if !matches.get_flag("yes") && !out::confirmed(&format!("Delete {}, with {number} and everything in it?", called(&tenancy)))?
    {
        out::line("nothing was deleted")?;
        return Ok(Verdict::Wrong);
    }
    telling(&mut db, |ctx| {
        members.iter().for_each(|member| ctx.signal_end(signals::Whose::User(member.user.id), End::Elsewhere));
        store::delete(ctx.db, tenancy.id)
    })?;
    out::line(format!("deleted {}", called(&tenancy)))?;
    Ok(Verdict::Well)
}

/// Changes who is in a tenant: under its lock, in one transaction, shown to its members. The work answers whether the
/// tenant is still there.
fn change(matches: &ArgMatches, mut work: impl FnMut(&mut Ctx<'_>, &Tenancy, i64) -> Result<bool>) -> Result<(Tenancy, String)> {
    let (_, mut db) = enter()?;
    telling(&mut db, |ctx| {
        let tenancy = find(ctx.db, matches)?;
        let user = user::named(ctx.db, text(matches, "username").unwrap_or_default())?.user;
        ctx.advance(tenancy.id)?;
        if work(ctx, &tenancy, user.id)? {
            ctx.touch_tenant(&tenancy.public_id)?;
        }
        Ok((tenancy, user.username))
    })
}

/// Refuses a user who is not in the tenant.
fn require_member(db: &mut Db, tenancy: &Tenancy, user: i64) -> Result<()> {
    match store::find_member(db, tenancy.id, user)? {
        Some(_) => Ok(()),
        None => Err(Error::NotReady(format!("This user is not in {}. `tandem tenant show` lists who is.", called(tenancy)))),
    }
}

fn role(matches: &ArgMatches) -> Result<Role> {
    word::stored(&Role::ALL, text(matches, "role").unwrap_or_default())
}

/// The tenant that the operator means, and its members.
fn read(db: &mut Db, matches: &ArgMatches) -> Result<(Tenancy, Vec<Member>)> {
    within(db, Mode::Read, |db| {
        let tenancy = find(db, matches)?;
        let members = store::members(db, tenancy.id)?;
        Ok((tenancy, members))
    })
}

/// The tenant that the operator means.
fn find(db: &mut Db, matches: &ArgMatches) -> Result<Tenancy> {
    let name = text(matches, "tenant").unwrap_or_default();
    let mut found = store::named(db, name)?;
    match (found.pop(), found.len()) {
        (Some(tenancy), 0) => Ok(tenancy),
        (None, _) => {
            Err(Error::NotReady(format!("There is no couple or team called {name}. `tandem tenant list` shows every one.")))
        }
        (_, more) => Err(Error::NotReady(format!("{} are called {name}: give the id. `tandem tenant list` shows it.", more + 1))),
    }
}

/// `the team Nightshift`, `the couple 0198…`.
fn called(tenancy: &Tenancy) -> String {
    let name = if tenancy.name.is_empty() { &tenancy.public_id } else { &tenancy.name };
    format!("the {} {name}", word::of(&TenantKind::ALL, &tenancy.kind))
}
