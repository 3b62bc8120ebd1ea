//! What is wrong with a field, in words that stay: what programs go by where people read the sentence.

use super::text::{self, Message, Text};

/// A word, and the sentences that mean it.
pub type Word = (&'static str, &'static [&'static Text]);

/// What has no word of its own.
pub const INVALID: &str = "invalid";

/// There is one already where there may be but one.
pub const EXISTS: &str = "exists";

/// The words of what is said of fields anywhere. A word that was on the wire once stays.
pub static WORDS: &[Word] = &[
    ("required", &[&text::REQUIRED, &text::NULL, &text::BLANK]),
    ("too_long", &[&text::TOO_LONG]),
    ("too_short", &[&text::TOO_SHORT]),
    ("out_of_range", &[&text::OUT_OF_RANGE]),
    ("not_text", &[&text::NOT_TEXT, &text::NUL]),
    ("not_number", &[&text::NOT_INTEGER, &text::NOT_NUMBER]),
    ("not_boolean", &[&text::NOT_BOOLEAN]),
    ("not_instant", &[&text::NOT_INSTANT, &text::NOT_DATE, &text::NOT_MONTH]),
    ("not_uuid", &[&text::NOT_UUID]),
    ("not_list", &[&text::NOT_LIST]),
    ("not_object", &[&text::NOT_OBJECT]),
    ("not_choice", &[&text::NOT_CHOICE]),
    ("not_found", &[&text::NOT_FOUND]),
];

/// The word of a sentence.
pub fn of(message: &Message) -> &'static str {
    WORDS.iter().find(|(_, texts)| texts.contains(&message.text())).map_or(INVALID, |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_one_word_whatever_its_arguments() {
        assert_eq!(of(&Message::with(&text::TOO_LONG, &[&7])), "too_long");
        assert_eq!(of(&Message::plain(&text::STALE)), INVALID);
        let all: Vec<&Text> = WORDS.iter().flat_map(|(_, texts)| *texts).copied().collect();
        assert!(all.iter().enumerate().all(|(n, text)| !all[..n].contains(text)));
    }
}
