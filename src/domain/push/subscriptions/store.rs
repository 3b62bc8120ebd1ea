//! Subscriptions in the database. They are users', whichever couple or team those are in; a user's few are looked through.

use super::rules::{PENDING, Preferences, Progress, SHOWN_GONE, State, Subscription};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::{Db, Row, Upsert};
use crate::domain::push::rules::Priority;
use crate::feature::Rhythm;
use crate::feature::rhythm::{Quiet, store as rhythm};
use crate::feature::store::{self as feed, BATCH, fact, put_fact};
use crate::{columns, params};

columns!(subscriptions: "SELECT s.user_id, s.device_id, s.id, s.sealed, s.endpoint, s.host, s.domains, s.priority, s.saver, \
    s.quiet_from, s.quiet_to, s.visible, s.created_at, s.expires_at, s.state, s.state_at, s.verified_at, s.codes, s.code_sent, s.wrong, \
    s.told_in, s.told, s.looked, s.due_at, s.unseen_at, s.tries, s.not_before, s.past, s.critical, s.repeats, s.test, s.test_at, \
    s.sent, s.failed, s.last_status, s.last_sent_at");

columns!(whole: subscriptions, "FROM push_subscriptions s");

columns!(named: subscriptions, ", u.username");

fn subscription(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        user: row.get(0)?,
        device: row.get(1)?,
        id: row.get(2)?,
        sealed: row.get(3)?,
        endpoint: row.get(4)?,
        host: row.get(5)?,
        preferences: preferences(row)?,
        created_at: row.get(12)?,
        expires_at: row.get(13)?,
        state: State::stored(&row.get::<String>(14)?)?,
        state_at: row.get(15)?,
        verified_at: row.get(16)?,
        codes: row.get(17)?,
        code_sent: row.get(18)?,
        wrong: row.get(19)?,
        progress: progress(row)?,
        test: row.get(30)?,
        test_at: row.get(31)?,
        sent: row.get(32)?,
        failed: row.get(33)?,
        last_status: row.get(34)?,
        last_sent_at: row.get(35)?,
    })
}

fn preferences(row: &Row<'_>) -> Result<Preferences> {
    let domains = row.get::<String>(6)?;
    Ok(Preferences {
        domains: json::read(domains.as_bytes())?,
        priority: Priority::of(row.get(7)?)?,
        saver: row.get(8)?,
        quiet: row.get::<Option<i64>>(9)?.zip(row.get(10)?).map(|(from, to)| Quiet { from, to }),
        visible: row.get(11)?,
    })
}

fn progress(row: &Row<'_>) -> Result<Progress> {
    Ok(Progress {
        told_in: row.get(20)?,
        told: row.get(21)?,
        looked: row.get(22)?,
        due_at: row.get(23)?,
        unseen_at: row.get(24)?,
        tries: row.get(25)?,
        not_before: row.get(26)?,
        past: row.get(27)?,
        critical: row.get(28)?,
        repeats: row.get(29)?,
    })
}

/// A user's subscriptions, oldest first.
pub fn own(db: &mut Db, user: i64) -> Result<Vec<Subscription>> {
    db.all(whole!("WHERE s.user_id = ? ORDER BY s.created_at, s.device_id"), params![user], subscription)
}

/// Everybody's, by their user's name.
pub fn all(db: &mut Db) -> Result<Vec<(String, Subscription)>> {
    let sql = named!("FROM push_subscriptions s JOIN users u ON u.id = s.user_id ORDER BY u.username, s.created_at, s.device_id");
    db.all(sql, &[], |row| Ok((row.get(36)?, subscription(row)?)))
}

/// How many push services refuse.
pub fn suspended(db: &mut Db) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM push_subscriptions WHERE state = 'suspended'";
    Ok(db.one(sql, &[], |row| row.get(0))?.unwrap_or_default())
}

/// The subscription of a user's device, locked until the transaction ends: the courier writes what it keeps of it before or after.
pub fn locked(db: &mut Db, user: i64, device: &str) -> Result<Option<Subscription>> {
    db.lock_row(whole!("WHERE s.user_id = ? AND s.device_id = ?"), params![user, device], subscription)
}

/// The subscription that an endpoint belongs to.
pub fn of_endpoint(db: &mut Db, endpoint: &str) -> Result<Option<Subscription>> {
    db.lock_row(whole!("WHERE s.endpoint = ?"), params![endpoint], subscription)
}

