//! What the API says of itself: its versions and what differs, and what its problems mean. The same in every version.

mod about;
mod deprecations;
mod problems;

use crate::feature::{Feature, Route};
use crate::http::Method;

/// The registry entry.
pub const FEATURE: Feature = Feature::new("versions", ROUTES);

const ROUTES: &[Route] = &[
    Route::apart(Method::Get, "/version/", about::show, "Which versions of the API there are, and what differs")
        .versionless()
        .gives::<about::About>(200),
    Route::apart(Method::Get, "/deprecations/", deprecations::list, "What is to go, from when on, and what takes its place")
        .versionless()
        .gives::<deprecations::Deprecations>(200),
    Route::apart(Method::Get, "/problems/", problems::list, "Every type of problem").versionless().gives::<problems::Types>(200),
    Route::apart(Method::Get, "/problems/{name}/", problems::show, "What a type of problem means")
        .parameters(problems::NAME)
        .versionless()
        .gives::<problems::Type>(200)
        .refuses(&[404]),
];
