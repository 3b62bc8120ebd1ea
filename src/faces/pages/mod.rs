//! The pages that a browser is shown: a folder each, in the frame of `http/html.rs`.

pub mod graphiql;
mod reset;

use crate::feature::{Content, Face, Feature, Route};
use crate::http::{Method, html};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("pages", ROUTES);

const ROUTES: &[Route] = &[Route::apart(Method::Get, "/reset/", reset::show, "The page behind a link to set a new password")
    .through(Face::Page)
    .answers(200, Content::Bytes(html::MEDIA_TYPE))];