const SUBSCRIPTION: Upsert = Upsert {
    table: "push_subscriptions",
    key: &["user_id", "device_id"],
    set: &[
        "id",
        "sealed",
        "endpoint",
        "host",
        "domains",
        "priority",
        "saver",
        "quiet_from",
        "quiet_to",
        "visible",
        "created_at",
        "expires_at",
        "state",
        "state_at",
        "verified_at",
        "codes",
        "code_sent",
        "wrong",
        "told_in",
        "told",
        "looked",
        "due_at",
        "unseen_at",
        "tries",
        "not_before",
        "past",
        "critical",
        "repeats",
        "test",
        "test_at",
        "sent",
        "failed",
        "last_status",
        "last_sent_at",
    ],
};

/// Writes a subscription whole; what its device's sessions poll, and whether a write in its user's couple or team wakes anybody, follow.
pub fn put(db: &mut Db, s: &Subscription) -> Result<()> {
    let (p, c) = (&s.preferences, &s.progress);
    let domains = json::write(&p.domains)?;
    let (from, to) = (p.quiet.map(|quiet| quiet.from), p.quiet.map(|quiet| quiet.to));
    let values = params![
        s.user,
        &s.device,
        &s.id,
        s.sealed.as_deref(),
        &s.endpoint,
        s.host,
        &domains,
        p.priority.number(),
        p.saver,
        from,
        to,
        p.visible,
        s.created_at,
        s.expires_at,
        s.state.word(),
        s.state_at,
        s.verified_at,
        s.codes,
        s.code_sent,
        s.wrong,
        c.told_in,
        c.told,
        c.looked,
        c.due_at,
        c.unseen_at,
        c.tries,
        c.not_before,
        &c.past,
        c.critical,
        c.repeats,
        s.test,
        s.test_at,
        s.sent,
        s.failed,
        &s.last_status,
        s.last_sent_at,
    ];
    db.put(&SUBSCRIPTION, values)?;
    rhythm::set(db, s.user, &s.device, s.rhythm())?;
    rhythm::count_of(db, s.user)
}

/// Ends a subscription.
pub fn delete(db: &mut Db, user: i64, device: &str) -> Result<()> {
    db.run("DELETE FROM push_subscriptions WHERE user_id = ? AND device_id = ?", params![user, device])?;
    rhythm::set(db, user, device, Rhythm::default())?;
    rhythm::count_of(db, user)
}

/// A subscription that the courier looks at, with what it needs to know of its user.
#[derive(Debug, Clone)]
pub struct Due {
    /// The subscription.
    pub subscription: Subscription,
    /// Its user's time zone.
    pub timezone: String,
    /// The couple or team that they are in.
    pub within: Option<Within>,
}

/// A couple or team of a user.
#[derive(Debug, Clone)]
pub struct Within {
    /// Which.
    pub tenant: i64,
    /// Its clock.
    pub clock: Timestamp,
    /// Its epoch.
    pub epoch: String,
    /// The stamp by which the user joined it.
    pub joined: Timestamp,
}

columns!(awaited: subscriptions, ", u.timezone, m.tenant, t.clock, t.epoch, m.joined_at FROM push_subscriptions s JOIN users u ON u.id = s.user_id \
    LEFT JOIN members m ON m.user_id = s.user_id LEFT JOIN tenants t ON t.id = m.tenant \
    WHERE s.endpoint IS NOT NULL AND (s.state = 'active' OR (s.state = 'pending' AND s.state_at > ?)) \
    AND u.disabled = 0 AND s.expires_at > ? \
    AND EXISTS (SELECT x.id FROM sessions x WHERE x.user_id = s.user_id AND x.device = s.device_id AND x.expires_at > ?)");

/// What the courier has to look at: what is due, and what something was changed for since it last looked. What is due comes first; last
/// come endpoints that nobody has proved and those that failed before, so that nobody's wake-up waits for servers that hang.
pub fn due(db: &mut Db, now: Timestamp, limit: i64) -> Result<Vec<Due>> {
    let sql = awaited!(
        "AND s.not_before <= ? AND (s.due_at <= ? OR (s.state = 'active' AND (t.id <> s.told_in OR t.clock > s.looked))) \
         ORDER BY (s.state = 'pending' OR s.tries > 0), s.due_at IS NULL, s.due_at, s.user_id, s.device_id LIMIT ?"
    );
    db.all(sql, params![now.plus(-PENDING), now, now, now, now, limit], |row| {
        let within = match row.get::<Option<i64>>(37)? {
            Some(tenant) => Some(Within { tenant, clock: row.get(38)?, epoch: row.get(39)?, joined: row.get(40)? }),
            None => None,
        };
        Ok(Due { subscription: subscription(row)?, timezone: row.get(36)?, within })
    })
}

