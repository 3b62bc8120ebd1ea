//! Devices that want to be let in, in the database: rows of `codes` that no mail brings.

use super::{Link, State, TTL};
use crate::base::error::Result;
use crate::base::json;
use crate::base::sealed;
use crate::base::time::Timestamp;
use crate::base::token;
use crate::db::{Db, Row};
use crate::domain::auth::codes::{LINK, NOBODYS, store as codes};
use crate::feature::House;
use crate::{columns, params};

/// Devices that wait at once, whoever they are: more than a large school links in ten minutes. The oldest gives way, so that nobody
/// who makes up many keeps the others out for long.
const MOST: i64 = 1_000;
/// What the key that they are sealed by is derived for.
const SEALED: &str = "links";

/// A device as it is kept.
pub struct Kept {
    /// Who let it in; nobody yet, or 0 when it was denied.
    pub owner: i64,
    id: String,
    /// When its codes end.
    pub expires_at: Timestamp,
    /// What is known of it.
    pub link: Link,
}

/// What is kept of a code: nobody finds it out who has the store alone.
fn hashed(house: &House, code: &str) -> String {
    token::keyed(&house.derive("codes"), &[LINK.as_bytes(), code.as_bytes()])
}

fn written(house: &House, link: &Link) -> Result<Vec<u8>> {
    sealed::seal(&house.derive(SEALED), json::write(link)?.as_bytes())
}

/// Writes a device that waits, under the code that it polls with and the one that it shows.
pub fn insert(db: &mut Db, house: &House, polls: &str, shows: &str, link: &Link) -> Result<()> {
    codes::make_room(db, LINK, NOBODYS, MOST - 1)?;
    let sql = "INSERT INTO codes (kind, owner, id, code, wrong, expires_at, mail, mail_at, tries) VALUES (?, ?, ?, ?, 0, ?, ?, NULL, 0)";
    let (id, code, sealed) = (hashed(house, polls), hashed(house, shows), written(house, link)?);
    db.run(sql, params![LINK, NOBODYS, &id, &code, link.asked_at.plus(TTL), &sealed[..]]).map(drop)
}

columns!(kept: "SELECT owner, id, expires_at, mail FROM codes");

type Found = (i64, String, Timestamp, Vec<u8>);

fn read(row: &Row<'_>) -> Result<Found> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// One that was sealed by another secret is none.
fn opened(house: &House, found: Option<Found>) -> Option<Kept> {
    let (owner, id, expires_at, sealed) = found?;
    let link = sealed::open(&house.derive(SEALED), &sealed).and_then(|plain| json::read(&plain).ok())?;
    Some(Kept { owner, id, expires_at, link })
}

/// The device that shows this code, as long as that is good and nobody has decided.
pub fn shows(db: &mut Db, house: &House, code: &str, now: Timestamp) -> Result<Option<Kept>> {
    let sql = kept!("WHERE kind = ? AND owner = ? AND code = ? AND expires_at > ?");
    let found = db.one(sql, params![LINK, NOBODYS, &hashed(house, code), now], read)?;
    Ok(opened(house, found).filter(|kept| kept.link.state == State::Waiting))
}

/// The device that polls with this code, locked until the transaction ends.
pub fn polls(db: &mut Db, house: &House, code: &str) -> Result<Option<Kept>> {
    let id = hashed(house, code);
    if let Some(waiting) = locked(db, house, NOBODYS, &id)? {
        return Ok(Some(waiting));
    }
    // Whoever let it in owns it by now. They are few: each is taken some seconds later, or forgotten in the night.
    let sql = "SELECT owner FROM codes WHERE kind = ? AND owner > ? AND id = ?";
    let owner = db.one(sql, params![LINK, NOBODYS, &id], |row| row.get::<i64>(0))?;
    owner.map_or(Ok(None), |owner| locked(db, house, owner, &id))
}

/// The same device, as it is by now, locked until the transaction ends.
pub fn again(db: &mut Db, house: &House, kept: &Kept) -> Result<Option<Kept>> {
    locked(db, house, kept.owner, &kept.id)
}

fn locked(db: &mut Db, house: &House, owner: i64, id: &str) -> Result<Option<Kept>> {
    let sql = kept!("WHERE kind = ? AND owner = ? AND id = ?");
    let found = db.lock_row(sql, params![LINK, owner, id], read)?;
    Ok(opened(house, found))
}

/// Writes what has become of a device, and who let it in.
pub fn put(db: &mut Db, house: &House, kept: &Kept, owner: i64) -> Result<()> {
    let sql = "UPDATE codes SET owner = ?, mail = ? WHERE kind = ? AND owner = ? AND id = ?";
    db.run(sql, params![owner, &written(house, &kept.link)?[..], LINK, kept.owner, &kept.id]).map(drop)
}

/// Its codes are used.
pub fn end(db: &mut Db, kept: &Kept) -> Result<()> {
    codes::end(db, LINK, kept.owner, &kept.id)
}
