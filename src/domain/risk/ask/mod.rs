//! Asking: facts first, then how likely an edit is to meet another's, then what is best. Nothing is written by it.

pub mod advice;
pub mod asked;
pub mod facts;
mod holdout;

use crate::base::error::Result;
use crate::domain::risk::columns::Row;
use crate::domain::risk::history::features::{Asked, Counts, Known, before, day, features, met_rate};
use crate::domain::risk::history::sums;
use crate::domain::risk::marks::mark::Mark;
use crate::domain::risk::marks::store as marks;
use crate::domain::risk::models::{self, Active};
use crate::feature::Ctx;
use advice::{Advice, Level, RATES, Reason, Recommendation, recommend, wait};
use asked::{Asker, Record};
use facts::{Looked, look};
use holdout::{FACTS, is_held_out};

/// One who asks, with what all of their questions need.
pub struct Asking {
    /// Who asks.
    pub asker: Asker,
    /// The tenant's marks.
    pub live: Vec<Mark>,
    /// The model that speaks where facts are silent.
    pub active: Option<Active>,
    known: Known,
}

/// What a record was answered, and what was known of it.
pub struct Answered {
    /// The answer.
    pub advice: Advice,
    /// What was known; nothing for what has no history.
    pub row: Option<Row>,
    /// What the model says, told or not, and whether it is held back; nothing where it has nothing to say.
    pub model: Option<(f64, bool)>,
    /// How often edits of the record met others, which is what is told where no model speaks; of what has no history, the tenant's.
    pub rate: f64,
}

impl Asking {
    /// Begins to ask.
    pub fn of(ctx: &mut Ctx<'_>, asker: Asker) -> Result<Asking> {
        let tenant = ctx.tenant_id()?;
        let known = sums::known(ctx.db, tenant, asker.user, ctx.now)?;
        Ok(Asking { live: marks::live(ctx.db, tenant)?, active: Active::of(ctx.db)?, asker, known })
    }

    /// What is best for a record.
    pub fn ask(&self, ctx: &mut Ctx<'_>, record: &Record) -> Result<Answered> {
        let Looked { facts, edits, base_at, taken_until, open_editors } = look(ctx, &self.asker, record, &self.live)?;
        let has_history = record.kind.names().is_some() && !facts.unknown;
        let counted = before(ctx.now, edits.iter());
        let row = has_history.then(|| {
            let (at, device, cursor) = (ctx.now, self.asker.device, record.cursor);
            features(&Asked { at, device, base_at, cursor, open_editors }, &counted, &self.known)
        });
        let speaks = self.active.as_ref().zip(row.as_ref()).filter(|_| !facts.behind);
        let counts = counted.iter().fold(Counts::default(), |counts, edit| counts.with(edit));
        let (day, percent) = (day(ctx.now), ctx.house.settings.risk_holdout);
        let is_held = speaks.is_some() && is_held_out(self.asker.device, (record.called(), &record.id), day, percent);
        let model = speaks.and_then(|(active, row)| active.probability(row)).map(|says| (says, is_held));
        let rate = met_rate(counts, self.known.tenant);
        let probability = match model {
            _ if facts.behind => Some(1.0),
            _ if facts.unknown => Some(0.0),
            Some((probability, is_held)) => (!is_held).then_some(probability),
            None => (has_history && speaks.is_none()).then_some(rate),
        };
        let speaks = speaks.filter(|_| model.is_some() && !is_held);
        let level = Level::of(probability.unwrap_or_default(), speaks.map(|(active, _)| active.levels()));
        let recommendation = recommend(&facts, record.pending, taken_until.is_some(), level);
        let is_wait = recommendation == Recommendation::Wait;
        let advice = Advice {
            kind: record.called(),
            id: record.id.clone(),
            facts,
            probability,
            risk_level: level.word(),
            recommendation: recommendation.word(),
            wait_seconds: taken_until.filter(|_| is_wait).map_or(0, |until| wait(until, ctx.now)),
            reasons: speaks.map_or_else(Vec::new, |(active, row)| reasons(active, row)),
            model_version: self.basis(speaks.is_some()).to_owned(),
            predicted_at: ctx.now,
        };
        Ok(Answered { advice, row, model, rate })
    }

    /// What one answer rests on: only what a model has said is told under its name.
    fn basis(&self, has_spoken: bool) -> &str {
        match &self.active {
            Some(active) if has_spoken => &active.id,
            Some(_) => FACTS,
            None => RATES,
        }
    }

    /// What answers rest on.
    pub fn version(&self) -> String {
        self.active.as_ref().map_or(RATES, |active| active.id.as_str()).to_owned()
    }

    /// The chance that an edit of a record of which nothing is known meets another's.
    pub fn usual(&self) -> f64 {
        met_rate(Counts::default(), self.known.tenant)
    }
}

/// Why a model says what it says.
fn reasons(active: &Active, row: &Row) -> Vec<Reason> {
    let reason = |(place, value, effect)| Reason { feature: models::name(place), value, effect };
    active.reasons(row).into_iter().map(reason).collect()
}
