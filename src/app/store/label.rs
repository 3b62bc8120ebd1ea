//! What a backup says of itself, as the comment of its gzip header (RFC 1952 §2.3): it is read without unpacking anything.

use std::fmt;

/// What the comment begins with.
const NAME: &str = "Tandem";

/// What a backup says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Which store it is of: the instant when that was made, which copies and restores keep.
    pub store: i64,
    /// The version of its schema.
    pub schema: i64,
    /// How many rows it holds.
    pub rows: i64,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} store={} schema={} rows={}", self.store, self.schema, self.rows)
    }
}

impl Label {
    /// Reads a label; members that a later version adds are passed over.
    pub fn parse(text: &str) -> Option<Label> {
        let members = text.strip_prefix(NAME)?;
        let number = |name: &str| {
            let mut members = members.split_whitespace().filter_map(|member| member.split_once('='));
            members.find(|(member, _)| *member == name)?.1.parse().ok()
        };
        Some(Label { store: number("store")?, schema: number("schema")?, rows: number("rows")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_as_it_was_written() {
        let label = Label { store: 1_768_573_845_123, schema: 4, rows: 2_001 };
        assert_eq!(Label::parse(&label.to_string()), Some(label));
        assert_eq!(Label::parse(&format!("{label} more=later")), Some(label));
        for other in ["", "Tandem", "Tandem store=x schema=4 rows=1", "store=1 schema=4 rows=1"] {
            assert_eq!(Label::parse(other), None, "{other}");
        }
    }
}
