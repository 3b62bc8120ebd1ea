//! Models on the shelf: they are the site's, of all tenants.

use crate::base::error::Result;
use crate::base::time::{LAST, Timestamp};
use crate::base::{json, word};
use crate::db::Db;
use crate::domain::risk::model::stored;
use crate::feature::shelf::{Item, NOBODY, store as shelf};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Why it counts as none, if it does.
    pub fault: Option<Fault>,
}

/// Why a model counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Broken,
    /// Another version of the program wrote it.
    Foreign,
    /// It cannot be read, but for what phones are told of it.
    Unlisted,
    /// It is active, and what phones are told of it is not there.
    Untold,
    /// It is active, and phones are told other numbers.
    Other,
    /// It is not kept, and phones are told it all the same.
    Stray,
}

impl Fault {
    /// Every one with its word.
    pub const ALL: [(Fault, &str); 6] = [
        (Fault::Broken, "unreadable"),
        (Fault::Unlisted, "unreadable"),
        (Fault::Foreign, "of another version"),
        (Fault::Untold, "not told"),
        (Fault::Other, "told otherwise"),
        (Fault::Stray, "not kept"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&Fault::ALL, &self)
    }
}

/// What a model is on the shelf, by how it stands: so the active one is found by itself.
const KINDS: [(State, &str); 4] = [
    (State::Candidate, "model_candidate"),
    (State::Active, "model_active"),
    (State::Retired, "model_retired"),
    (State::Refused, "model_refused"),
];

/// The active model's id and, on lines of their own, its numbers: an ask reads them, and nothing else of it.
const TOLD: &str = "model_told";
/// What that is called on the shelf: there is but one.
const ONE: &str = "active";

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

/// What the figures of a model say of its training, without which nothing can be said of how it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trained {
    /// Which share of the rows met another's.
    pub rate: f64,
    /// From which instant on asks were tested on, in seconds.
    pub cut: f64,
}

impl Trained {
    /// Reads it; nothing where figures are damaged.
    pub fn of(figures: &str) -> Option<Trained> {
        let figures: Value = json::read(figures.as_bytes()).ok()?;
        let figure = |path: &str| figures.pointer(path).and_then(Value::as_f64);
        let rate = figure("/trained/met")? / figure("/trained/rows")?;
        Some(Trained { rate, cut: figure("/cut")? }).filter(|trained| (0.0..=1.0).contains(&trained.rate))
    }
}

impl Data {
    /// What lies there; nothing where it cannot be read.
    fn of(item: &Item) -> Option<Data> {
        let data: Data = json::read(item.data.as_bytes()).ok()?;
        let is_dated = [data.made_at, data.changed_at].iter().all(|at| (0..=LAST).contains(at));
        (is_dated && Trained::of(&data.figures).is_some()).then_some(data)
    }
}

impl Kept {
    /// A model as it lies there, beside what phones are told.
    fn of(item: Item, state: State, told: Option<&Said>) -> Kept {
        let is_told = |id: &str| told.is_some_and(|said| said.0 == id);
        let Some(Data { made_at, changed_at, figures, model, .. }) = Data::of(&item) else {
            let is_unlisted = state == State::Active && is_told(&item.id);
            return Kept::unread(item.id, state, if is_unlisted { Fault::Unlisted } else { Fault::Broken });
        };
        let fault = match (stored::read(&model), told) {
            (Some(_), None) if state == State::Active => Some(Fault::Untold),
            (Some(_), Some(said)) if state == State::Active && *said != (item.id.clone(), model.clone()) => Some(Fault::Other),
            (Some(_), _) => None,
            (None, _) if stored::is_of_another_form(&model) => Some(Fault::Foreign),
            (None, _) if state == State::Active && is_told(&item.id) => Some(Fault::Unlisted),
            (None, _) => Some(Fault::Broken),
        };
        Kept { id: item.id, state, made_at: Timestamp(made_at), changed_at: Timestamp(changed_at), figures, fault }
    }

    /// One of which nothing is known but its id.
    fn unread(id: String, state: State, fault: Fault) -> Kept {
        let at = Timestamp::default();
        Kept { id, state, made_at: at, changed_at: at, figures: String::new(), fault: Some(fault) }
    }

