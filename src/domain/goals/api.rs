//! The routes of goals and actions.

use super::rules::{self, Action, Goal};
use super::texts;
use super::{ACTIONS, GOALS, store};
use crate::base::error::{Refusal, Result};
use crate::base::text::Message;
use crate::db::Db;
use crate::feature::ctx::{found, load};
use crate::feature::offline::Edit;
use crate::feature::{Creation, Ctx, store as feed};
use crate::http::input::{Field, Input};
use crate::http::paging::Page;
use crate::http::{Response, etag};
use serde_json::{Value, json};

/// GET `/goals/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let page = Page::of(ctx.request, store::count(ctx.db, tenant)?)?;
    let goals = store::part(ctx.db, tenant, &page.after.newest()?, page.span())?;
    Ok(page.answer(ctx.request, goals))
}

/// POST `/goals/`
pub fn create(ctx: &mut Ctx<'_>) -> Result<Response> {
    let input = read(ctx, rules::GOAL)?;
    let made = Creation::read(ctx, GOALS, "", &input)?;
    if let Some(goal) = made.meet(ctx, GOALS, store::find)?.again()? {
        return Ok(etag::tagged(Response::json(200, &goal)));
    }
    let goal = begin(ctx, made, &input)?;
    Ok(etag::tagged(Response::json(201, &goal)))
}

/// Sets a goal.
pub fn begin(ctx: &mut Ctx<'_>, made: Creation, input: &Input) -> Result<Goal> {
    require_member(ctx, input, None)?;
    let mut goal = Goal::new(made, ctx.user()?, ctx.stamp()?);
    goal.take(input);
    store::insert(ctx.db, ctx.tenant_id()?, &goal)?;
    ctx.touch_version(GOALS, &goal.id, goal.version)?;
    Ok(goal)
}

/// GET `/goals/{id}/`
pub fn goal(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PUT and PATCH `/goals/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let goal = find(ctx)?;
    ctx.require_match(&goal)?;
    let (input, edit) = (read(ctx, rules::GOAL)?, Edit::of(goal.version));
    Ok(etag::tagged(Response::json(200, &change(ctx, goal, &input, edit)?)))
}

/// Changes a goal.
pub fn change(ctx: &mut Ctx<'_>, mut goal: Goal, input: &Input, edit: Edit) -> Result<Goal> {
    require_member(ctx, input, goal.owner)?;
    goal.take(input);
    (goal.version, goal.updated_at, goal.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update(ctx.db, ctx.tenant_id()?, &goal)?;
    ctx.touch_version(GOALS, &goal.id, goal.version)?;
    Ok(goal)
}

/// DELETE `/goals/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let goal = find(ctx)?;
    ctx.require_match(&goal)?;
    remove(ctx, &goal, goal.version + 1)?;
    Ok(Response::empty(204))
}

/// Deletes a goal, with its actions.
pub fn remove(ctx: &mut Ctx<'_>, goal: &Goal, version: i64) -> Result<()> {
    store::delete(ctx.db, ctx.tenant_id()?, &goal.id)?;
    for action in &goal.actions {
        ctx.bury_version(ACTIONS, &action.id, action.version + 1)?;
    }
    ctx.bury_version(GOALS, &goal.id, version)
}

fn find(ctx: &mut Ctx<'_>) -> Result<Goal> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find(ctx.db, tenant, &id)?)
}

/// Who looked after goals has left: nobody does now.
pub fn release(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    let stamp = ctx.stamp_in(tenant)?;
    let goals = store::owned(ctx.db, tenant, user)?;
    store::release(ctx.db, tenant, user, stamp)?;
    goals.iter().try_for_each(|(id, version)| ctx.touch_version_in(tenant, GOALS, id, version + 1))
}

fn read(ctx: &Ctx<'_>, fields: &[Field]) -> Result<Input> {
    let mut input = ctx.input(fields)?;
    input.finish()?;
    Ok(input)
}

