//! The registry of models: one at the most is active, and the one before it is there to go back to.

pub mod store;

use super::columns::{COLUMNS, Row, read};
use super::model::stored::{self, Told};
use super::population::Population;
use crate::base::error::Result;
use crate::base::id;
use crate::base::time::{CLOCKS_APART, Timestamp};
use crate::db::Db;
use crate::feature::Doubt;
use crate::feature::degraded::{self, Degraded};
use crate::feature::store::put_fact;
use std::collections::BTreeSet;
use store::{Fault, Kept, State};

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

    /// How likely an edit is to meet another's; nothing where that is no number.
    pub fn probability(&self, row: &Row) -> Option<f64> {
        Some(self.told.model.probability(&read(*row))).filter(|probability| probability.is_finite())
    }

    /// From which probabilities on an edit is risky, and very.
    pub fn levels(&self) -> (f64, f64) {
        (self.told.medium, self.told.high)
    }

    /// Why, the largest effect first.
    pub fn reasons(&self, row: &Row) -> Vec<Effect> {
        let effects = self.told.model.effects(&read(*row));
        let mut all: Vec<Effect> = effects.into_iter().enumerate().map(|(place, effect)| (place, row[place], effect)).collect();
        all.retain(|(_, value, effect)| *effect != 0.0 && value.is_finite() && effect.is_finite());
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

/// The newest model. What is dated ahead is no newer than any.
pub fn newest(all: &[Kept], now: Timestamp) -> Option<&Kept> {
    all.iter().find(|kept| is_readable(kept) && !is_ahead(kept, now))
}

/// Was it made by a clock that was set back since? When it was made is not known then.
pub fn is_ahead(kept: &Kept, now: Timestamp) -> bool {
    kept.made_at > now.plus(CLOCKS_APART)
}

/// Is anything known of it?
pub fn is_readable(kept: &Kept) -> bool {
    !matches!(kept.fault, Some(Fault::Broken | Fault::Unlisted | Fault::Stray))
}

/// Is the active one damaged, so that phones are told something else, or what nobody can look at?
pub fn is_damaged(all: &[Kept]) -> bool {
    all.iter().any(|kept| kept.state == State::Active && kept.fault.is_some_and(|fault| fault != Fault::Foreign))
}

/// Is it kept? What phones are told alone cannot be made the active one.
pub fn is_kept(kept: &Kept) -> bool {
    kept.fault != Some(Fault::Stray)
}

/// The active model, if it is told: what cannot be read counts as none.
pub fn active(all: &[Kept]) -> Option<&Kept> {
    all.iter().find(|kept| kept.state == State::Active && kept.fault.is_none())
}

/// When models were last changed: the name of that fact. Whoever writes it is alone with them until the transaction ends.
const CHANGED: &str = "models_changed";

/// Waits for whoever else changes models, and has nobody else change them until the transaction ends.
pub fn alone(db: &mut Db, now: Timestamp) -> Result<()> {
    put_fact(db, CHANGED, &now.to_string())
}

/// Forgets the models that cannot be read, and has phones told what is kept: the active one, or none. Answers whether there was anything
/// to do.
pub fn clear(db: &mut Db) -> Result<bool> {
    let all = store::all(db)?;
    let (whole, broken): (Vec<&Kept>, Vec<&Kept>) = all.iter().partition(|kept| is_readable(kept));
    broken.iter().try_for_each(|kept| store::delete(db, kept))?;
    let is_untrue = |kept: &&Kept| kept.state == State::Active && matches!(kept.fault, Some(Fault::Untold | Fault::Other));
    let mended = whole.into_iter().find(is_untrue).filter(|_| active(&all).is_none());
    mended.map_or(Ok(()), |kept| store::enter(db, kept, State::Active, kept.changed_at))?;
    Ok(!broken.is_empty() || mended.is_some())
}

/// How models stood when a training began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    known: BTreeSet<String>,
    spoke: (Option<String>, Option<String>, Option<Timestamp>),
}

