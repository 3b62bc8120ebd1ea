//! Codes that let somebody in once: a short form to type, which works only with its address, and a long one as a link.
//!
//! The store has keyed hashes of both, bound to what they are good for (`bond`): another password or another address, whoever
//! wrote it, and the code is worth nothing.

pub mod mail;
pub mod store;

use super::names;
use super::password::NOBODY;
use super::rules::User;
use super::store::Account;
use crate::base::error::Result;
use crate::base::id;
use crate::base::sealed;
use crate::base::text::Language;
use crate::base::time::{HOUR, MINUTE, Timestamp};
use crate::base::token;
use crate::db::Db;
use crate::feature::{Ctx, House, Rate};
use mail::Letter;
use serde::{Deserialize, Serialize};
use store::Row;

/// What a code is made of: letters that are told apart in every hand, and make no words (RFC 8628 §6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Characters of a code: 2^34 codes, of which five may be tried.
pub const LENGTH: usize = 8;
/// Random bytes of a link.
const TOKEN: usize = 32;
/// Digits before them: whose it is, so that it is looked for by a key.
const OWNER: usize = id::USER_ID_BITS as usize / 4;
/// Codes of an account that are good at once: who asks for one in another's name does not end the owner's.
const LIVE: i64 = 3;
/// Wrong codes after which an account's codes are worth nothing; their links are.
const WRONG: i64 = 5;
/// Mails an hour to an address: three tries, and nobody's mailbox is filled by whoever knows it.
const TO_AN_ADDRESS: u32 = 3;
/// Mails an hour that a client's address has sent.
const FROM_AN_ADDRESS: u32 = 10;
/// Whose codes are nobody's: they are made where an address has no account, so that both take the same time.
pub const NOBODYS: i64 = 0;
/// What codes of devices are that want to be let in: no mail brings them.
pub const LINK: &str = "link";
/// What drafts are that a device hands to another: they are kept where codes are, sealed, and end as those do.
pub const DRAFT: &str = "draft";

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Sets a new password.
    Reset,
    /// Verifies an address.
    Verify,
}

impl Kind {
    /// Its name in the store, and that of the page that takes its link.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Reset => "reset",
            Kind::Verify => "verify",
        }
    }

    /// How long a code is good, in milliseconds.
    pub const fn ttl(self) -> i64 {
        match self {
            Kind::Reset => 30 * MINUTE,
            Kind::Verify => 24 * HOUR,
        }
    }

    /// What a code of this account is bound to.
    fn bond(self, user: &User, password: &str) -> String {
        let address = names::key(user.email.as_deref().unwrap_or_default());
        match self {
            Kind::Reset => format!("{address}\0{password}"),
            Kind::Verify => address,
        }
    }
}

/// Whom a mail with a code is for.
#[derive(Clone, Copy)]
pub struct For<'a> {
    /// The address.
    pub address: &'a str,
    /// Its account and the hash of its password; none is nobody's, and nothing is sent.
    pub account: Option<(&'a User, &'a str)>,
}

/// Makes a code and the mail that brings it, which the courier sends; answers whether this hour has room for it. The same is
/// done for an address that has no account.
pub fn send(ctx: &mut Ctx<'_>, kind: Kind, whom: For<'_>) -> Result<bool> {
    let rate = |count| ctx.house.settings.limit_codes.map(|_| Rate { count, window: HOUR });
    let to = (ctx.bucket_of("mail", &names::key(whom.address)), rate(TO_AN_ADDRESS));
    let from = (ctx.bucket("mail", ""), rate(FROM_AN_ADDRESS));
    if !ctx.count_if_room(&[to, from])? {
        return Ok(false);
    }
    let owner = whom.account.map_or(NOBODYS, |(user, _)| user.id);
    let nobody = User { email: Some(whom.address.to_owned()), ..User::new(NOBODYS, ctx.now) };
    let (user, password) = whom.account.unwrap_or((&nobody, NOBODY));
    let (code, token, bond) = (new_code()?, new_token(owner)?, kind.bond(user, password));
    let language = Language::from_tag(&user.language).unwrap_or_default();
    let letter = Letter { kind, language, to: whom.address.to_owned(), code: code.clone(), token: token.clone() };
    let row = Row {
        id: hashed(ctx.house, kind, owner, &bond, &token),
        code: hashed(ctx.house, kind, owner, &bond, &code),
        expires_at: ctx.now.plus(kind.ttl()),
        mail: sealed::seal(&ctx.house.derive(mail::SEALED), &letter.written()?)?,
    };
    store::make_room(ctx.db, kind.name(), owner, LIVE - 1)?;
    store::insert(ctx.db, kind, owner, &row, ctx.now)?;
    ctx.soon(ctx.now);
    Ok(true)
}

