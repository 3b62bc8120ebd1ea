//! A draft that one device hands to another of its user: sealed, one at a time, for a day.
//!
//! It is no object: not in the feed, in no export, and nothing conflicts with it. Where a draft is there, who replaces or erases it says
//! which one they mean, so that two devices do not overwrite each other's unseen.

use super::codes::{DRAFT, store as codes};
use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, not_found, refuse};
use crate::base::json;
use crate::base::sealed;
use crate::base::text::Message;
use crate::base::time::{HOUR, Timestamp};
use crate::feature::Ctx;
use crate::feature::news::MAX_DEVICE;
use crate::feature::sessions::store as devices;
use crate::http::input::{Field, Input, Shape};
use crate::http::{Response, etag, precondition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long a draft waits for the other device: until tomorrow.
const TTL: i64 = 24 * HOUR;
/// The most bytes of a draft as JSON: a long letter, and no place to store things.
const MAX_DATA: usize = 64 * 1024;
/// The longest title, in characters.
const MAX_TITLE: usize = 100;
/// The longest word for what is drafted, and the longest id of what it is a draft of, in characters.
const MAX_WORD: usize = 50;
/// What the key that drafts are sealed by is derived for.
const SEALED: &str = "drafts";

/// The fields of a draft.
pub const FIELDS: &[Field] = &[
    Field::name("kind", MAX_WORD).required().about("What is drafted, as the app calls it."),
    Field::name("id", MAX_WORD).nullable().about("What it is a draft of, if that is there already."),
    Field::name("title", MAX_TITLE),
    Field::new("data", Shape::Json).of_bytes(MAX_DATA).required().about("Any object of at most 64 KiB."),
    Field::name("to_device", MAX_DEVICE).nullable().about("The device that it is for; any of the caller's when it is left out."),
];

/// A draft that waits, without what it says.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HandoffWaits")]
pub struct Waits {
    /// What is drafted, as the app calls it.
    pub kind: String,
    /// What it is a draft of.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// The device that hands it over; null where its session is on none.
    pub from_device: Option<String>,
    /// The device that it is for; null is any.
    pub to_device: Option<String>,
    /// When it is erased.
    pub expires_at: Timestamp,
}

/// A draft.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HandoffDraft")]
pub struct Draft {
    /// All but what it says.
    #[serde(flatten)]
    pub waits: Waits,
    /// What it says.
    pub data: Map<String, Value>,
}

/// The caller's draft, if one waits.
fn waiting(ctx: &mut Ctx<'_>) -> Result<Option<Draft>> {
    let (user, now) = (ctx.user()?, ctx.now);
    let sealed = codes::draft(ctx.db, user, now)?;
    // One that was sealed by another secret is none.
    Ok(sealed.and_then(|sealed| sealed::open(&ctx.house.derive(SEALED), &sealed)).and_then(|plain| json::read(&plain).ok()))
}

/// GET `/devices/handoff/`
pub fn show(ctx: &mut Ctx<'_>) -> Result<Response> {
    waiting(ctx)?.map(|draft| Response::json(200, &draft)).ok_or_else(not_found)
}

/// PUT `/devices/handoff/`. Its answer is without what the draft says, which would be kept with it for a retry; the tag is the draft's.
pub fn put(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(FIELDS)?;
    let there = waiting(ctx)?;
    require_named(ctx, there.as_ref())?;
    let draft = read(ctx, &mut input)?;
    let sealed = sealed::seal(&ctx.house.derive(SEALED), json::write(&draft)?.as_bytes())?;
    let user = ctx.user()?;
    codes::put_draft(ctx.db, user, &sealed, draft.waits.expires_at)?;
    let tag = etag::of(&Response::json(200, &draft).body);
    Ok(Response::json(if there.is_some() { 200 } else { 201 }, &draft.waits).with("ETag", tag))
}

/// DELETE `/devices/handoff/`: it was taken, or is not wanted any more.
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let there = waiting(ctx)?.ok_or_else(not_found)?;
    require_named(ctx, Some(&there))?;
    let user = ctx.user()?;
    codes::end(ctx.db, DRAFT, user, DRAFT)?;
    Ok(Response::empty(204))
}

/// Refuses whoever would replace or erase a draft without saying which.
fn require_named(ctx: &Ctx<'_>, there: Option<&Draft>) -> Result<()> {
    match there {
        Some(_) if ctx.request.header("IF_MATCH").is_none() => refuse(Refused::Unnamed, &texts::DRAFT_UNNAMED),
        Some(draft) => precondition::require(ctx.request, || Response::json(200, draft).body),
        None => precondition::require_unread(ctx.request),
    }
}

/// The draft that was sent.
fn read(ctx: &mut Ctx<'_>, input: &mut Input) -> Result<Draft> {
    let data = input.json("data").and_then(Value::as_object).cloned();
    input.check(data.is_some() || input.json("data").is_none(), "data", &crate::base::text::NOT_OBJECT);
    let data = data.unwrap_or_default();
    if json::write(&data)?.len() > MAX_DATA {
        input.error("data", Message::with(&texts::DRAFT_TOO_LARGE, &[&(MAX_DATA / 1024)]));
    }
    input.finish()?;
    let given = |name| input.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let waits = Waits {
        kind: given("kind").unwrap_or_default(),
        id: given("id"),
        title: given("title").unwrap_or_default(),
        from_device: ctx.device().map(str::to_owned),
        to_device: given("to_device"),
        expires_at: ctx.now.plus(TTL),
    };
    if let Some(device) = &waits.to_device {
        let user = ctx.user()?;
        if !devices::is_active(ctx.db, user, device)? {
            return Err(Error::from(Refusal::field("to_device", Message::plain(&texts::DRAFT_DEVICE))));
        }
    }
    Ok(Draft { waits, data })
}
