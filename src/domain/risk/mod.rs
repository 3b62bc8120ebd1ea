//! Conflict prevention: how likely an edit is to meet one that its device has not seen, learned on this site from what happened here.
//!
//! [`history`] remembers edits, [`marks`] say who edits what now, `ask` puts facts and advice together; [`columns`] and [`model`] are what an answer needs; [`train`] is for the operator's program alone, and no route may reach it.

mod api;
mod ask;
pub mod columns;
mod graphql;
pub mod history;
pub mod marks;
pub mod model;
pub mod models;
pub mod population;
mod texts;
pub mod train;
pub mod watch;

use crate::base::error::Result;
use crate::feature::{Access, Ctx, Feature, Held, Job, Kind, Load, News, Restore, Route, Wakes, Without, contract};
use api::{Answer, Begun, Prediction};
use ask::asked;
use history::edit::Remembered;
use marks::mark::{Edits, Remembered as RememberedMark};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind {
        name: marks::KIND,
        since: 2,
        load: Load::Set(marks::load),
        object: contract::of::<Edits>,
        own: marks::own,
        measure: None,
        wakes: Wakes::Nobody,
    }],
    graph: graphql::GRAPH,
    jobs: JOBS,
    held: HELD,
    stocks: &[history::STOCK, marks::STOCK],
    hears: Some(hears),
    restored: Restore::of_tenants(history::store::restored),
    doubts: Some(models::doubts),
    ..Feature::new("risk", ROUTES)
};

const HELD: &[Held] = &[
    Held { name: "history", load: history::held, object: contract::of::<Remembered> },
    Held { name: "edit_marks", load: marks::held, object: contract::of::<RememberedMark> },
];

const JOBS: &[Job] = &[
    Job::nightly("marks", "marks of edits that have ended", marks::night),
    Job::nightly("history", "edits of long ago", history::purge),
    Job::nightly("edit_sums", "sums of edits up to today", history::sums::night),
];

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[
    Route::get("/sync/edits/", Access::Member(Without::Empty), api::list, "Records that are being edited, and by whom")
        .parameters(&[asked::KIND_FIELD])
        .lists::<Edits>()
        .refuses(&[404]),
    Route::put("/sync/edits/{kind}/{id}/", MEMBER, api::begin, "Say that this device is editing a record, and ask what is best")
        .parameters(asked::PATH)
        .takes(asked::MARK)
        .gives::<Begun>(200)
        .refuses(&[404, 409, 429]),
    Route::delete("/sync/edits/{kind}/{id}/", MEMBER, api::end, "Say that this device is not editing a record any more")
        .parameters(asked::END)
        .gives_nothing()
        .refuses(&[400, 404]),
    Route::post("/sync/risk/", MEMBER, api::risk, "Ask what is best for records before they are edited")
        .reads()
        .takes(asked::RISK)
        .gives::<Answer>(200)
        .refuses(&[404]),
    Route::post("/predict/conflict/", MEMBER, api::predict, "Ask how likely an edit is to meet another's, as earlier apps do")
        .reads()
        .takes(asked::PREDICTION)
        .gives::<Prediction>(200)
        .refuses(&[404]),
];

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::Landed(landed) => history::remember(ctx, landed),
        News::Uploaded(upload) => marks::uploaded(ctx, upload),
        News::Left { tenant, user } => {
            marks::end_all(ctx, *tenant, *user)?;
            history::forget(ctx.db, *tenant, *user)
        }
        News::SignedOut { user } | News::PasswordChanged { user } => marks::signed_out(ctx, *user),
        News::AccountEnding { user } => history::forget_everywhere(ctx, *user),
        _ => Ok(()),
    }
}
