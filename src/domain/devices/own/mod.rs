//! A user's own devices: where they are signed in, and what each has fetched.

pub mod api;
pub mod rules;
pub mod state;
