//! Writing messages: those that others' news make, and those that people send.

use super::rules::{Code, Draft, MAX_DATA, MOST_KEPT, MOST_NAMED, Message, Priority, To, Type, to_go};
use super::store::{self, Reader};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::base::{id, json, word};
use crate::db::Db;
use crate::feature::news::Clashed;
use crate::feature::rhythm::store as rhythm;
use crate::feature::sessions::store as sessions;
use crate::feature::signals::{self, End, Sent, Whose};
use crate::feature::store::NOBODY;
use crate::feature::{COUPLE, Ctx, News, Role, TenantKind, store as feed};
use serde_json::{Value, json};

/// Where a message is written.
#[derive(Debug, Clone, Copy)]
struct Place {
    tenant: i64,
    /// The stamp that it carries.
    stamp: Timestamp,
    /// Who sends it.
    author: i64,
    /// The wall clock, from which it is kept for a while.
    now: Timestamp,
}

/// Writes a message; what is too much for its addressee goes.
///
/// # Errors
/// The database's; [`Error::Internal`] for one that is too long, which is a defect.
fn write(db: &mut Db, place: Place, to: To, draft: &Draft) -> Result<Message> {
    if json::size(&draft.data) > MAX_DATA {
        return Err(Error::internal("a message is longer than messages are"));
    }
    make_room(db, place, to)?;
    let message = Message {
        id: id::object(),
        stamp: place.stamp,
        type_name: word::of(&Type::ALL, &draft.about).to_owned(),
        priority: word::of(&Priority::ALL, &draft.priority).to_owned(),
        data: draft.data.clone(),
        expires_at: place.now.plus(draft.priority.kept()),
    };
    store::insert(db, place.tenant, to, place.author, &message, draft.priority)?;
    Ok(message)
}

/// Deletes what goes so that an addressee has room for one message more; mostly there is room.
fn make_room(db: &mut Db, place: Place, to: To) -> Result<()> {
    if store::number(db, place.tenant, to)? < MOST_KEPT as i64 {
        return Ok(());
    }
    let kept = store::kept(db, place.tenant, to)?;
    let worths: Vec<_> = kept.iter().map(|message| message.worth).collect();
    let mut gone = to_go(&worths, place.now).into_iter().map(|place| &kept[place]);
    gone.try_for_each(|message| store::delete(db, place.tenant, message.stamp, &message.id))
}

/// Writes a message of the caller's, or of the house's, in a tenant, whose clock it moves.
pub fn post(ctx: &mut Ctx<'_>, tenant: i64, to: To, draft: &Draft) -> Result<Message> {
    let author = ctx.author();
    post_as(ctx, author, tenant, to, draft)
}

fn post_as(ctx: &mut Ctx<'_>, author: i64, tenant: i64, to: To, draft: &Draft) -> Result<Message> {
    let place = Place { tenant, stamp: ctx.stamp_in(tenant)?, author, now: ctx.now };
    ctx.wake(tenant, draft.priority);
    let message = write(ctx.db, place, to, draft)?;
    if ctx.has_engine() {
        signal(ctx, tenant, to, (author, draft.priority), &message);
    }
    Ok(message)
}

/// Whom it is for is told of it where they hold a socket.
fn signal(ctx: &mut Ctx<'_>, tenant: i64, to: To, (author, priority): (i64, Priority), message: &Message) {
    let Message { id, stamp, type_name, data, .. } = message.clone();
    let To { user, device } = to;
    ctx.signal_sent(Sent { tenant, membership: String::new(), user, device, author, priority, stamp, type_name, id, data });
}

/// What devices are told of others' news.
pub fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    if ctx.has_engine() {
        end(ctx, news)?;
    }
    match news {
        News::SignedIn { user, session, device, others: true } => {
            // A thief may say that theirs is the owner's device: that one is told, too.
            let is_twice = !device.is_empty() && sessions::has_another(ctx.db, *user, device, session, ctx.now)?;
            let author = if is_twice { NOBODY } else { ctx.house.author(*user, device, session) };
            to_user(ctx, author, *user, &Draft::system(Code::SignIn, Priority::High, None))
        }
        News::SessionEnded { user } => {
            let author = ctx.author();
            to_user(ctx, author, *user, &Draft::system(Code::SessionEnded, Priority::High, None))
        }
        News::PasswordChanged { user } => {
            let author = ctx.author();
            to_user(ctx, author, *user, &Draft::system(Code::Password, Priority::Critical, None))
        }
        News::Joined { tenant, .. } => {
            rhythm::count_in(ctx.db, *tenant)?;
            to_members(ctx, *tenant, &Draft::trigger("member", &[COUPLE]))
        }
        News::Left { tenant, user } => {
            store::leave(ctx.db, *tenant, *user)?;
            rhythm::count_in(ctx.db, *tenant)?;
            to_members(ctx, *tenant, &Draft::trigger("member", &[COUPLE]))
        }
        News::PolicySet { list } => {
            let tenant = ctx.tenant_id()?;
            to_members(ctx, tenant, &Draft::trigger("policy", &[list]))
        }
        News::Clashed(clashes) => clashed(ctx, clashes),
        _ => Ok(()),
    }
}

