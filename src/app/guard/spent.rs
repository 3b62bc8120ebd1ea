//! Traces of what was done under a key, kept as long as tombstones: a phone that was in a drawer for a week sends again whatever it
//! has, when the answers of then are forgotten, and hears that it is done and what of it is not.

use super::idempotency::{self, Key};
use super::texts;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::id;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::{Db, Row, Upsert};
use crate::feature::store::{BATCH, ahead, is_told};
use crate::feature::{Ctx, Settings, stamps};
use crate::http::{Method, body};
use crate::params;
use serde_json::Value;

/// The most traces of a user: more than a phone writes in the months in which they are kept.
const MOST: i64 = 5_000;
/// The most bytes of what did not land, as its column has them: of more the rest is left out, and counted.
const MOST_TEXT: usize = 3_900;
/// The end of scopes at which a user's traces are counted, one in 256: to count them at each write would cost more than it spares.
const SAMPLE: &str = "00";

/// What is left of a request.
struct Trace {
    stamps: Vec<Timestamp>,
    not_done: Value,
}

const NOTE: Upsert = Upsert { table: "spent", key: &["scope", "request"], set: &["stamps", "not_done", "at"] };

/// Leaves a trace of a member's write. What is no tenant's, such as a log-in, leaves none.
pub fn note(ctx: &mut Ctx<'_>, key: &Key) -> Result<()> {
    let written = ctx.stamps();
    if !ctx.writes_as_member() || written.is_empty() {
        return Ok(());
    }
    let not_done = shortened(ctx.not_done())?;
    ctx.db.put(&NOTE, params![&key.scope, &key.request, &stamps::text(&written), &not_done, ctx.now])?;
    if key.scope.ends_with(SAMPLE) { trim(ctx.db, key.owner()).map(drop) } else { Ok(()) }
}

/// What did not land, as JSON: as much as its column holds.
fn shortened(not_done: &[Value]) -> Result<String> {
    let mut room = MOST_TEXT;
    let fits = |item: &&Value| {
        room = room.saturating_sub(json::size(item) + 1);
        room > 0
    };
    let kept: Vec<&Value> = not_done.iter().take_while(fits).collect();
    json::write(&(&kept, not_done.len() - kept.len()))
}

fn find(ctx: &mut Ctx<'_>, key: &Key) -> Result<Option<(Trace, usize)>> {
    let sql = "SELECT stamps, not_done FROM spent WHERE scope = ? AND request = ?";
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let Some((stamps, not_done)) = ctx.db.one(sql, params![&key.scope, &key.request], read)? else { return Ok(None) };
    let (not_done, omitted) = json::read::<(Value, usize)>(not_done.as_bytes())?;
    let stamps = stamps.split(", ").filter_map(Timestamp::parse).collect();
    Ok(Some((Trace { stamps, not_done }, omitted)))
}

/// The stamps of what was done under a key whose answer is given again.
pub fn stamps(ctx: &mut Ctx<'_>, key: &Key) -> Result<Vec<Timestamp>> {
    if !ctx.writes_as_member() {
        return Ok(Vec::new());
    }
    Ok(find(ctx, key)?.map(|(trace, _)| trace.stamps).unwrap_or_default())
}

/// Refuses what was done already, when its answer is forgotten. Where a client named what it makes, that name is compared instead,
/// and the answer shows the object.
///
/// # Errors
/// [`Refused::AlreadyDone`], with what did not land.
pub fn check(ctx: &mut Ctx<'_>, key: &Key) -> Result<()> {
    if !ctx.writes_as_member() {
        return Ok(());
    }
    let Some((Trace { stamps, not_done }, omitted)) = find(ctx, key)? else { return Ok(()) };
    if names_its_object(ctx)? {
        return Ok(());
    }
    let stamps: Value = stamps.iter().map(|stamp| Value::from(stamp.to_string())).collect();
    let refusal = Refusal::new(Refused::AlreadyDone, &texts::ALREADY_DONE).and("stamps", stamps).and("not_done", not_done);
    Err(if omitted > 0 { refusal.and("not_done_omitted", omitted) } else { refusal }.into())
}

/// Was what a POST made called by the id that it brought? Where something was there already it landed on that, and the id is
/// nobody's.
fn names_its_object(ctx: &mut Ctx<'_>) -> Result<bool> {
    if ctx.upload().is_some() || ctx.request.method != Method::Post {
        return Ok(false);
    }
    let sent = body::object(ctx.request).ok().and_then(|object| object.get("id")?.as_str().and_then(id::parse));
    let (Some(id), tenant) = (sent, ctx.tenant_id()?) else { return Ok(false) };
    for kind in ctx.house.kinds() {
        if is_told(ctx.db, tenant, kind.name, &id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes the traces of an account that ends.
pub fn forget(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    let owner = idempotency::owner(&ctx.house.derive(idempotency::PURPOSE), user);
    let end = idempotency::end(&owner);
    ctx.db.run("DELETE FROM spent WHERE scope >= ? AND scope < ?", params![&owner, &end]).map(drop)
}

/// Deletes traces that are older than tombstones are kept. Those of a clock that was ahead are dated anew.
pub fn purge(db: &mut Db, settings: &Settings, now: Timestamp) -> Result<u64> {
    if let Some(ahead) = ahead(db, now)? {
        db.run("UPDATE spent SET at = ? WHERE at > ?", params![now, ahead])?;
    }
    let sql =
        "DELETE FROM spent WHERE scope IN (SELECT scope FROM (SELECT scope FROM spent WHERE at <= ? LIMIT ?) AS old) AND at <= ?";
    let before = now.plus(-settings.tombstones);
    db.run(sql, params![before, BATCH, before])
}

/// Deletes the oldest traces of a user beyond the most.
pub fn trim(db: &mut Db, owner: &str) -> Result<u64> {
    let end = idempotency::end(owner);
    let sql = "SELECT at FROM spent WHERE scope >= ? AND scope < ? ORDER BY at DESC LIMIT 1 OFFSET ?";
    let Some(oldest) = db.one(sql, params![owner, &end, MOST], |row| row.get::<Timestamp>(0))? else { return Ok(0) };
    db.run("DELETE FROM spent WHERE scope >= ? AND scope < ? AND at <= ?", params![owner, &end, oldest])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_did_not_land_is_kept_as_far_as_there_is_room_and_the_rest_is_counted() {
        let item = json!({"id": "01890000-0000-7000-8000-000000000000", "reason": "transition"});
        assert_eq!(shortened(&[]).unwrap(), "[[],0]");
        let (kept, omitted): (Vec<Value>, usize) = json::read(shortened(&vec![item; 100]).unwrap().as_bytes()).unwrap();
        assert!(kept.len() > 40 && kept.len() + omitted == 100 && shortened(&kept).unwrap().len() <= 4_000);
    }
}
