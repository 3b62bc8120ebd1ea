//! Subscriptions: each device's own, and what the courier keeps of it.

pub mod rules;
pub mod store;
pub mod target;
