//! The operator's part, `lifecycle.json`: what they deprecate, and which clients are too old. Read whole or not at all.

use super::clients::{Minimum, is_word};
use super::days::{Edge, instant};
use super::{Entry, Source, Target};
use crate::base::json;
use crate::base::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Display;

/// The file's name in the data folder.
pub const FILE: &str = "lifecycle.json";
/// The most bytes that are read: as many as the most entries may need.
pub const MAX_BYTES: usize = 64 << 10;
/// The most entries: each is compared with each request.
pub const MAX_ENTRIES: usize = 200;
/// The most characters of a link or a reason: they are sent with each answer.
const LONGEST: usize = 200;

/// What the operator declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// What goes.
    pub entries: Vec<Entry>,
    /// Who is too old.
    pub clients: Vec<Minimum>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default)]
    deprecations: Vec<WrittenEntry>,
    #[serde(default)]
    clients: Vec<WrittenClient>,
}

#[derive(Serialize, Deserialize)]
struct WrittenEntry {
    target: String,
    since: String,
    sunset: Option<String>,
    successor: Option<String>,
    link: Option<String>,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenClient {
    name: String,
    soft: Option<String>,
    hard: Option<String>,
    from: Option<String>,
    url: Option<String>,
}

/// Reads the file's text.
///
/// # Errors
/// What is wrong with it, for the operator.
pub fn parse(text: &[u8]) -> Result<Declared, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    let wrong = |error: &dyn Display| format!("it is not as it should be: {error}");
    // An object: the reader of a structure would take a list, too.
    let members: Map<String, Value> = json::read(text).map_err(|error| wrong(&error))?;
    let written: Written = serde_json::from_value(members.into()).map_err(|error| wrong(&error))?;
    if written.deprecations.len() + written.clients.len() > MAX_ENTRIES {
        return Err(format!("it has more than {MAX_ENTRIES} entries"));
    }
    let entries = written.deprecations.into_iter().map(entry).collect::<Result<Vec<Entry>, String>>()?;
    let clients = written.clients.into_iter().map(client).collect::<Result<Vec<Minimum>, String>>()?;
    Ok(Declared { entries, clients })
}

/// The file's text.
///
/// # Errors
/// When it would not be read again.
pub fn write(declared: &Declared) -> Result<String, String> {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let entries = declared.entries.iter().map(|entry| WrittenEntry {
        target: entry.target.to_string(),
        since: at(entry.since).unwrap_or_default(),
        sunset: at(entry.sunset),
        successor: entry.successor.as_ref().map(Target::to_string),
        link: entry.link.clone(),
        reason: entry.reason.clone(),
    });
    let clients = declared.clients.iter().cloned().map(|client| WrittenClient {
        name: client.name,
        soft: client.soft,
        hard: client.hard,
        from: at(client.from),
        url: client.url,
    });
    let written = Written { deprecations: entries.collect(), clients: clients.collect() };
    let text = json::pretty(&written).map_err(|error| error.to_string())?;
    parse(text.as_bytes())?;
    Ok(text)
}

fn entry(written: WrittenEntry) -> Result<Entry, String> {
    let WrittenEntry { target: name, since, sunset, successor, link, reason } = written;
    let target = |text: &str| Target::parse(text).ok_or_else(|| format!("{text:?} is no target"));
    let entry = Entry {
        target: target(&name)?,
        since: Some(day(&since, Edge::Begin)?),
        sunset: sunset.as_deref().map(|day_| day(day_, Edge::End)).transpose()?,
        successor: successor.as_deref().map(target).transpose()?,
        link: link.map(url).transpose()?,
        reason: reason.map(plain).transpose()?,
        source: Source::Operator,
    };
    match (entry.since, entry.sunset) {
        (Some(since), Some(sunset)) if sunset < since => Err(format!("{name} would be gone before it is deprecated")),
        _ => Ok(entry),
    }
}

fn client(written: WrittenClient) -> Result<Minimum, String> {
    let word = |text: String| if is_word(&text) { Ok(text) } else { Err(format!("{text:?} is no name or version of a client")) };
    let WrittenClient { name, soft, hard, from, url: link } = written;
    Ok(Minimum {
        name: word(name)?,
        soft: soft.map(word).transpose()?,
        hard: hard.map(word).transpose()?,
        from: from.as_deref().map(|text| day(text, Edge::Begin)).transpose()?,
        url: link.map(url).transpose()?,
    })
}

fn day(text: &str, edge: Edge) -> Result<Timestamp, String> {
    instant(text, edge).ok_or_else(|| format!("{text:?} is no day such as 2027-06-30"))
}

/// A link as a header field and a page may carry it.
fn url(text: String) -> Result<String, String> {
    let known = ["https://", "http://", "/"].iter().any(|start| text.starts_with(start));
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\,;".contains(&byte));
    if known && plain && text.len() <= LONGEST {
        Ok(text)
    } else {
        Err(format!("{text:?} is no link such as https://example.org/news"))
    }
}

fn plain(text: String) -> Result<String, String> {
    let fits = !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(format!("a reason has 1 to {LONGEST} characters on one line")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"deprecations": [{"target": "version:1", "since": "2026-01-01", "sunset": "2026-06-30", "successor": "version:2",
        "link": "https://example.org/v2", "reason": "Version 2 is better."}], "clients": [{"name": "T", "soft": "2.0", "from": "2026-01-01"}]}"#;

    #[test]
    fn what_is_written_is_read_again() {
        let declared = parse(WHOLE.as_bytes()).unwrap();
        assert_eq!(declared.entries[0].sunset.unwrap().to_string(), "2026-06-30T23:59:59.000Z");
        assert_eq!(parse(write(&declared).unwrap().as_bytes()), Ok(declared));
        assert_eq!(parse(b"{}"), Ok(Declared::default()));
    }

    #[test]
    fn one_wrong_entry_spoils_the_whole() {
        for (good, bad) in [
            ("version:1\"", "goals\""),
            ("2026-06-30", "2025-06-30"),
            ("2026-01-01\", \"sunset", "soon\", \"sunset"),
            ("https://example.org/v2", "javascript:x"),
            ("https://example.org/v2", "https://e\\r\\nSet-Cookie:"),
            ("better.", "better.\\n"),
            ("\"T\"", "\"T T\""),
            ("}]}", "}]"),
        ] {
            let broken = WHOLE.replace(good, bad);
            assert!(broken != WHOLE && parse(broken.as_bytes()).is_err(), "{bad}");
        }
        let many = format!(r#"{{"clients": [{}]}}"#, vec![r#"{"name": "T"}"#; MAX_ENTRIES + 1].join(","));
        for text in ["", "[]", "null", &many, &" ".repeat(MAX_BYTES + 1)] {
            assert!(parse(text.as_bytes()).is_err());
        }
    }
}
