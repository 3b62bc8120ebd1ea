//! What every layer may use: errors, texts, identifiers, time, tokens.

pub mod error;
pub mod id;
pub mod text;
pub mod time;
pub mod token;
pub mod word;