/// Is this a code of the account? For nobody the same is looked up.
pub fn fits(ctx: &mut Ctx<'_>, kind: Kind, account: Option<&Account>, code: &str) -> Result<bool> {
    let nobody = User::new(NOBODYS, ctx.now);
    let (user, password) = account.map_or((&nobody, NOBODY), |account| (&account.user, &account.password));
    let hash = hashed(ctx.house, kind, user.id, &kind.bond(user, password), &typed(code));
    Ok(store::fits(ctx.db, kind, user.id, &hash, WRONG, ctx.now)? && account.is_some())
}

/// Is this a link of the account?
pub fn leads(db: &mut Db, house: &House, kind: Kind, account: &Account, token: &str, now: Timestamp) -> Result<bool> {
    let user = &account.user;
    let hash = hashed(house, kind, user.id, &kind.bond(user, &account.password), token);
    store::is_live(db, kind, user.id, &hash, now)
}

/// Whose link it is, by what it says.
pub fn owner(token: &str) -> Option<i64> {
    let sound = token.len() == OWNER + 2 * TOKEN && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = token.get(..OWNER).filter(|_| sound)?;
    i64::from_str_radix(owner, 16).ok().filter(|owner| *owner != NOBODYS)
}

/// A code as it is kept: people type small letters, and what the mail puts between.
pub fn typed(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

fn new_token(owner: i64) -> Result<String> {
    Ok(format!("{owner:0OWNER$x}{}", id::hex(&id::bytes::<TOKEN>()?)))
}

/// Each letter is as likely as any other: what is left over of a byte's range is drawn anew.
pub fn new_code() -> Result<String> {
    let most = u8::MAX - u8::MAX % 20;
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let drawn = id::bytes::<LENGTH>()?;
        let fair = drawn.iter().filter(|byte| **byte < most).map(|byte| char::from(ALPHABET[usize::from(byte % 20)]));
        code.extend(fair.take(LENGTH - code.len()));
    }
    Ok(code)
}

/// What is kept of either form: nobody finds it out who has the store alone.
fn hashed(house: &House, kind: Kind, owner: i64, bond: &str, form: &str) -> String {
    token::keyed(&house.derive("codes"), &[kind.name(), &owner.to_string(), bond, form].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_of_the_alphabet_and_links_say_whose_they_are() {
        for _ in 0..100 {
            let code = new_code().unwrap();
            assert!(code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        }
        assert_eq!(typed(" bcdf-ghjk "), "BCDFGHJK");
        let most = (1 << id::USER_ID_BITS) - 1;
        for owner_of in [1, 77, most] {
            assert_eq!(owner(&new_token(owner_of).unwrap()), Some(owner_of));
        }
        let nobodys = new_token(NOBODYS).unwrap();
        for other in ["", "abc", "eyJ.e.s", &nobodys, &"é".repeat(38)] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn every_letter_is_drawn() {
        let all: std::collections::BTreeSet<char> =
            (0..200).flat_map(|_| new_code().unwrap().chars().collect::<Vec<_>>()).collect();
        assert_eq!(all.len(), ALPHABET.len());
    }
}
