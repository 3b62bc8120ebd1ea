//! `Idempotency-Key` on every write: the answer is kept in the transaction that does the work, so a crash leaves neither.
//!
//! A kept answer may hold tokens or a letter, so it is sealed (ChaCha20-Poly1305, RFC 8439) with a key that is not in
//! the database.

use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::json::{self, Canonical};
use crate::base::sealed;
use crate::base::text::Message;
use crate::base::time::{DAY, MINUTE, Timestamp};
use crate::base::token::keyed;
use crate::db::{Db, Row, Upsert};
use crate::feature::store::{BATCH, ahead};
use crate::feature::{Ctx, Settings};
use crate::http::{Method, Response, key};
use crate::params;
use serde_json::Value;
use std::borrow::Cow;

/// How long an answer is kept: longer than a phone keeps trying.
const KEPT: i64 = DAY;
/// How long an answer to nobody in particular is kept, such as a log-in's: longer than a lost connection takes to come back.
const KEPT_FOR_NOBODY: i64 = 10 * MINUTE;
/// The most answers to nobody: anybody can ask for one, and a site that grows has a few a minute.
const OF_NOBODY: i64 = 1_000;
/// What the scopes of keys begin with that are nobody's: behind every hexadecimal digit, so that they stand together.
const NOBODYS: &str = "~";
/// How much of a scope says whose key it is: a user's keys stand together, too, and who reads the store does not learn whose.
const OWNER: usize = 16;
/// Behind every scope with the same beginning.
const END: &str = "g";
/// What a kept answer takes beside its own bytes: hashes, the seal, the row.
const ROW: i64 = 512;
/// An answer up to this size, in bytes, is counted with what its user has in one of 16 cases: a look over a few thousand
/// rows for each of a phone's everyday uploads would be most of what those cost. So a user has a hundred KiB beyond the limit at times.
const SMALL: usize = 8 << 10;
/// In which: the last digit of the key's hash, which nobody chooses.
const SAMPLED: char = '0';
/// The largest body of an answer that is kept whole: 1 MiB with what stands around it, the least `max_allowed_packet` that hosts
/// have. A phone's everyday uploads are answered in some KiB.
const MAX_KEPT: usize = (1 << 20) - (4 << 10);
/// A text of a kept answer that is left out when the answer is too large.
const LONG: usize = 8 << 10;

/// A request's key, resolved to the row that it claims.
pub struct Key {
    /// Whose key it is, and which: a keyed hash.
    pub(super) scope: String,
    /// The scope that programs gave it which did not keep a user's together: their answers are found for a day.
    former: String,
    /// What is asked: a keyed hash.
    pub(super) request: String,
    /// Is another request under it refused? Else that is done as if it had no key.
    strict: bool,
}

/// What is found under a key.
pub enum Found {
    /// The answer that was given.
    Answer(Response),
    /// Nothing: the key is to be had.
    Nothing,
    /// The answer to another request, which nobody minds.
    Another,
}

/// What kept answers to uploads are compared by: with the moment of sending left out. An upload that an older program answered
/// is done anew, which is harmless; to compare it with what was hashed otherwise would refuse it for good.
const UPLOADS: &str = "by content";

/// What is kept of an answer.
struct Kept<'b> {
    status: u16,
    media_type: String,
    etag: Option<String>,
    body: Cow<'b, [u8]>,
}

/// The key that the transaction claims: the upload's, or that of a request that writes.
pub fn key(ctx: &Ctx<'_>) -> Result<Option<Key>> {
    if let Some(upload) = ctx.upload() {
        if upload.key.is_none() && ctx.request.version.number >= key::STRICT_SINCE {
            return refuse(Refused::KeyRequired, &texts::KEY_REQUIRED);
        }
        let operation = format!("{} {UPLOADS}", upload.operation);
        return upload.key.as_ref().map(|key| claim(ctx, &operation, key, &upload.request)).transpose();
    }
    let method = ctx.request.method;
    if !method.writes() {
        return Ok(None);
    }
    let Some(value) = key::of(ctx.request)? else { return Ok(None) };
    let strict = method == Method::Post || ctx.request.version.number >= key::STRICT_SINCE;
    if !strict && !key::is_sound(&value) {
        return Ok(None);
    }
    let path = format!("{} {}", ctx.route.path, ctx.request.captured.join("/"));
    let operation = if method == Method::Post { path } else { format!("{} {path}", method.name()) };
    Ok(Some(Key { strict, ..claim(ctx, &operation, &value, &canonical(ctx))? }))
}

