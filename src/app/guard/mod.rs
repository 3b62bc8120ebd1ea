//! What every request passes: the address, the limits of reads, then [`transact`] with the guards inside a transaction; and
//! what every answer gets.

pub mod address;
pub mod admit;
pub mod cors;
pub mod finish;
pub mod idempotency;
pub mod meter;
pub mod transact;
pub mod uploads;
