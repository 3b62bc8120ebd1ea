//! The pages that a browser is shown: a folder each, in the frame of `http/html.rs`.

pub mod graphiql;
