//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
pub mod domains;

use crate::feature::Feature;

/// The registry entry.
pub const FEATURE: Feature = Feature::new("mobile", &[]);
