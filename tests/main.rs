//! The integration tests: one binary, so that it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod servers;
mod web;
