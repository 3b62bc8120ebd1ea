//! What one thing is called in different places.

/// The names of a thing that several places know by words of their own. Each place takes every one of them, and answers
/// with its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// In bodies, and in the store.
    pub name: &'static str,
    /// In paths.
    pub path: &'static str,
    /// Its list, in the feed or in a batch.
    pub list: &'static str,
}

impl Names {
    /// Every name, one as often as places share it.
    pub const fn words(&self) -> [&'static str; 3] {
        [self.name, self.path, self.list]
    }

    /// Is the thing called so anywhere?
    pub fn has(&self, word: &str) -> bool {
        self.words().contains(&word)
    }
}
