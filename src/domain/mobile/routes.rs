//! The routes of mobile sync: of each domain its own, made from the tables of domains, and those that all share.

use super::answer::{Resolution, SyncBatchResponse, SyncResponse};
use super::catalog::{self, Catalog};
use super::domains::{RECORDS, TELEMETRY};
use super::records::api as record;
use super::records::tables::Table;
use super::telemetry::rules::Rules;
use super::{api, contract, records};
use crate::feature::walk::{Joined, chain, walk};
use crate::feature::{Access, Content, Handler, Meter, Right, Route, Without};
use crate::http::problem;

const MEMBER: Access = Access::Member(Without::NoCouple);
const ONE: Access = Access::Member(Without::NotFound);

/// Every route: an upload of each domain, the changes of each domain of records, each record, and what is every domain's.
/// `changes` stands before what any id matches.
pub const ROUTES: &[Route] = &chain::<_, LENGTH>(&[CATALOG, MEASURED, BATCH, UPLOADS, CHANGES, EACH, SETTLING]);

const LENGTH: usize = CATALOG.len() + MEASURED.len() + BATCH.len() + UPLOADS.len() + CHANGES.len() + EACH.len() + SETTLING.len();

const MEASURED_PATHS: &[Joined] = &walk!(measured_path, TELEMETRY);
const UPLOAD_PATHS: &[Joined] = &walk!(upload_path, RECORDS);
const CHANGES_PATHS: &[Joined] = &walk!(changes_path, RECORDS);

const RECORD_PATHS: &[Joined] = &walk!(record_path, RECORDS);

const fn measured_path(rules: &Rules) -> Joined {
    Joined::of(&["/sync/", rules.entry.names.path, "/"])
}

const fn upload_path(table: &Table) -> Joined {
    Joined::of(&["/sync/", table.entry.names.path, "/sync/"])
}

const fn changes_path(table: &Table) -> Joined {
    Joined::of(&["/sync/", table.entry.names.path, "/changes/"])
}

const fn record_path(table: &Table) -> Joined {
    Joined::of(&["/sync/", table.entry.names.path, "/{id}/"])
}

const MEASURED: &[Route] = &walk!(measured, TELEMETRY, MEASURED_PATHS);
const UPLOADS: &[Route] = &walk!(uploaded, RECORDS, UPLOAD_PATHS);
const CHANGES: &[Route] = &walk!(changes, RECORDS, CHANGES_PATHS);
const EACH: &[Route] = &walk!(each, RECORDS, RECORD_PATHS);

/// An upload of members.
const fn upload(path: &'static str, handler: Handler, summary: &'static str) -> Route {
    Route::post(path, MEMBER, handler, summary).upload()
}

/// An upload of telemetry of one domain.
const fn measured(rules: &Rules, path: &'static Joined) -> Route {
    upload(path.text(), api::telemetry, rules.entry.summary).takes_json(contract::list).gives::<SyncResponse>(200)
}

/// An upload of records of one domain.
const fn uploaded(table: &Table, path: &'static Joined) -> Route {
    upload(path.text(), record::sync, table.entry.summary).takes_json(record::describe_upload).gives::<record::Uploaded>(200)
}

/// The changes of records of one domain.
const fn changes(table: &Table, path: &'static Joined) -> Route {
    Route::get(path.text(), MEMBER, record::changes, table.changes)
        .metered(Meter::Polls)
        .parameters(record::CHANGES)
        .answers(200, Content::Json(record::describe_changes))
        .refuses(&[400])
}

/// One record of one domain.
const fn each(table: &Table, path: &'static Joined) -> Route {
    Route::get(path.text(), ONE, record::record, table.one).answers(200, Content::Json(record::describe_record))
}

/// What there is to send and to show.
const CATALOG: &[Route] =
    &[Route::get("/sync/domains/", MEMBER, catalog::show, "Domains and kinds with their fields and rules").gives::<Catalog>(200)];

const BATCH: &[Route] =
    &[upload("/sync/batch/", api::batch, "Send lists of any domain").takes_json(contract::batch).gives::<SyncBatchResponse>(200)];

/// How conflicts are settled.
const SETTLING: &[Route] = &[
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
