//! Letters: one a month, shared by the partners.

mod api;
mod graphql;
pub mod pdf;
mod rules;
mod store;

use crate::feature::{Access, Feature, Kind, Route, Without};

/// The registry entry.
pub const FEATURE: Feature = Feature { kinds: KINDS, graph: graphql::GRAPH, ..Feature::new("letters", ROUTES) };

/// Letters in the feed.
const LETTERS: &str = "letters";

const KINDS: &[Kind] = &[Kind { name: LETTERS, first_version: true, load: api::load_letters }];

const LIST: Access = Access::Member(Without::Empty);
const NEW: Access = Access::Member(Without::Invalid);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::get("/letters/", LIST, api::list, "The couple's letters, newest month first"),
    Route::post("/letters/", NEW, api::write, "Write the letter of a month, or rewrite it"),
    Route::get("/letters/{id}/", ONE, api::letter, "One letter"),
    Route::put("/letters/{id}/", ONE, api::update, "Replace a letter"),
    Route::patch("/letters/{id}/", ONE, api::update, "Change a letter"),
    Route::delete("/letters/{id}/", ONE, api::delete, "Delete a letter"),
    Route::get("/letters/{id}/pdf/", ONE, api::pdf, "A letter as PDF"),
];
