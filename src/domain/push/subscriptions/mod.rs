//! Subscriptions: each device's own, and what the courier keeps of it.

pub mod api;
pub mod change;
pub mod fields;
pub mod rules;
pub mod shown;
pub mod store;
pub mod target;
