//! Letters: one a month, shared by the partners.

mod api;
mod graphql;
mod offline;
pub mod pdf;
mod rules;
mod store;
mod texts;

use crate::feature::{Access, Content, Feature, Kind, Load, Restore, Route, Wakes, Without, contract, written};
use rules::Letter;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: KINDS,
    graph: graphql::GRAPH,
    offline: offline::OFFLINE,
    restored: Restore::of_tenants(store::restored),
    ..Feature::new("letters", ROUTES)
};

/// Letters in the feed.
const LETTERS: &str = "letters";

const KINDS: &[Kind] = &[Kind {
    name: LETTERS,
    since: 1,
    load: Load::Own(api::load_letters),
    object: contract::of::<Letter>,
    own: |o, user| written(o, &["created_by_id"], user),
    measure: Some(store::LETTER),
    wakes: Wakes::HighWhenNew,
}];

const LIST: Access = Access::Member(Without::Empty);
const NEW: Access = Access::Member(Without::Invalid);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::get("/letters/", LIST, api::list, "The couple's letters, newest month first")
        .parameters(rules::FILTER)
        .lists::<Letter>(),
    Route::post("/letters/", NEW, api::write, "Write the letter of a month, or rewrite it")
        .takes(rules::NEW_LETTER)
        .gives_under::<Letter>(201, "letter")
        .gives_under::<Letter>(200, "letter")
        .refuses(&[409, 410, 412]),
    Route::get("/letters/{id}/", ONE, api::letter, "One letter").gives::<Letter>(200),
    Route::put("/letters/{id}/", ONE, api::update, "Replace a letter").takes(rules::LETTER).gives::<Letter>(200),
    Route::patch("/letters/{id}/", ONE, api::update, "Change a letter").takes(rules::LETTER).gives::<Letter>(200),
    Route::delete("/letters/{id}/", ONE, api::delete, "Delete a letter").gives_nothing(),
    Route::get("/sync/letters/{id}/", ONE, api::letter, "One letter, as uploads call it").gives::<Letter>(200),
    Route::get("/letters/{id}/pdf/", ONE, api::pdf, "A letter as PDF").answers(200, Content::Bytes(api::PDF)),
];