/// The row of a key: it belongs to the tenant, the user and the operation.
fn claim(ctx: &Ctx<'_>, operation: &str, value: &str, request: &[u8]) -> Result<Key> {
    if !key::is_sound(value) {
        let detail = Message::with(&texts::KEY_LENGTH, &[&key::LENGTH.0, &key::LENGTH.1]);
        return Err(Refusal::with(Refused::Invalid, detail).into());
    }
    let secret = ctx.house.derive(PURPOSE);
    let user = ctx.admitted().map_or(0, |c| c.user);
    // Pairing moves the caller from one tenant to another: its own routes are asked again from the other side.
    let member = ctx.admitted().filter(|_| ctx.writes_as_member());
    let tenant = member.and_then(|c| c.tenant.as_ref()).map_or(0, |t| t.id);
    let operation = format!("{tenant} {user} {operation}");
    let whole = keyed(&secret, &[operation.as_bytes(), value.as_bytes()]);
    let owner = if user == 0 { NOBODYS.to_owned() } else { owner(&secret, user) };
    let scope = format!("{owner}{}", whole.get(owner.len()..).unwrap_or_default());
    let former = if user == 0 { scope.clone() } else { whole };
    Ok(Key { scope, former, request: keyed(&secret, &[request]), strict: true })
}

/// What the key of these hashes is derived for.
pub const PURPOSE: &str = "idempotency";

impl Key {
    /// What the scopes of its user's keys begin with.
    pub fn owner(&self) -> &str {
        self.scope.get(..OWNER).unwrap_or_default()
    }
}

/// What is behind every scope of a user.
pub fn end(owner: &str) -> String {
    format!("{owner}{END}")
}

/// What the scopes of a user's keys begin with.
pub fn owner(secret: &[u8], user: i64) -> String {
    let mut owner = keyed(secret, &[b"owner", &user.to_le_bytes()]);
    owner.truncate(OWNER);
    owner
}

/// The request in canonical form: JSON with sorted members, without the moment of sending, so that a client that writes it
/// anew sends the same.
fn canonical(ctx: &Ctx<'_>) -> Vec<u8> {
    let object = crate::http::body::object(ctx.request).map(|mut object| {
        object.retain(|name, _| !key::WHEN.contains(&name.as_str()));
        Value::Object(object)
    });
    let text = object.and_then(|object| json::write(&Canonical(&object, 0)));
    text.map_or_else(|_| ctx.request.body.clone(), String::into_bytes)
}

/// What is kept under the key.
///
/// # Errors
/// [`Refused::KeyReused`] when it answered another request.
pub fn stored(ctx: &mut Ctx<'_>, key: &Key) -> Result<Found> {
    // With OR between them, SQLite opens a table for the two, with a page cache of its own, 87 KB for each keyed write.
    let sql = "SELECT request, answer, scope FROM idempotency WHERE scope = ? AND expires_at > ? \
               UNION ALL SELECT request, answer, scope FROM idempotency WHERE scope = ? AND expires_at > ?";
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?, row.get::<String>(2)?));
    let found = ctx.db.one(sql, params![&key.scope, ctx.now, &key.former, ctx.now], read)?;
    let Some((request, sealed, scope)) = found else { return Ok(Found::Nothing) };
    if request != key.request {
        return if key.strict { refuse(Refused::KeyReused, &texts::KEY_REUSED) } else { Ok(Found::Another) };
    }
    ctx.db.run("UPDATE idempotency SET hits = hits + 1 WHERE scope = ?", params![&scope])?;
    // An answer sealed under another secret cannot be opened any more: the key counts as unused.
    let kept = open(&ctx.house.derive(SEALED), &sealed);
    Ok(kept.map_or(Found::Nothing, |kept| Found::Answer(kept.response().with("Idempotency-Replayed", "true"))))
}

