//! The key by which push services know this site (VAPID, RFC 8292). Apps subscribe with its public half, so another key ends all
//! subscriptions: it is made once, and one that cannot be opened (the site has another secret) is never replaced by itself.

use crate::base::error::{Error, Result};
use crate::base::sealed;
use crate::base::token::derive;
use crate::db::Db;
use crate::feature::rhythm::store as subscriptions;
use crate::feature::store::{add_fact, fact, put_fact};
use crate::net::webpush::vapid::Signer;
use crate::net::webpush::{read, written};

/// Where it is kept: the name of that fact.
const KEY: &str = "push_key";
/// What the key is derived for by which it is sealed.
const SEALED: &str = "push key";

/// How the key stands.
#[derive(Debug)]
pub enum Key {
    /// Nobody has needed one.
    None,
    /// It is there.
    Good(Box<Signer>),
    /// It was sealed by another secret than the site's.
    Sealed,
}

impl Key {
    /// The key, if it can be used.
    pub fn good(self) -> Option<Box<Signer>> {
        if let Key::Good(signer) = self { Some(signer) } else { None }
    }
}

/// The key as it is in the store.
pub fn find(db: &mut Db, secret: &[u8]) -> Result<Key> {
    let Some(kept) = fact(db, KEY)? else { return Ok(Key::None) };
    let opened = read(&kept).and_then(|kept| sealed::open(&derive(secret, SEALED), &kept));
    Ok(opened.and_then(|pkcs8| Signer::of(&pkcs8)).map_or(Key::Sealed, |signer| Key::Good(Box::new(signer))))
}

/// The key; it is made where there is none. Called in a write transaction.
pub fn made(db: &mut Db, secret: &[u8]) -> Result<Key> {
    match find(db, secret)? {
        // Of two that make the first, one is refused, and finds the other's then.
        Key::None => make(db, secret, add_fact).map(|signer| Key::Good(Box::new(signer))),
        key => Ok(key),
    }
}

/// Makes another key, with which every subscription ends; answers how many did. Called in a write transaction.
pub fn renew(db: &mut Db, secret: &[u8]) -> Result<(Signer, u64)> {
    let ended = subscriptions::end_all(db)?;
    Ok((make(db, secret, put_fact)?, ended))
}

fn make(db: &mut Db, secret: &[u8], write: fn(&mut Db, &str, &str) -> Result<()>) -> Result<Signer> {
    let pkcs8 = Signer::generate()?;
    write(db, KEY, &written(&sealed::seal(&derive(secret, SEALED), &pkcs8)?))?;
    Signer::of(&pkcs8).ok_or_else(|| Error::internal("a key that was just made is none"))
}
