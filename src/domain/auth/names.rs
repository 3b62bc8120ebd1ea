//! When two user names or addresses are the same, and which of them nobody could tell apart.
//!
//! One function for user names, e-mail addresses and log-ins: compatibility forms are one (NFKC, Unicode UAX 15), case does not
//! count in any script (full case folding, Unicode 3.13), and what is not seen is not there.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint};

/// Seen as nothing, though Unicode does not ignore them: the blank of braille, and anchors of annotations.
const BLANK: [char; 5] = ['\u{2800}', '\u{fff9}', '\u{fffa}', '\u{fffb}', '\u{fffc}'];
/// Folding and composing come to rest after so many rounds at the latest.
const ROUNDS: usize = 4;

/// A name as it is kept and shown.
pub fn shown(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text.trim()).into_owned()
}

/// What makes two names the same.
pub fn key(text: &str) -> String {
    let mut key: String = shown(text).chars().filter(|c| !is_unseen(*c)).collect();
    for _ in 0..ROUNDS {
        let folded = shown(&CaseMapper::new().fold_string(&key));
        if folded == key {
            break;
        }
        key = folded;
    }
    key
}

/// What made two names the same up to version 0.3: an account of then may still be kept under it.
pub fn former_key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The keys under which the account of a name may be kept. Whoever had the name in this very spelling comes first.
pub fn keys(text: &str) -> Vec<String> {
    let mut keys = vec![former_key(text), key(text)];
    keys.dedup();
    keys
}

/// Does a name hold what nobody sees, or what turns the writing of others around?
pub fn hides_something(text: &str) -> bool {
    text.chars().any(is_unseen)
}

fn is_unseen(c: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    ignorable || CodePointSetData::new::<BidiControl>().contains(c) || BLANK.contains(&c)
}

/// A password in the one form of its characters (NFC): é is é, however the keyboard writes it.
pub fn composed(password: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(password).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("가나", "\u{1100}\u{1161}\u{1102}\u{1161}"),
            ("josé", "JOSE\u{301}"),
            ("straße", "STRASSE"),
            ("Ana", "\u{ff21}\u{ff4e}\u{ff41}"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ﬁn", "FIN"),
            ("a\u{200d}na", "ana"),
            ("ᏸ", "Ᏸ"),
            (" ana ", "ana"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("ana"), key("anna"));
        assert_ne!(key("jose"), key("josé"));
    }

    #[test]
    fn what_nobody_sees_is_found() {
        for hidden in
            ["\u{3164}", "\u{115f}", "a\u{200b}b", "a\u{202e}b", "\u{2066}ab", "a\u{ad}b", "\u{2800}", "a\u{fe0f}", "\u{e0061}"]
        {
            assert!(hides_something(hidden), "{hidden:?}");
        }
        assert!(!hides_something("josé.가나@x-y_z+1"));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key_and_that_of_every_form(text in "\\PC{0,20}") {
            let own = key(&text);
            prop_assert_eq!(key(&own), own.clone());
            prop_assert_eq!(key(&text.to_lowercase()), key(&text.to_lowercase().to_lowercase()));
            let apart = icu_normalizer::DecomposingNormalizerBorrowed::new_nfkd().normalize(&text).into_owned();
            prop_assert_eq!(key(&apart), own);
        }
    }
}
