//! Why an item was refused, in words that stay: what a queue on a phone goes by. One table.

use super::answer::SyncError;
use super::texts;
use crate::base::text::{self, Language, Message, Text};
use crate::feature::texts as seam;

/// A word, and what is said with it.
#[derive(Debug)]
pub struct Word {
    /// On the wire.
    pub name: &'static str,
    /// May the same item be taken when it is sent again unchanged?
    pub retryable: bool,
    /// In how many seconds that is worth trying, where it is not at once.
    pub retry_after: Option<u32>,
    /// The sentences that mean this.
    texts: &'static [&'static Text],
}

const fn word(name: &'static str, texts: &'static [&'static Text]) -> Word {
    Word { name, retryable: false, retry_after: None, texts }
}

/// Every word. A word that was on the wire once stays; the last one is for sentences that have none of their own.
pub static WORDS: [Word; 21] = [
    word("required", &[&text::REQUIRED, &text::NULL, &text::BLANK]),
    word("too_long", &[&text::TOO_LONG, &texts::FIELD_NAME]),
    word("too_short", &[&text::TOO_SHORT]),
    word("too_large", &[&texts::DATA_TOO_LARGE, &texts::TOO_MANY_FIELDS]),
    word("out_of_range", &[&text::OUT_OF_RANGE]),
    word("not_text", &[&text::NOT_TEXT, &text::NUL]),
    word("not_number", &[&text::NOT_INTEGER, &text::NOT_NUMBER]),
    word("not_boolean", &[&text::NOT_BOOLEAN]),
    word("not_instant", &[&text::NOT_INSTANT, &text::NOT_DATE, &text::NOT_MONTH]),
    word("not_list", &[&text::NOT_LIST]),
    word("not_object", &[&text::NOT_OBJECT, &texts::NOT_ITEM]),
    word("not_choice", &[&text::NOT_CHOICE, &texts::UNKNOWN_DOMAIN, &texts::UNKNOWN_OPERATION]),
    word("not_uuid", &[&texts::NOT_UUID]),
    word("order", &[&texts::BEFORE, &texts::END_BEFORE_START]),
    // The clock of a device that is fast is right later.
    Word { retryable: true, ..word("in_future", &[&texts::IN_FUTURE]) },
    word("transition", &[&texts::TRANSITION]),
    word("not_found", &[&text::NOT_FOUND]),
    word("moved_on", &[&texts::CONFLICT_MOVED_ON]),
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
    word("invalid", &[&text::INVALID, &texts::LIST_LENGTH, &texts::CHOOSE_FIELDS, &texts::CONTRADICTION]),
];

/// The words as they stand on the wire, for the API's description.
pub fn names() -> Vec<&'static str> {
    WORDS.iter().map(|word| word.name).collect()
}

/// The word of a sentence.
fn of(message: &Message) -> &'static Word {
    let known = WORDS.iter().find(|word| word.texts.contains(&message.text()));
    known.unwrap_or(&WORDS[WORDS.len() - 1])
}

impl SyncError {
    /// An error with this code of version 1, told in a sentence and its word.
    pub fn new(code: &str, message: &Message, language: Language) -> SyncError {
        let word = of(message);
        SyncError {
            code: code.to_owned(),
            message: message.render(language).into_owned(),
            field: None,
            item_id: None,
            details: None,
            domain: None,
            reason: word.name.to_owned(),
            retryable: word.retryable,
            retry_after: word.retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_one_word_and_a_word_one_name() {
        let all: Vec<&Text> = WORDS.iter().flat_map(|word| word.texts).copied().collect();
        assert!(all.iter().enumerate().all(|(n, text)| !all[..n].contains(text)));
        let names = names();
        assert!(names.iter().enumerate().all(|(n, name)| !names[..n].contains(name)));
    }

    #[test]
    fn what_has_no_word_is_invalid() {
        let error = |text| SyncError::new("SYNC_ERROR", &Message::plain(text), Language::Fr);
        assert_eq!((error(&texts::KEYS_DIFFER).reason.as_str(), error(&texts::IN_FUTURE).retryable), ("invalid", true));
    }
}
