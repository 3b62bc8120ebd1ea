//! The integration tests: one binary, so that it links once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "tests show how far they are")]

mod api;
mod cli;
mod clock;
mod courier;
mod db;
mod faults;
mod model;
mod servers;
mod tidy;
mod transport;
mod upgrade;
mod upkeep;
mod uploads;
mod web;