/// Takes the key before the work is done, where no caller's lock keeps two requests with one key apart. The second waits
/// until the first has ended, then meets its row, gives way, and is answered what the first was.
pub fn reserve(ctx: &mut Ctx<'_>, key: &Key) -> Result<()> {
    if ctx.admitted().is_some() {
        return Ok(());
    }
    ctx.db.run("DELETE FROM idempotency WHERE scope = ? AND expires_at <= ?", params![&key.scope, ctx.now])?;
    let sql = "INSERT INTO idempotency (scope, request, answer, hits, expires_at) VALUES (?, ?, ?, 0, ?)";
    // It has expired as it stands: only the answer makes it good.
    ctx.db.run(sql, params![&key.scope, &key.request, &[][..], ctx.now]).map(drop)
}

const KEEP: Upsert = Upsert { table: "idempotency", key: &["scope"], set: &["request", "answer", "hits", "expires_at"] };

/// Keeps a good answer. Refusals are not kept: the client mends the request and tries again.
pub fn keep(ctx: &mut Ctx<'_>, key: &Key, response: &Response) -> Result<()> {
    if !(200..300).contains(&response.status) {
        return Ok(());
    }
    let kept = of(response, ctx.short());
    let sealed = seal(&ctx.house.derive(SEALED), &kept)?;
    let is_nobodys = key.scope.starts_with(NOBODYS);
    if is_nobodys {
        make_room(ctx.db, ctx.now)?;
    } else if sealed.len() > SMALL || key.scope.ends_with(SAMPLED) {
        let size = i64::try_from(sealed.len()).unwrap_or(i64::MAX);
        make_room_for(ctx.db, key, size, ctx.house.settings.max_answers)?;
    }
    let expires: Timestamp = ctx.now.plus(if is_nobodys { KEPT_FOR_NOBODY } else { KEPT });
    ctx.db.put(&KEEP, params![&key.scope, &key.request, &sealed[..], 0, expires])
}

/// Forgets the oldest answers to nobody until there is room for one.
fn make_room(db: &mut Db, now: Timestamp) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM idempotency WHERE scope >= ? AND expires_at > ?";
    let count = db.one(sql, params![NOBODYS, now], |row| row.get::<i64>(0))?.unwrap_or_default();
    if count < OF_NOBODY {
        return Ok(());
    }
    let sql = "SELECT scope FROM idempotency WHERE scope >= ? AND expires_at > ? ORDER BY expires_at LIMIT ?";
    let oldest = db.all(sql, params![NOBODYS, now, count - OF_NOBODY + 1], |row| row.get::<String>(0))?;
    oldest.iter().try_for_each(|scope| db.run("DELETE FROM idempotency WHERE scope = ?", params![scope]).map(drop))
}

/// Forgets a user's oldest answers until there is room for one of this size.
fn make_room_for(db: &mut Db, key: &Key, size: i64, most: i64) -> Result<()> {
    let (owner, end) = (key.owner(), end(key.owner()));
    let sql = "SELECT COUNT(*), CAST(SUM(OCTET_LENGTH(answer)) AS SIGNED) FROM idempotency WHERE scope >= ? AND scope < ?";
    let taken = |row: &Row<'_>| Ok(row.get::<i64>(0)? * ROW + row.get::<Option<i64>>(1)?.unwrap_or_default());
    let taken = db.one(sql, params![owner, &end], taken)?.unwrap_or_default();
    let mut beyond = taken + size + ROW - most;
    if beyond <= 0 {
        return Ok(());
    }
    let sql = "SELECT scope, OCTET_LENGTH(answer) FROM idempotency WHERE scope >= ? AND scope < ? ORDER BY expires_at, scope";
    for (scope, bytes) in db.all(sql, params![owner, &end], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))? {
        if beyond <= 0 {
            break;
        }
        db.run("DELETE FROM idempotency WHERE scope = ?", params![&scope])?;
        beyond -= bytes + ROW;
    }
    Ok(())
}

/// What is kept of an answer. Of one that is too large it is the short form that its handler gave, or what is left of it without
/// its long texts: its status, and the ids and versions that a retry is about.
fn of<'r>(response: &'r Response, short: Option<&'r Response>) -> Kept<'r> {
    let is_large = response.body.len() > MAX_KEPT;
    let body = match short {
        _ if !is_large => Cow::Borrowed(&response.body[..]),
        Some(short) if short.body.len() <= MAX_KEPT => Cow::Borrowed(&short.body[..]),
        _ => Cow::Owned(abridged(&response.body).unwrap_or_default()),
    };
    let etag = response.header("ETag").filter(|_| !is_large).map(str::to_owned);
    Kept { status: response.status, media_type: response.header("Content-Type").unwrap_or_default().to_owned(), etag, body }
}

