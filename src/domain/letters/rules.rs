//! What a letter may look like, and which of them a list shows.

use crate::base::error::Result;
use crate::base::time::{self, Timestamp};
use crate::feature::creation::ID;
use crate::feature::walk::chain;
use crate::feature::{Creation, Made, Trace};
use crate::http::input::{Field, Input, Shape};
use crate::http::paging::{After, Keyed};
use schemars::JsonSchema;
use serde::Serialize;

/// The longest letter, in characters: a hundred pages.
const MAX_CONTENT: usize = 200_000;

/// Before and after every month that the contract can write.
const OPEN: (&str, &str) = ("0001-01", "9999-12");
/// After every month that the contract can write.
const END: &str = "9999-13";

/// The fields of a letter.
pub const LETTER: &[Field] = &[Field::new("month", Shape::Month).required(), Field::text("content", MAX_CONTENT)];

/// What the POST of a letter may hold.
pub const NEW_LETTER: &[Field] = &chain::<_, { 1 + LETTER.len() }>(&[&[ID], LETTER]);

/// The parameters of a list.
pub const FILTER: &[Field] = &[Field::new("month", Shape::Month)];

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Letter {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// Its month, `YYYY-MM`; a couple or a team has one letter a month.
    pub month: String,
    /// What it says.
    pub content: String,
    /// Grows with each edit.
    pub version: i64,
    /// Who began it; any of them may go on.
    pub created_by_id: i64,
    /// When.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Made for Letter {
    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn maker(&self) -> Option<i64> {
        Some(self.created_by_id)
    }
}

impl Letter {
    /// A letter with the contract's defaults.
    pub fn new(made: Creation, created_by_id: i64, at: Timestamp) -> Letter {
        let Creation { id, trace, version, .. } = made;
        let (month, content) = (String::new(), String::new());
        Letter { id, month, content, version, created_by_id, created_at: at, updated_at: at, trace }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("month", &mut self.month);
        input.set("content", &mut self.content);
    }
}

/// The first and the last month that a list shows: the one that was asked for, or all.
pub fn months(input: &Input) -> (&str, &str) {
    input.text("month").map_or(OPEN, |month| (month, month))
}

impl Keyed for Letter {
    fn key(&self) -> Vec<String> {
        vec![self.month.clone()]
    }
}

/// The month that a part of the list lies before.
pub fn before(after: &After) -> Result<String> {
    after.key(END.to_owned(), |parts| match parts {
        [month] if time::is_month(month) => Some((*month).to_owned()),
        _ => None,
    })
}
