//! The account's routes.

use super::accounts::{Unverified, own, shown};
use super::api_session::{self, signed_in};
use super::export::{self, Lists, Whose};
use super::exported::Exported;
use super::password::Fit;
use super::rules::{self, User};
use super::texts;
use super::{accounts, api_codes, codes, password, store, trust};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::feature::backups::{HEADER, Told};
use crate::feature::ctx::found;
use crate::feature::sessions::device::Sent;
use crate::feature::sessions::{Reason, store as sessions};
use crate::feature::store as feed;
use crate::feature::{Backups, Ctx, Describe, News, Schemas};
use crate::http::input::Input;
use crate::http::{Response, etag, precondition};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// POST `/auth/register/`
pub fn register(ctx: &mut Ctx<'_>) -> Result<Response> {
    if !ctx.house.settings.registration {
        return refuse(Refused::Forbidden, &texts::REGISTRATION_CLOSED);
    }
    let input = accounts::checked(ctx.input(rules::REGISTER)?)?;
    let device = Sent::within(&input)?;
    let bucket = (ctx.bucket("register", ""), ctx.house.settings.limit_registrations);
    let taken = ctx.take_attempts(&[bucket])?;
    let (new, mut made) = (accounts::hashed(input)?, false);
    let answer = ctx.write(&mut |ctx| {
        made = true;
        ctx.require_site()?;
        let user = accounts::create(ctx.db, &new, Unverified::in_house(ctx.house), ctx.now)?;
        api_codes::greet(ctx, &user)?;
        signed_in(ctx, 201, &user, device.as_ref())
    })?;
    // One that was answered from what is kept makes nothing. A name that was refused is counted: it tells who has an account.
    if !made {
        ctx.give_back(&taken)?;
    }
    Ok(answer)
}

/// GET `/auth/me/`
pub fn me(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = own(ctx)?;
    Ok(shown(&user))
}

/// PATCH `/auth/me/`
pub fn change(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut user = own(ctx)?;
    precondition::require(ctx.request, || shown(&user).body)?;
    let mut input = ctx.input(rules::CHANGE)?;
    rules::check_account(&mut input);
    input.finish()?;
    let before = user.clone();
    user.take(&input);
    if !user.has_address_of(before.email.as_deref()) {
        trust::require_grown(ctx)?;
    }
    accounts::check_unique(ctx.db, &mut user, Some(&before), Unverified::in_house(ctx.house))?;
    store::update(ctx.db, &user, ctx.now)?;
    if !user.has_address_of(before.email.as_deref()) {
        codes::store::end_all(ctx.db, user.id)?;
    }
    ctx.tell(&News::AccountChanged { user: user.id })?;
    Ok(etag::tagged(shown(&user)))
}

/// DELETE `/auth/me/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = own(ctx)?;
    precondition::require(ctx.request, || shown(&user).body)?;
    confirm(ctx, rules::DELETE, "password")?;
    ctx.write(&mut |ctx| {
        let user = ctx.user()?;
        ctx.tell(&News::AccountEnding { user })?;
        store::forget(ctx.db, user, ctx.now)?;
        codes::store::forget(ctx.db, user)?;
        deleted(ctx)
    })
}

/// POST `/auth/password/`
pub fn password(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = own(ctx)?;
    let mut input = ctx.input(rules::PASSWORDS)?;
    rules::check_password(&mut input, "new_password", &user.username);
    input.finish()?;
    trust::require_grown(ctx)?;
    confirm(ctx, rules::PASSWORDS, "old_password")?;
    let hash = password::hash(input.text("new_password").unwrap_or_default())?;
    ctx.write(&mut |ctx| {
        let (user, session) = (ctx.user()?, ctx.caller()?.session.clone());
        store::set_password(ctx.db, user, &hash, ctx.now)?;
        sessions::end_all_but(ctx.db, user, &session, Reason::Password, ctx.now)?;
        ctx.tell(&News::PasswordChanged { user })?;
        Ok(Response::empty(204))
    })
}

/// GET `/auth/export/`
pub fn export(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = own(ctx)?;
    let whose = Whose::of(user.id, ctx.caller()?.tenant.as_ref().map(|tenant| (tenant.id, tenant.kind)));
    let head = Export { exported_at: ctx.now, backups: backups(ctx)?, user: &user, data: Map::new() };
    let mut exported = Exported::begin(&ctx.house.settings.data, &head)?;
    export::of_both(ctx.db, ctx.house, whose, ctx.now, &mut exported)?;
    exported.answer()
}

/// The answer to a deletion: how long backups keep what was deleted stands in its head, because clients expect no body.
fn deleted(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::empty(204).with(HEADER, Backups::of(ctx.db)?.word()))
}

fn backups(ctx: &mut Ctx<'_>) -> Result<Told> {
    Ok(Backups::of(ctx.db)?.told(ctx.request.language))
}

/// GET `/couple/archives/{id}/export/`
pub fn export_archive(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (id, user) = (ctx.path_id()?, ctx.user()?);
    let claim = found(feed::claim(ctx.db, user, &id, ctx.now)?)?;
    let head = TenantExport { exported_at: ctx.now, backups: backups(ctx)?, data: Map::new() };
    let mut exported = Exported::begin(&ctx.house.settings.data, &head)?;
    export::of_claim(ctx.db, ctx.house, &claim, user, &mut exported)?;
    exported.answer()
}

