//! What can be deprecated, as it is written: `version:1`, `GET /goals/{id}/`, `v1:POST /sync/voice/`, and GraphQL's schema
//! coordinates, `graphql:Goal.whyForUs`.

use crate::feature::{Feature, Route};
use crate::http::Method;
use crate::http::version::{VERSIONS, Version};
use serde::{Serialize, Serializer};
use std::fmt;

/// The longest target, in bytes: far longer than any path or coordinate that there is.
const LONGEST: usize = 120;

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A whole version of the API.
    Version(u8),
    /// A route, in one version or in all of them.
    Route {
        /// The version; all of them where none is named.
        version: Option<u8>,
        /// Its method.
        method: Method,
        /// Its path, as the registry has it.
        path: String,
    },
    /// Something of GraphQL's schema, by its coordinate.
    Graphql(String),
}

impl Target {
    /// Reads a target; `None` when it is none. Whether it exists is another question.
    pub fn parse(text: &str) -> Option<Target> {
        if text.len() > LONGEST {
            return None;
        }
        if let Some(digits) = text.strip_prefix("version:") {
            return Some(Target::Version(number(digits)?));
        }
        if let Some(coordinate) = text.strip_prefix("graphql:") {
            let shaped = |byte: u8| byte.is_ascii_alphanumeric() || b"_.():@".contains(&byte);
            return (!coordinate.is_empty() && coordinate.bytes().all(shaped)).then(|| Target::Graphql(coordinate.to_owned()));
        }
        let (place, path) = text.split_once(' ')?;
        let (version, method) = match place.split_once(':') {
            Some((version, method)) => (Some(number(version.strip_prefix('v')?)?), method),
            None => (None, place),
        };
        let method = Method::from_name(method.as_bytes());
        let shaped = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\".contains(&byte));
        (shaped && method != Method::Other).then(|| Target::Route { version, method, path: path.to_owned() })
    }

    /// Is it this route, reached in this version?
    pub fn is(&self, route: &Route, reached: &Version) -> bool {
        match self {
            Target::Version(number) => route.is_versioned() && *number == reached.number,
            Target::Route { version, method, path } => {
                // What has no versions is in none.
                let reached = |number: &u8| route.is_versioned() && *number == reached.number;
                *method == route.method && path == route.path && version.as_ref().is_none_or(reached)
            }
            Target::Graphql(_) => false,
        }
    }

    /// Does it exist, as far as the registry knows? Of coordinates GraphQL's schema knows.
    pub fn exists(&self, features: &[&Feature]) -> bool {
        match self {
            Target::Version(number) => VERSIONS.iter().any(|version| version.number == *number),
            Target::Route { version, .. } => VERSIONS
                .iter()
                .filter(|known| version.is_none_or(|number| number == known.number))
                .any(|known| features.iter().flat_map(|f| f.routes).any(|route| route.exists_in(known) && self.is(route, known))),
            Target::Graphql(_) => false,
        }
    }
}

fn number(digits: &str) -> Option<u8> {
    digits.parse().ok().filter(|number: &u8| number.to_string() == digits)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Version(number) => write!(f, "version:{number}"),
            Target::Route { version: Some(number), method, path } => write!(f, "v{number}:{} {path}", method.name()),
            Target::Route { version: None, method, path } => write!(f, "{} {path}", method.name()),
            Target::Graphql(coordinate) => write!(f, "graphql:{coordinate}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_as_it_was_read() {
        for text in [
            "version:1",
            "GET /goals/{id}/",
            "v1:POST /sync/voice/",
            "graphql:Mutation.syncVoiceData",
            "graphql:Query.goals(first:)",
            "GET /openapi.json",
        ] {
            assert_eq!(Target::parse(text).map(|target| target.to_string()).as_deref(), Some(text));
        }
        let long = format!("GET /{}/", "x".repeat(LONGEST));
        for text in ["", "version:", "version:01", "version:300", "graphql:", "graphql:a b", "GET", "GET goals", "get /goals/"] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
        for text in ["1:GET /goals/", "vx:GET /goals/", "GET /a\r\nb/", "GET /<a>/", &long] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
