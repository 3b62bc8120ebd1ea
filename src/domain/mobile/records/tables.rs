//! The rules of a record domain as data: fields, order of dates, states, policy. All of it is values.

use super::machine::Machine;
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::domains::entry::{Entry, GraphType};
use crate::feature::Offline;
use crate::http::input::{Field, Shape};

/// A domain of records.
#[derive(Debug)]
pub struct Table {
    /// What is said of every domain.
    pub entry: Entry,
    /// The summary of what changed in it.
    pub changes: &'static str,
    /// The summary of one of its records.
    pub one: &'static str,
    /// Its fields. What else a device sends is kept as it came: a newer app must not lose what an older server does not know.
    pub fields: &'static [Field],
    /// Fields that a new record has though its device does not send them. They cannot be cleared.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Pairs of instants: the second is not before the first.
    pub orders: &'static [(&'static str, &'static str)],
    /// The states that a record goes through, where it has any.
    pub machine: Option<Machine>,
    /// How a conflict is settled where the tenant does not want it otherwise.
    pub policy: Policy,
    /// Is a record theirs alone who wrote it? Then it goes with their account, and where they erase what they left.
    pub personal: bool,
    /// The field that says when it happened, or shall; without one, or where it is not set, it is when it was created.
    pub dated: Option<&'static str>,
    /// The noun that has the rows, where they are no records.
    pub noun: Option<&'static Offline>,
}

impl Table {
    /// The domain's name in bodies and in the store.
    pub const fn name(&self) -> &'static str {
        self.entry.names.name
    }

    /// The rules of a noun that devices edit offline: what needs more than one row, the noun knows itself.
    pub const fn of(noun: &'static Offline) -> Table {
        let graph = GraphType { name: "", schema: "" };
        Table {
            entry: Entry { names: noun.names, operation: "", summary: "", graph },
            changes: "",
            one: "",
            fields: noun.fields,
            defaults: &[],
            orders: &[],
            machine: None,
            policy: Policy::MostRecentWins,
            personal: false,
            dated: None,
            noun: Some(noun),
        }
    }
}

/// The longest title, reference or name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest word that apps choose themselves, in characters.
const MAX_WORD: usize = 50;
/// The longest text, in characters: some pages, and in any script within [`super::fields::MAX_DATA`].
pub const MAX_TEXT: usize = 20_000;

/// A word that apps choose themselves.
pub const fn word(name: &'static str) -> Field {
    Field::name(name, MAX_WORD).nullable()
}

/// A title, a reference or a name.
pub const fn name(name: &'static str) -> Field {
    Field::name(name, MAX_NAME).nullable()
}

/// A text of some pages.
pub const fn text(name: &'static str) -> Field {
    Field::text(name, MAX_TEXT).nullable()
}

/// An instant.
pub const fn instant(name: &'static str) -> Field {
    Field::new(name, Shape::Instant).nullable()
}

/// JSON of any shape.
pub const fn json(name: &'static str) -> Field {
    Field::new(name, Shape::Json).nullable()
}

/// One of these words.
pub const fn choice(name: &'static str, words: &'static [&'static str]) -> Field {
    Field::new(name, Shape::Choice(words))
}

/// A state is told by the machine, which names both sides of a step that is not allowed.
pub const fn state(name: &'static str) -> Field {
    Field::name(name, MAX_WORD)
}

/// What a record is about: it must be there, and say something.
pub const fn essence(name: &'static str, min: usize, max: usize) -> Field {
    Field::new(name, Shape::Text { min, max, trim: true, blank: false }).required()
}
