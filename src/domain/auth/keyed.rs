//! Accounts of older programs come under today's keys of names, some at a time. Two accounts that are one name by now keep the
//! keys that they had: each signs in by its own spelling, and the operator hears of them.

use super::names;
use super::rules::{MAX_EMAIL, MAX_NAME};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, Row, within};
use crate::feature::{Settings, store};
use crate::params;
use serde::{Deserialize, Serialize};

/// How far this came: the name of that fact.
const FACT: &str = "names_keyed";
/// Accounts that are looked at in one transaction.
const BATCH: i64 = 500;
/// The most accounts that the operator is told of; the others are told when these are settled.
const MOST: usize = 50;

/// How far this came.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Standing {
    /// Accounts up to this id were looked at.
    after: i64,
    /// Is the end reached?
    done: bool,
    /// Accounts whose name or address is another's, too.
    clash: Vec<i64>,
}

/// The names of an account and the keys that they are kept under.
struct Named {
    id: i64,
    username: String,
    username_key: String,
    email: Option<String>,
    email_key: Option<String>,
}

fn named(row: &Row<'_>) -> Result<Named> {
    Ok(Named { id: row.get(0)?, username: row.get(1)?, username_key: row.get(2)?, email: row.get(3)?, email_key: row.get(4)? })
}

/// Looks at the next accounts; answers how many they were, 0 at the end.
pub fn piece(db: &mut Db, _: &Settings, _: Timestamp) -> Result<u64> {
    let mut standing = standing(db)?;
    if standing.done {
        return Ok(0);
    }
    let sql = "SELECT id, username, username_key, email, email_key FROM users WHERE id > ? ORDER BY id LIMIT ?";
    let accounts = db.all(sql, params![standing.after, BATCH], named)?;
    for account in &accounts {
        if !settle(db, account)? && standing.clash.len() < MOST {
            standing.clash.push(account.id);
        }
    }
    standing.after = accounts.last().map_or(standing.after, |account| account.id);
    standing.done = accounts.is_empty();
    store::put_fact(db, FACT, &serde_json::to_string(&standing).map_err(Error::internal)?)?;
    Ok(u64::try_from(accounts.len()).unwrap_or(u64::MAX))
}

/// Gives the account of an id its keys of today, where nothing is in the way.
pub fn settle_one(db: &mut Db, id: i64) -> Result<()> {
    let sql = "SELECT id, username, username_key, email, email_key FROM users WHERE id = ?";
    let account = db.one(sql, params![id], named)?;
    account.map_or(Ok(()), |account| settle(db, &account).map(drop))
}

/// Looks at every account that was not looked at yet.
///
/// # Errors
/// The database's; what was done stays done, and the next time goes on from there.
pub fn finish(db: &mut Db, settings: &Settings) -> Result<()> {
    while within(db, Mode::Write, |db| piece(db, settings, Timestamp::now()))? > 0 {}
    Ok(())
}

fn standing(db: &mut Db) -> Result<Standing> {
    let text = store::fact(db, FACT)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Gives an account its keys of today; `false` when another has one of them, or it has no room.
fn settle(db: &mut Db, account: &Named) -> Result<bool> {
    let Named { id, username, username_key, email, email_key } = account;
    let (name, address) = wanted(account);
    let mut settled = true;
    if name != *username_key {
        let taken = db.one("SELECT id FROM users WHERE username_key = ?", params![&name], |row| row.get::<i64>(0))?;
        settled &= taken.is_none() && fits(username, &name, MAX_NAME);
        if settled {
            db.run("UPDATE users SET username_key = ? WHERE id = ?", params![&name, *id])?;
        }
    }
    if let (Some(email), Some(address)) = (email, address.filter(|address| Some(address) != email_key.as_ref())) {
        let taken = db.one("SELECT id FROM users WHERE email_key = ?", params![&address], |row| row.get::<i64>(0))?;
        if taken.is_some() || !fits(email, &address, MAX_EMAIL) {
            return Ok(false);
        }
        db.run("UPDATE users SET email_key = ? WHERE id = ?", params![&address, *id])?;
    }
    Ok(settled)
}

fn fits(name: &str, key: &str, max: usize) -> bool {
    !name.is_empty() && !key.is_empty() && key.chars().count() <= max
}

/// The keys that an account has today. One that was deleted keeps the name that says nothing.
fn wanted(account: &Named) -> (String, Option<String>) {
    let deleted = account.username == account.username_key && account.username.contains(':');
    let name = if deleted { account.username_key.clone() } else { names::key(&account.username) };
    (name, account.email.as_deref().map(names::key))
}

/// Accounts that are kept apart by their spelling alone: each with the name that it has, and what to do. A poll of a few rows.
pub fn clashes(db: &mut Db) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for id in standing(db)?.clash {
        let sql = "SELECT id, username, username_key, email, email_key FROM users WHERE id = ?";
        let Some(account) = db.one(sql, params![id], named)? else { continue };
        let (name, address) = wanted(&account);
        if name != account.username_key {
            told.push(format!("the user name {} ({id}) is also that of {}", account.username, other(db, true, &name)?));
        }
        if address.is_some() && address != account.email_key {
            told.push(format!(
                "the address of {} ({id}) is also that of {}",
                account.username,
                other(db, false, &address.unwrap_or_default())?
            ));
        }
    }
    Ok(told)
}

/// Who has the key.
fn other(db: &mut Db, by_name: bool, key: &str) -> Result<String> {
    let sql = if by_name {
        "SELECT username, id FROM users WHERE username_key = ?"
    } else {
        "SELECT username, id FROM users WHERE email_key = ?"
    };
    let found = db.one(sql, params![key], |row| Ok(format!("{} ({})", row.get::<String>(0)?, row.get::<i64>(1)?)))?;
    Ok(found.unwrap_or_else(|| "nobody any more: sign in once to settle it".to_owned()))
}
