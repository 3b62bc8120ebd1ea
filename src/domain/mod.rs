//! The nouns: a folder each, one line each in the registry.

pub mod auth;
pub mod checkins;
pub mod couples;
pub mod devices;
pub mod goals;
pub mod health;
pub mod letters;
pub mod mobile;
pub mod push;
pub mod qna;
pub mod risk;
pub mod sync;
#[cfg(test)]
mod tests;

use crate::feature::Feature;

/// Every noun.
pub const FEATURES: &[&Feature] = &[
    &health::FEATURE,
    &auth::FEATURE,
    &couples::FEATURE,
    &qna::FEATURE,
    &goals::FEATURE,
    &checkins::FEATURE,
    &letters::FEATURE,
    &sync::FEATURE,
    &mobile::FEATURE,
    &mobile::conflicts::FEATURE,
    &devices::FEATURE,
    &push::FEATURE,
    &risk::FEATURE,
];
