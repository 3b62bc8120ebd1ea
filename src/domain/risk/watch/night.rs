//! What is done each night with the model that is told: it is looked at, and given up where it tells too little for three days.

use super::outcomes::{Seen, seconds, seen};
use super::{SHIFTED, Tested, Watched, figures, is_better, rates, watch};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::{DAY, HOUR, SECOND, Timestamp};
use crate::db::{Db, Mode, within};
use crate::domain::risk::history::store as history;
use crate::domain::risk::model::Model;
use crate::domain::risk::model::stored;
use crate::domain::risk::models::store::{Kept, Trained, all, made_of};
use crate::domain::risk::models::{Activated, activate, active, former, is_ahead, off};
use crate::domain::risk::population::Population;
use crate::domain::risk::train::figures::Figures;
use crate::domain::risk::train::gate::Check;
use crate::feature::degraded::{Degraded, degraded, note};
use serde_json::Value;

/// How long a model may tell too little, in milliseconds: three nights, and cron is not on the second.
pub const GRACE: i64 = 3 * DAY - HOUR;

/// The active model, as it was seen at work.
#[derive(Debug)]
pub struct Looked {
    /// The model as it is kept.
    pub kept: Kept,
    /// It.
    pub model: Model,
    /// What was seen.
    pub watched: Watched,
}

/// The days that features look back over, in seconds: before a site has as many, its counts grow from day to day, and that is no drift.
const MONTH: f64 = (30 * DAY / SECOND) as f64;

/// Looks at the active model, and at what has come of asks. One that this program cannot read is none.
pub fn look(db: &mut Db) -> Result<(Option<Looked>, Seen)> {
    let mut seen = seen(db)?;
    let active = active(&all(db)?).cloned();
    let Some((kept, (model, population))) = read(db, active)? else { return Ok((None, seen)) };
    let Some(Trained { rate, cut }) = Trained::of(&kept.figures) else { return Ok((None, seen)) };
    let figures: Value = json::read(kept.figures.as_bytes()).unwrap_or_default();
    // What it learned from says nothing of how it does.
    seen.asks.retain(|ask| ask.asked >= cut);
    let noted = figures.pointer("/first_edit").and_then(Value::as_str).and_then(Timestamp::parse);
    let first = noted.or(history::first(db)?).map_or(f64::MAX, seconds);
    // Where the clock was set back, what came since is not told from what it was tested on, and both are looked at.
    let made_at = if is_ahead(&kept, Timestamp::now()) { cut } else { seconds(kept.made_at) };
    let tested = Tested { population: population.as_ref(), made_at, is_young: cut - first < MONTH };
    let watched = watch(&seen.asks, &model, rate, &tested);
    Ok((Some(Looked { kept, model, watched }), seen))
}

/// A kept model with its numbers.
type Whole = (Kept, (Model, Option<Population>));

fn read(db: &mut Db, kept: Option<Kept>) -> Result<Option<Whole>> {
    let Some(kept) = kept else { return Ok(None) };
    let made_of = made_of(db, &kept)?;
    let told = made_of.and_then(|(model, population)| Some((stored::read(&model)?.model, Population::read(&population))));
    Ok(told.map(|told| (kept, told)))
}

/// What the night came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// It is well, or there is too little to say.
    Well,
    /// By this figure it tells too little.
    Degraded(Check),
    /// The one before it has taken its place.
    Former(String),
    /// The one before it was to take its place, and could not; rates have.
    Lost(String),
    /// Rates have.
    Rates,
}

/// Looks at the active model, notes what the doctor tells, and gives a model up that has told too little for three days. Nothing where none
/// is active.
pub fn night(db: &mut Db) -> Result<Option<Deed>> {
    let (looked, seen, former) = within(db, Mode::Read, |db| {
        let (looked, seen) = look(db)?;
        // Not a later one: that was given up for this.
        let former = former(&all(db)?, Timestamp::now()).cloned();
        let former = read(db, former)?;
        Ok((looked, seen, former))
    })?;
    let Some(looked) = looked else { return Ok(None) };
    within(db, Mode::Write, |db| {
        let active = active(&all(db)?).cloned();
        // Another may have taken its place meanwhile.
        if active.is_none_or(|active| active.id != looked.kept.id) {
            Ok(None)
        } else {
            settle(db, &looked, &seen, former.as_ref()).map(Some)
        }
    })
}

fn settle(db: &mut Db, looked: &Looked, seen: &Seen, former: Option<&Whole>) -> Result<Deed> {
    let (now, id) = (Timestamp::now(), &looked.kept.id);
    let Some(check) = looked.watched.failed() else { return note(db, None).map(|()| Deed::Well) };
    // An instant ahead was noted by a clock that was set back since: three days count from now on.
    let since = degraded(db)?.filter(|noted| noted.model == *id).map_or(now, |noted| noted.since.min(now));
    let doing = Doing {
        active: figures(&seen.asks, &looked.model),
        former: former.map(|(_, (model, _))| figures(&seen.asks, model)),
        rates: rates(&seen.asks),
    };
    match (next(check.figure, since.plus(GRACE) <= now, &doing), former) {
        (Next::Former, Some((kept, _))) => give_way(db, &kept.id, now),
        (Next::Rates, _) => off(db, now).map(|()| Deed::Rates),
        _ => {
            note(db, Some(&Degraded { since, model: id.clone(), figure: check.figure.to_owned() }))?;
            Ok(Deed::Degraded(check))
        }
    }
}

/// Has the model before it speak; where it cannot, rates, so that nobody is told what tells too little.
fn give_way(db: &mut Db, former: &str, now: Timestamp) -> Result<Deed> {
    Ok(match activate(db, former, now)? {
        Activated::Yes(id) => Deed::Former(id),
        Activated::Unknown(_) | Activated::Refused(_) | Activated::Unreadable(_) => {
            off(db, now)?;
            Deed::Lost(former.to_owned())
        }
    })
}

/// How what could be told does on the same outcomes.
struct Doing {
    active: Figures,
    former: Option<Figures>,
    rates: Figures,
}

/// What is told next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Active,
    Former,
    Rates,
}

/// What is told next where the active model fails by this figure; `is_over`: it has for three days.
fn next(figure: &str, is_over: bool, doing: &Doing) -> Next {
    match doing.former {
        _ if !is_over => Next::Active,
        Some(former) if is_better(former, doing.active) => Next::Former,
        // Asks that are not as they were need another model; until there is one, this may still tell more than rates do.
        _ if figure == SHIFTED && is_better(doing.active, doing.rates) => Next::Active,
        _ => Next::Rates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_days_the_better_one_is_told() {
        let of = |roc_auc| Figures { roc_auc, average_precision: 0.5, brier: 0.1 };
        let said = |figure, is_over, former: Option<f64>, rates| {
            next(figure, is_over, &Doing { active: of(0.55), former: former.map(of), rates: of(rates) })
        };
        assert_eq!(said("roc_auc_not_behind", false, Some(0.9), 0.9), Next::Active);
        assert_eq!(said("roc_auc_not_behind", true, Some(0.56), 0.5), Next::Former);
        assert_eq!(said("roc_auc_not_behind", true, Some(0.54), 0.5), Next::Rates);
        assert_eq!(said("roc_auc_not_behind", true, None, 0.5), Next::Rates);
        assert_eq!(said(SHIFTED, true, None, 0.5), Next::Active, "it still tells more than rates do");
        assert_eq!(said(SHIFTED, true, None, 0.6), Next::Rates);
        assert_eq!(said(SHIFTED, true, Some(0.6), 0.5), Next::Former);
    }
}
