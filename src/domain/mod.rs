//! The nouns: a folder each, one line each in the registry.

pub mod auth;
pub mod couples;
pub mod goals;
pub mod health;
pub mod letters;
pub mod sync;

use crate::feature::Feature;

/// Every noun.
pub const FEATURES: &[&Feature] = &[&health::FEATURE, &auth::FEATURE, &couples::FEATURE, &goals::FEATURE, &sync::FEATURE];
