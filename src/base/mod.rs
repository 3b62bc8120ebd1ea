//! What every layer may use: drafts of files, errors, texts, identifiers, marks, memory, time, tokens.

pub mod draft;
pub mod error;
pub mod id;
pub mod json;
mod jws;
pub mod mark;
pub mod memory;
pub mod passport;
pub mod sealed;
pub mod slot_file;
pub mod text;
pub mod time;
pub mod token;
mod verified;
pub mod word;
pub mod words;
