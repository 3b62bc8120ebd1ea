//! What this is, and whether it works.

mod api;
pub mod rules;
pub mod store;

use crate::feature::{Access, Feature, Meter, Route};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("health", ROUTES);

const ROUTES: &[Route] = &[
    Route::get("/", Access::Public, api::home, "What this is").versionless().metered(Meter::Free).gives::<rules::About>(200),
    Route::get("/health/", Access::Public, api::health, "Whether it works, for monitors")
        .versionless()
        .metered(Meter::Free)
        .gives::<rules::Health>(200),
];
