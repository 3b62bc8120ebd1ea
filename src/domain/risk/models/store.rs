//! Models in the database: they are the site's, of all tenants.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::{Db, Row};
use crate::{columns, params};

/// How a model stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may be told, and is not.
    Candidate,
    /// It is told.
    Active,
    /// It was.
    Retired,
    /// It is not good enough.
    Refused,
}

impl State {
    /// Every state with its word in the store.
    pub const ALL: [(State, &str); 4] =
        [(State::Candidate, "candidate"), (State::Active, "active"), (State::Retired, "retired"), (State::Refused, "refused")];

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&State::ALL, &self)
    }
}

/// A model as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id, which is its version.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// When it was made.
    pub made_at: Timestamp,
    /// Since when it stands so.
    pub changed_at: Timestamp,
    /// How it did, as JSON.
    pub figures: String,
}

columns!(models: "SELECT id, state, made_at, changed_at, figures FROM models");

fn kept(row: &Row<'_>) -> Result<Kept> {
    Ok(Kept {
        id: row.get(0)?,
        state: word::stored(&State::ALL, &row.get::<String>(1)?)?,
        made_at: row.get(2)?,
        changed_at: row.get(3)?,
        figures: row.get(4)?,
    })
}

/// Every model, newest first.
pub fn all(db: &mut Db) -> Result<Vec<Kept>> {
    db.all(models!("ORDER BY made_at DESC, id DESC"), &[], kept)
}

/// The model that is told: its id and its numbers.
pub fn active(db: &mut Db) -> Result<Option<(String, String)>> {
    let sql = "SELECT id, model FROM models WHERE state = 'active'";
    db.one(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Writes a new model.
pub fn insert(db: &mut Db, kept: &Kept, model: &str) -> Result<()> {
    let sql = "INSERT INTO models (id, state, made_at, changed_at, model, figures) VALUES (?, ?, ?, ?, ?, ?)";
    let Kept { id, state, made_at, changed_at, figures } = kept;
    db.run(sql, params![id, state.word(), *made_at, *changed_at, model, figures]).map(drop)
}

/// Writes how a model stands from now on.
pub fn enter(db: &mut Db, id: &str, state: State, at: Timestamp) -> Result<()> {
    db.run("UPDATE models SET state = ?, changed_at = ? WHERE id = ?", params![state.word(), at, id]).map(drop)
}

/// Forgets a model.
pub fn delete(db: &mut Db, id: &str) -> Result<()> {
    db.run("DELETE FROM models WHERE id = ?", params![id]).map(drop)
}
