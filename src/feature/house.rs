//! What the house knows beside its settings: its kinds, and keys for one purpose each.

use super::{House, Kind, Names};
use crate::base::token;

impl House {
    /// Every kind of object in the feed.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        self.features.iter().flat_map(|feature| feature.kinds)
    }

    /// The names of what is called so anywhere, where it has several.
    pub fn names(&self, word: &str) -> Option<&'static Names> {
        self.kinds().filter_map(Kind::names).find(|names| names.has(word))
    }

    /// A key for one purpose, derived from the site's secret.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        token::derive(&self.secret, purpose)
    }
}