    /// Is it what phones are told, as far as it can be read?
    fn accounts_for_told(&self) -> bool {
        self.state == State::Active && matches!(self.fault, None | Some(Fault::Unlisted | Fault::Other))
    }
}

/// What phones are told: an id, and numbers.
type Said = (String, String);

/// Every model, newest first; one that cannot be read, or is told and not kept, too, for whoever clears it away.
pub fn all(db: &mut Db) -> Result<Vec<Kept>> {
    let told = active(db)?.filter(|(_, model)| stored::read(model).is_some());
    let mut all = Vec::new();
    for (state, kind) in KINDS {
        all.extend(shelf::all(db, kind)?.into_iter().map(|item| Kept::of(item, state, told.as_ref())));
    }
    let stray = told.filter(|_| !all.iter().any(Kept::accounts_for_told));
    all.extend(stray.map(|(id, _)| Kept::unread(id, State::Active, Fault::Stray)));
    all.sort_by(|one, other| (other.made_at, &other.id).cmp(&(one.made_at, &one.id)));
    Ok(all)
}

/// The model that is told: its id and its numbers.
pub fn active(db: &mut Db) -> Result<Option<Said>> {
    let found = shelf::find(db, TOLD, ONE, NOBODY)?;
    Ok(found.and_then(|item| item.data.split_once('\n').map(|(id, model)| (id.to_owned(), model.to_owned()))))
}

/// What a model is: its numbers, and the asks that it was tested on.
pub fn made_of(db: &mut Db, kept: &Kept) -> Result<Option<(String, String)>> {
    let found = shelf::find(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY)?;
    Ok(found.and_then(|item| Data::of(&item)).map(|data| (data.model, data.population)))
}

/// Writes a new model: its numbers, and the asks that it was tested on.
pub fn insert(db: &mut Db, kept: &Kept, (model, population): (String, String)) -> Result<()> {
    let Kept { id, state, made_at, changed_at, figures, .. } = kept;
    let data = Data { made_at: made_at.0, changed_at: changed_at.0, model, figures: figures.clone(), population };
    put(db, id, *state, &data)
}

fn put(db: &mut Db, id: &str, state: State, data: &Data) -> Result<()> {
    let item = |id: &str, data| Item { id: id.to_owned(), owner: NOBODY, until: None, data };
    if state == State::Active {
        shelf::put(db, TOLD, &item(ONE, format!("{id}\n{}", data.model)))?;
    }
    shelf::put(db, word::of(&KINDS, &state), &item(id, json::write(data)?))
}

/// Writes how a model stands from now on; one that cannot be read stands nowhere any more.
pub fn enter(db: &mut Db, kept: &Kept, state: State, at: Timestamp) -> Result<()> {
    let Some(item) = shelf::find(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY)? else { return Ok(()) };
    delete(db, kept)?;
    Data::of(&item).map_or(Ok(()), |data| put(db, &kept.id, state, &Data { changed_at: at.0, ..data }))
}

/// Forgets a model.
pub fn delete(db: &mut Db, kept: &Kept) -> Result<()> {
    if kept.state == State::Active {
        untell(db)?;
    }
    shelf::remove(db, word::of(&KINDS, &kept.state), &kept.id, NOBODY).map(drop)
}

/// Has phones told no model's numbers.
pub fn untell(db: &mut Db) -> Result<()> {
    shelf::remove(db, TOLD, ONE, NOBODY).map(drop)
}

/// Since when the operator has no model speak: what that is called on the shelf.
const OFF: &str = "model_off";

/// Since when no model may speak until the operator says otherwise.
pub fn off_since(db: &mut Db) -> Result<Option<Timestamp>> {
    Ok(shelf::find(db, OFF, ONE, NOBODY)?.map(|item| Timestamp::parse(&item.data).unwrap_or_default()))
}

/// Notes that no model may speak, or that one may.
pub fn put_off(db: &mut Db, since: Option<Timestamp>) -> Result<()> {
    match since {
        Some(since) => shelf::put(db, OFF, &Item { id: ONE.to_owned(), owner: NOBODY, until: None, data: since.to_string() }),
        None => shelf::remove(db, OFF, ONE, NOBODY).map(drop),
    }
}
