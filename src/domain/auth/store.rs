//! Accounts and sessions in the database.

use super::names::{key, keys};
use super::rules::{FORGOTTEN, NO_PASSWORD, User};
use super::session::Rotation;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Notice, Row};
use crate::feature::Settings;
use crate::feature::rhythm::store as rhythm;
use crate::feature::sessions::{Reason, store as sessions};
use crate::feature::signals::{End, Whose, closing};
use crate::feature::store::ahead;
use crate::{columns, params};

/// An account with what its owner does not see.
pub struct Account {
    /// The account.
    pub user: User,
    /// The password's hash.
    pub password: String,
}

columns!(accounts: "SELECT u.id, u.username, u.email, u.first_name, u.last_name, u.language, u.timezone, u.created_at, u.email_key, u.verified, \
     u.password");

fn account(row: &Row<'_>) -> Result<Account> {
    let (key, verified) = (row.get::<Option<String>>(8)?, row.get::<Option<String>>(9)?);
    let user = User {
        id: row.get(0)?,
        username: row.get(1)?,
        email: row.get(2)?,
        email_verified: key.is_some() && key == verified,
        holds_email: key.is_some(),
        first_name: row.get(3)?,
        last_name: row.get(4)?,
        language: row.get(5)?,
        timezone: row.get(6)?,
        created_at: row.get(7)?,
    };
    Ok(Account { user, password: row.get(10)? })
}

/// The account of an id, unless it is disabled.
pub fn by_id(db: &mut Db, id: i64) -> Result<Option<Account>> {
    let sql = accounts!("FROM users u WHERE u.id = ? AND u.disabled = 0");
    db.one(sql, params![id], account)
}

/// The account of an e-mail address, unless it is disabled.
pub fn by_email(db: &mut Db, email: &str) -> Result<Option<Account>> {
    let sql = accounts!("FROM users u WHERE u.email_key = ? AND u.disabled = 0");
    by_keys(email, |key| db.one(sql, params![key], account))
}

/// The account of a user name, unless it is disabled.
pub fn by_username(db: &mut Db, username: &str) -> Result<Option<Account>> {
    let sql = accounts!("FROM users u WHERE u.username_key = ? AND u.disabled = 0");
    by_keys(username, |key| db.one(sql, params![key], account))
}