impl Standing {
    /// How they stand.
    pub fn of(db: &mut Db) -> Result<Standing> {
        let all = store::all(db)?;
        let active = all.iter().find(|kept| kept.state == State::Active).map(|kept| kept.id.clone());
        let told = store::active(db)?.map(|(id, _)| id);
        let known = all.into_iter().filter(is_readable).map(|kept| kept.id).collect();
        Ok(Standing { known, spoke: (active, told, store::off_since(db)?) })
    }
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

/// Keeps a model that was learned, unless another was since `before`; one that is active takes the place of the one before. Where another
/// was made active meanwhile, or all were put off, that stays, and what was learned is a candidate. Answers how it stands, if it was kept.
pub fn keep(db: &mut Db, new: &New<'_>, before: &Standing, now: Timestamp) -> Result<Option<State>> {
    alone(db, now)?;
    let standing = Standing::of(db)?;
    clear(db)?;
    if !standing.known.is_subset(&before.known) {
        return Ok(None);
    }
    let is_overtaken = new.state == State::Active && standing.spoke != before.spoke;
    let state = if is_overtaken { State::Candidate } else { new.state };
    if state == State::Active {
        retire(db, now)?;
        store::put_off(db, None)?;
    }
    let (id, figures) = (id::opaque(), new.figures.to_owned());
    let kept = Kept { id, state, made_at: now, changed_at: now, figures, fault: None };
    store::insert(db, &kept, (stored::write(new.told), new.population.write()))?;
    make_room(db, &kept.id)?;
    Ok(Some(state))
}

/// Forgets what is too much: refused ones first, then the oldest; neither the newest, nor the active one, nor the one to go back to.
fn make_room(db: &mut Db, newest: &str) -> Result<()> {
    let all = store::all(db)?;
    let former = former(&all, Timestamp::now()).map(|kept| &kept.id);
    let is_spare = |kept: &&Kept| kept.state != State::Active && Some(&kept.id) != former && kept.id != newest;
    let mut spare: Vec<&Kept> = all.iter().filter(is_spare).collect();
    spare.sort_by_key(|kept| kept.state == State::Refused);
    spare.into_iter().skip(MOST - 1).try_for_each(|kept| store::delete(db, kept))
}

/// The model that was active before: the last one that was, and where one is active, of those that are older. A later one was given up for it.
/// One that is dated ahead counts as older than any that is not.
pub fn former(all: &[Kept], now: Timestamp) -> Option<&Kept> {
    let age = |kept: &Kept| (!is_ahead(kept, now), kept.made_at);
    let active = active(all).map(age);
    let is_older = |kept: &&Kept| active.is_none_or(|active| age(kept) < active);
    let retired = all.iter().filter(|kept| kept.state == State::Retired && kept.fault.is_none());
    retired.filter(is_older).max_by_key(|kept| kept.changed_at)
}

/// Nothing is told any more, until another model is learned.
pub fn off(db: &mut Db, now: Timestamp) -> Result<()> {
    alone(db, now)?;
    clear(db)?;
    retire(db, now)
}

/// Nothing is told any more, until the operator says otherwise.
pub fn stay_off(db: &mut Db, now: Timestamp) -> Result<()> {
    off(db, now)?;
    store::put_off(db, Some(now))
}

/// What was found of the active model is found of none any more.
fn retire(db: &mut Db, now: Timestamp) -> Result<()> {
    degraded::note(db, None)?;
    store::untell(db)?;
    let active = store::all(db)?.into_iter().filter(|kept| kept.state == State::Active);
    active.collect::<Vec<_>>().iter().try_for_each(|kept| store::enter(db, kept, State::Retired, now))
}

/// What became of the wish to make a model the active one.
#[derive(Debug, Clone, PartialEq)]
pub enum Activated {
    /// It is, under this id.
    Yes(String),
    /// There is none of this id, or several begin so. These there are.
    Unknown(Vec<Kept>),
    /// It was refused.
    Refused(String),
    /// It cannot be read.
    Unreadable(String),
}

/// Makes a model the active one: that of this id, or the only one whose id begins so.
pub fn activate(db: &mut Db, id: &str, now: Timestamp) -> Result<Activated> {
    alone(db, now)?;
    let (all, id) = (store::all(db)?, id.trim().to_ascii_lowercase());
    let mut begin_so = all.iter().filter(|kept| !id.is_empty() && kept.id.starts_with(&id) && is_kept(kept));
    let whole = begin_so.clone().find(|kept| kept.id == id);
    let kept = match (whole, begin_so.next(), begin_so.next()) {
        (Some(kept), ..) | (None, Some(kept), None) => kept,
        _ => return Ok(Activated::Unknown(all)),
    };
    match (kept.fault, kept.state) {
        (None | Some(Fault::Untold), State::Refused) => return Ok(Activated::Refused(kept.id.clone())),
        (Some(Fault::Broken | Fault::Unlisted | Fault::Foreign), _) => return Ok(Activated::Unreadable(kept.id.clone())),
        _ => {}
    }
    clear(db)?;
    speak(db, kept, now)?;
    Ok(Activated::Yes(kept.id.clone()))
}

/// Has a model speak. The active one stays so since when it was: what is told of it is written anew, should it be lost.
fn speak(db: &mut Db, kept: &Kept, now: Timestamp) -> Result<()> {
    let since = if kept.state == State::Active { kept.changed_at } else { now };
    if kept.state != State::Active {
        retire(db, now)?;
    }
    store::enter(db, kept, State::Active, since)?;
    store::put_off(db, None)
}

/// What became of the wish to go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolledBack {
    /// This one is active again.
    To(String),
    /// There is none to go back to; `cleared`: what could not be read is gone.
    Nowhere {
        /// Was anything?
        cleared: bool,
    },
}

