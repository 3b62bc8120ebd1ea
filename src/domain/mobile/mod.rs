//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
mod api;
pub mod batch;
pub mod conflicts;
mod contract;
pub mod domains;
pub mod engine;
mod graphql;
pub mod records;
pub mod telemetry;
mod texts;

use crate::base::error::Result;
use crate::feature::contract::of as describe;
use crate::feature::{Access, Content, Ctx, Feature, Handler, Held, Meter, News, Right, Route, Without};
use crate::http::problem;
use answer::{Resolution, SyncBatchResponse, SyncResponse};
use records::api as record;
use telemetry::rules::Kept;

/// The registry entry.
pub const FEATURE: Feature =
    Feature { kinds: records::KINDS, graph: graphql::GRAPH, held: HELD, hears: Some(hears), ..Feature::new("mobile", ROUTES) };

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountEnding { user } => telemetry::forget(ctx, *user),
        _ => Ok(()),
    }
}

const HELD: &[Held] = &[Held { name: "telemetry", load: telemetry::held, object: describe::<Kept> }];

const MEMBER: Access = Access::Member(Without::NoCouple);
const ONE: Access = Access::Member(Without::NotFound);

/// An upload of members.
const fn upload(path: &'static str, handler: Handler, summary: &'static str) -> Route {
    Route::post(path, MEMBER, handler, summary).upload()
}

/// An upload of records of one domain.
const fn records<const TABLE: usize>(path: &'static str, summary: &'static str) -> Route {
    upload(path, record::sync, summary).takes_json(record::describe_upload::<TABLE>).gives::<record::Uploaded>(200)
}

/// The changes of records of one domain.
const fn changes<const TABLE: usize>(path: &'static str, summary: &'static str) -> Route {
    Route::get(path, MEMBER, record::changes, summary)
        .metered(Meter::Polls)
        .parameters(record::CHANGES)
        .answers(200, Content::Json(record::describe_changes::<TABLE>))
        .refuses(&[400])
}

/// The records of each domain: the tables of rules are in the same order.
const ROUTES: &[Route] = &[
    upload("/sync/voice/", api::telemetry, "Send voice verifications").takes_json(contract::voice).gives::<SyncResponse>(200),
    upload("/sync/behavioral/", api::telemetry, "Send behavioural events")
        .takes_json(contract::behavioral)
        .gives::<SyncResponse>(200),
    upload("/sync/session/", api::telemetry, "Send sessions").takes_json(contract::session).gives::<SyncResponse>(200),
    upload("/sync/metrics/", api::telemetry, "Send metrics").takes_json(contract::metrics).gives::<SyncResponse>(200),
    upload("/sync/batch/", api::batch, "Send lists of any domain").takes_json(contract::batch).gives::<SyncBatchResponse>(200),
    records::<0>("/sync/journal/sync/", "Send journal entries"),
    records::<1>("/sync/attendance/sync/", "Send attendances"),
    records::<2>("/sync/activity/sync/", "Send tasks"),
    records::<3>("/sync/helpdesk/sync/", "Send tickets"),
    records::<4>("/sync/work-orders/sync/", "Send work orders"),
    changes::<0>("/sync/journal/changes/", "What changed in the journal"),
    changes::<1>("/sync/attendance/changes/", "What changed in attendances"),
    changes::<2>("/sync/activity/changes/", "What changed in tasks"),
    changes::<3>("/sync/helpdesk/changes/", "What changed in tickets"),
    changes::<4>("/sync/work-orders/changes/", "What changed in work orders"),
    upload("/sync/conflicts/{id}/resolve/", record::resolve_conflict, "Settle a conflict")
        .needs(Right::Settle)
        .takes(records::CHOICE)
        .gives::<Resolution>(200)
        .refuses(&[403])
        .refuses_by(Content::Any(&[(problem::MEDIA_TYPE, Some(records::describe_refusal))])),
    Route::get("/sync/policies/{domain}/", ONE, record::policy, "How conflicts of a domain are settled")
        .parameters(record::DOMAIN)
        .gives::<record::PolicyShown>(200),
    Route::put("/sync/policies/{domain}/", ONE, record::set_policy, "Say how conflicts of a domain shall be settled")
        .parameters(record::DOMAIN)
        .needs(Right::Policies)
        .takes(record::POLICY)
        .gives::<record::PolicyShown>(200)
        .refuses(&[403]),
];
