//! Conflict prevention: how likely an edit is to meet one that its device has not seen, learned on this site from what happened here.
//!
//! [`columns`] and [`model`] are what an answer needs; [`train`] is for the operator's program alone, and no route may reach it.

pub mod columns;
pub mod model;
pub mod train;

use crate::feature::Feature;

/// The registry entry.
pub const FEATURE: Feature = Feature::new("risk", &[]);
