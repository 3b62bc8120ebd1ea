//! The pages that a browser is shown: a folder each, in the frame of `http/html.rs`.

pub mod graphiql;
mod link;

use crate::feature::{Apart, Content, Face, Feature, Route};
use crate::http::{Method, html};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("pages", ROUTES);

const ROUTES: &[Route] = &[
    page("/reset/", link::reset, "The page behind a link to set a new password"),
    page("/verify/", link::verify, "The page behind a link to verify an address"),
    page("/pages/link/", link::device, "The page behind a QR of a new device, to let it in"),
];

const fn page(path: &'static str, show: Apart, summary: &'static str) -> Route {
    Route::apart(Method::Get, path, show, summary).through(Face::Page).answers(200, Content::Bytes(html::MEDIA_TYPE))
}
