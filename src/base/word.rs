//! Tables of words: an enumeration's values with what they are called in the store and on the wire.

use super::error::{Error, Result};

/// The value of a word.
pub fn named<T: Copy>(table: &[(T, &str)], word: &str) -> Option<T> {
    table.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
}

/// The value of a word that the store holds.
///
/// # Errors
/// When this program does not know it, which is a defect or a newer program's.
pub fn stored<T: Copy>(table: &[(T, &str)], word: &str) -> Result<T> {
    named(table, word).ok_or_else(|| Error::Internal("the store holds a word that is not known".into()))
}

/// The word of a value.
pub fn of<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    table.iter().find(|(known, _)| known == value).map_or("", |(_, word)| word)
}

/// The words, in the table's order.
pub const fn list<T, const N: usize>(table: &[(T, &'static str); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut n = 0;
    while n < N {
        words[n] = table[n].1;
        n += 1;
    }
    words
}