/// Goes back to the model that was active before this one.
pub fn rollback(db: &mut Db, now: Timestamp) -> Result<RolledBack> {
    alone(db, now)?;
    let cleared = clear(db)?;
    let all = store::all(db)?;
    let Some(former) = former(&all, now) else { return Ok(RolledBack::Nowhere { cleared }) };
    speak(db, former, now)?;
    Ok(RolledBack::To(former.id.clone()))
}

/// What is wrong with models, and what to do: for the doctor and for `tandem risk status`, so that both say the same.
pub fn doubts(db: &mut Db) -> Result<Vec<Doubt>> {
    let all = store::all(db)?;
    let mut doubts = unreadable(&all);
    let of_active = |noted: &Degraded| active(&all).is_some_and(|active| active.id == noted.model);
    doubts.extend(degraded::degraded(db)?.filter(of_active).map(|noted| Doubt {
        saw: format!("the model that is told is degraded since {}: {}", noted.since, noted.figure),
        todo: "`tandem risk status` shows the figures. It is trained again each night, and given up after three days; `tandem risk off` does so at once",
    }));
    Ok(doubts)
}

/// What is wrong with models that count as none.
pub fn unreadable(all: &[Kept]) -> Vec<Doubt> {
    all.iter().filter_map(doubt).collect()
}

/// What clears a model away that cannot be read.
const CLEARS: &str =
    "`tandem risk train` learns another one and clears it away; so do `tandem risk rollback`, `activate ID` and `off`";

/// What has phones told what is kept.
const ANEW: &str = "`tandem risk activate ID` writes them anew; `tandem risk off` leaves it at facts and rates";

/// What is said of a model that counts as none. Those of another version of the program that are not active wait for it.
fn doubt(kept: &Kept) -> Option<Doubt> {
    let (state, id) = (kept.state.word(), &kept.id);
    let (saw, todo) = match kept.fault? {
        Fault::Foreign if kept.state != State::Active => return None,
        Fault::Foreign => (
            format!("the {state} model {id} was written by another version of this program, and counts as none"),
            "use the version that wrote it, or have another one learned: `tandem risk train`",
        ),
        Fault::Broken => (format!("the {state} model {id} cannot be read, and counts as none"), CLEARS),
        Fault::Unlisted => (
            format!(
                "the {state} model {id} cannot be read, and counts as none; phones are told it still, from what lies beside it"
            ),
            CLEARS,
        ),
        Fault::Untold => (
            format!("the {state} model {id} is not what phones are told: its numbers for them are missing or cannot be read"),
            ANEW,
        ),
        Fault::Other => (format!("the {state} model {id} is not what phones are told: they are told other numbers"), ANEW),
        Fault::Stray => (format!("phones are told a model {id} that is not kept"), CLEARS),
    };
    Some(Doubt { saw, todo })
}
