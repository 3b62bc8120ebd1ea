//! What every request passes, in this order: address, CORS, limits, admission, idempotency; and what every answer gets.

pub mod address;
pub mod admit;
pub mod cors;
pub mod finish;
pub mod idempotency;
pub mod meter;
mod texts;
pub mod uploads;
