//! Rate limits of uploads, in the database: what writes there is counted there, in its own transaction.
//!
//! Each is a theoretical arrival time, as in `feature/meters.rs`. They are looked at after a stored answer was looked for, so that
//! a retry costs nothing; and a refusal undoes its transaction, so that it costs nothing either.

use crate::base::error::{Limit, Refusal, Result};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::db::{Db, Upsert};
use crate::feature::meters::gcra;
use crate::feature::store::BATCH;
use crate::feature::{Ctx, Rate, Settings};
use crate::params;
use sha2::{Digest, Sha256};

/// One limit of uploads.
struct Rule {
    /// The word for it in a refusal.
    reason: &'static str,
    /// The operator's setting.
    rate: fn(&Settings) -> Option<Rate>,
    /// Does it count points? Else it counts uploads.
    by_points: bool,
}

const RULES: &[Rule] = &[
    Rule { reason: "burst", rate: |settings| settings.limit_burst, by_points: false },
    Rule { reason: "requests", rate: |settings| settings.limit_uploads, by_points: false },
    Rule { reason: "complexity", rate: |settings| settings.limit_cost, by_points: true },
];

/// Counts the upload that is about to be written.
///
/// # Errors
/// The refusal, when it is over a limit.
pub fn charge(ctx: &mut Ctx<'_>) -> Result<()> {
    let Some(points) = ctx.upload().map(|upload| upload.points) else { return Ok(()) };
    let (user, role) = (ctx.user()?, ctx.tenant()?.role);
    for rule in RULES {
        if let Some(rate) = (rule.rate)(&ctx.house.settings) {
            count(ctx, rule, user, rate.shared(role.share()), if rule.by_points { points } else { 1 })?;
        }
    }
    Ok(())
}

fn count(ctx: &mut Ctx<'_>, rule: &Rule, user: i64, rate: Rate, points: u32) -> Result<()> {
    let bucket = bucket(rule.reason, user);
    let (next, wait) = gcra(arrival(ctx.db, &bucket)?.0, rate, points, ctx.now.0);
    if wait > 0 {
        let limit = Limit { reason: rule.reason, count: rate.count, window: rate.window };
        return Err(Refusal::over(limit, wait).into());
    }
    ctx.db.put(&ARRIVAL, params![&bucket, Timestamp(next)])
}

/// The store holds no user's id here.
fn bucket(reason: &str, user: i64) -> String {
    id::hex(&Sha256::new().chain_update(reason).chain_update([0]).chain_update(user.to_le_bytes()).finalize())
}

const ARRIVAL: Upsert = Upsert { table: "limits", key: &["bucket"], set: &["arrival"] };

/// A bucket that was never used is one whose time is long past.
fn arrival(db: &mut Db, bucket: &str) -> Result<Timestamp> {
    let found = db.one("SELECT arrival FROM limits WHERE bucket = ?", params![bucket], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// Deletes arrival times that lie in the past: they are as good as none.
pub fn purge(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let sql =
        "DELETE FROM limits WHERE bucket IN (SELECT bucket FROM (SELECT bucket FROM limits WHERE arrival <= ? LIMIT ?) AS old)";
    db.run(sql, params![now, BATCH])
}
