//! How long backups keep what was deleted: who deletes is told, and so is who exports.

use super::store::{fact, put_fact};
use super::texts;
use crate::base::error::Result;
use crate::base::text::{Language, Message};
use crate::db::Db;
use schemars::JsonSchema;
use serde::Serialize;

/// What the last command that deletes old backups was told: the name of that fact.
const BACKUPS: &str = "backups_kept";
/// The field of an answer to a deletion that says how long backups keep it.
pub const HEADER: &str = "Backups-Keep";

/// How long backups are kept, as the last `tandem backup` said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backups {
    /// Was one ever made?
    pub made: bool,
    /// So many of the newest.
    pub newest: Option<u32>,
    /// Those of so many days.
    pub days: Option<u32>,
}

/// The same for an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Told {
    /// So many of the newest are kept; null when that is not said.
    newest: Option<u32>,
    /// Those of so many days are kept; null when that is not said.
    days: Option<u32>,
    /// The same in a sentence.
    detail: String,
}

impl Backups {
    /// What is noted in the store.
    pub fn of(db: &mut Db) -> Result<Backups> {
        let Some(text) = fact(db, BACKUPS)? else { return Ok(Backups::default()) };
        let part = |name: &str| text.split(' ').find_map(|part| part.strip_prefix(name)?.parse().ok());
        Ok(Backups { made: true, newest: part("newest="), days: part("days=") })
    }

    /// Notes it. A backup that was made without a word about older ones changes nothing of what another said.
    pub fn note(self, db: &mut Db) -> Result<()> {
        if (self.newest, self.days) == (None, None) && fact(db, BACKUPS)?.is_some() {
            return Ok(());
        }
        put_fact(db, BACKUPS, &self.word())
    }

    /// In a word, for programs: `days=30`, `newest=14`, both, `unlimited`, `none`.
    pub fn word(self) -> String {
        let part = |name: &str, value: Option<u32>| value.map(|value| format!("{name}={value}"));
        let parts: Vec<String> = part("newest", self.newest).into_iter().chain(part("days", self.days)).collect();
        match parts.as_slice() {
            [] if self.made => "unlimited".to_owned(),
            [] => "none".to_owned(),
            parts => parts.join(" "),
        }
    }

    /// In a sentence, for people.
    pub fn message(self) -> Message {
        match (self.days, self.newest) {
            (Some(days), _) => Message::with(&texts::BACKUPS_DAYS, &[&days]),
            (None, Some(newest)) => Message::with(&texts::BACKUPS_NEWEST, &[&newest]),
            (None, None) if self.made => Message::plain(&texts::BACKUPS_UNLIMITED),
            (None, None) => Message::plain(&texts::BACKUPS_NONE),
        }
    }

    /// For an export.
    pub fn told(self, language: Language) -> Told {
        Told { newest: self.newest, days: self.days, detail: self.message().render(language).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_word_for_programs_and_a_sentence_for_people() {
        let kept = |made, newest, days| Backups { made, newest, days };
        let all = [
            (kept(false, None, None), "none", "made no backups"),
            (kept(true, None, None), "unlimited", "until the operator"),
            (kept(true, Some(14), None), "newest=14", "14"),
            (kept(true, None, Some(30)), "days=30", "30 days"),
            (kept(true, Some(14), Some(30)), "newest=14 days=30", "30 days"),
        ];
        for (backups, word, part) in all {
            assert_eq!(backups.word(), word);
            assert!(backups.told(Language::En).detail.contains(part), "{word}");
        }
    }
}
