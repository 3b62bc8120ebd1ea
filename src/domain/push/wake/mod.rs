//! Waking devices: when (`rules.rs`), what became of a try (`outcome.rs`), and what was sent before (`past.rs`).

mod outcome;
mod past;
mod rules;
