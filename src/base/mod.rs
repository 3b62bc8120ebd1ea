//! What every layer may use: errors, texts, identifiers, memory, time, tokens.

pub mod error;
pub mod id;
pub mod json;
pub mod memory;
pub mod text;
pub mod time;
pub mod token;
pub mod word;