/// When the courier has something to look at next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Next {
    /// The earliest instant; one that is over is now.
    pub at: Option<Timestamp>,
    /// The earliest of what waits for no server that failed.
    pub paced: Option<Timestamp>,
}

/// When that is.
pub fn next(db: &mut Db, now: Timestamp) -> Result<Next> {
    let sql = "SELECT MIN(CASE WHEN s.due_at IS NULL OR s.due_at < s.not_before THEN s.not_before ELSE s.due_at END), \
         MIN(CASE WHEN s.due_at > s.not_before THEN s.due_at END) \
         FROM push_subscriptions s JOIN users u ON u.id = s.user_id \
         LEFT JOIN members m ON m.user_id = s.user_id LEFT JOIN tenants t ON t.id = m.tenant \
         WHERE s.endpoint IS NOT NULL AND (s.state = 'active' OR (s.state = 'pending' AND s.state_at > ?)) \
         AND u.disabled = 0 AND s.expires_at > ? \
         AND EXISTS (SELECT x.id FROM sessions x WHERE x.user_id = s.user_id AND x.device = s.device_id AND x.expires_at > ?) \
         AND (s.due_at IS NOT NULL OR (s.state = 'active' AND (t.id <> s.told_in OR t.clock > s.looked)))";
    let next = db.one(sql, params![now.plus(-PENDING), now, now], |row| Ok(Next { at: row.get(0)?, paced: row.get(1)? }))?;
    Ok(next.unwrap_or_default())
}

/// What became of a wake-up.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'s> {
    /// Did the push service take it?
    pub taken: bool,
    /// What it answered: 2xx, 4xx, 5xx, timeout, refused.
    pub status: &'s str,
    /// When.
    pub at: Timestamp,
}

/// Notes what became of a wake-up: a code and a test have been sent by it, if it was taken.
pub fn note_sent(db: &mut Db, s: &Subscription, sent: Sent<'_>) -> Result<u64> {
    let sql = "UPDATE push_subscriptions SET sent = sent + ?, failed = failed + ?, last_status = ?, last_sent_at = ? \
         WHERE user_id = ? AND device_id = ? AND id = ?";
    let bound = params![sent.taken, !sent.taken, sent.status, sent.at, s.user, &s.device, &s.id];
    db.run(sql, bound)
}

/// The last code of a subscription was sent.
pub fn code_sent(db: &mut Db, s: &Subscription) -> Result<u64> {
    let sql = "UPDATE push_subscriptions SET code_sent = 1 WHERE user_id = ? AND device_id = ? AND id = ? AND codes = ?";
    db.run(sql, params![s.user, &s.device, &s.id, s.codes])
}

/// The wake-up that its user asked for was sent.
pub fn tested(db: &mut Db, s: &Subscription) -> Result<u64> {
    let sql = "UPDATE push_subscriptions SET test = 0 WHERE user_id = ? AND device_id = ? AND id = ? AND test_at = ?";
    db.run(sql, params![s.user, &s.device, &s.id, s.test_at])
}

/// Writes what the courier keeps of a subscription. Only it does, and a subscription that was replaced meanwhile is left alone. Where
/// something new was asked of it since it was read (a code, a test), it stays due: `due_at` is written only where it was this.
pub fn tell(db: &mut Db, s: &Subscription, to: &Progress) -> Result<u64> {
    let sql = "UPDATE push_subscriptions SET told_in = ?, told = ?, looked = ?, unseen_at = ?, tries = ?, not_before = ?, past = ?, \
         critical = ?, repeats = ?, due_at = CASE WHEN codes = ? AND test_at = ? THEN ? ELSE due_at END \
         WHERE user_id = ? AND device_id = ? AND id = ?";
    let bound = params![
        to.told_in,
        to.told,
        to.looked,
        to.unseen_at,
        to.tries,
        to.not_before,
        &to.past,
        to.critical,
        to.repeats,
        s.codes,
        s.test_at,
        to.due_at,
        s.user,
        &s.device,
        &s.id,
    ];
    db.run(sql, bound)
}

