//! The faces: what shows all nouns at once, put together from the registry without a noun's name.
//!
//! REST has no folder here: each noun's routes are its own.

pub mod graphql;
pub mod openapi;
pub mod pages;
pub mod realtime;
pub mod versions;

use crate::feature::Feature;

/// Every face that has routes.
pub const FEATURES: &[&Feature] =
    &[&openapi::FEATURE, &graphql::FEATURE, &pages::FEATURE, &versions::FEATURE, &realtime::FEATURE];