/// JSON without its long texts, which is told: a client must not take what is left for all.
fn abridged(body: &[u8]) -> Option<Vec<u8>> {
    let mut answer: Value = json::read(body).ok()?;
    leave_out(&mut answer);
    answer.as_object_mut()?.insert("abridged".to_owned(), Value::Bool(true));
    json::write(&answer).ok().map(String::into_bytes).filter(|short| short.len() <= MAX_KEPT)
}

fn leave_out(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|_, member| member.as_str().is_none_or(|text| text.len() <= LONG));
            members.values_mut().for_each(leave_out);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out),
        _ => {}
    }
}

/// Deletes stored answers whose keys count as unused. Those that a clock that was ahead has kept are bounded first.
pub fn purge(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    bound(db, now)?;
    let sql = "DELETE FROM idempotency WHERE scope IN (SELECT scope FROM (SELECT scope FROM idempotency WHERE expires_at <= ? LIMIT ?) AS old)";
    db.run(sql, params![now, BATCH])
}

/// Bounds what a clock that was ahead has kept.
fn bound(db: &mut Db, now: Timestamp) -> Result<()> {
    let Some(ahead) = ahead(db, now)? else { return Ok(()) };
    db.run("UPDATE idempotency SET expires_at = ? WHERE expires_at > ?", params![now.plus(KEPT), ahead.plus(KEPT)]).map(drop)
}

impl Kept<'_> {
    fn response(self) -> Response {
        let mut response = Response { status: self.status, body: self.body.into_owned(), ..Response::default() };
        if !self.media_type.is_empty() {
            response = response.with("Content-Type", self.media_type);
        }
        match self.etag {
            Some(etag) => response.with("ETag", etag),
            None => response,
        }
    }
}

/// What the key that answers are sealed by is derived for.
const SEALED: &str = "stored answers";

fn seal(key: &[u8; 32], kept: &Kept<'_>) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(&(kept.status, &kept.media_type, &kept.etag)).map_err(Error::internal)?;
    let length = u32::try_from(plain.len()).map_err(Error::internal)?.to_le_bytes();
    sealed::seal_all(key, &[&length, &plain, &kept.body])
}

fn open(key: &[u8; 32], sealed: &[u8]) -> Option<Kept<'static>> {
    let plain = sealed::open(key, sealed)?;
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let (head, body) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let (status, media_type, etag) = serde_json::from_slice(head).ok()?;
    Some(Kept { status, media_type, etag, body: Cow::Owned(body.to_vec()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_large_answer_is_kept_without_its_long_texts_and_says_so() {
        let whole = Response::json(201, &json!({"letter": {"id": "7", "content": "x".repeat(MAX_KEPT)}})).with("ETag", "\"a\"");
        let kept = of(&whole, None);
        assert_eq!(serde_json::from_slice::<Value>(&kept.body).unwrap(), json!({"letter": {"id": "7"}, "abridged": true}));
        assert!(kept.status == 201 && kept.etag.is_none());
        let digits = format!(r#"{{"n":123456789012345678901234567890.25,"content":"{}"}}"#, "x".repeat(MAX_KEPT));
        let kept = String::from_utf8(abridged(digits.as_bytes()).unwrap()).unwrap();
        assert!(kept.contains("123456789012345678901234567890.25"), "{kept}");
        assert_eq!(*of(&whole, Some(&Response::json(201, &json!({"short": 1})))).body, *br#"{"short":1}"#);
        let small = Response::json(200, &json!({"content": "x".repeat(LONG + 1)}));
        assert_eq!(of(&small, None).body, small.body);
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_alone() {
        let kept = Kept { status: 201, media_type: "application/json".into(), etag: None, body: Cow::Borrowed(b"{}") };
        let sealed = seal(&[7; 32], &kept).unwrap();
        assert_eq!(*open(&[7; 32], &sealed).unwrap().body, *b"{}");
        assert!(open(&[8; 32], &sealed).is_none());
        assert!(open(&[7; 32], &sealed[..5]).is_none());
    }
}