/// The first that is found under a key that a name may be kept under.
fn by_keys<T>(name: &str, mut find: impl FnMut(&str) -> Result<Option<T>>) -> Result<Option<T>> {
    for key in keys(name) {
        if let Some(found) = find(&key)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Is the name taken by another than this user, even a disabled one?
pub fn username_taken(db: &mut Db, username: &str, by_other_than: i64) -> Result<bool> {
    let sql = "SELECT id FROM users WHERE username_key = ? AND id <> ?";
    Ok(by_keys(username, |key| db.one(sql, params![key, by_other_than], |row| row.get::<i64>(0)))?.is_some())
}

/// Who holds an address.
pub struct Holder {
    /// The account.
    pub id: i64,
    /// Has it verified the address?
    pub verified: bool,
}

/// Who holds the address, if that is another than this user, even a disabled one.
pub fn email_holder(db: &mut Db, email: &str, other_than: i64) -> Result<Option<Holder>> {
    let sql = "SELECT id, email_key, verified FROM users WHERE email_key = ? AND id <> ?";
    by_keys(email, |key| {
        db.one(sql, params![key, other_than], |row| {
            Ok(Holder { id: row.get(0)?, verified: row.get::<Option<String>>(1)? == row.get::<Option<String>>(2)? })
        })
    })
}

/// Takes an address from whoever holds it and has not verified it.
pub fn give_way(db: &mut Db, holder: i64, now: Timestamp) -> Result<()> {
    db.run("UPDATE users SET email = NULL, email_key = NULL, updated_at = ? WHERE id = ?", params![now, holder]).map(drop)
}

/// The account's address is verified, and leads to it.
pub fn set_verified(db: &mut Db, user: &User, now: Timestamp) -> Result<()> {
    let key = user.email.as_deref().map(key);
    db.run("UPDATE users SET email_key = ?, verified = ?, updated_at = ? WHERE id = ?", params![&key, &key, now, user.id])
        .map(drop)
}

/// Writes a new account.
pub fn insert(db: &mut Db, user: &User, password: &str) -> Result<()> {
    let sql = "INSERT INTO users (id, username, username_key, email, email_key, password, first_name, last_name, language, timezone, \
         disabled, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)";
    let (username_key, email_key) = (key(&user.username), email_key(user));
    let values = params![
        user.id,
        &user.username,
        &username_key,
        &user.email,
        &email_key,
        password,
        &user.first_name,
        &user.last_name,
        &user.language,
        &user.timezone,
        user.created_at,
        user.created_at,
    ];
    db.run(sql, values).map(drop)
}

/// What the account's address is kept under: nothing while that leads to another account.
fn email_key(user: &User) -> Option<String> {
    user.email.as_deref().filter(|_| user.holds_email).map(key)
}

/// Writes what an owner changed.
pub fn update(db: &mut Db, user: &User, now: Timestamp) -> Result<()> {
    let sql = "UPDATE users SET email = ?, email_key = ?, verified = ?, first_name = ?, last_name = ?, language = ?, timezone = ?, \
         updated_at = ? WHERE id = ?";
    let email_key = email_key(user);
    let verified = email_key.clone().filter(|_| user.email_verified);
    let User { email, first_name, last_name, language, timezone, .. } = user;
    db.run(sql, params![email, &email_key, &verified, first_name, last_name, language, timezone, now, user.id]).map(drop)
}

/// Writes a new password's hash.
pub fn set_password(db: &mut Db, user: i64, password: &str, now: Timestamp) -> Result<()> {
    db.run("UPDATE users SET password = ?, updated_at = ? WHERE id = ?", params![password, now, user]).map(drop)
}

/// Writes a new password's hash in the place of this one; `false` when the account has another by now.
pub fn replace_password(db: &mut Db, user: i64, old: &str, new: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE users SET password = ?, updated_at = ? WHERE id = ? AND password = ? AND disabled = 0";
    Ok(db.run(sql, params![new, now, user, old])? > 0)
}

/// Disables an account, or enables it again.
pub fn set_disabled(db: &mut Db, user: i64, disabled: bool, now: Timestamp) -> Result<()> {
    db.run("UPDATE users SET disabled = ?, updated_at = ? WHERE id = ?", params![disabled, now, user]).map(drop)
}

/// Forgets a person: what their partner keeps stays signed by a name that says nothing.
pub fn forget(db: &mut Db, user: i64, now: Timestamp) -> Result<()> {
    let name = format!("{FORGOTTEN}{user}");
    let sql = "UPDATE users SET username = ?, username_key = ?, email = NULL, email_key = NULL, verified = NULL, password = ?, first_name = '', \
         last_name = '', timezone = 'UTC', disabled = 1, updated_at = ? WHERE id = ?";
    db.run(sql, params![&name, &name, NO_PASSWORD, now, user])?;
    sessions::forget(db, user)
}

/// An account as the operator sees it.
pub struct Listed {
    /// The account.
    pub user: User,
    /// Is it disabled?
    pub disabled: bool,
    /// How many sessions it has.
    pub sessions: i64,
}

columns!(listed: accounts, ", u.disabled, (SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.id)");

fn read_listed(row: &Row<'_>) -> Result<Listed> {
    Ok(Listed { user: account(row)?.user, disabled: row.get(11)?, sessions: row.get(12)? })
}

/// Every account, by name.
pub fn list(db: &mut Db) -> Result<Vec<Listed>> {
    let sql = listed!("FROM users u ORDER BY u.username_key");
    db.all(sql, &[], read_listed)
}

/// The account of a user name as the operator sees it, even a disabled one.
pub fn listed(db: &mut Db, username: &str) -> Result<Option<Listed>> {
    let sql = listed!("FROM users u WHERE u.username_key = ?");
    by_keys(username, |key| db.one(sql, params![key], read_listed))
}

/// The members of a tenant as the operator sees them, even disabled ones, by seat.
pub fn members(db: &mut Db, tenant: i64) -> Result<Vec<Listed>> {
    let sql = listed!("FROM members m JOIN users u ON u.id = m.user_id WHERE m.tenant = ? ORDER BY m.seat");
    db.all(sql, params![tenant], read_listed)
}

/// A session's owner and how its refresh tokens stand, unless it has ended or its owner is disabled.
pub fn session(db: &mut Db, id: &str, now: Timestamp) -> Result<Option<(i64, Rotation)>> {
    let sql = "SELECT s.user_id, s.generation, s.generation_at, s.rotated_at, s.successor_at FROM sessions s \
         JOIN users u ON u.id = s.user_id WHERE s.id = ? AND s.expires_at > ? AND u.disabled = 0";
    db.lock_row(sql, params![id, now], |row| {
        let rotation =
            Rotation { generation: row.get(1)?, generation_at: row.get(2)?, rotated_at: row.get(3)?, successor_at: row.get(4)? };
        Ok((row.get(0)?, rotation))
    })
}

/// A session that begins.
pub struct NewSession {
    /// Where its refresh tokens stand.
    pub rotation: Rotation,
    /// When it ends unless it is used.
    pub expires: Timestamp,
    /// What the app calls itself.
    pub client: String,
    /// The device that let it in, if another did.
    pub let_in_by: Option<String>,
}

/// Writes a new session.
pub fn insert_session(db: &mut Db, id: &str, user: i64, new: &NewSession, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO sessions (id, user_id, generation, generation_at, rotated_at, successor_at, created_at, expires_at, \
         client, let_in_by, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let r = new.rotation;
    let (generation, generation_at) = (r.generation, r.generation_at);
    let (rotated, successor) = (r.rotated_at, r.successor_at);
    let values =
        params![id, user, generation, generation_at, rotated, successor, now, new.expires, &new.client, &new.let_in_by, now];
    db.run_for(Notice::Nobody, sql, values).map(drop)
}

/// Writes how a session's refresh tokens stand. It is dated by the clock of now, whatever the clock was that made it.
pub fn update_session(db: &mut Db, id: &str, rotation: &Rotation, now: Timestamp, expires: Timestamp) -> Result<()> {
    let sql = "UPDATE sessions SET generation = ?, generation_at = ?, rotated_at = ?, successor_at = ?, expires_at = ?, \
         created_at = CASE WHEN created_at > ? THEN ? ELSE created_at END WHERE id = ?";
    let r = rotation;
    let (rotated, successor) = (r.rotated_at.min(now), r.successor_at.min(now));
    // A poll goes by when the session ends, and is told too early at worst.
    let values = params![r.generation, r.generation_at, rotated, successor, expires, now, now, id];
    db.run_for(Notice::Nobody, sql, values).map(drop)
}

/// Bounds what a clock that was ahead has made: a session by the length of one, counted from now; accounts have none.
fn bound(db: &mut Db, settings: &Settings, now: Timestamp) -> Result<u64> {
    let Some(ahead) = ahead(db, now)? else { return Ok(0) };
    let sql = "UPDATE sessions SET created_at = CASE WHEN created_at > ? THEN ? ELSE created_at END, \
         rotated_at = CASE WHEN rotated_at > ? THEN ? ELSE rotated_at END, \
         successor_at = CASE WHEN successor_at > ? THEN ? ELSE successor_at END, \
         expires_at = CASE WHEN expires_at > ? THEN ? ELSE expires_at END \
         WHERE created_at > ? OR rotated_at > ? OR successor_at > ?";
    let end = now.plus(settings.refresh_ttl);
    let sessions = db.run(sql, params![now, now, now, now, now, now, end, end, ahead, ahead, ahead])?;
    let made = db.run("UPDATE users SET created_at = ? WHERE created_at > ?", params![now, ahead])?;
    let changed = db.run("UPDATE users SET updated_at = ? WHERE updated_at > ?", params![now, ahead])?;
    Ok(sessions + made + changed)
}

/// Ends every session of everybody.
pub fn end_all_sessions(db: &mut Db) -> Result<u64> {
    rhythm::end_all(db)?;
    db.run("DELETE FROM sessions", &[])
}

/// What lets somebody in, or keeps them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The account.
    pub id: i64,
    /// Its user name.
    pub username: String,
    /// The password's hash.
    pub password: String,
    /// Is it disabled?
    pub disabled: bool,
}

/// What lets each account in, or keeps it out, by name.
pub fn locks(db: &mut Db) -> Result<Vec<Lock>> {
    let sql = "SELECT id, username, password, disabled FROM users ORDER BY username_key";
    db.all(sql, &[], |row| Ok(Lock { id: row.get(0)?, username: row.get(1)?, password: row.get(2)?, disabled: row.get(3)? }))
}

/// Ends sessions whose time is over, with the connections that they hold, and bounds those that would not.
pub fn expire(db: &mut Db, settings: &Settings, now: Timestamp) -> Result<u64> {
    let bounded = bound(db, settings, now)?;
    sessions::expired(db, now)?.into_iter().try_fold(bounded, |sum, session| {
        let ended = sessions::end(db, &session, Reason::Expired, now)?;
        if settings.grip.engine().is_some() {
            closing::owe(db, &Whose::Session(session), End::SignedOut, now)?;
        }
        Ok(sum + ended)
    })
}

/// The names of an account, and the keys that they are kept under.
pub struct Named {
    /// The account.
    pub id: i64,
    /// Its user name.
    pub username: String,
    /// The key of that.
    pub username_key: String,
    /// Its address.
    pub email: Option<String>,
    /// The key of that.
    pub email_key: Option<String>,
}

columns!(names: "SELECT id, username, username_key, email, email_key FROM users");

fn read_named(row: &Row<'_>) -> Result<Named> {
    Ok(Named { id: row.get(0)?, username: row.get(1)?, username_key: row.get(2)?, email: row.get(3)?, email_key: row.get(4)? })
}

/// The names of the accounts after an id, by id.
pub fn named_after(db: &mut Db, id: i64, limit: i64) -> Result<Vec<Named>> {
    let sql = names!("WHERE id > ? ORDER BY id LIMIT ?");
    db.all(sql, params![id, limit], read_named)
}

/// The names of an account.
pub fn named(db: &mut Db, id: i64) -> Result<Option<Named>> {
    let sql = names!("WHERE id = ?");
    db.one(sql, params![id], read_named)
}

/// Who has the key of a user name, even disabled.
pub fn by_name_key(db: &mut Db, key: &str) -> Result<Option<Named>> {
    let sql = names!("WHERE username_key = ?");
    db.one(sql, params![key], read_named)
}

/// Who has the key of an address, even disabled.
pub fn by_email_key(db: &mut Db, key: &str) -> Result<Option<Named>> {
    let sql = names!("WHERE email_key = ?");
    db.one(sql, params![key], read_named)
}

/// Keeps a user name under another key.
pub fn set_name_key(db: &mut Db, id: i64, key: &str) -> Result<()> {
    db.run("UPDATE users SET username_key = ? WHERE id = ?", params![key, id]).map(drop)
}

/// Keeps an address under another key.
pub fn set_email_key(db: &mut Db, id: i64, key: &str) -> Result<()> {
    db.run("UPDATE users SET email_key = ? WHERE id = ?", params![key, id]).map(drop)
}
