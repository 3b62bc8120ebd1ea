//! Walks at compile time: what a noun declares may be made from a table, and costs a process that starts nothing.

/// The longest text that is joined, in bytes: a path, with room to spare. A longer one does not compile.
const MAX_JOINED: usize = 100;

/// A text that was put together from parts.
#[derive(Debug, Clone, Copy)]
pub struct Joined {
    bytes: [u8; MAX_JOINED],
    length: usize,
}

impl Joined {
    /// Puts the parts together.
    pub const fn of(parts: &[&str]) -> Joined {
        let mut joined = Joined { bytes: [0; MAX_JOINED], length: 0 };
        let mut part = 0;
        while part < parts.len() {
            let bytes = parts[part].as_bytes();
            let mut byte = 0;
            while byte < bytes.len() {
                joined.bytes[joined.length] = bytes[byte];
                joined.length += 1;
                byte += 1;
            }
            part += 1;
        }
        joined
    }

    /// The text.
    pub const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Lists put one behind the other; `N` is how long they are together, and another number does not compile.
pub const fn chain<T: Copy, const N: usize>(lists: &[&[T]]) -> [T; N] {
    let mut chained = [lists[0][0]; N];
    let (mut list, mut length) = (0, 0);
    while list < lists.len() {
        let mut item = 0;
        while item < lists[list].len() {
            chained[length] = lists[list][item];
            length += 1;
            item += 1;
        }
        list += 1;
    }
    assert!(length == N, "the lists are not as long as their chain");
    chained
}

/// What a constant function makes of the entries of tables that go together, one after the other.
macro_rules! walk {
    ($make:expr, $first:expr $(, $other:expr)*) => {{
        let mut made = [$make(&$first[0] $(, &$other[0])*); $first.len()];
        let mut entry = 1;
        while entry < made.len() {
            made[entry] = $make(&$first[entry] $(, &$other[entry])*);
            entry += 1;
        }
        made
    }};
}
pub(crate) use walk;

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[&str] = &["a", "bc", ""];

    const fn path(word: &&str) -> Joined {
        Joined::of(&["/", word, "/"])
    }

    const PATHS: &[Joined] = &walk!(path, WORDS);

    #[test]
    fn texts_are_made_from_a_table() {
        assert_eq!(PATHS.iter().map(Joined::text).collect::<Vec<_>>(), ["/a/", "/bc/", "//"]);
    }

    #[test]
    fn lists_stand_one_behind_the_other() {
        assert_eq!(chain::<_, 5>(&[&[1, 2], &[], &[3], &[4, 5]]), [1, 2, 3, 4, 5]);
    }
}
