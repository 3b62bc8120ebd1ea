//! CGI meta-variables (RFC 3875 §4.1).
//!
//! Names and values are bytes: a header may hold anything, and one odd byte must not make another variable vanish.

use std::borrow::Cow;

/// The variables of one request, in one buffer that is used again for the next.
#[derive(Debug, Default, Clone)]
pub struct Vars {
    bytes: Vec<u8>,
    spans: Vec<(usize, usize, usize)>,
}

impl Vars {
    /// Forgets every variable and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// Adds a variable.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.spans.push((start, start + name.len(), self.bytes.len()));
    }

    /// The value of the first variable of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| value)
    }

    /// The value as text; bytes that are no UTF-8 become U+FFFD. Missing is empty.
    pub fn text(&self, name: &str) -> Cow<'_, str> {
        self.get(name).map_or(Cow::Borrowed(""), String::from_utf8_lossy)
    }

    /// Every variable, in the order it came.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|&(start, middle, end)| (&self.bytes[start..middle], &self.bytes[middle..end]))
    }

    /// How many variables there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Vars {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let mut vars = Vars::default();
        for (name, value) in pairs {
            vars.push(name.as_bytes(), value.as_bytes());
        }
        vars
    }
}
