//! The routes of letters.

use super::rules::{self, Letter};
use super::store::{self, Partner};
use super::texts;
use super::{LETTERS, pdf as paper};
use crate::base::error::{Error, Refusal, Result};
use crate::base::text::{Language, Message};
use crate::db::Db;
use crate::feature::ctx::{found, load};
use crate::feature::offline::Edit;
use crate::feature::{Creation, Ctx, Met, TenantKind};
use crate::http::input::Input;
use crate::http::paging::Page;
use crate::http::{Response, etag, precondition};
use serde_json::{Value, json};

/// GET `/letters/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let input = Input::query(ctx.request, rules::FILTER)?;
    let (tenant, months) = (ctx.tenant_id()?, rules::months(&input));
    let page = Page::of(ctx.request, store::count(ctx.db, tenant, months)?)?;
    let letters = store::part(ctx.db, tenant, months, &rules::before(&page.after)?, page.span())?;
    Ok(page.answer(ctx.request, letters))
}

/// POST `/letters/`: the month's letter is written, or rewritten; content that is left out stays as it is. What is sent again as it
/// was when it made a letter of this id does not undo what has become of that since.
pub fn write(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::LETTER)?;
    input.finish()?;
    let made = Creation::read(ctx, LETTERS, "", &input)?;
    let month = input.text("month").unwrap_or_default();
    match made.meet(ctx, LETTERS, store::find)? {
        Met::Other(letter) if letter.month == month => return rewrite(ctx, letter, &input),
        met => {
            if let Some(letter) = met.again()? {
                return Ok(Response::json(200, &json!({ "letter": letter })));
            }
        }
    }
    match store::of_month(ctx.db, ctx.tenant_id()?, month)? {
        Some(letter) => rewrite(ctx, letter, &input),
        None => start(ctx, made, &input),
    }
}

fn rewrite(ctx: &mut Ctx<'_>, letter: Letter, input: &Input) -> Result<Response> {
    ctx.require_match(&letter)?;
    let edit = Edit::of(letter.version);
    Ok(Response::json(200, &json!({ "letter": change(ctx, letter, input, edit)? })))
}

/// Who read the month's letter shall hear that it is gone.
fn start(ctx: &mut Ctx<'_>, made: Creation, input: &Input) -> Result<Response> {
    precondition::require_unread(ctx.request)?;
    Ok(Response::json(201, &json!({ "letter": begin(ctx, made, input)? })))
}

/// Writes the letter of a month that has none.
pub fn begin(ctx: &mut Ctx<'_>, made: Creation, input: &Input) -> Result<Letter> {
    let mut letter = Letter::new(made, ctx.user()?, ctx.stamp()?);
    letter.take(input);
    require_free(ctx, &letter)?;
    store::insert(ctx.db, ctx.tenant_id()?, &letter).map_err(taken)?;
    ctx.touch_version(LETTERS, &letter.id, letter.version)?;
    Ok(letter)
}

/// GET `/letters/{id}/`
pub fn letter(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PUT and PATCH `/letters/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let letter = find(ctx)?;
    ctx.require_match(&letter)?;
    let mut input = ctx.input(rules::LETTER)?;
    input.finish()?;
    let edit = Edit::of(letter.version);
    Ok(etag::tagged(Response::json(200, &change(ctx, letter, &input, edit)?)))
}

/// Changes a letter.
pub fn change(ctx: &mut Ctx<'_>, mut letter: Letter, input: &Input, edit: Edit) -> Result<Letter> {
    letter.take(input);
    require_free(ctx, &letter)?;
    (letter.version, letter.updated_at, letter.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update(ctx.db, ctx.tenant_id()?, &letter).map_err(taken)?;
    ctx.touch_version(LETTERS, &letter.id, letter.version)?;
    Ok(letter)
}

/// DELETE `/letters/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let letter = find(ctx)?;
    ctx.require_match(&letter)?;
    remove(ctx, &letter.id, letter.version + 1)?;
    Ok(Response::empty(204))
}

/// Deletes a letter.
pub fn remove(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    store::delete(ctx.db, ctx.tenant_id()?, id)?;
    ctx.bury_version(LETTERS, id, version)
}

/// The media type of a letter on paper (RFC 8118).
pub const PDF: &str = "application/pdf";

/// GET `/letters/{id}/pdf/`
pub fn pdf(ctx: &mut Ctx<'_>) -> Result<Response> {
    let letter = find(ctx)?;
    let partners = store::partners(ctx.db, ctx.tenant_id()?)?;
    let (language, names) = (language(ctx, &partners)?, names(ctx, &partners)?);
    let content = paper::render(&paper::Page { month: &letter.month, content: &letter.content, language, names: &names })?;
    let name = format!("inline; filename=\"letter-{}.pdf\"", letter.month);
    Ok(Response::bytes(200, PDF, content).with("Content-Disposition", name))
}

/// Whose letter it is: both partners', or the team's as a whole.
fn names(ctx: &mut Ctx<'_>, partners: &[Partner]) -> Result<String> {
    let (tenant, kind) = (ctx.tenant_id()?, ctx.tenant()?.kind);
    if kind == TenantKind::Team {
        return Ok(store::team_name(ctx.db, tenant)?.unwrap_or_default());
    }
    let names: Vec<&str> = partners.iter().map(|partner| partner.username.as_str()).collect();
    Ok(names.join(" & "))
}

/// The language that the request asks for, or else the caller's account's.
fn language(ctx: &Ctx<'_>, partners: &[Partner]) -> Result<Language> {
    if ctx.request.header("ACCEPT_LANGUAGE").is_some() {
        return Ok(ctx.request.language);
    }
    let user = ctx.user()?;
    let caller = partners.iter().find(|partner| partner.user == user);
    Ok(caller.and_then(|partner| Language::from_tag(&partner.language)).unwrap_or_default())
}

fn find(ctx: &mut Ctx<'_>) -> Result<Letter> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find(ctx.db, tenant, &id)?)
}

/// The month must be free, or the letter's own.
fn require_free(ctx: &mut Ctx<'_>, letter: &Letter) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    match store::other(ctx.db, tenant, &letter.month, &letter.id)? {
        Some(other) => Err(Refusal::field("month", Message::plain(&texts::MONTH_TAKEN)).and("existing_id", other).into()),
        None => Ok(()),
    }
}

/// The constraint decides where the look before did not see the other letter.
fn taken(error: Error) -> Error {
    if error.is_duplicate() { Refusal::field("month", Message::plain(&texts::MONTH_TAKEN)).into() } else { error }
}

/// Letters for the feed.
pub fn load_letters(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find)
}