/// The owner must be a member, or stay who it is: an older program may have taken them out for the operator.
fn require_member(ctx: &mut Ctx<'_>, input: &Input, present: Option<i64>) -> Result<()> {
    let Some(owner) = input.int("owner").filter(|owner| present != Some(*owner)) else { return Ok(()) };
    let member = feed::is_member(ctx.db, ctx.tenant_id()?, owner)?;
    if member { Ok(()) } else { Err(Refusal::field("owner", Message::plain(&texts::NOT_MEMBER)).into()) }
}

/// GET `/goals/{id}/actions/`
pub fn actions(ctx: &mut Ctx<'_>) -> Result<Response> {
    let goal = find(ctx)?;
    let page = Page::of(ctx.request, i64::try_from(goal.actions.len()).unwrap_or(i64::MAX))?;
    let after = page.after.oldest()?;
    let behind = goal.actions.into_iter().filter(|action| (action.created_at.0, &action.id) > (after.0, &after.1));
    Ok(page.answer(ctx.request, page.span().of(behind)))
}

/// GET `/goals/actions/`
pub fn all_actions(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let page = Page::of(ctx.request, store::count_actions(ctx.db, tenant)?)?;
    let actions = store::part_of_actions(ctx.db, tenant, &page.after.oldest()?, page.span())?;
    Ok(page.answer(ctx.request, actions))
}

/// POST `/goals/{id}/actions/`
pub fn add_action(ctx: &mut Ctx<'_>) -> Result<Response> {
    let goal = find(ctx)?;
    let input = read(ctx, rules::ACTION)?;
    let made = Creation::read(ctx, ACTIONS, &goal.id, &input)?;
    if let Some(action) = made.meet(ctx, ACTIONS, store::find_action)?.again()? {
        return Ok(Response::json(200, &json!({ "action": action })));
    }
    let action = begin_action(ctx, goal, made, &input)?;
    Ok(Response::json(201, &json!({ "action": action })))
}

/// Adds an action to a goal.
pub fn begin_action(ctx: &mut Ctx<'_>, goal: Goal, made: Creation, input: &Input) -> Result<Action> {
    if goal.actions.len() >= rules::MAX_ACTIONS {
        let message = Message::with(&texts::TOO_MANY_ITEMS, &[&rules::MAX_ACTIONS]);
        return Err(Refusal::field("non_field_errors", message).into());
    }
    let mut action = Action::new(made, goal.id, ctx.stamp()?);
    action.take(input);
    store::insert_action(ctx.db, ctx.tenant_id()?, &action)?;
    ctx.touch_version(ACTIONS, &action.id, action.version)?;
    Ok(action)
}

/// GET `/goals/actions/{id}/`
pub fn action(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find_action(ctx)?))
}

/// PUT and PATCH `/goals/actions/{id}/`
pub fn update_action(ctx: &mut Ctx<'_>) -> Result<Response> {
    let action = find_action(ctx)?;
    ctx.require_match(&action)?;
    let (input, edit) = (read(ctx, rules::ACTION)?, Edit::of(action.version));
    Ok(etag::tagged(Response::json(200, &change_action(ctx, action, &input, edit)?)))
}

/// Changes an action.
pub fn change_action(ctx: &mut Ctx<'_>, mut action: Action, input: &Input, edit: Edit) -> Result<Action> {
    action.take(input);
    (action.version, action.updated_at, action.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update_action(ctx.db, ctx.tenant_id()?, &action)?;
    ctx.touch_version(ACTIONS, &action.id, action.version)?;
    Ok(action)
}

/// DELETE `/goals/actions/{id}/`
pub fn delete_action(ctx: &mut Ctx<'_>) -> Result<Response> {
    let action = find_action(ctx)?;
    ctx.require_match(&action)?;
    remove_action(ctx, &action.id, action.version + 1)?;
    Ok(Response::empty(204))
}

/// Deletes an action.
pub fn remove_action(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    store::delete_action(ctx.db, ctx.tenant_id()?, id)?;
    ctx.bury_version(ACTIONS, id, version)
}

fn find_action(ctx: &mut Ctx<'_>) -> Result<Action> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find_action(ctx.db, tenant, &id)?)
}

/// Goals for the feed.
pub fn load_goals(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find)
}

/// Actions for the feed.
pub fn load_actions(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find_action)
}
