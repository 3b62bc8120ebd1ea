//! The integration tests, one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::expect_used, clippy::panic, reason = "so has one whose server does not start")]

mod servers;
mod transport;
mod web;