/// Whose connections end: those of sessions that ended, of who left, and of everybody in a couple or team that is about to be another.
fn end(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        // Whoever signs in may have one session too many.
        News::SignedIn { user, .. } | News::SignedOut { user } | News::SessionEnded { user } | News::PasswordChanged { user } => {
            for session in sessions::ended_since(ctx.db, *user, ctx.now)? {
                ctx.signal_end(Whose::Session(session), End::SignedOut);
            }
        }
        News::AccountEnding { user } => ctx.signal_end(Whose::User(*user), End::SignedOut),
        News::Left { user, .. } => ctx.signal_end(Whose::User(*user), End::Elsewhere),
        // Everybody's, because their channels are about to be others.
        News::Regrouping { tenant } => {
            let membership = signals::store::membership(ctx.db, *tenant)?;
            ctx.signal_end(Whose::Members { tenant: *tenant, membership }, End::Again);
        }
        _ => {}
    }
    Ok(())
}

/// Tells a user, where there is somebody whom a feed would tell: who is in no couple and no team polls none.
fn to_user(ctx: &mut Ctx<'_>, author: i64, user: i64, draft: &Draft) -> Result<()> {
    let Some(tenant) = feed::tenant_of(ctx.db, user)? else { return Ok(()) };
    post_as(ctx, author, tenant, To::user(user), draft).map(drop)
}

/// Tells the members of a tenant, if there are any left.
fn to_members(ctx: &mut Ctx<'_>, tenant: i64, draft: &Draft) -> Result<()> {
    if store::members(ctx.db, tenant)?.is_empty() { Ok(()) } else { post(ctx, tenant, To::ALL, draft).map(drop) }
}

/// Tells of the conflicts of an upload: one message for each who should know.
fn clashed(ctx: &mut Ctx<'_>, clashes: &[Clashed]) -> Result<()> {
    let (tenant, sender) = (ctx.tenant()?.clone(), ctx.user()?);
    for (user, role) in store::members(ctx.db, tenant.id)? {
        let decides = tenant.kind == TenantKind::Couple || role == Role::Admin;
        let concerns = |clash: &&Clashed| {
            let is_party = user == sender || Some(user) == clash.against;
            is_party && (clash.waits || clash.notify) || decides && clash.notify
        };
        let concerning: Vec<&Clashed> = clashes.iter().filter(concerns).collect();
        if !concerning.is_empty() {
            post(ctx, tenant.id, To::user(user), &alert(&concerning))?;
        }
    }
    Ok(())
}

/// An alert of some conflicts: of those that wait for somebody first.
fn alert(clashes: &[&Clashed]) -> Draft {
    let waits = clashes.iter().any(|clash| clash.waits);
    let mut ordered = clashes.to_vec();
    ordered.sort_by_key(|clash| !clash.waits);
    let ids: Vec<&str> = ordered.iter().take(MOST_NAMED).map(|clash| clash.conflict.as_str()).collect();
    let first = ordered
        .first()
        .map_or(Value::Null, |clash| json!({"conflict_id": clash.conflict, "domain": clash.domain, "mobile_id": clash.id}));
    let mut data = json!({"action_required": waits, "conflict_ids": ids, "count": clashes.len()});
    if let (Value::Object(data), Value::Object(first)) = (&mut data, first) {
        data.extend(first);
    }
    let priority = if waits { Priority::Critical } else { Priority::High };
    Draft { about: Type::ConflictAlert, priority, data }
}

/// A backup takes the store's place: its messages are of a time that is over, and every device starts over. The clock stays: a
/// store that nobody has changed since is the backup's own. Who joined last, under the very stamp, learns it by the epoch alone.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    store::clear(db, tenant)?;
    let Some(stamp) = feed::clock(db, tenant)? else { return Ok(()) };
    let place = Place { tenant, stamp, author: NOBODY, now: Timestamp::now() };
    write(db, place, To::ALL, &Draft::trigger("restore", &[])).map(drop)
}

/// Whose messages the caller reads.
pub fn reader(ctx: &mut Ctx<'_>) -> Result<Reader> {
    Ok(Reader { tenant: ctx.tenant_id()?, user: ctx.user()?, device: ctx.author(), now: ctx.now })
}