/// What the caller may claim of a couple that they are in no more.
pub fn archive(ctx: &mut Ctx<'_>, id: &str) -> Result<TenantExport> {
    let user = ctx.user()?;
    let claim = found(feed::claim(ctx.db, user, id, ctx.now)?)?;
    let mut lists = Lists::of_an_answer();
    export::of_claim(ctx.db, ctx.house, &claim, user, &mut lists)?;
    Ok(TenantExport { exported_at: ctx.now, backups: backups(ctx)?, data: lists.map() })
}

/// DELETE `/couple/archives/{id}/`
pub fn delete_archive(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (id, input) = (ctx.path_id()?, ctx.input(rules::DELETE)?);
    end_archive(ctx, &id, input)
}

/// Ends what the caller may claim of a couple that they are in no more, if the password is theirs.
pub fn end_archive(ctx: &mut Ctx<'_>, id: &str, input: Input) -> Result<Response> {
    // GraphQL admits nobody before the work that it is asked for.
    ctx.read(&mut |ctx| {
        found(feed::claim(ctx.db, ctx.user()?, id, ctx.now)?)?;
        Ok(Response::empty(204))
    })?;
    confirm_by(ctx, input, "password")?;
    ctx.write(&mut |ctx| {
        let user = ctx.user()?;
        let tenant = found(feed::claim(ctx.db, user, id, ctx.now)?)?.tenant;
        ctx.stamp_in(tenant)?;
        ctx.tell(&News::ArchiveEnding { tenant, user })?;
        deleted(ctx)
    })
}

/// GET `/couple/export/`
pub fn export_tenant(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let head = TenantExport { exported_at: ctx.now, backups: backups(ctx)?, data: Map::new() };
    let mut exported = Exported::begin(&ctx.house.settings.data, &head)?;
    export::of_tenant(ctx.db, ctx.house, tenant, &mut exported)?;
    exported.answer()
}

/// Everything held on the caller.
#[derive(Serialize, JsonSchema)]
struct Export<'a> {
    /// When it was read.
    exported_at: Timestamp,
    /// How long backups keep what is deleted.
    backups: Told,
    /// The account.
    user: &'a User,
    /// Every object of the couple, by kind; of a team those that the caller wrote. Then what is the caller's alone.
    data: Map<String, Value>,
}

/// Everything that a couple or team holds.
#[derive(Serialize, JsonSchema)]
pub struct TenantExport {
    /// When it was read.
    exported_at: Timestamp,
    /// How long backups keep what is deleted.
    backups: Told,
    /// Every object, by kind.
    data: Map<String, Value>,
}

/// The schema of [`Export`]: its lists are the registry's.
pub fn describe_export(schemas: &mut Schemas) -> Schema {
    let kinds = schemas.features.iter().flat_map(|feature| feature.kinds).map(|kind| (kind.name, kind.object));
    let held = schemas.features.iter().flat_map(|feature| feature.held).map(|held| (held.name, held.object));
    let schema = Export::json_schema(&mut schemas.generator);
    with_lists(schema, kinds.chain(held), schemas)
}

/// The schema of [`TenantExport`].
pub fn describe_tenant(schemas: &mut Schemas) -> Schema {
    let kinds = schemas.features.iter().flat_map(|feature| feature.kinds).map(|kind| (kind.name, kind.object));
    let schema = TenantExport::json_schema(&mut schemas.generator);
    with_lists(schema, kinds, schemas)
}

fn with_lists(mut schema: Schema, lists: impl Iterator<Item = (&'static str, Describe)>, schemas: &mut Schemas) -> Schema {
    let lists = lists.map(|(name, object)| {
        let items = schemas.of(name, object).to_value();
        (name.to_owned(), json!({"type": "array", "items": items}))
    });
    let lists: Map<String, Value> = lists.collect();
    if let Some(data) = schema.pointer_mut("/properties/data") {
        *data = json!({"type": "object", "properties": lists});
    }
    schema
}

/// Refuses unless the field of the body holds the caller's password.
pub fn confirm(ctx: &mut Ctx<'_>, fields: &[crate::http::input::Field], field: &'static str) -> Result<()> {
    let input = ctx.input(fields)?;
    confirm_by(ctx, input, field)
}

/// Refuses unless the field holds the caller's password; guesses are counted like failed logins. Their session is a proven one then.
pub fn confirm_by(ctx: &mut Ctx<'_>, mut input: Input, field: &'static str) -> Result<()> {
    input.finish()?;
    let account = found(store::by_id(ctx.db, ctx.user()?)?)?;
    let taken = ctx.take_attempts(&api_session::password_buckets(ctx, &account.user.id.to_string()))?;
    if password::fit(input.text(field).unwrap_or_default(), &account.password)? != Fit::Wrong {
        let (session, now) = (ctx.caller()?.session.clone(), ctx.now);
        return ctx.give_back_and(&taken, |db| sessions::prove(db, &session, now));
    }
    Err(Error::from(Refusal::field(field, Message::plain(&texts::PASSWORD_WRONG))))
}
