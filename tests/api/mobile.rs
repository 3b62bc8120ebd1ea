//! Uploads of mobile sync: one table of cases, through every face, with equal results; and what one face alone has.

mod cases;
mod devices;
pub mod driver;
mod keys;
mod rest;

use super::Case;

/// See [`Case`].
pub const CASES: &[&[Case]] = &[cases::CASES, keys::CASES, rest::CASES, devices::CASES];
