//! What every layer may use: errors, texts, identifiers, marks, memory, time, tokens.

pub mod error;
pub mod id;
pub mod mark;
pub mod memory;
pub mod text;
pub mod time;
pub mod token;
pub mod word;
