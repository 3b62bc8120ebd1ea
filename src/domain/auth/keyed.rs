//! Accounts of older programs come under today's keys of names, some at a time. Two accounts that are one name by now keep the
//! keys that they had: each signs in by its own spelling, and the operator hears of them.

use super::names;
use super::rules::{MAX_EMAIL, MAX_NAME};
use super::store::{self, Named};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, within};
use crate::feature::Settings;
use crate::feature::store::{fact, put_fact};
use serde::{Deserialize, Serialize};

/// How far this came: the name of that fact.
const FACT: &str = "names_keyed";
/// Accounts that are looked at in one transaction.
const BATCH: i64 = 500;
/// The most accounts that the operator is told of.
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

/// Looks at the next accounts; answers how many they were, 0 at the end.
pub fn piece(db: &mut Db, _: &Settings, _: Timestamp) -> Result<u64> {
    let mut standing = standing(db)?;
    if standing.done {
        return Ok(0);
    }
    let accounts = store::named_after(db, standing.after, BATCH)?;
    for account in &accounts {
        if !settle(db, account)? && standing.clash.len() < MOST {
            standing.clash.push(account.id);
        }
    }
    standing.after = accounts.last().map_or(standing.after, |account| account.id);
    standing.done = accounts.is_empty();
    put_fact(db, FACT, &serde_json::to_string(&standing).map_err(Error::internal)?)?;
    Ok(u64::try_from(accounts.len()).unwrap_or(u64::MAX))
}

/// Looks at every account that was not looked at yet.
///
/// # Errors
/// The database's; what was done stays done, and the next time goes on from there.
pub fn finish(db: &mut Db, settings: &Settings) -> Result<()> {
    while within(db, Mode::Write, |db| piece(db, settings, Timestamp::now()))? > 0 {}
    Ok(())
}

/// Gives the account of an id its keys of today, where nothing is in the way: an older program may have made it since.
pub fn settle_one(db: &mut Db, id: i64) -> Result<()> {
    store::named(db, id)?.map_or(Ok(()), |account| settle(db, &account).map(drop))
}

fn standing(db: &mut Db) -> Result<Standing> {
    Ok(fact(db, FACT)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Gives an account its keys of today; `false` when another has one of them, or there is no room for it.
fn settle(db: &mut Db, account: &Named) -> Result<bool> {
    let mut settled = true;
    if let Some(key) = new_name(account) {
        settled = key.chars().count() <= MAX_NAME && !key.is_empty() && store::by_name_key(db, &key)?.is_none();
        if settled {
            store::set_name_key(db, account.id, &key)?;
        }
    }
    if let Some(key) = new_address(account) {
        let free = key.chars().count() <= MAX_EMAIL && !key.is_empty() && store::by_email_key(db, &key)?.is_none();
        if free {
            store::set_email_key(db, account.id, &key)?;
        }
        settled &= free;
    }
    Ok(settled)
}

/// The key that the name of an account shall have, if it has another. Who was deleted keeps the name that says nothing.
fn new_name(account: &Named) -> Option<String> {
    let deleted = account.username == account.username_key && account.username.contains(':');
    Some(names::key(&account.username)).filter(|key| !deleted && *key != account.username_key)
}

/// The key that the address of an account shall have, if it has another.
fn new_address(account: &Named) -> Option<String> {
    Some(names::key(account.email.as_ref()?)).filter(|key| Some(key) != account.email_key.as_ref())
}

/// Accounts that are kept apart by their spelling alone, each with the one whose name it is. A look at a few rows.
pub fn clashes(db: &mut Db) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for id in standing(db)?.clash {
        let Some(account) = store::named(db, id)? else { continue };
        let name = &account.username;
        if let Some(key) = new_name(&account) {
            told.push(format!("the user name {name} ({id}) is also that of {}", other(store::by_name_key(db, &key)?)));
        }
        if let Some(key) = new_address(&account) {
            told.push(format!("the address of {name} ({id}) is also that of {}", other(store::by_email_key(db, &key)?)));
        }
    }
    Ok(told)
}

fn other(holder: Option<Named>) -> String {
    holder
        .map_or_else(|| "nobody any more: signing in settles it".to_owned(), |other| format!("{} ({})", other.username, other.id))
}
