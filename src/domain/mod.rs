//! The nouns of the product, a folder each.

pub mod letters;
