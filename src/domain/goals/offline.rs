//! Goals and actions in the uploads.

use super::{ACTIONS, GOALS, api, rules, store};
use crate::base::error::{Refusal, Result, not_found};
use crate::base::text::Message;
use crate::feature::offline::{By, Draft, Held, no_parent};
use crate::feature::{Ctx, Names, Offline, texts};

/// See [`Offline`].
pub const OFFLINE: &[Offline] = &[
    Offline {
        names: Names { name: "goal", path: "goals", list: GOALS },
        fields: rules::GOAL,
        texts: store::GOAL.texts,
        parent: None,
        edits: By::All,
        deletes: By::All,
        find: |db, tenant, id| Held::of(store::find(db, tenant, id)?),
        twin: Offline::NO_TWIN,
        write: write_goal,
        delete: delete_goal,
    },
    Offline {
        names: Names { name: "goal_action", path: "goal_actions", list: ACTIONS },
        fields: rules::PLACED_ACTION,
        texts: store::ACTION.texts,
        parent: Some(("goal_id", "goal")),
        edits: By::All,
        deletes: By::All,
        find: |db, tenant, id| Held::of(store::find_action(db, tenant, id)?),
        twin: Offline::NO_TWIN,
        write: write_action,
        delete: api::remove_action,
    },
];

fn write_goal(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    match store::find(ctx.db, tenant, &draft.id)? {
        Some(goal) => api::change(ctx, goal, &draft.input, draft.edit).map(drop),
        None => api::begin(ctx, draft.creation(), &draft.input).map(drop),
    }
}

fn delete_goal(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    let goal = store::find(ctx.db, tenant, id)?.ok_or_else(not_found)?;
    api::remove(ctx, &goal, version)
}

fn write_action(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let (tenant, parent) = (ctx.tenant_id()?, draft.input.text("goal_id").unwrap_or_default().to_owned());
    if let Some(action) = store::find_action(ctx.db, tenant, &draft.id)? {
        if action.goal_id != parent {
            return Err(Refusal::field("goal_id", Message::plain(&texts::FIXED_PARENT)).into());
        }
        return api::change_action(ctx, action, &draft.input, draft.edit).map(drop);
    }
    match store::find(ctx.db, tenant, &parent)? {
        Some(goal) => api::begin_action(ctx, goal, draft.creation(), &draft.input).map(drop),
        None => Err(no_parent(ctx, "goal_id", GOALS, &parent)?.into()),
    }
}
