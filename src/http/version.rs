//! The versions of the API: which there are, and how a request names one.

/// One version.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// The segment of paths that names it.
    pub name: &'static str,
    /// What kinds and routes compare.
    pub number: u8,
    /// The day of its release.
    pub since: &'static str,
    /// The last day on which it is served, once that was announced.
    pub sunset: Option<&'static str>,
    /// What it is, for developers of clients.
    pub about: &'static str,
}

/// Every version, oldest first.
pub static VERSIONS: [Version; 2] = [
    Version { name: "v1", number: 1, since: "2026-11-22", sunset: None, about: "The contract of existing clients." },
    Version {
        name: "v2",
        number: 2,
        since: "2026-11-22",
        sunset: None,
        about: "The same, but a poll of the feed carries the lists of every kind there is.",
    },
];

/// The version of a request that names none: existing clients use the unversioned paths.
pub static UNNAMED: &Version = &VERSIONS[0];
/// The newest: what has no versions of its own, such as GraphQL, shows what this one does.
pub static CURRENT: &Version = &VERSIONS[VERSIONS.len() - 1];

/// The version that a segment of a path names.
pub fn in_path(segment: &str) -> Option<&'static Version> {
    VERSIONS.iter().find(|version| version.name == segment)
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
        assert_eq!(in_path("v2"), Some(CURRENT));
        for segment in ["", "v", "v0", "v3", "V1", "v01", "1", "v1.0"] {
            assert_eq!(in_path(segment), None, "{segment}");
        }
    }
}
