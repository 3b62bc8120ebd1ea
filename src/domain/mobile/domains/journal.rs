//! Journal entries.

use super::entry::{Entry, RECORD};
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::records::tables::{MAX_NAME, Table, essence, instant, text, word};
use crate::feature::Names;
use crate::http::input::{Field, Shape};

/// See [`super`].
pub const DOMAIN: Table = Table {
    entry: Entry {
        names: Names { name: "journal", path: "journal", list: "journal" },
        operation: "syncJournal",
        summary: "Send journal entries",
        graph: RECORD,
    },
    changes: "What changed in the journal",
    one: "One journal entry",
    fields: &[
        essence("title", 1, MAX_NAME),
        word("entry_type"),
        instant("timestamp"),
        text("content"),
        word("mood"),
        Field::new("tags", Shape::List).nullable(),
    ],
    defaults: &[],
    orders: &[],
    machine: None,
    policy: Policy::ClientWins,
    personal: true,
    dated: Some("timestamp"),
    noun: None,
};