/// The push service knows the endpoint no more.
pub fn gone(db: &mut Db, s: &Subscription, now: Timestamp) -> Result<()> {
    enter(db, s, State::Gone, now)
}

/// The push service refuses this server.
pub fn suspend(db: &mut Db, s: &Subscription, now: Timestamp) -> Result<()> {
    enter(db, s, State::Suspended, now)
}

/// A subscription is in another state from now on, unless it was replaced meanwhile; nothing is sent to it any more.
fn enter(db: &mut Db, s: &Subscription, state: State, now: Timestamp) -> Result<()> {
    if let Some(tenant) = feed::tenant_of(db, s.user)? {
        feed::lock(db, tenant)?;
    }
    let sql = "UPDATE push_subscriptions SET state = ?, state_at = ?, due_at = NULL, test = 0 \
         WHERE user_id = ? AND device_id = ? AND id = ?";
    if db.run(sql, params![state.word(), now, s.user, &s.device, &s.id])? > 0 {
        rhythm::set(db, s.user, &s.device, Subscription { state, ..s.clone() }.rhythm())?;
        rhythm::count_of(db, s.user)?;
    }
    Ok(())
}

/// Nothing is sent to a host before an instant.
pub fn rest_host(db: &mut Db, host: i64, until: Timestamp) -> Result<u64> {
    db.run("UPDATE push_subscriptions SET not_before = ? WHERE host = ? AND not_before < ?", params![until, host, until])
}

/// Ends subscriptions whose time is over: those that nobody verified, were gone for a while, or have no session left, where an older
/// program ended it.
pub fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    let sql = "SELECT user_id, device_id FROM push_subscriptions p WHERE expires_at <= ? OR (state = 'gone' AND state_at <= ?) \
         OR (state = 'pending' AND state_at <= ?) \
         OR NOT EXISTS (SELECT s.id FROM sessions s WHERE s.user_id = p.user_id AND s.device = p.device_id) LIMIT ?";
    let bound = params![now, now.plus(-SHOWN_GONE), now.plus(-PENDING), BATCH];
    let old: Vec<(i64, String)> = db.all(sql, bound, |row| Ok((row.get(0)?, row.get(1)?)))?;
    old.iter().try_for_each(|(user, device)| delete(db, *user, device))?;
    Ok(old.len() as u64)
}

/// The name of the fact that says how late wake-ups were in the last round that sent any: when that was, and milliseconds.
const LATE: &str = "push_late";

/// Notes how late a round's wake-ups were, in milliseconds.
pub fn note_late(db: &mut Db, now: Timestamp, late: i64) -> Result<()> {
    put_fact(db, LATE, &format!("{now} {late}"))
}

/// How late wake-ups are.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Since when something is due.
    pub waits: Option<Timestamp>,
    /// How late the wake-ups of the last round were, in milliseconds.
    pub late: Option<i64>,
}

/// How late they are.
pub fn standing(db: &mut Db, now: Timestamp) -> Result<Standing> {
    let sql = "SELECT MIN(CASE WHEN due_at < not_before THEN not_before ELSE due_at END) FROM push_subscriptions \
         WHERE endpoint IS NOT NULL AND state IN ('pending', 'active') AND due_at IS NOT NULL AND expires_at > ?";
    let waits = db.one(sql, params![now], |row| row.get::<Option<Timestamp>>(0))?.flatten();
    let late = fact(db, LATE)?.and_then(|noted| noted.rsplit_once(' ')?.1.parse().ok());
    Ok(Standing { waits, late })
}

/// The endpoints of some subscriptions that are awake, sealed, one a host.
pub fn endpoints(db: &mut Db, most: i64) -> Result<Vec<Vec<u8>>> {
    let sql = "SELECT sealed FROM push_subscriptions s WHERE state = 'active' AND sealed IS NOT NULL AND NOT EXISTS \
         (SELECT o.id FROM push_subscriptions o WHERE o.host = s.host AND o.state = 'active' AND o.id < s.id) ORDER BY s.id LIMIT ?";
    db.all(sql, params![most], |row| row.get(0))
}
