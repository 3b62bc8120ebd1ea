//! The versions of the API: which there are, what differs, and how a request names one.

use serde_json::{Value, json};

/// One version.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// The segment of paths that names it.
    pub name: &'static str,
    /// What kinds and routes compare.
    pub number: u8,
    /// The same as the field `API-Version` says it.
    pub digits: &'static str,
    /// The day of its release.
    pub since: &'static str,
    /// The day from which on it should not be used any more, once that was announced.
    pub deprecated: Option<&'static str>,
    /// The last day on which it is served, once that was announced.
    pub sunset: Option<&'static str>,
    /// What it is, for developers of clients.
    pub about: &'static str,
}

/// Every version, oldest first.
pub static VERSIONS: [Version; 2] = [
    Version {
        name: "v1",
        number: 1,
        digits: "1",
        since: "2026-11-22",
        deprecated: None,
        sunset: None,
        about: "The contract of existing clients.",
    },
    Version {
        name: "v2",
        number: 2,
        digits: "2",
        since: "2026-11-22",
        deprecated: None,
        sunset: None,
        about: "The same, but for the differences that /version/ lists: problems with types, required keys, every list in a poll.",
    },
];

/// The version of a request that names none: existing clients use the unversioned paths.
pub static UNNAMED: &Version = &VERSIONS[0];
/// The newest: what has no versions of its own, such as GraphQL, shows what this one does.
pub static CURRENT: &Version = &VERSIONS[VERSIONS.len() - 1];

/// What differs from the version before; all else is the same.
#[derive(Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// In a word that stays.
    pub name: &'static str,
    /// In version 1.
    pub v1: &'static str,
    /// From version 2 on.
    pub v2: &'static str,
}

/// Every difference. `tests/api/versions.rs` has a case for each, by its name.
pub static DIFFERENCES: &[Difference] = &[
    Difference {
        name: "feed",
        v1: "A poll that names no `kinds` carries the seven lists of the couple.",
        v2: "It carries every list.",
    },
    Difference {
        name: "problems",
        v1: "`type` is `about:blank`; errors of fields also stand as members of their own, in the place of a standard member of the same name.",
        v2: "`type` is the URI of a description, `code` its name, `errors` a list of pointers, `retryable` says whether to try again.",
    },
    Difference {
        name: "keys",
        v1: "`Idempotency-Key` is optional, bare or in quotes. On PUT, PATCH and DELETE a key that is none, or that came with another request, is ignored.",
        v2: "An upload needs one, in the field or as `idempotency_key`; in the field it is a String in quotes (RFC 9651). A key that is none is 400 and one that came with another request 422, on every method.",
    },
    Difference { name: "ids", v1: "An `id` in a POST that is no UUID is ignored.", v2: "It is 400." },
    Difference { name: "second-checkin", v1: "A second check-in of a day is 400 on `date`.", v2: "It is 409 `exists`." },
    Difference {
        name: "devices",
        v1: "An upload may name any device; one that nobody knows is registered.",
        v2: "It names the device of its session, which PUT `/devices/{device_id}/` or the sign-in has registered: else it is 409.",
    },
    Difference {
        name: "item-errors",
        v1: "`code` of an item's error is `SYNC_ERROR` or `VALIDATION_ERROR`; the word that says what is wrong stands in `reason`.",
        v2: "The word stands in `code`, and `poison: true` where sending the item again can never help.",
    },
];

/// How a request's version was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The path names it, whatever else is sent.
    Path(&'static Version),
    /// A field names it, or nothing does.
    Fields(&'static Version),
    /// There is no such version.
    Unknown {
        /// Did the path name it?
        in_path: bool,
    },
}

impl Asked {
    /// The version to answer in; what asks for none that exists is told so in the first one's way.
    pub fn version(self) -> &'static Version {
        match self {
            Asked::Path(version) | Asked::Fields(version) => version,
            Asked::Unknown { .. } => UNNAMED,
        }
    }
}

/// The version that a segment of a path names; `None` when it names none at all, as `goals` does.
pub fn in_path(segment: &str) -> Option<Asked> {
    let known = VERSIONS.iter().find(|version| version.name == segment);
    let digits = segment.strip_prefix('v').filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    known.map(Asked::Path).or_else(|| digits.map(|_| Asked::Unknown { in_path: true }))
}

/// The version that the fields of a request choose where its path names none: `Accept-Version: 2` or `v2`, else the parameter
/// `version` of the first range of JSON in `Accept` that has one, else the oldest.
pub fn in_fields(accept_version: Option<&str>, accept: Option<&str>) -> Asked {
    let named = accept_version.map(str::trim).or_else(|| accept.and_then(parameter));
    let Some(named) = named else { return Asked::Fields(UNNAMED) };
    let digits = named.strip_prefix('v').unwrap_or(named);
    let known = VERSIONS.iter().find(|version| version.digits == digits);
    known.map_or(Asked::Unknown { in_path: false }, Asked::Fields)
}

/// The parameter `version` of the first range of JSON that has one; other types' parameters mean nothing here.
fn parameter(accept: &str) -> Option<&str> {
    accept.split(',').find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next()?.to_ascii_lowercase();
        let json = media == "application/json" || media.ends_with("+json");
        let version = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("version"));
        version.filter(|_| json).map(|(_, value)| value.trim().trim_matches('"'))
    })
}

/// What a client that asks for an unknown version is told of the known ones.
pub fn known() -> [(String, Value); 2] {
    let numbers: Value = VERSIONS.iter().map(|version| version.number).collect();
    [("supported_versions".to_owned(), numbers), ("current".to_owned(), json!(CURRENT.number))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;

    #[test]
    fn versions_are_numbered_and_dated_in_their_order() {
        let day = |text| Timestamp::parse(text).unwrap();
        for (version, number) in VERSIONS.iter().zip(1..) {
            assert_eq!((version.number, version.name), (number, &*format!("v{number}")));
            assert_eq!(version.digits, number.to_string());
            assert!(
                version.sunset.is_none_or(|sunset| day(version.since) < day(sunset)),
                "{} ends before it begins",
                version.name
            );
        }
        assert!(VERSIONS.is_sorted_by_key(|version| day(version.since)));
    }

    #[test]
    fn a_path_names_a_version_exactly() {
        assert_eq!(in_path("v2"), Some(Asked::Path(CURRENT)));
        for segment in ["", "v", "V1", "1", "v1.0", "vase"] {
            assert_eq!(in_path(segment), None, "{segment}");
        }
        for segment in ["v0", "v3", "v01", "v99999999999999999999"] {
            assert_eq!(in_path(segment), Some(Asked::Unknown { in_path: true }), "{segment}");
        }
    }

    #[test]
    fn fields_choose_a_version_where_the_path_names_none() {
        let number = |version, accept| match in_fields(version, accept) {
            Asked::Fields(version) => version.number,
            _ => 0,
        };
        assert_eq!((number(None, None), number(Some("2"), None), number(Some(" v2 "), None)), (1, 2, 2));
        for (accept, chosen) in [
            ("application/json; version=2", 2),
            ("text/html, application/json;q=0.9;Version=\"2\"", 2),
            ("application/problem+json;version=v1, application/json;version=2", 1),
            ("text/html;version=7, */*;version=7", 1),
            ("application/json", 1),
            ("application/json;version=7", 0),
            ("application/json;version=", 0),
        ] {
            assert_eq!(number(None, Some(accept)), chosen, "{accept}");
        }
        assert_eq!((number(Some("v99"), None), number(Some("1"), Some("application/json;version=2"))), (0, 1));
    }
}
