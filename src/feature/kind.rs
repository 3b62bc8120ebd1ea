//! What the feed has of an object: its list, how it is read, whose it is, what it weighs, whom it wakes.

use super::news::EditKey;
use super::{Describe, Measure, Names, Settings, Wakes};
use crate::base::error::Result;
use crate::db::Db;
use serde_json::Value;

/// Whole objects under their ids, as their own routes would show them.
pub type Objects = Vec<(String, Value)>;

/// Reads a tenant's objects of these ids; ids that are gone are left out.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// By a reader of the kind's own.
    Own(fn(&mut Db, tenant: i64, ids: &[&str]) -> Result<Objects>),
    /// By one that goes by the settings, too.
    Set(fn(&mut Db, settings: &Settings, tenant: i64, ids: &[&str]) -> Result<Objects>),
    /// By a reader that several kinds share, which is told the names of what this kind shows.
    Shared(&'static Names, fn(&Names, &mut Db, tenant: i64, ids: &[&str]) -> Result<Objects>, LastEdit),
}

/// Where the last edit of an object is remembered, of which others are told by [`News::Landed`](super::News::Landed).
pub type LastEdit = fn(&Names, &mut Db, tenant: i64, id: &str) -> Result<EditKey>;

/// What a user's own export keeps of an object of their team; `None` is nothing, because others wrote it.
pub type Own = fn(Value, user: i64) -> Option<Value>;

/// Keeps an object if one of these members names the user.
pub fn written(object: Value, members: &[&str], user: i64) -> Option<Value> {
    members.iter().any(|member| object[member] == user).then_some(object)
}

/// A kind of object in the feed.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its list in the feed, and its name in the table of changes.
    pub name: &'static str,
    /// The version of the API from which on every poll that chooses no lists carries it.
    pub since: u8,
    /// Reads the objects.
    pub load: Load,
    /// What an object looks like.
    pub object: Describe,
    /// What of an object is a user's own.
    pub own: Own,
    /// What of it takes room; nothing where that is counted otherwise.
    pub measure: Option<Measure>,
    /// Whom its changes wake.
    pub wakes: Wakes,
}

impl Kind {
    /// Reads a tenant's objects of these ids.
    ///
    /// # Errors
    /// The database's.
    pub fn read(&self, db: &mut Db, settings: &Settings, tenant: i64, ids: &[&str]) -> Result<Objects> {
        match self.load {
            Load::Own(load) => load(db, tenant, ids),
            Load::Set(load) => load(db, settings, tenant, ids),
            Load::Shared(names, load, _) => load(names, db, tenant, ids),
        }
    }

    /// What its objects are called elsewhere, where they have several names.
    pub const fn names(&self) -> Option<&'static Names> {
        match self.load {
            Load::Own(_) | Load::Set(_) => None,
            Load::Shared(names, ..) => Some(names),
        }
    }

    /// Where the last edit of an object is remembered; nothing where edits of this kind are not.
    ///
    /// # Errors
    /// The database's.
    pub fn last_edit(&self, db: &mut Db, tenant: i64, id: &str) -> Result<Option<EditKey>> {
        match self.load {
            Load::Own(_) | Load::Set(_) => Ok(None),
            Load::Shared(names, _, last) => last(names, db, tenant, id).map(Some),
        }
    }

    /// Is it called so, here or elsewhere?
    pub fn is(&self, word: &str) -> bool {
        self.name == word || self.names().is_some_and(|names| names.has(word))
    }
}
