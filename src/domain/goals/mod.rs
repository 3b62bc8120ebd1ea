//! Goals and the actions that lead to them.

mod api;
mod graphql;
mod offline;
mod rules;
mod store;
mod texts;

use crate::base::error::Result;
use crate::feature::creation::REFUSES as MADE;
use crate::feature::{Access, Ctx, Feature, Kind, Load, News, Restore, Route, Wakes, Without, contract, written};
use rules::{Action, Goal};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: KINDS,
    graph: graphql::GRAPH,
    offline: offline::OFFLINE,
    hears: Some(hears),
    restored: Restore::of_tenants(store::restored),
    ..Feature::new("goals", ROUTES)
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::Left { tenant, user } => api::release(ctx, *tenant, *user),
        _ => Ok(()),
    }
}

/// Goals in the feed.
pub const GOALS: &str = "goals";
/// Actions in the feed.
const ACTIONS: &str = "goal_actions";

const KINDS: &[Kind] = &[
    Kind {
        name: GOALS,
        since: 1,
        load: Load::Own(api::load_goals),
        object: contract::of::<Goal>,
        own: |o, user| written(o, &["created_by_id"], user),
        measure: Some(store::GOAL),
        wakes: Wakes::Normal,
    },
    // Nobody signs an action: it stands in its goal.
    Kind {
        name: ACTIONS,
        since: 1,
        load: Load::Own(api::load_actions),
        object: contract::of::<Action>,
        own: |_, _| None,
        measure: Some(store::ACTION),
        wakes: Wakes::Normal,
    },
];

const LIST: Access = Access::Member(Without::Empty);
const NEW: Access = Access::Member(Without::Invalid);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::get("/goals/", LIST, api::list, "The couple's goals, newest change first").lists::<Goal>(),
    Route::post("/goals/", NEW, api::create, "Set a goal")
        .takes(rules::NEW_GOAL)
        .gives::<Goal>(201)
        .gives::<Goal>(200)
        .refuses(MADE),
    Route::get("/goals/actions/", LIST, api::all_actions, "The actions of all goals, oldest first").lists::<Action>(),
    Route::get("/goals/actions/{id}/", ONE, api::action, "One action").gives::<Action>(200),
    Route::put("/goals/actions/{id}/", ONE, api::update_action, "Replace an action").takes(rules::ACTION).gives::<Action>(200),
    Route::patch("/goals/actions/{id}/", ONE, api::update_action, "Change an action").takes(rules::ACTION).gives::<Action>(200),
    Route::delete("/goals/actions/{id}/", ONE, api::delete_action, "Delete an action").gives_nothing(),
    Route::get("/goals/{id}/", ONE, api::goal, "One goal with its actions").gives::<Goal>(200),
    Route::put("/goals/{id}/", ONE, api::update, "Replace a goal").takes(rules::GOAL).gives::<Goal>(200),
    Route::patch("/goals/{id}/", ONE, api::update, "Change a goal").takes(rules::GOAL).gives::<Goal>(200),
    Route::delete("/goals/{id}/", ONE, api::delete, "Delete a goal and its actions").gives_nothing(),
    Route::get("/sync/goals/{id}/", ONE, api::goal, "One goal, as uploads call it").gives::<Goal>(200),
    Route::get("/sync/goal_actions/{id}/", ONE, api::action, "One action, as uploads call it").gives::<Action>(200),
    Route::get("/goals/{id}/actions/", ONE, api::actions, "A goal's actions, oldest first").lists::<Action>(),
    Route::post("/goals/{id}/actions/", ONE, api::add_action, "Add an action to a goal")
        .takes(rules::NEW_ACTION)
        .gives_under::<Action>(201, "action")
        .gives_under::<Action>(200, "action")
        .refuses(MADE),
];
