//! The registry of models: one at the most is active, and the one before it is there to go back to.

pub mod store;

use super::columns::{COLUMNS, Row, read};
use super::model::stored::{self, Told};
use super::population::Population;
use crate::base::error::Result;
use crate::base::id;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::degraded;
use crate::feature::store::put_fact;
use store::{Kept, State};

/// The most models that are kept: half a year of weeks.
const MOST: usize = 26;
/// The most reasons that are told.
const REASONS: usize = 3;

/// The model that is told.
#[derive(Debug)]
pub struct Active {
    /// Its version.
    pub id: String,
    told: Told,
}

/// What a column does to the log-odds: its place, its value, its effect.
pub type Effect = (usize, f64, f64);

impl Active {
    /// The active model; one that this program cannot read counts as none.
    pub fn of(db: &mut Db) -> Result<Option<Active>> {
        let active = store::active(db)?;
        Ok(active.and_then(|(id, text)| stored::read(&text).map(|told| Active { id, told })))
    }

    /// How likely an edit is to meet another's.
    pub fn probability(&self, row: &Row) -> f64 {
        self.told.model.probability(&read(*row))
    }

    /// From which probabilities on an edit is risky, and very.
    pub fn levels(&self) -> (f64, f64) {
        (self.told.medium, self.told.high)
    }

    /// Why, the largest effect first.
    pub fn reasons(&self, row: &Row) -> Vec<Effect> {
        let effects = self.told.model.effects(&read(*row));
        let mut all: Vec<Effect> = effects.into_iter().enumerate().map(|(place, effect)| (place, row[place], effect)).collect();
        all.retain(|(.., effect)| *effect != 0.0);
        all.sort_by(|one, other| other.2.abs().total_cmp(&one.2.abs()));
        all.truncate(REASONS);
        all
    }

    /// Its model.
    pub fn model(&self) -> &super::model::Model {
        &self.told.model
    }
}

/// The name of a column.
pub fn name(place: usize) -> &'static str {
    COLUMNS.get(place).map_or("", |column| column.name)
}

/// When the newest model was made: of two trainings at once the second one finds that there is a newer one.
pub fn newest(db: &mut Db) -> Result<Option<Timestamp>> {
    Ok(store::all(db)?.first().map(|kept| kept.made_at))
}

/// When models were last changed: the name of that fact. Whoever writes it is alone with them until the transaction ends.
const CHANGED: &str = "models_changed";

fn alone(db: &mut Db, now: Timestamp) -> Result<()> {
    put_fact(db, CHANGED, &now.to_string())
}

/// What was learned.
#[derive(Debug)]
pub struct New<'n> {
    /// What is told.
    pub told: &'n Told,
    /// The asks that it was tested on.
    pub population: &'n Population,
    /// How it did, as JSON.
    pub figures: &'n str,
    /// How it shall stand.
    pub state: State,
}

/// Keeps a model that was learned, unless there is a newer one than `before`; one that is active takes the place of the one before.
/// Answers whether it was kept.
pub fn keep(db: &mut Db, new: &New<'_>, before: Option<Timestamp>, now: Timestamp) -> Result<bool> {
    alone(db, now)?;
    if newest(db)? != before {
        return Ok(false);
    }
    if new.state == State::Active {
        retire(db, now)?;
    }
    let kept = Kept { id: id::opaque(), state: new.state, made_at: now, changed_at: now, figures: new.figures.to_owned() };
    store::insert(db, &kept, (stored::write(new.told)?, new.population.write()))?;
    let all = store::all(db)?;
    let former = former(&all).map(|kept| &kept.id);
    let spare = all.iter().filter(|kept| kept.state != State::Active && Some(&kept.id) != former);
    spare.skip(MOST).try_for_each(|kept| store::delete(db, kept))?;
    Ok(true)
}

/// The model that was active last, and is not.
pub fn former(all: &[Kept]) -> Option<&Kept> {
    all.iter().filter(|kept| kept.state == State::Retired).max_by_key(|kept| kept.changed_at)
}

/// Nothing is told any more.
pub fn off(db: &mut Db, now: Timestamp) -> Result<()> {
    alone(db, now)?;
    retire(db, now)
}

/// What was found of the active model is found of none any more.
fn retire(db: &mut Db, now: Timestamp) -> Result<()> {
    degraded::note(db, None)?;
    let active = store::all(db)?.into_iter().filter(|kept| kept.state == State::Active);
    active.collect::<Vec<_>>().iter().try_for_each(|kept| store::enter(db, kept, State::Retired, now))
}

/// Makes a model the active one; `false` when there is none of this id, or it was refused.
pub fn activate(db: &mut Db, id: &str, now: Timestamp) -> Result<bool> {
    alone(db, now)?;
    let found = store::all(db)?.into_iter().find(|kept| kept.id == id && kept.state != State::Refused);
    let Some(kept) = found else { return Ok(false) };
    if kept.state != State::Active {
        retire(db, now)?;
        store::enter(db, &kept, State::Active, now)?;
    }
    Ok(true)
}

/// Goes back to the model that was active before this one; `None` when there is none.
pub fn rollback(db: &mut Db, now: Timestamp) -> Result<Option<String>> {
    alone(db, now)?;
    let all = store::all(db)?;
    let Some(former) = former(&all) else { return Ok(None) };
    activate(db, &former.id, now)?;
    Ok(Some(former.id.clone()))
}
