//! Uploads of mobile sync: one table of cases, through every face, with equal results; and what one face alone has.

mod cases;
mod devices;
pub mod driver;
mod keys;
mod rest;

use super::{Table, tables};

/// See [`Table`].
pub const TABLES: &[Table] = tables![cases, keys, rest, devices];
