//! The heading of a letter, in the three languages.

use crate::base::error::{Error, Result};
use crate::base::text::Language;

/// The months in English, and in French with the preposition, which elides before a vowel.
const MONTHS: [(&str, &str); 12] = [
    ("January", "de janvier"),
    ("February", "de février"),
    ("March", "de mars"),
    ("April", "d’avril"),
    ("May", "de mai"),
    ("June", "de juin"),
    ("July", "de juillet"),
    ("August", "d’août"),
    ("September", "de septembre"),
    ("October", "d’octobre"),
    ("November", "de novembre"),
    ("December", "de décembre"),
];

/// “Letter of January 2026” for `2026-01`.
pub(super) fn heading(month: &str, language: Language) -> Result<String> {
    let unknown = || Error::internal("a letter's month is not YYYY-MM");
    let (year, month) = month.split_once('-').ok_or_else(unknown)?;
    let year: u16 = year.parse().map_err(|_| unknown())?;
    let month: usize = month.parse().map_err(|_| unknown())?;
    let (english, french) = month.checked_sub(1).and_then(|n| MONTHS.get(n)).ok_or_else(unknown)?;
    Ok(match language {
        Language::En => format!("Letter of {english} {year}"),
        Language::Fr => format!("Lettre {french} {year}"),
        Language::Ko => format!("{year}년 {month}월의 편지"),
    })
}
