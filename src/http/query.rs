//! The query string.

use super::{bounds, texts};
use crate::base::error::{Refused, Result, refuse};
use std::borrow::Cow;

/// Parameters looked up in the raw query string: most requests have none or one.
#[derive(Debug, Clone, Default)]
pub struct Query {
    raw: String,
    /// Bytes of it are no UTF-8.
    garbled: bool,
    /// Some name may be escaped.
    escaped: bool,
}

impl Query {
    /// The query string as the server passed it, without the `?`.
    pub fn new(raw: impl Into<String>) -> Query {
        let raw = raw.into();
        let escaped = raw.split('&').any(|piece| piece.split('=').next().is_some_and(|name| name.contains(['%', '+'])));
        Query { garbled: bounds::utf8(raw.as_bytes()).is_err(), escaped, raw }
    }

    /// The query string in the bytes that came.
    pub fn of(raw: &[u8]) -> Query {
        let query = Query::new(String::from_utf8_lossy(raw));
        Query { garbled: query.garbled || std::str::from_utf8(raw).is_err(), ..query }
    }

    /// Refuses what is no text, as in bodies of JSON.
    ///
    /// # Errors
    /// When bytes are no UTF-8, escaped or not.
    pub fn check(&self) -> Result<()> {
        if self.garbled { refuse(Refused::Invalid, &texts::NOT_UTF8) } else { Ok(()) }
    }

    /// Every parameter, decoded (WHATWG form decoding: `+` is a blank, broken escapes stay).
    pub fn pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        url::form_urlencoded::parse(self.raw.as_bytes())
    }

    /// The first parameter of this name. Only its own value is decoded: each request looks for a dozen.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.escaped {
            return self.pairs().find(|(found, _)| found == name).map(|(_, value)| value);
        }
        let (name, raw) = (name.as_bytes(), self.raw.as_bytes());
        // Not by `memchr`: it first asks what the processor can, which a machine that is virtual takes longer for than all of this.
        let is_it = |piece: &&[u8]| piece.strip_prefix(name).is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'='));
        let piece = raw.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()).find(is_it)?;
        url::form_urlencoded::parse(piece).next().map(|(_, value)| value)
    }

    /// The same query with these parameters set anew, or left out.
    pub fn with(&self, set: &[(&str, Option<&str>)]) -> String {
        let kept = self.pairs().filter(|(name, _)| set.iter().all(|(other, _)| name != other));
        let new = set.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).extend_pairs(new).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_decodes_and_replaces() {
        let query = Query::new("since=2026-01-16T14:30:45+02:00&x=%e9&page=2&=&&a");
        assert_eq!(query.get("since").as_deref(), Some("2026-01-16T14:30:45 02:00"));
        assert!(query.check().is_err(), "%e9 alone is no UTF-8");
        assert!(Query::of(b"x=\xe9").check().is_err() && Query::of("x=é&y=%C3%A9+%zz".as_bytes()).check().is_ok());
        assert_eq!((query.get("none"), query.get("a").as_deref()), (None, Some("")));
        assert_eq!(Query::new("xy=1&%78=2+3&x=4").get("x").as_deref(), Some("2 3"));
        assert_eq!(Query::new("a=1&page=2&b=3").with(&[("page", Some("3")), ("b", None)]), "a=1&page=3");
    }

    proptest::proptest! {
        #[test]
        fn a_parameter_is_the_first_of_its_name(raw in "[ab=&%62+]{0,12}", name in "[ab ]{0,2}") {
            let query = Query::new(raw);
            let first = query.pairs().find(|(found, _)| *found == name).map(|(_, value)| value);
            proptest::prop_assert_eq!(query.get(&name), first);
        }

        #[test]
        fn no_query_string_panics(raw in ".*") {
            let query = Query::new(raw);
            let _ = (query.get("since"), query.with(&[("page", Some("1"))]), query.pairs().count());
        }
    }
}
