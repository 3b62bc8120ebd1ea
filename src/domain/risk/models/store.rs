//! Models on the shelf: they are the site's, of all tenants.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::{json, word};
use crate::db::Db;
use crate::feature::shelf::{Item, NOBODY, store as shelf};
use serde::{Deserialize, Serialize};

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

/// What a model is on the shelf, by how it stands: so the active one is found by itself.
const KINDS: [(State, &str); 4] = [
    (State::Candidate, "model_candidate"),
    (State::Active, "model_active"),
    (State::Retired, "model_retired"),
    (State::Refused, "model_refused"),
];

/// What lies there of a model: its instants, its numbers and its figures, the latter two as their own JSON, and the asks that it was
/// tested on.
#[derive(Serialize, Deserialize)]
struct Data {
    made_at: i64,
    changed_at: i64,
    model: String,
    figures: String,
    #[serde(default)]
    population: String,
}

impl Data {
    fn of(item: &Item) -> Result<Data> {
        json::read(item.data.as_bytes())
    }
}

/// Every model, newest first.
pub fn all(db: &mut Db) -> Result<Vec<Kept>> {
    let mut all = Vec::new();
    for (state, kind) in KINDS {
        for item in shelf::all(db, kind)? {
            let Data { made_at, changed_at, figures, .. } = Data::of(&item)?;
            all.push(Kept { id: item.id, state, made_at: Timestamp(made_at), changed_at: Timestamp(changed_at), figures });
        }
    }
    all.sort_by(|one, other| (other.made_at, &other.id).cmp(&(one.made_at, &one.id)));
    Ok(all)
}

/// The model that is told: its id and its numbers.
pub fn active(db: &mut Db) -> Result<Option<(String, String)>> {
    let found = shelf::all(db, word::of(&KINDS, &State::Active))?.into_iter().next();
    found.map(|item| Data::of(&item).map(|data| (item.id, data.model))).transpose()
}

/// What a model is: its numbers, and the asks that it was tested on.
pub fn made_of(db: &mut Db, kept: &Kept) -> Result<Option<(String, String)>> {
    let found = shelf::find(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY)?;
    found.map(|item| Data::of(&item).map(|data| (data.model, data.population))).transpose()
}

/// Writes a new model: its numbers, and the asks that it was tested on.
pub fn insert(db: &mut Db, kept: &Kept, (model, population): (String, String)) -> Result<()> {
    let Kept { id, state, made_at, changed_at, figures } = kept;
    let data = Data { made_at: made_at.0, changed_at: changed_at.0, model, figures: figures.clone(), population };
    put(db, id, *state, &data)
}

fn put(db: &mut Db, id: &str, state: State, data: &Data) -> Result<()> {
    shelf::put(db, word::of(&KINDS, &state), &Item { id: id.to_owned(), owner: NOBODY, until: None, data: json::write(data)? })
}

/// Writes how a model stands from now on.
pub fn enter(db: &mut Db, kept: &Kept, state: State, at: Timestamp) -> Result<()> {
    let Some(item) = shelf::find(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY)? else { return Ok(()) };
    delete(db, kept)?;
    put(db, &kept.id, state, &Data { changed_at: at.0, ..Data::of(&item)? })
}

/// Forgets a model.
pub fn delete(db: &mut Db, kept: &Kept) -> Result<()> {
    shelf::remove(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY).map(drop)
}
