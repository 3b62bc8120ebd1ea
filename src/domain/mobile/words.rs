//! Why an item was refused, in words that stay: what a queue on a phone goes by. One table.

use super::texts;
use crate::base::text::{self, Message, Text};
use crate::base::words;
use crate::feature::texts as seam;

/// A word of items alone, and what is said with it.
#[derive(Debug)]
struct Word {
    name: &'static str,
    /// May the same item be taken when it is sent again unchanged?
    retryable: bool,
    /// In how many seconds that is worth trying, where it is not at once.
    retry_after: Option<u32>,
    /// The sentences that mean this.
    texts: &'static [&'static Text],
}

const fn word(name: &'static str, texts: &'static [&'static Text]) -> Word {
    Word { name, retryable: false, retry_after: None, texts }
}

pub use crate::base::words::EXISTS;

/// What somebody chose was of a record that has changed since: whoever looks again may choose the same.
const MOVED_ON: &str = "moved_on";

/// Can an item, or a choice, that was refused for this never be taken, whatever happens? No program sends again by itself what is not
/// retryable; a person may.
pub fn is_hopeless(reason: &str) -> bool {
    reason != MOVED_ON
}

/// The words of items, beside those of fields anywhere (`base/words.rs`), which they share where both mean the same. A word that was
/// on the wire once stays.
static WORDS: &[Word] = &[
    word("too_long", &[&texts::FIELD_NAME]),
    word("too_large", &[&texts::DATA_TOO_LARGE, &texts::TOO_MANY_FIELDS]),
    word("not_object", &[&texts::NOT_ITEM]),
    word("not_choice", &[&texts::UNKNOWN_DOMAIN, &texts::UNKNOWN_OPERATION]),
    word("order", &[&texts::BEFORE, &texts::END_BEFORE_START]),
    // The clock of a device that is fast is right later.
    Word { retryable: true, ..word("in_future", &[&texts::IN_FUTURE]) },
    word("transition", &[&texts::TRANSITION]),
    word(EXISTS, &[&text::EXISTS]),
    word("forbidden", &[&text::FORBIDDEN]),
    word("deleted", &[&seam::DELETED]),
    word("fixed_parent", &[&seam::FIXED_PARENT]),
    // What it belongs to may be on its way.
    Word { retryable: true, ..word("no_parent", &[&seam::NO_PARENT]) },
    word(MOVED_ON, &[&texts::CONFLICT_MOVED_ON]),
    // A person who settles one makes room.
    Word { retryable: true, ..word("conflict_open", &[&texts::CONFLICT_OPEN]) },
    // So does who deletes something, or an operator who gives more room; nobody does at once.
    Word {
        retry_after: Some(3_600),
        retryable: true,
        ..word(
            "quota",
            &[
                &seam::ROOM_COUPLE,
                &seam::ROOM_NEW_COUPLE,
                &seam::ROOM_TEAM,
                &seam::ROOM_OBJECTS,
                &seam::ROOM_DELETED,
                &seam::ROOM_SITE,
            ],
        )
    },
];

/// The words as they stand on the wire, for the API's description.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = words::WORDS.iter().map(|(name, _)| *name).collect();
    let own = WORDS.iter().map(|word| word.name).chain([words::INVALID]);
    for name in own {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The word of a sentence, whether the same item may be taken later, and in how many seconds.
pub fn of(message: &Message) -> (&'static str, bool, Option<u32>) {
    let own = WORDS.iter().find(|word| word.texts.contains(&message.text()));
    own.map_or_else(|| (words::of(message), false, None), |word| (word.name, word.retryable, word.retry_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_one_word_and_a_word_one_name() {
        let all: Vec<&Text> = WORDS.iter().flat_map(|word| word.texts).copied().collect();
        assert!(
            all.iter()
                .enumerate()
                .all(|(n, text)| !all[..n].contains(text) && words::of(&Message::plain(text)) == words::INVALID)
        );
        let names = names();
        assert!(names.iter().enumerate().all(|(n, name)| !names[..n].contains(name)));
    }

    #[test]
    fn what_has_no_word_is_invalid() {
        let word = |text| of(&Message::plain(text));
        assert_eq!((word(&texts::KEYS_DIFFER).0, word(&texts::IN_FUTURE).1), ("invalid", true));
    }
}
