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

    /// The names of what devices edit that is called so anywhere: records, and what nouns have edited offline.
    pub fn domain(&self, word: &str) -> Option<&'static Names> {
        let nouns = self.features.iter().flat_map(|feature| feature.offline).map(|noun| &noun.names);
        self.names(word).or_else(|| nouns.into_iter().find(|names| names.has(word)))
    }

    /// The kind that is called so, in the feed or where devices edit it.
    pub fn kind(&self, word: &str) -> Option<&'static Kind> {
        let is_called = |kind: &&Kind| self.domain(word).is_some_and(|names| names.list == kind.name);
        self.kinds().find(|kind| kind.is(word)).or_else(|| self.kinds().find(is_called))
    }

    /// A key for one purpose, derived from the site's secret.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        token::derive(&self.secret, purpose)
    }
}
